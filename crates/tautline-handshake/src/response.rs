use http::header::{HeaderMap, SEC_WEBSOCKET_PROTOCOL};

use crate::extension::Extension;

/// The server's 101, checked in full: the WebSocket is open (RFC 6455 section 4.1).
#[derive(Clone, Debug)]
pub struct Response {
    head: http::Response<()>,
    extensions: Vec<Extension>,
}

impl Response {
    /// The whole head.
    #[must_use]
    pub fn head(&self) -> &http::Response<()> {
        &self.head
    }

    /// The whole head, to keep.
    #[must_use]
    pub fn into_head(self) -> http::Response<()> {
        self.head
    }

    /// The headers, cookies among them.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.head.headers()
    }

    /// The subprotocol that the server chose from the offered ones; it may choose none.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.headers().get(SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()
    }

    /// The extensions in use, in the order in which the sender of a message applies them. Each was
    /// offered; whether its parameters are acceptable is for its implementation to say.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    pub(crate) fn new(head: http::Response<()>, extensions: Vec<Extension>) -> Self {
        Self { head, extensions }
    }
}
