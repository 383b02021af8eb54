use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN,
    SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{Method, StatusCode, Version};

use crate::accept::Accept;
use crate::authority::Authority;
use crate::extension::{Extension, ExtensionSyntaxError};
use crate::head_error::HeadError;
use crate::header::{contains_token, elements, is_repeated, is_token};
use crate::refusal::{Refusal, RefusalReason};
use crate::reject::Reject;

/// A request, before anything was answered.
///
/// It is any well-formed HTTP/1.1 request, not only a handshake, so that one port can serve pages
/// and WebSockets (RFC 9110 section 7.8): look at [`is_upgrade`](Self::is_upgrade) and at the path,
/// await what you need to know, then [`accept`](Self::accept) or [`reject`](Self::reject).
///
/// What it says was written by the client and proves nothing about who that is (RFC 6455 section
/// 10.1).
#[derive(Clone, Debug)]
pub struct Request {
    head: http::Request<()>,
    /// Read once. A plain HTTP request may carry nonsense here, so it fails only a handshake.
    extensions: Result<Vec<Extension>, ExtensionSyntaxError>,
}

impl Request {
    /// Everything RFC 6455 section 4.2.1 demands of a handshake.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with the answer to send.
    pub fn check(&self) -> Result<(), Refusal> {
        match self.fault() {
            None => Ok(()),
            Some(reason) => Err(Refusal::new(reason, self)),
        }
    }

    /// Runs [`check`](Self::check), and on success starts the answer that opens the WebSocket.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with the answer to send.
    pub fn accept(self) -> Result<Accept, Refusal> {
        self.check()?;
        Ok(Accept::new(self))
    }

    /// Starts any other answer: a refusal, a redirect, or a plain HTTP page.
    ///
    /// A 401 takes a `WWW-Authenticate` header, a 405 an `Allow` header and a redirect a `Location`
    /// from the caller; what a 426 needs is added.
    pub fn reject(&self, status: StatusCode) -> Reject {
        Reject::to(self.head.method().clone(), status)
    }

    /// Whether this asks for a WebSocket at all: HTTP/1.1 with `websocket` among its `Upgrade`
    /// protocols. HTTP/1.0 has no upgrades (RFC 9110 section 7.8).
    #[must_use]
    pub fn is_upgrade(&self) -> bool {
        self.head.version() == Version::HTTP_11
            && contains_token(self.headers(), &UPGRADE, "websocket")
    }

    /// The whole head.
    #[must_use]
    pub fn head(&self) -> &http::Request<()> {
        &self.head
    }

    /// The whole head, to keep.
    #[must_use]
    pub fn into_head(self) -> http::Request<()> {
        self.head
    }

    /// The method, GET in a handshake.
    #[must_use]
    pub fn method(&self) -> &Method {
        self.head.method()
    }

    /// The path as it was sent, with its percent-escapes.
    #[must_use]
    pub fn path(&self) -> &str {
        self.head.uri().path()
    }

