use core::iter::FusedIterator;
use core::num::NonZeroUsize;

use bytes::Bytes;
use tautline_frame::OpCode;

use crate::message::Message;

/// Cuts a message into frames of at most a given size (RFC 6455 section 5.4).
///
/// The fragments share the memory of the message. Text is cut at any byte, inside of characters
/// too: only the whole message has to be UTF-8 (section 5.6). A message that fits one frame,
/// an empty one included, is a single frame.
///
/// Where a message was cut means nothing: intermediaries may join and cut fragments anew.
#[derive(Clone, Debug)]
pub struct Fragments {
    /// What the next fragment is; `None` after the last one.
    opcode: Option<OpCode>,
    payload: Bytes,
    size: NonZeroUsize,
}

impl Fragments {
    /// Cuts `message` into frames of at most `size` bytes of payload.
    pub fn new(message: Message, size: NonZeroUsize) -> Self {
        Self {
            opcode: Some(message.kind().opcode()),
            payload: message.into_bytes(),
            size,
        }
    }
}

impl Iterator for Fragments {
    type Item = Fragment;

    fn next(&mut self) -> Option<Fragment> {
        let opcode = self.opcode?;
        let fin = self.payload.len() <= self.size.get();
        self.opcode = (!fin).then_some(OpCode::Continuation);
        let payload = self
            .payload
            .split_to(self.payload.len().min(self.size.get()));
        Some(Fragment {
            opcode,
            fin,
            payload,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match self.opcode {
            Some(_) => self.payload.len().div_ceil(self.size.get()).max(1),
            None => 0,
        };
        (left, Some(left))
    }
}

impl ExactSizeIterator for Fragments {}

impl FusedIterator for Fragments {}

/// A data frame: all of a message or a part of it.
#[expect(
    clippy::exhaustive_structs,
    reason = "a frame has no more parts than these"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// The kind of the message for its first frame, [`OpCode::Continuation`] for all others.
    pub opcode: OpCode,
    /// Whether this is the last frame of the message.
    pub fin: bool,
    /// What the frame carries, not masked.
    pub payload: Bytes,
}
