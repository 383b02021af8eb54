use core::error::Error;
use core::fmt::{self, Display, Formatter};
#[cfg(miri)]
use core::str::from_utf8 as decode;

// Its version 0.1.5 makes a pointer past the end of the text, to prefetch what may be there, and never
// reads by it. Miri refuses the pointer, so under it the standard library decodes.
#[cfg(not(miri))]
use simdutf8::compat::from_utf8 as decode;
use tautline_frame::mask::{self, HighBits};

/// Checks that text is UTF-8 while it arrives in pieces, cut anywhere.
///
/// It fails as soon as no continuation could make the text valid, so inside a character too: the
/// bytes `F4 90` fail at the second of them. Nothing is kept but the beginning of a
/// character that the last piece ended in, at most three bytes.
///
/// ```
/// use tautline_message::Utf8Validator;
///
/// let mut validator = Utf8Validator::new();
/// let (head, tail) = "κόσμε".as_bytes().split_at(5);
/// validator.push(head)?;
/// assert!(validator.finish().is_err(), "the third letter is not complete");
/// validator.push(tail)?;
/// validator.finish()?;
/// # Ok::<(), tautline_message::InvalidUtf8>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Utf8Validator {
    /// How many bytes form whole characters so far.
    valid: usize,
    /// The beginning of a character that the last piece ended in.
    partial: [u8; 4],
    partial_len: u8,
    failed: bool,
}

impl Utf8Validator {
    /// Begins a new text.
    #[inline]
    pub const fn new() -> Self {
        Self {
            valid: 0,
            partial: [0; 4],
            partial_len: 0,
            failed: false,
        }
    }

    /// Checks the next piece of the text.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] when the text cannot become valid any more, whatever follows. From then
    /// on every call fails.
    pub fn push(&mut self, mut chunk: &[u8]) -> Result<(), InvalidUtf8> {
        if self.failed {
            return Err(self.error());
        }
        while self.partial_len != 0 {
            let Some((&byte, rest)) = chunk.split_first() else {
                return Ok(());
            };
            chunk = rest;
            self.push_partial(byte)?;
        }
        let Err(stop) = check(chunk) else {
            self.valid += chunk.len();
            return Ok(());
        };
        self.valid += stop.valid_up_to;
        if stop.is_final {
            return self.fail();
        }
        let tail = &chunk[stop.valid_up_to..];
        self.partial[..tail.len()].copy_from_slice(tail);
        self.partial_len = tail.len() as u8;
        Ok(())
    }

    /// Unmasks the next piece of the text where it is, and checks it, which takes one pass if it is
    /// ASCII.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    pub fn push_masked(&mut self, chunk: &mut [u8], key: [u8; 4]) -> Result<(), InvalidUtf8> {
        let is_ascii = mask::apply_and_scan(chunk, key).is_ascii();
        if is_ascii && self.partial_len == 0 && !self.failed {
            self.valid += chunk.len();
            return Ok(());
        }
        self.push(chunk)
    }

    /// Ends the text.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] when the text ends inside a character, or has failed before.
    #[inline]
    pub fn finish(&self) -> Result<(), InvalidUtf8> {
        if self.partial_len != 0 || self.failed {
            return Err(self.error());
        }
        Ok(())
    }

    /// Takes one more byte of a character that has begun.
    fn push_partial(&mut self, byte: u8) -> Result<(), InvalidUtf8> {
        let len = usize::from(self.partial_len) + 1;
        self.partial[len - 1] = byte;
        match str::from_utf8(&self.partial[..len]) {
            Ok(_) => {
                self.valid += len;
                self.partial_len = 0;
            }
            Err(error) if error.error_len().is_none() => self.partial_len += 1,
            Err(_) => return self.fail(),
        }
        Ok(())
    }

    fn fail(&mut self) -> Result<(), InvalidUtf8> {
        self.failed = true;
        Err(self.error())
    }

    fn error(&self) -> InvalidUtf8 {
        InvalidUtf8 {
            valid_up_to: self.valid,
        }
    }
}

/// Where valid text ends before its bytes do.
pub(crate) struct Stop {
    pub(crate) valid_up_to: usize,
    /// Whether more bytes would not help.
    pub(crate) is_final: bool,
}

/// The one pass over bytes that may be text, chosen by their number.
///
/// Most text is all ASCII, which a plain scan accepts several times faster than a decoder.
/// Where it is not, vector code gains nothing on short input.
#[inline]
pub(crate) fn check(bytes: &[u8]) -> Result<(), Stop> {
    if bytes.len() < VECTOR_LEN {
        if HighBits::of(bytes).is_ascii() {
            return Ok(());
        }
        return str::from_utf8(bytes).map(drop).map_err(|error| Stop {
            valid_up_to: error.valid_up_to(),
            is_final: error.error_len().is_some(),
        });
    }
    check_long(bytes)
}

fn check_long(bytes: &[u8]) -> Result<(), Stop> {
    let mut blocks = bytes.chunks(ASCII_BLOCK);
    let Some(ascii_blocks) = blocks.position(|block| !HighBits::of(block).is_ascii()) else {
        return Ok(());
    };
    let ascii = ascii_blocks * ASCII_BLOCK;
    decode(&bytes[ascii..]).map(drop).map_err(|error| Stop {
        valid_up_to: ascii + error.valid_up_to(),
        is_final: error.error_len().is_some(),
    })
}

/// The bytes are not UTF-8 (RFC 3629), which text has to be (RFC 6455 section 8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidUtf8 {
    /// How many bytes from the start of the text are whole, valid characters.
    pub valid_up_to: usize,
}

impl Display for InvalidUtf8 {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "text is not valid UTF-8 after byte {}", self.valid_up_to)
    }
}

impl Error for InvalidUtf8 {}

/// In bytes: below, `core` is faster than the set-up of vector code.
const VECTOR_LEN: usize = 64;

/// In bytes: how much is scanned before looking whether the scan was worth it, so that text in
/// other scripts does not pay for a second pass over all of it.
const ASCII_BLOCK: usize = 4096;
