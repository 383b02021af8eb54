use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use crate::authority::{Authority, AuthorityError};
use crate::uri_error::UriError;

/// A `ws` or `wss` URI (RFC 6455 section 3).
///
/// It is checked and brought into one form when it is made, so that nothing it returns can break
/// a request line or a `Host` header: the scheme and host are in lower case, the default port and
/// an empty query are dropped, an empty path is `/`. Percent-escapes stay as they were written;
/// characters outside ASCII in the path and query are escaped as UTF-8. User names, passwords and
/// fragments are refused.
///
/// ```
/// use tautline_handshake::Uri;
///
/// let uri: Uri = "wss://Example.com:443/chat?room=1".parse()?;
/// assert!(uri.is_secure());
/// assert_eq!((uri.host(), uri.port()), ("example.com", 443));
/// assert_eq!(uri.authority(), "example.com");
/// assert_eq!(uri.resource_name(), "/chat?room=1");
/// # Ok::<(), tautline_handshake::UriError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Uri {
    secure: bool,
    /// Never with a default port, so equal URIs have equal text.
    authority: String,
    port: u16,
    resource_name: String,
}

impl Uri {
    /// Whether the scheme is `wss`. The port has no say in it.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host for a resolver, a socket or a TLS server name: an IPv6 address has no brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        if let Some(rest) = self.authority.strip_prefix('[') {
            return rest.split_once(']').map_or(rest, |(host, _)| host);
        }
        self.authority
            .split_once(':')
            .map_or(&self.authority, |(host, _)| host)
    }

    /// The port, 80 or 443 when the URI names none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The value of the `Host` header: the host, in brackets if it is an IPv6 address, and the
    /// port unless it is the default of the scheme (RFC 6455 section 4.1).
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The path and query as they stand in the request line, such as `/chat?room=1`.
    #[must_use]
    pub fn resource_name(&self) -> &str {
        &self.resource_name
    }
}

impl FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        let (scheme, rest) = text.split_once(':').ok_or(UriError::Scheme)?;
        let secure = if scheme.eq_ignore_ascii_case("wss") {
            true
        } else if scheme.eq_ignore_ascii_case("ws") {
            false
        } else {
            return Err(UriError::Scheme);
        };
        let rest = rest.strip_prefix("//").ok_or(UriError::Host)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, resource) = rest.split_at(end);
        if resource.contains('#') {
            return Err(UriError::Fragment);
        }
        if authority.contains('@') {
            return Err(UriError::UserInfo);
        }
        let Authority { host, port } =
            Authority::parse(&to_ascii(authority)?).map_err(|error| match error {
                AuthorityError::Host => UriError::Host,
                AuthorityError::Port => UriError::Port,
            })?;
        let default = if secure { 443 } else { 80 };
        let port = port.unwrap_or(default);
        Ok(Self {
            secure,
            authority: if port == default {
                host
            } else {
                format!("{host}:{port}")
            },
            port,
            resource_name: resource_name(resource)?,
        })
    }
}

impl TryFrom<&str> for Uri {
    type Error = UriError;

    fn try_from(text: &str) -> Result<Self, UriError> {
        text.parse()
    }
}

impl TryFrom<String> for Uri {
    type Error = UriError;

    fn try_from(text: String) -> Result<Self, UriError> {
        text.parse()
    }
}

impl TryFrom<&String> for Uri {
    type Error = UriError;

    fn try_from(text: &String) -> Result<Self, UriError> {
        text.parse()
    }
}

/// Note that an [`http::Uri`] has lost its fragment already, so none is refused here.
impl TryFrom<http::Uri> for Uri {
    type Error = UriError;

    fn try_from(uri: http::Uri) -> Result<Self, UriError> {
        uri.to_string().parse()
    }
}

impl From<&Self> for Uri {
    fn from(uri: &Self) -> Self {
        uri.clone()
    }
}

impl Display for Uri {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}{}", self.authority, self.resource_name)
    }
}

/// Converts a non-ASCII host (RFC 6455 section 11.1); what is ASCII stays as it is.
#[cfg(feature = "idna")]
fn to_ascii(authority: &str) -> Result<Cow<'_, str>, UriError> {
    if authority.is_ascii() {
        return Ok(Cow::Borrowed(authority));
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    let host = idna::domain_to_ascii(host).map_err(|_| UriError::Host)?;
    Ok(Cow::Owned(format!("{host}:{port}")))
}

/// Leaves a non-ASCII host to be refused as no name.
#[cfg(not(feature = "idna"))]
fn to_ascii(authority: &str) -> Result<Cow<'_, str>, UriError> {
    Ok(Cow::Borrowed(authority))
}

/// Puts a path and query into the form of a request line (RFC 6455 sections 3 and 11.1).
fn resource_name(text: &str) -> Result<String, UriError> {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let mut name = String::with_capacity(text.len() + 1);
    if path.is_empty() {
        name.push('/');
    }
    escape(path, &mut name)?;
    if !query.is_empty() {
        name.push('?');
        escape(query, &mut name)?;
    }
    Ok(name)
}

fn escape(text: &str, name: &mut String) -> Result<(), UriError> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'%' => {
                let digits = text.as_bytes().get(at + 1..at + 3);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return Err(UriError::Character);
                }
                name.push('%');
            }
            0x80.. => {
                name.push('%');
                name.extend([byte >> 4, byte & 0x0F].map(|digit| HEX[usize::from(digit)]));
            }
            _ if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&byte) => {
                name.push(char::from(byte));
            }
            _ => return Err(UriError::Character),
        }
    }
    Ok(())
}

const HEX: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
];
