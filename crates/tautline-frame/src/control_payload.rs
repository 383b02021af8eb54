use core::error::Error;
use core::fmt::{self, Debug, Display, Formatter};
use core::ops::Deref;

use crate::close_code::CloseCode;

/// The payload of a control frame: at most 125 bytes (RFC 6455 section 5.5), kept inline.
///
/// Whoever holds one need not ask again whether it fits.
#[derive(Clone)]
pub struct ControlPayload {
    bytes: [u8; Self::MAX_LEN],
    len: u8,
}

impl ControlPayload {
    /// How many bytes a control frame can carry.
    pub const MAX_LEN: usize = 125;

    /// A payload without bytes.
    #[inline]
    pub const fn empty() -> Self {
        Self {
            bytes: [0; Self::MAX_LEN],
            len: 0,
        }
    }

    /// Copies the payload of a Ping or Pong.
    ///
    /// # Errors
    ///
    /// [`ControlPayloadTooLong`] above 125 bytes.
    #[inline]
    pub fn new(bytes: &[u8]) -> Result<Self, ControlPayloadTooLong> {
        Self::concat(&[], bytes)
    }

    /// The body of a Close frame: the code in network byte order, then the reason
    /// (RFC 6455 section 5.5.1).
    ///
    /// # Errors
    ///
    /// [`ControlPayloadTooLong`] when the reason has more than 123 bytes.
    pub fn close(code: CloseCode, reason: &str) -> Result<Self, ControlPayloadTooLong> {
        Self::concat(&code.get().to_be_bytes(), reason.as_bytes())
    }

    /// Like [`close`](Self::close), but a longer reason is cut after the last whole character
    /// that fits.
    pub fn close_truncated(code: CloseCode, reason: &str) -> Self {
        let mut end = reason.len().min(Self::MAX_LEN - size_of::<CloseCode>());
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        Self::close(code, &reason[..end]).expect("the reason was cut to what fits")
    }

    fn concat(head: &[u8], tail: &[u8]) -> Result<Self, ControlPayloadTooLong> {
        let len = head.len() + tail.len();
        let mut payload = Self::empty();
        let Some(bytes) = payload.bytes.get_mut(..len) else {
            return Err(ControlPayloadTooLong(()));
        };
        bytes[..head.len()].copy_from_slice(head);
        bytes[head.len()..].copy_from_slice(tail);
        payload.len = len as u8;
        Ok(payload)
    }
}

impl Deref for ControlPayload {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl AsRef<[u8]> for ControlPayload {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for ControlPayload {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for ControlPayload {}

impl Debug for ControlPayload {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "ControlPayload(b\"{}\")", self.escape_ascii())
    }
}

/// The bytes do not fit a control frame, which carries 125 at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlPayloadTooLong(());

impl Display for ControlPayloadTooLong {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("control frame payload is longer than 125 bytes")
    }
}

impl Error for ControlPayloadTooLong {}
