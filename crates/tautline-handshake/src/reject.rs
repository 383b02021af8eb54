use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    SEC_WEBSOCKET_VERSION, UPGRADE, WWW_AUTHENTICATE,
};
use http::{Method, Response, StatusCode};

use crate::head_writer::HeadWriter;
use crate::header;
use crate::header_error::HeaderError;

/// Any answer to a request but the 101: a refusal, a redirect, or a plain HTTP page.
///
/// It always says `Connection: close`. A proxy that took the upgrade for granted may already
/// forward what follows as if it were frames, so the connection is not to be used for another
/// request: send the answer, then close.
///
/// Made by [`Request::reject`](crate::Request::reject), or from a [`Refusal`](crate::Refusal) to
/// change what that would send.
#[derive(Clone, Debug)]
#[must_use = "an answer does nothing until it is encoded and sent"]
pub struct Reject {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    method: Method,
}

impl Reject {
    /// Adds a header.
    ///
    /// # Errors
    ///
    /// When name or value is invalid, and for the headers that frame the message or belong to the
    /// handshake: `Connection`, `Content-Length`, `Transfer-Encoding`, `Upgrade`, `Host` and all
    /// that begin with `Sec-WebSocket-`.
    pub fn header(
        mut self,
        name: impl TryInto<HeaderName>,
        value: impl TryInto<HeaderValue>,
    ) -> Result<Self, HeaderError> {
        header::append(&mut self.headers, name, value)?;
        Ok(self)
    }

    /// Sets the body. It is `text/plain` in UTF-8 unless a `Content-Type` is added.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The status that is going to be sent.
    ///
    /// It differs from the one asked for in two cases, in which that one would break HTTP: 1xx is
    /// no final answer and becomes 500, and 401 without a `WWW-Authenticate` header leaves the
    /// client nothing to answer and becomes 403 (RFC 9110 section 15.5.2).
    #[must_use]
    pub fn status(&self) -> StatusCode {
        if self.status.is_informational() {
            StatusCode::INTERNAL_SERVER_ERROR
        } else if self.status == StatusCode::UNAUTHORIZED
            && !self.headers.contains_key(WWW_AUTHENTICATE)
        {
            StatusCode::FORBIDDEN
        } else {
            self.status
        }
    }

    /// The answer for another HTTP server to send.
    #[must_use]
    pub fn response(&self) -> Response<Bytes> {
        let status = self.status();
        let mut headers = self.headers.clone();
        if status == StatusCode::UPGRADE_REQUIRED {
            // Both the protocol and the connection option that goes with it have to be named
            // (RFC 9110 sections 15.5.22 and 7.8), and the version (RFC 6455 section 4.4).
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(CONNECTION, HeaderValue::from_static("Upgrade, close"));
            headers.insert(SEC_WEBSOCKET_VERSION, VERSION.clone());
        } else {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let has_content = status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED;
        if has_content {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(self.body.len()));
            if !self.body.is_empty() && !headers.contains_key(CONTENT_TYPE) {
                headers.insert(CONTENT_TYPE, TEXT.clone());
            }
        }
        // An answer to HEAD announces the body that GET would have had (RFC 9110 section 9.3.2).
        let body = if has_content && self.method != Method::HEAD {
            self.body.clone()
        } else {
            Bytes::new()
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }

    /// The answer as it goes over the wire.
    #[must_use]
    pub fn encode(self) -> Bytes {
        let (head, body) = self.response().into_parts();
        let mut output = HeadWriter::status(head.status)
            .headers(&head.headers)
            .finish();
        output.extend_from_slice(&body);
        output.freeze()
    }

    /// An answer to a request that was not understood.
    pub(crate) fn new(status: StatusCode) -> Self {
        Self::to(Method::GET, status)
    }

    pub(crate) fn to(method: Method, status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            method,
        }
    }

    /// Adds a header that callers may not.
    pub(crate) fn handshake_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// The one version there is; the drafts before it are not spoken.
pub(crate) static VERSION: HeaderValue = HeaderValue::from_static("13");

static TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
