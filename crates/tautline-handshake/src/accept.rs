use bytes::Bytes;
use http::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, UPGRADE,
};
use http::{Response, StatusCode};

use crate::accept_error::AcceptError;
use crate::accept_key::accept_key;
use crate::extension::Extension;
use crate::head_writer::HeadWriter;
use crate::header;
use crate::request::Request;

/// The answer that opens the WebSocket (RFC 6455 section 4.2.2), still to be completed.
///
/// Made by [`Request::accept`], so the request is known to be a proper handshake.
#[derive(Clone, Debug)]
#[must_use = "an answer does nothing until it is encoded and sent"]
pub struct Accept {
    request: Request,
    accept: HeaderValue,
    /// What goes out behind the headers that every handshake has, in this order.
    headers: HeaderMap,
}

impl Accept {
    /// Chooses a subprotocol. Without a choice the WebSocket has none, which every client that
    /// follows the RFC accepts.
    ///
    /// # Errors
    ///
    /// When the client did not offer `name` in exactly this spelling; case matters (RFC 7936).
    pub fn subprotocol(mut self, name: &str) -> Result<Self, AcceptError> {
        // Offers are tokens, so this also keeps the empty name out.
        if !self.request.subprotocols().any(|offer| offer == name) {
            return Err(AcceptError::SubprotocolNotOffered);
        }
        let value = HeaderValue::from_str(name).map_err(|_| AcceptError::SubprotocolNotOffered)?;
        self.headers.insert(SEC_WEBSOCKET_PROTOCOL, value);
        Ok(self)
    }

    /// Adds a header, such as a cookie.
    ///
    /// # Errors
    ///
    /// When name or value is invalid, and for the headers that are part of the handshake or would
    /// announce a body: `Upgrade`, `Connection`, `Content-Length`, `Transfer-Encoding`, `Host` and
    /// all that begin with `Sec-WebSocket-`.
    pub fn header(
        mut self,
        name: impl TryInto<HeaderName>,
        value: impl TryInto<HeaderValue>,
    ) -> Result<Self, AcceptError> {
        header::append(&mut self.headers, name, value)?;
        Ok(self)
    }

    /// Sets the extensions that are in use, in the order in which they process a message.
    ///
    /// This is for the layer that negotiates them; whether their parameters answer the offer is
    /// for that layer to know.
    ///
    /// # Errors
    ///
    /// When `value` breaks the grammar or names an extension that the client did not offer.
    pub fn extensions(mut self, value: HeaderValue) -> Result<Self, AcceptError> {
        for chosen in Extension::parse([&value])? {
            let mut offers = self.request.extensions().iter();
            if !offers.any(|offer| offer.name() == chosen.name()) {
                return Err(AcceptError::ExtensionNotOffered);
            }
        }
        self.headers.insert(SEC_WEBSOCKET_EXTENSIONS, value);
        Ok(self)
    }

    /// The request that is answered.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The subprotocol that was chosen.
    #[must_use]
    pub fn chosen_subprotocol(&self) -> Option<&str> {
        self.headers.get(SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()
    }

    /// The answer for another HTTP server to send before it hands the connection over.
    #[must_use]
    pub fn response(&self) -> Response<()> {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept.clone());
        headers.extend(self.headers.clone());
        response
    }

    /// The answer as it goes over the wire. Frames may follow it at once.
    #[must_use]
    pub fn encode(self) -> (Bytes, Request) {
        let head = HeadWriter::switching_protocols(&self.accept)
            .headers(&self.headers)
            .finish();
        (head.freeze(), self.request)
    }

    /// Answers a request that passed its check.
    pub(crate) fn new(request: Request) -> Self {
        let accept = request
            .headers()
            .get(SEC_WEBSOCKET_KEY)
            .and_then(|key| key.to_str().ok())
            .and_then(|key| HeaderValue::try_from(accept_key(key)).ok())
            .expect("a checked key is ASCII, and base64 is a valid header value");
        Self {
            request,
            accept,
            headers: HeaderMap::new(),
        }
    }
}
