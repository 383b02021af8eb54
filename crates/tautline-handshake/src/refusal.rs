use std::error::Error;
use std::fmt::{self, Display, Formatter};

use bytes::Bytes;
use http::header::{ALLOW, HeaderName, HeaderValue, SEC_WEBSOCKET_VERSION};
use http::{Method, StatusCode};

use crate::extension::ExtensionSyntaxError;
use crate::reject::{Reject, VERSION};
use crate::request::Request;

/// A request that is HTTP and yet gets no WebSocket, with the answer that says why.
///
/// Send [`response`](Self::response) and close the connection, or turn it into a
/// [`Reject`] to send other headers or another body along with the same status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    reason: RefusalReason,
    method: Method,
}

/// What is wrong with a request, in the order in which it is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The version of HTTP is not 1.1: 505.
    HttpVersion,
    /// The method is not GET: 405.
    Method,
    /// A header that may occur once occurs more often: 400.
    DuplicateHeader(HeaderName),
    /// The request announces a body, which could be taken for frames or another request: 400.
    Body,
    /// `Upgrade` does not contain `websocket`: 426.
    NotUpgrade,
    /// `Connection` does not contain `Upgrade`: 400.
    Connection,
    /// `Sec-WebSocket-Version` is missing: 400.
    VersionMissing,
    /// `Sec-WebSocket-Version` is not 13: 426.
    Version,
    /// `Sec-WebSocket-Key` is missing or not the base64 of 16 bytes: 400.
    Key,
    /// `Sec-WebSocket-Protocol` is not a list of tokens: 400.
    Subprotocol,
    /// `Sec-WebSocket-Extensions` breaks its grammar: 400.
    Extension(ExtensionSyntaxError),
    /// The value of `Origin` is not visible ASCII: 400.
    Origin,
    /// The client wants to be asked for a body that it must not send: 417.
    Expectation,
    /// An [`OriginPolicy`](crate::OriginPolicy) does not let this origin pass: 403.
    OriginNotAllowed,
    /// An [`OriginPolicy`](crate::OriginPolicy) lets nobody pass who has no origin: 403.
    OriginMissing,
}

impl Refusal {
    /// What is wrong.
    #[must_use]
    pub fn reason(&self) -> &RefusalReason {
        &self.reason
    }

    /// The status that tells the client.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.reason {
            RefusalReason::HttpVersion => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            RefusalReason::Method => StatusCode::METHOD_NOT_ALLOWED,
            RefusalReason::NotUpgrade | RefusalReason::Version => StatusCode::UPGRADE_REQUIRED,
            RefusalReason::OriginNotAllowed | RefusalReason::OriginMissing => StatusCode::FORBIDDEN,
            RefusalReason::Expectation => StatusCode::EXPECTATION_FAILED,
            RefusalReason::DuplicateHeader(_)
            | RefusalReason::Body
            | RefusalReason::Connection
            | RefusalReason::VersionMissing
            | RefusalReason::Key
            | RefusalReason::Subprotocol
            | RefusalReason::Extension(_)
            | RefusalReason::Origin => StatusCode::BAD_REQUEST,
        }
    }

    /// A complete response, after which the connection is to be closed.
    #[must_use]
    pub fn response(&self) -> Bytes {
        Reject::from(self.clone()).encode()
    }

    pub(crate) fn new(reason: RefusalReason, request: &Request) -> Self {
        Self {
            reason,
            method: request.method().clone(),
        }
    }
}

/// The answer that [`Refusal::response`] encodes.
impl From<Refusal> for Reject {
    fn from(refusal: Refusal) -> Self {
        let reject =
            Self::to(refusal.method.clone(), refusal.status()).body(format!("{refusal}\n"));
        match refusal.reason {
            RefusalReason::Method => {
                reject.handshake_header(ALLOW, HeaderValue::from_static("GET"))
            }
            // Whoever got the version wrong is told the right one (RFC 6455 section 4.4).
            RefusalReason::VersionMissing
            | RefusalReason::DuplicateHeader(SEC_WEBSOCKET_VERSION) => {
                reject.handshake_header(SEC_WEBSOCKET_VERSION, VERSION.clone())
            }
            _ => reject,
        }
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.reason, f)
    }
}

impl Display for RefusalReason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HttpVersion => "a WebSocket handshake needs HTTP/1.1",
            Self::Method => "a WebSocket handshake is a GET request",
            Self::DuplicateHeader(name) => return write!(f, "more than one {name} header"),
            Self::Body => "a WebSocket handshake has no body",
            Self::NotUpgrade => "this is a WebSocket service",
            Self::Connection => "the Connection header lacks the upgrade option",
            Self::VersionMissing => "missing Sec-WebSocket-Version header",
            Self::Version => "only version 13 of WebSocket is spoken here",
            Self::Key => "missing or invalid Sec-WebSocket-Key header",
            Self::Subprotocol => "invalid Sec-WebSocket-Protocol header",
            Self::Extension(error) => return write!(f, "{error}"),
            Self::Origin => "invalid Origin header",
            Self::Expectation => "a WebSocket handshake expects nothing",
            Self::OriginNotAllowed => "origin not allowed",
            Self::OriginMissing => "origin required",
        })
    }
}

impl Error for Refusal {}
