use core::error::Error;
use core::fmt::{self, Display, Formatter};

/// Why the parameters of an offer or an answer are none.
///
/// A server passes such an offer over, a client fails the connection (RFC 7692 section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParamError {
    /// There is a parameter of another name than RFC 7692 has, or one in other letters.
    Unknown,
    /// The parameter of this name is there twice.
    Repeated(&'static str),
    /// The parameter of this name has a value that it cannot have, or lacks one.
    Value(&'static str),
}

impl Display for ParamError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown parameter of permessage-deflate"),
            Self::Repeated(name) => write!(f, "repeated parameter {name}"),
            Self::Value(name) => write!(f, "invalid value of parameter {name}"),
        }
    }
}

impl Error for ParamError {}
