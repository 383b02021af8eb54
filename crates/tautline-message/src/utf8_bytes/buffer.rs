#![forbid(unsafe_code)]

use alloc::vec::Vec;

use bytes::Bytes;

use super::Utf8Bytes;
use crate::growth;
use crate::utf8_validator::{InvalidUtf8, Utf8Validator};

/// Text that is still growing, checked piece by piece.
///
/// It lives here so that [`Utf8Bytes`] can take over what the validator has seen: all bytes go
/// through both, so the finished text needs no second check.
#[derive(Debug, Default)]
pub(crate) struct Utf8Buffer {
    bytes: Vec<u8>,
    validator: Utf8Validator,
}

impl Utf8Buffer {
    /// Appends bytes, unless they make it impossible for the text to be UTF-8. There may be
    /// `max_len` of them.
    pub(crate) fn extend(&mut self, bytes: &[u8], max_len: usize) -> Result<(), InvalidUtf8> {
        self.validator.push(bytes)?;
        growth::append(&mut self.bytes, bytes, max_len);
        Ok(())
    }

    /// The text, in exactly the memory that it needs.
    pub(crate) fn finish(self) -> Result<Utf8Bytes, InvalidUtf8> {
        self.validator.finish()?;
        Ok(Utf8Bytes(Bytes::from(self.bytes.into_boxed_slice())))
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }
}
