use core::error::Error;
use core::fmt::{self, Display, Formatter};

use crate::close_code::CloseCode;

/// Reads the body of a received Close frame; `Ok(None)` when it is empty.
///
/// The reason is for logs and developers. It comes from the peer, so don't show it to the users
/// of an application (RFC 6455 section 5.5.1). The body to send is
/// [`ControlPayload::close`](crate::ControlPayload::close).
///
/// # Errors
///
/// A [`ClosePayloadError`]. Invalid UTF-8 fails the connection with
/// [`INVALID_PAYLOAD`](CloseCode::INVALID_PAYLOAD), everything else with
/// [`PROTOCOL_ERROR`](CloseCode::PROTOCOL_ERROR).
pub fn decode_close(payload: &[u8]) -> Result<Option<(CloseCode, &str)>, ClosePayloadError> {
    if payload.is_empty() {
        return Ok(None);
    }
    // RFC 6455 section 5.5.1: a body, if there is one, begins with a code of two bytes.
    let Some((code, reason)) = payload.split_first_chunk() else {
        return Err(ClosePayloadError::Truncated);
    };
    let number = u16::from_be_bytes(*code);
    let Some(code) = CloseCode::new(number) else {
        return Err(ClosePayloadError::InvalidCode(number));
    };
    // RFC 6455 section 8.1.
    let Ok(reason) = str::from_utf8(reason) else {
        return Err(ClosePayloadError::InvalidUtf8);
    };
    Ok(Some((code, reason)))
}

/// What is wrong with the body of a Close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClosePayloadError {
    /// The body is a single byte, half of a code.
    Truncated,
    /// The code may not stand in a Close frame.
    InvalidCode(u16),
    /// The reason is not UTF-8.
    InvalidUtf8,
}

impl Display for ClosePayloadError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("close frame ends inside its code"),
            Self::InvalidCode(code) => write!(f, "close frame carries the invalid code {code}"),
            Self::InvalidUtf8 => f.write_str("close reason is not valid UTF-8"),
        }
    }
}

impl Error for ClosePayloadError {}
