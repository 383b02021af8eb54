use std::error::Error;
use std::fmt::{Display, Formatter, Result};

use http::header::HeaderName;

/// Why a header cannot be added to a handshake message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// The name is not a token.
    Name,
    /// The value holds a control character, such as a line break.
    Value,
    /// The handshake sets this header itself, or it would change how the message is framed.
    Reserved(HeaderName),
    /// The message has tens of thousands of headers already.
    TooMany,
}

impl Display for HeaderError {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Name => f.write_str("invalid header name"),
            Self::Value => f.write_str("invalid header value"),
            Self::Reserved(name) => write!(f, "the {name} header belongs to the handshake"),
            Self::TooMany => f.write_str("too many headers"),
        }
    }
}

impl Error for HeaderError {}
