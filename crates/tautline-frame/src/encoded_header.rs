use core::ops::Deref;

use crate::header::Header;

/// A [`Header`] as it goes over the wire, kept on the stack.
///
/// [`Header::encode`] makes it; it dereferences to the bytes.
#[derive(Clone, Copy, Debug)]
pub struct EncodedHeader {
    bytes: [u8; Header::MAX_LEN],
    len: u8,
}

impl EncodedHeader {
    #[inline]
    pub(crate) const fn new(bytes: [u8; Header::MAX_LEN], len: usize) -> Self {
        Self {
            bytes,
            len: len as u8,
        }
    }

    /// The header and whatever it takes to make it as long as the longest: an array is copied by
    /// a few moves, where a slice takes a call of `memcpy`.
    #[inline]
    #[must_use]
    pub const fn padded(&self) -> &[u8; Header::MAX_LEN] {
        &self.bytes
    }
}

impl Deref for EncodedHeader {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl AsRef<[u8]> for EncodedHeader {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self
    }
}
