use alloc::boxed::Box;
use core::mem;

use crate::context::Context;
use crate::decompress_error::{Corrupt, DecompressError};
use crate::history::History;
use crate::inflater::Inflater;
use crate::inflation::Inflation;

/// Inflates the messages that one endpoint of a connection receives (RFC 7692 section 7.2.2).
///
/// For each frame of a compressed message, call [`decompress`](Self::decompress) with its payload
/// as it arrives, and [`finish`](Self::finish) once after the last one. Messages without RSV1
/// are none of its business, and neither are control frames in between.
///
/// Between messages it keeps the latest bytes of what was received, up to the size of the window,
/// or nothing when the context is not taken over. The rest is borrowed from an [`Inflater`] while
/// a message is under way. That may be another one for every call.
///
/// What a window larger than the agreed one would reach is refused when it belongs to an earlier
/// message. Within a message up to 32 KiB are reached, whatever has been agreed on.
#[derive(Debug)]
pub struct Decompressor {
    takeover: bool,
    history: History,
    state: State,
}

impl Decompressor {
    /// Makes one for a connection where `context` has been agreed on, which is
    /// [`Agreed::decompress`](crate::Agreed::decompress).
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self {
            takeover: context.takeover,
            history: History::new(context.window),
            state: State::BetweenMessages,
        }
    }

    /// What was agreed on for this direction.
    #[must_use]
    pub const fn context(&self) -> Context {
        Context {
            window: self.history.window(),
            takeover: self.takeover,
        }
    }

    /// Inflates a part of a message's payload, which may be cut anywhere.
    ///
    /// What comes out goes to `sink` in chunks of at most 64 KiB, as far as it is determined. None of
    /// it is kept back, and nothing is inflated after `sink` has refused a chunk, so that a limit
    /// in it holds for the memory and the work that a small payload can cause.
    ///
    /// # Errors
    ///
    /// Data that is corrupt, and what `sink` has returned. There is no way to go on after either:
    /// whatever comes later is taken for corrupt.
    pub fn decompress<E>(
        &mut self,
        inflater: &mut Inflater,
        payload: &[u8],
        sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), DecompressError<E>> {
        let mut inflation = match mem::replace(&mut self.state, State::Failed) {
            State::Failed => return Err(DecompressError::Corrupt),
            // A message without any payload is an empty one to everybody, although there should be
            // one byte. It must not put a state out of step that it does not start.
            State::BetweenMessages if payload.is_empty() => {
                self.state = State::BetweenMessages;
                return Ok(());
            }
            State::BetweenMessages => inflater.take(),
            State::InMessage(inflation) => inflation,
        };
        let received = inflation.receive(payload, &mut self.history, inflater.chunk(), sink);
        if received.is_ok() {
            self.state = State::InMessage(inflation);
        } else {
            inflater.give_back(inflation);
        }
        received
    }

    /// Ends a message, after the payload of its last frame.
    ///
    /// Nothing comes out here: all of the message has come out before.
    ///
    /// # Errors
    ///
    /// A message that ends in the middle of a block, and whatever follows an error.
    pub fn finish(&mut self, inflater: &mut Inflater) -> Result<(), Corrupt> {
        let mut inflation = match mem::replace(&mut self.state, State::Failed) {
            State::Failed => return Err(Corrupt),
            State::BetweenMessages => {
                self.state = State::BetweenMessages;
                return Ok(());
            }
            State::InMessage(inflation) => inflation,
        };
        let finished = inflation.finish(&mut self.history, inflater.chunk());
        inflater.give_back(inflation);
        if finished.is_ok() {
            self.state = State::BetweenMessages;
        }
        if !self.takeover {
            self.history.clear();
        }
        finished
    }
}

/// ```text
/// BetweenMessages <--- decompress, finish ---> InMessage
///        \________________ any error ______________/----> Failed
/// ```
#[derive(Debug)]
enum State {
    BetweenMessages,
    InMessage(Box<Inflation>),
    Failed,
}
