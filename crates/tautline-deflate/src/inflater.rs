use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt::{self, Debug, Formatter};

use crate::inflation::Inflation;

/// The heavy part of inflating, for any number of connections: keep one a thread.
///
/// A [`Decompressor`] borrows one of its states, 47 KiB, while a message is under way, which is
/// the length of a call for a frame that is there as a whole and is its message. States that are
/// not in use are kept, a few of them, and there is none before the first message.
///
/// [`Decompressor`]: crate::Decompressor
#[derive(Default)]
pub struct Inflater {
    #[expect(
        clippy::vec_box,
        reason = "a connection borrows a state by its address and is small without one"
    )]
    idle: Vec<Box<Inflation>>,
    chunk: Vec<u8>,
}

impl Inflater {
    /// Makes one without any state yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            idle: Vec::new(),
            chunk: Vec::new(),
        }
    }

    /// Lends a state for a message.
    pub(crate) fn take(&mut self) -> Box<Inflation> {
        let mut inflation = self
            .idle
            .pop()
            .unwrap_or_else(|| Box::new(Inflation::new()));
        inflation.restart();
        inflation
    }

    pub(crate) fn give_back(&mut self, inflation: Box<Inflation>) {
        if self.idle.len() < MAX_IDLE {
            self.idle.push(inflation);
        }
    }

    /// The memory to inflate to.
    pub(crate) fn chunk(&mut self) -> &mut [u8] {
        self.chunk.resize(CHUNK, 0);
        &mut self.chunk
    }
}

impl Debug for Inflater {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater")
            .field("idle", &self.idle.len())
            .finish_non_exhaustive()
    }
}

/// How many bytes a sink gets at once at most. zlib copies the end of each chunk into its window, and
/// is slower where a match begins before the chunk: messages of this size take 20% less time than by
/// chunks of 16 KiB.
const CHUNK: usize = 64 * 1024;

/// How many states are kept for messages to come. Only as many are in use as there are messages
/// that have arrived in part.
const MAX_IDLE: usize = 4;
