use std::fmt::{self, Display, Formatter};

use crate::authority::Authority;

/// The ASCII serialization of an origin, brought into its one normal form: lower case, without the
/// default port of its scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An origin that is nobody else's, such as a sandboxed frame or a local file.
    Null,
    Tuple {
        scheme: String,
        /// Empty in `file://` alone.
        host: String,
        port: Option<u16>,
    },
}

impl Origin {
    /// Reads `null`, `scheme://host` or `scheme://host:port`. A path, or a list of origins, is not
    /// an origin.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text == "null" {
            return Some(Self::Null);
        }
        let (scheme, authority) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        if !scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            || !scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        {
            return None;
        }
        if scheme == "file" && authority.is_empty() {
            return Some(Self::Tuple {
                scheme,
                host: String::new(),
                port: None,
            });
        }
        let Authority { host, port } = Authority::parse(authority).ok()?;
        let port = port.filter(|&port| Some(port) != default_port(&scheme));
        Some(Self::Tuple { scheme, host, port })
    }
}

impl Display for Origin {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Tuple { scheme, host, port } => {
                write!(f, "{scheme}://{host}")?;
                port.map_or(Ok(()), |port| write!(f, ":{port}"))
            }
        }
    }
}

/// The port that `scheme` goes without, for the schemes that pages and sockets have.
pub(crate) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}
