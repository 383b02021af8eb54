use std::error::Error;
use std::fmt::{self, Display, Formatter};

use crate::extension::ExtensionSyntaxError;
use crate::header_error::HeaderError;

/// Why an answer would not be one that the client may get.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcceptError {
    /// The subprotocol is not among the ones that the client offered.
    SubprotocolNotOffered,
    /// An extension is not among the ones that the client offered.
    ExtensionNotOffered,
    /// The extensions break their grammar.
    ExtensionSyntax(ExtensionSyntaxError),
    /// The header cannot be added.
    Header(HeaderError),
}

impl Display for AcceptError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::SubprotocolNotOffered => f.write_str("the client did not offer this subprotocol"),
            Self::ExtensionNotOffered => f.write_str("the client did not offer this extension"),
            Self::ExtensionSyntax(_) => f.write_str("invalid extensions"),
            Self::Header(_) => f.write_str("invalid header"),
        }
    }
}

impl Error for AcceptError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::ExtensionSyntax(error) => Some(error),
            Self::Header(error) => Some(error),
            Self::SubprotocolNotOffered | Self::ExtensionNotOffered => None,
        }
    }
}

impl From<HeaderError> for AcceptError {
    fn from(error: HeaderError) -> Self {
        Self::Header(error)
    }
}

impl From<ExtensionSyntaxError> for AcceptError {
    fn from(error: ExtensionSyntaxError) -> Self {
        Self::ExtensionSyntax(error)
    }
}
