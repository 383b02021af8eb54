use bytes::{Buf, Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use http::{Response, StatusCode};

use crate::header::{contains_token, elements};

/// Collects the body of a response that is not a 101, decoded and up to a limit.
#[derive(Clone, Debug)]
pub(crate) struct RefusalBody {
    framing: Framing,
    kept: BytesMut,
    limit: usize,
}

/// A length that is no number, or two numbers that differ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AmbiguousLength;

impl RefusalBody {
    /// Finds out where the body ends (RFC 9112 section 6.3).
    pub(crate) fn new(head: &Response<()>, limit: usize) -> Result<Self, AmbiguousLength> {
        let headers = head.headers();
        let framing = if matches!(
            head.status(),
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        ) {
            Framing::Length(0)
        } else if contains_token(headers, &TRANSFER_ENCODING, "chunked") {
            Framing::Chunked(Chunk::START)
        } else if headers.contains_key(TRANSFER_ENCODING) {
            Framing::Eof
        } else {
            content_length(headers)?.map_or(Framing::Eof, Framing::Length)
        };
        Ok(Self {
            framing,
            kept: BytesMut::new(),
            limit,
        })
    }

    /// Takes what belongs to the body off `input`, and says whether that was all that is wanted.
    pub(crate) fn recv(&mut self, input: &mut BytesMut) -> Completion {
        loop {
            // Checked first: a body that fills the limit exactly is waited for no longer, even
            // though its framing may have an end still to come.
            if self.kept.len() == self.limit {
                return Completion::Complete;
            }
            match &mut self.framing {
                Framing::Length(0) | Framing::Chunked(Chunk::End) => return Completion::Complete,
                _ if input.is_empty() => return Completion::More,
                Framing::Eof => {
                    take(input, u64::MAX, &mut self.kept, self.limit);
                }
                Framing::Length(rest) => {
                    *rest -= take(input, *rest, &mut self.kept, self.limit);
                }
                Framing::Chunked(chunk) => match chunk {
                    Chunk::Data(rest) => {
                        *rest -= take(input, *rest, &mut self.kept, self.limit);
                        if *rest == 0 {
                            *chunk = Chunk::DataEnd;
                        }
                    }
                    _ => *chunk = chunk.step(input.get_u8()),
                },
            }
        }
    }

    /// What was collected.
    pub(crate) fn finish(self) -> Bytes {
        self.kept.freeze()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completion {
    More,
    Complete,
}

#[derive(Clone, Debug)]
enum Framing {
    Length(u64),
    Chunked(Chunk),
    Eof,
}

/// Where in a chunked body the next byte is (RFC 9112 section 7.1).
///
/// The connection is closed after the body, so trailers are not read, and a body that breaks the
/// framing just ends: an error page is no reason for a second error.
#[derive(Clone, Copy, Debug)]
enum Chunk {
    /// In the hexadecimal size, at this place of its line.
    Size {
        size: u64,
        at: u16,
    },
    /// Behind the size, where an extension may hold anything.
    Extension {
        size: u64,
        at: u16,
    },
    Data(u64),
    DataEnd,
    End,
}

impl Chunk {
    const START: Self = Self::Size { size: 0, at: 0 };

    /// Takes a byte that is not data.
    fn step(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::DataEnd, b'\r') => Self::DataEnd,
            (Self::DataEnd, b'\n') => Self::START,
            (Self::Size { size, .. } | Self::Extension { size, .. }, b'\n') if size > 0 => {
                Self::Data(size)
            }
            (Self::Size { size, at }, digit) if at < MAX_CHUNK_LINE && digit != b'\n' => {
                match (char::from(digit).to_digit(16), size.checked_mul(16)) {
                    (Some(digit), Some(size)) => Self::Size {
                        size: size + u64::from(digit),
                        at: at + 1,
                    },
                    (Some(_), None) => Self::End,
                    (None, _) => Self::Extension { size, at: at + 1 },
                }
            }
            (Self::Extension { size, at }, byte) if at < MAX_CHUNK_LINE && byte != b'\n' => {
                Self::Extension { size, at: at + 1 }
            }
            // The last chunk, or no chunk at all.
            _ => Self::End,
        }
    }
}

/// Moves at most `want` bytes of the body, of which no more are kept than the limit allows.
fn take(input: &mut BytesMut, want: u64, kept: &mut BytesMut, limit: usize) -> u64 {
    let room = limit - kept.len();
    let len = usize::try_from(want).map_or(input.len(), |want| want.min(input.len()));
    let len = len.min(room);
    kept.extend_from_slice(&input[..len]);
    input.advance(len);
    len as u64
}

/// The length if there is one. Repeated lines and lists are fine where all say the same.
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, AmbiguousLength> {
    let mut length = None;
    for text in elements(headers, &CONTENT_LENGTH) {
        let value = std::str::from_utf8(text)
            .ok()
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse::<u64>().ok())
            .ok_or(AmbiguousLength)?;
        if length.is_some_and(|length| length != value) {
            return Err(AmbiguousLength);
        }
        length = Some(value);
    }
    Ok(length)
}

/// Chunk extensions are not used by anybody; a line this long is not a chunk size.
const MAX_CHUNK_LINE: u16 = 256;
