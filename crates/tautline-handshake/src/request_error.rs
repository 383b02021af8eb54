use std::error::Error;
use std::fmt::{self, Display, Formatter};

use crate::extension::ExtensionSyntaxError;
use crate::header_error::HeaderError;
use crate::uri_error::UriError;

/// Why a request cannot be built. Nothing has been sent then.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// The URI is not that of a WebSocket.
    Uri(UriError),
    /// The header cannot be added.
    Header(HeaderError),
    /// The name of a subprotocol is not a token.
    Subprotocol,
    /// A subprotocol is offered twice.
    DuplicateSubprotocol,
    /// The extensions break their grammar.
    Extension(ExtensionSyntaxError),
    /// The text is not the origin of a page.
    Origin,
    /// The user name has a colon, or the user name or password has a control character.
    Credentials,
}

impl Display for RequestError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uri(_) => "invalid WebSocket URI",
            Self::Header(_) => "invalid header",
            Self::Subprotocol => "the name of a subprotocol is not a token",
            Self::DuplicateSubprotocol => "a subprotocol is offered twice",
            Self::Extension(_) => "invalid extensions",
            Self::Origin => "invalid origin",
            Self::Credentials => "invalid user name or password",
        })
    }
}

impl Error for RequestError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Uri(error) => Some(error),
            Self::Header(error) => Some(error),
            Self::Extension(error) => Some(error),
            Self::Subprotocol | Self::DuplicateSubprotocol | Self::Origin | Self::Credentials => {
                None
            }
        }
    }
}

impl From<UriError> for RequestError {
    fn from(error: UriError) -> Self {
        Self::Uri(error)
    }
}

impl From<HeaderError> for RequestError {
    fn from(error: HeaderError) -> Self {
        Self::Header(error)
    }
}

impl From<ExtensionSyntaxError> for RequestError {
    fn from(error: ExtensionSyntaxError) -> Self {
        Self::Extension(error)
    }
}
