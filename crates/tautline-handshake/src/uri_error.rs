use std::error::Error;
use std::fmt::{Display, Formatter, Result};

/// Why a text is not the URI of a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UriError {
    /// The scheme is missing or is neither `ws` nor `wss`.
    Scheme,
    /// The host is missing, is no name or IP address, or needs the `idna` feature.
    Host,
    /// The port is not a decimal number of at most 65535.
    Port,
    /// The URI has a fragment; a `#` that is data is written `%23`.
    Fragment,
    /// The URI has a user name or password, which belong into an `Authorization` header.
    UserInfo,
    /// The path or query has a character that has to be percent-encoded, or a broken escape.
    Character,
}

impl Display for UriError {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Scheme => "the scheme of a WebSocket URI is ws or wss",
            Self::Host => "missing or invalid host",
            Self::Port => "invalid port",
            Self::Fragment => "a WebSocket URI has no fragment",
            Self::UserInfo => "a WebSocket URI has no user name or password",
            Self::Character => "invalid character or escape in path or query",
        })
    }
}

impl Error for UriError {}
