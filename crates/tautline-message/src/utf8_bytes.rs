//! The only module of this crate with `unsafe`: text is checked once, and not again when it
//! is read.

#![expect(
    unsafe_code,
    reason = "text that has been checked is not checked again"
)]

mod buffer;

use alloc::string::String;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::cmp::Ordering;
use core::fmt::{self, Debug, Display, Formatter};
use core::hash::{Hash, Hasher};
use core::ops::Deref;

use bytes::{Bytes, BytesMut};
use tautline_frame::mask;

use crate::utf8_validator::{self, InvalidUtf8};

pub(crate) use self::buffer::Utf8Buffer;

/// Shared text: [`Bytes`] that are known to be UTF-8.
///
/// Clones share the same memory. It dereferences to `str`, and compares and hashes like it.
#[derive(Clone, Default)]
pub struct Utf8Bytes(
    /// Valid UTF-8, always: every constructor takes it from a `str` or checks it, and nothing
    /// hands out the bytes for writing.
    Bytes,
);

impl Utf8Bytes {
    /// Text of the program itself, without a copy.
    #[inline]
    pub const fn from_static(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// The text.
    #[inline]
    pub fn as_str(&self) -> &str {
        // SAFETY: the field is valid UTF-8 by its invariant, and a shared slice of `Bytes` does
        // not change.
        unsafe { str::from_utf8_unchecked(&self.0) }
    }

    /// The bytes of the text, without a copy.
    #[inline]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

/// Reads bytes as text, in one pass that suits their number.
///
/// This is [`str::from_utf8`] for the sizes and contents that messages have: much faster where
/// there are many bytes, in particular if they are ASCII.
///
/// # Errors
///
/// [`InvalidUtf8`] when they are not UTF-8.
#[inline]
pub fn validate_utf8(bytes: &[u8]) -> Result<&str, InvalidUtf8> {
    match utf8_validator::check(bytes) {
        // SAFETY: the check covers all of `bytes`.
        Ok(()) => Ok(unsafe { str::from_utf8_unchecked(bytes) }),
        Err(stop) => Err(InvalidUtf8 {
            valid_up_to: stop.valid_up_to,
        }),
    }
}

/// Unmasks bytes where they are and reads them as text, which takes one pass if they are ASCII.
///
/// # Errors
///
/// [`InvalidUtf8`] when they are not UTF-8.
#[inline]
pub fn unmask_utf8(payload: &mut [u8], key: [u8; 4]) -> Result<&str, InvalidUtf8> {
    if mask::apply_and_scan(payload, key).is_ascii() {
        // SAFETY: what is ASCII is UTF-8, and nothing has written to `payload` since it was seen.
        return Ok(unsafe { str::from_utf8_unchecked(payload) });
    }
    validate_utf8(payload)
}

impl Utf8Bytes {
    /// Unmasks bytes and takes them as text, without a copy, as [`unmask_utf8`] does.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] when they are not UTF-8.
    pub fn unmask(mut payload: BytesMut, key: [u8; 4]) -> Result<Self, InvalidUtf8> {
        unmask_utf8(&mut payload, key)?;
        Ok(Self(payload.freeze()))
    }
}

impl From<&str> for Utf8Bytes {
    /// Copies the text.
    #[inline]
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<String> for Utf8Bytes {
    #[inline]
    fn from(text: String) -> Self {
        Self(Bytes::from(text))
    }
}

impl TryFrom<Bytes> for Utf8Bytes {
    type Error = InvalidUtf8;

    #[inline]
    fn try_from(bytes: Bytes) -> Result<Self, InvalidUtf8> {
        validate_utf8(&bytes)?;
        Ok(Self(bytes))
    }
}

impl TryFrom<BytesMut> for Utf8Bytes {
    type Error = InvalidUtf8;

    #[inline]
    fn try_from(bytes: BytesMut) -> Result<Self, InvalidUtf8> {
        Self::try_from(bytes.freeze())
    }
}

impl TryFrom<Vec<u8>> for Utf8Bytes {
    type Error = InvalidUtf8;

    #[inline]
    fn try_from(bytes: Vec<u8>) -> Result<Self, InvalidUtf8> {
        Self::try_from(Bytes::from(bytes))
    }
}

impl From<Utf8Bytes> for Bytes {
    #[inline]
    fn from(text: Utf8Bytes) -> Self {
        text.into_bytes()
    }
}

impl Deref for Utf8Bytes {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Utf8Bytes {
    #[inline]
    fn as_ref(&self) -> &str {
        self
    }
}

impl AsRef<[u8]> for Utf8Bytes {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Borrow<str> for Utf8Bytes {
    #[inline]
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq for Utf8Bytes {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Utf8Bytes {}

impl PartialEq<str> for Utf8Bytes {
    #[inline]
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Utf8Bytes {
    #[inline]
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for Utf8Bytes {
    #[inline]
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other.as_str()
    }
}

impl PartialOrd for Utf8Bytes {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Utf8Bytes {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

/// Hashes like `str`, so that maps can be asked with one.
impl Hash for Utf8Bytes {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Display for Utf8Bytes {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self.as_str(), f)
    }
}

impl Debug for Utf8Bytes {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(self.as_str(), f)
    }
}