    /// What follows the question mark, as it was sent.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.head.uri().query()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.head.headers()
    }

    /// The first value of a header, if it is visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// The host and port that the client means, as it wrote them.
    ///
    /// An absolute URI in the request line takes precedence over `Host` (RFC 9112 section 3.2.2).
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match self.head.uri().authority() {
            Some(authority) => Some(authority.as_str()),
            None => self.headers().get(HOST)?.to_str().ok(),
        }
    }

    /// The origin of the page that opens the WebSocket, as the browser states it.
    ///
    /// `None` says that the client is no browser; `Some("null")` is a browser that does not tell.
    /// [`OriginPolicy`](crate::OriginPolicy) decides about either.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.headers().get(ORIGIN)?.to_str().ok()
    }

    /// The offered subprotocols, the most wanted first.
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        elements(self.headers(), &SEC_WEBSOCKET_PROTOCOL)
            .filter_map(|name| std::str::from_utf8(name).ok())
    }

    /// The offered extensions, the most wanted first; none where the list breaks its grammar,
    /// which [`check`](Self::check) refuses.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        self.extensions.as_deref().unwrap_or_default()
    }

    /// What of RFC 6455 section 4.2.1 the request breaks, the more general rules first.
    fn fault(&self) -> Option<RefusalReason> {
        let headers = self.headers();
        if self.head.version() != Version::HTTP_11 {
            return Some(RefusalReason::HttpVersion);
        }
        if self.method() != Method::GET {
            return Some(RefusalReason::Method);
        }
        if let Some(name) = ONLY_ONCE
            .into_iter()
            .find(|name| is_repeated(headers, name))
        {
            return Some(RefusalReason::DuplicateHeader(name));
        }
        // A body would have to be read before the first frame by everybody on the way, and who
        // disagrees about its length can be made to see a second request (RFC 9112 section 6.3).
        if headers.contains_key(TRANSFER_ENCODING)
            || headers
                .get(CONTENT_LENGTH)
                .is_some_and(|length| length != "0")
        {
            return Some(RefusalReason::Body);
        }
        if !contains_token(headers, &UPGRADE, "websocket") {
            return Some(RefusalReason::NotUpgrade);
        }
        if !contains_token(headers, &CONNECTION, "upgrade") {
            return Some(RefusalReason::Connection);
        }
        match headers.get(SEC_WEBSOCKET_VERSION) {
            None => return Some(RefusalReason::VersionMissing),
            Some(version) if version != "13" => return Some(RefusalReason::Version),
            Some(_) => {}
        }
        if !headers.get(SEC_WEBSOCKET_KEY).is_some_and(is_key) {
            return Some(RefusalReason::Key);
        }
        if headers.contains_key(SEC_WEBSOCKET_PROTOCOL) && !self.has_valid_subprotocols() {
            return Some(RefusalReason::Subprotocol);
        }
        if let Err(error) = self.extensions {
            return Some(RefusalReason::Extension(error));
        }
        if headers.contains_key(ORIGIN) && self.origin().is_none() {
            return Some(RefusalReason::Origin);
        }
        // Without a body there is nothing to wait for, and a 100 before the 101 is what the
        // client would otherwise be owed (RFC 9110 section 7.8).
        headers
            .contains_key(EXPECT)
            .then_some(RefusalReason::Expectation)
    }

    /// At least one element, and nothing but tokens (RFC 6455 section 4.1). A name that is offered
    /// twice breaks a rule as well, but cannot confuse anybody.
    fn has_valid_subprotocols(&self) -> bool {
        let mut names = elements(self.headers(), &SEC_WEBSOCKET_PROTOCOL).peekable();
        names.peek().is_some() && names.all(is_token)
    }
}

/// For a handshake that another HTTP server has read. All that [`Request::check`] checks is
/// checked for it just the same.
impl TryFrom<http::Request<()>> for Request {
    type Error = HeadError;

    /// # Errors
    ///
    /// [`HeadError::Host`] when an HTTP/1.1 request does not name its host exactly once, in a form
    /// that is one (RFC 9112 section 3.2).
    fn try_from(head: http::Request<()>) -> Result<Self, HeadError> {
        let headers = head.headers();
        let host = headers.get(HOST);
        let is_valid = match host.map(HeaderValue::to_str) {
            Some(Ok(host)) => Authority::parse(host).is_ok() && !is_repeated(headers, &HOST),
            Some(Err(_)) => false,
            None => head.version() != Version::HTTP_11,
        };
        if !is_valid {
            return Err(HeadError::Host);
        }
        Ok(Self {
            extensions: Extension::parse(headers.get_all(SEC_WEBSOCKET_EXTENSIONS)),
            head,
        })
    }
}

/// Whether a key is the base64 of 16 bytes: 22 characters of the alphabet and the padding.
///
/// The bits of the last character that no byte uses are not looked at (RFC 4648 section 3.5): the
/// key is never decoded, and an example in RFC 6455 gets them wrong itself.
fn is_key(key: &HeaderValue) -> bool {
    key.as_bytes().strip_suffix(b"==").is_some_and(|digits| {
        digits.len() == 22
            && digits
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte))
    })
}

/// The headers that would mean two things if they occurred twice (RFC 6455 sections 11.3.1 and
/// 11.3.5, RFC 9110 section 8.6).
const ONLY_ONCE: [HeaderName; 4] = [
    SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION,
    ORIGIN,
    CONTENT_LENGTH,
];
