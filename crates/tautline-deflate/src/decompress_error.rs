use core::error::Error;
use core::fmt::{self, Display, Formatter};

/// The data is not what a compressor makes, refers to data before the window, or ends too early.
///
/// RFC 7692 names no code for closing the connection then; 1007 says best what has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Corrupt;

impl Display for Corrupt {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("compressed data is corrupt")
    }
}

impl Error for Corrupt {}

/// Why a message is not inflated any further.
#[expect(
    clippy::exhaustive_enums,
    reason = "only the data and the sink can be the cause"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecompressError<E> {
    /// The data is [`Corrupt`].
    Corrupt,
    /// The sink has refused to take more.
    Sink(E),
}

impl<E> From<Corrupt> for DecompressError<E> {
    fn from(Corrupt: Corrupt) -> Self {
        Self::Corrupt
    }
}

impl<E> Display for DecompressError<E> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corrupt => Display::fmt(&Corrupt, f),
            Self::Sink(_) => f.write_str("inflated data was refused"),
        }
    }
}

impl<E: Error + 'static> Error for DecompressError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Corrupt => None,
            Self::Sink(error) => Some(error),
        }
    }
}
