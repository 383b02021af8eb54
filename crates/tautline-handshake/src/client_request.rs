use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, ORIGIN};

use crate::extension::Extension;
use crate::head_writer::HeadWriter;
use crate::header::{self, is_token};
use crate::header_error::HeaderError;
use crate::origin::Origin;
use crate::reject::VERSION;
use crate::request_error::RequestError;
use crate::uri::Uri;

/// What a client asks for (RFC 6455 section 4.1).
///
/// It can be used for any number of attempts; each needs a nonce of its own, which is why that is
/// no part of it.
///
/// ```
/// use tautline_handshake::{ClientRequest, Uri};
///
/// let request = ClientRequest::new(Uri::try_from("wss://example.com/chat")?)
///     .subprotocol("chat")?
///     .header("Cookie", "theme=dark")?;
/// # Ok::<(), tautline_handshake::RequestError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientRequest {
    uri: Uri,
    subprotocols: Vec<String>,
    extensions: Option<HeaderValue>,
    extension_names: Vec<String>,
    headers: HeaderMap,
}

impl ClientRequest {
    /// A request for `uri` that offers nothing and says no more than it has to.
    #[must_use]
    pub fn new(uri: Uri) -> Self {
        Self {
            uri,
            subprotocols: Vec::new(),
            extensions: None,
            extension_names: Vec::new(),
            headers: HeaderMap::new(),
        }
    }

    /// Offers a subprotocol, after the ones that were offered before it.
    ///
    /// Names that differ in case alone are different, and best avoided (RFC 7936 section 2).
    ///
    /// # Errors
    ///
    /// When the name is not a token or is offered already.
    pub fn subprotocol(mut self, name: &str) -> Result<Self, RequestError> {
        if !is_token(name.as_bytes()) {
            return Err(RequestError::Subprotocol);
        }
        if self.subprotocols.iter().any(|offered| offered == name) {
            return Err(RequestError::DuplicateSubprotocol);
        }
        self.subprotocols.push(name.to_owned());
        Ok(self)
    }

    /// Sets the offered extensions, the most wanted first: for the layer that implements them.
    ///
    /// # Errors
    ///
    /// When `value` breaks the grammar.
    pub fn extensions(mut self, value: HeaderValue) -> Result<Self, RequestError> {
        self.extension_names = Extension::parse([&value])?
            .iter()
            .map(|extension| extension.name().to_owned())
            .collect();
        self.extensions = Some(value);
        Ok(self)
    }

    /// Adds a header, such as a cookie or a token. `Origin` is handled as by
    /// [`origin`](Self::origin).
    ///
    /// # Errors
    ///
    /// When name or value is invalid, and for the headers that are part of the handshake or would
    /// announce a body: `Host`, `Upgrade`, `Connection`, `Content-Length`, `Transfer-Encoding` and
    /// all that begin with `Sec-WebSocket-`.
    pub fn header(
        mut self,
        name: impl TryInto<HeaderName>,
        value: impl TryInto<HeaderValue>,
    ) -> Result<Self, RequestError> {
        let name: HeaderName = name.try_into().map_err(|_| HeaderError::Name)?;
        if name == ORIGIN {
            let value: HeaderValue = value.try_into().map_err(|_| HeaderError::Value)?;
            return self.origin(value.to_str().map_err(|_| HeaderError::Value)?);
        }
        header::append(&mut self.headers, name, value)?;
        Ok(self)
    }

    /// States the origin of the page on whose behalf this is, as browsers have to. Others need not
    /// and by default do not.
    ///
    /// # Errors
    ///
    /// When the text is neither `null` nor a scheme, host and optional port. It is sent in lower
    /// case and without the default port.
    pub fn origin(mut self, origin: &str) -> Result<Self, RequestError> {
        let origin = Origin::parse(origin).ok_or(RequestError::Origin)?;
        let value = HeaderValue::try_from(origin.to_string()).map_err(|_| RequestError::Origin)?;
        self.headers.insert(ORIGIN, value);
        Ok(self)
    }

    /// Sends a user name and password, which anybody on the way can read unless the URI is `wss`.
    ///
    /// # Errors
    ///
    /// When the user name has a colon, or either has a control character (RFC 7617 section 2).
    pub fn basic_auth(mut self, user: &str, password: &str) -> Result<Self, RequestError> {
        if user.contains(':') || user.chars().chain(password.chars()).any(char::is_control) {
            return Err(RequestError::Credentials);
        }
        let credentials = STANDARD.encode(format!("{user}:{password}"));
        let mut value = HeaderValue::try_from(format!("Basic {credentials}"))
            .map_err(|_| RequestError::Credentials)?;
        // Keeps it out of debug output.
        value.set_sensitive(true);
        self.headers.insert(AUTHORIZATION, value);
        Ok(self)
    }

    /// Where it goes.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The headers that were added.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The offered subprotocols, the most wanted first.
    #[must_use]
    pub fn subprotocols(&self) -> &[String] {
        &self.subprotocols
    }

    pub(crate) fn extension_names(&self) -> &[String] {
        &self.extension_names
    }

    /// Writes the request, every handshake header on one line and only where it has a value.
    pub(crate) fn head(&self, key: &str) -> HeadWriter {
        let mut head = HeadWriter::request(self.uri.resource_name())
            .header("host", self.uri.authority().as_bytes())
            .header("upgrade", b"websocket")
            .header("connection", b"Upgrade")
            .header("sec-websocket-key", key.as_bytes())
            .header("sec-websocket-version", VERSION.as_bytes());
        if !self.subprotocols.is_empty() {
            let offers = self.subprotocols.join(", ");
            head = head.header("sec-websocket-protocol", offers.as_bytes());
        }
        if let Some(extensions) = &self.extensions {
            head = head.header("sec-websocket-extensions", extensions.as_bytes());
        }
        head.headers(&self.headers)
    }
}

impl From<Uri> for ClientRequest {
    fn from(uri: Uri) -> Self {
        Self::new(uri)
    }
}

impl From<&Uri> for ClientRequest {
    fn from(uri: &Uri) -> Self {
        Self::new(uri.clone())
    }
}

impl TryFrom<&str> for ClientRequest {
    type Error = RequestError;

    fn try_from(uri: &str) -> Result<Self, RequestError> {
        Ok(Self::new(uri.parse()?))
    }
}

impl TryFrom<String> for ClientRequest {
    type Error = RequestError;

    fn try_from(uri: String) -> Result<Self, RequestError> {
        Self::try_from(uri.as_str())
    }
}

impl TryFrom<&String> for ClientRequest {
    type Error = RequestError;

    fn try_from(uri: &String) -> Result<Self, RequestError> {
        Self::try_from(uri.as_str())
    }
}

impl TryFrom<http::Uri> for ClientRequest {
    type Error = RequestError;

    fn try_from(uri: http::Uri) -> Result<Self, RequestError> {
        Ok(Self::new(Uri::try_from(uri)?))
    }
}
