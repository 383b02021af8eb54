use core::fmt::{self, Debug, Formatter};

use zlib_rs::{Inflate, InflateFlush, Status};

use crate::compressor::TAIL;
use crate::decompress_error::{Corrupt, DecompressError};
use crate::history::History;

/// A message that is being inflated.
pub(crate) struct Inflation {
    inflate: Inflate,
    /// Whether the next block starts a stream of zlib, as it does at the start of a message and
    /// after a block with BFINAL set.
    at_end: bool,
    /// How many streams have ended since something came out.
    idle_ends: u16,
    /// The last four bytes of the payload.
    last: [u8; 4],
}

impl Inflation {
    pub(crate) fn new() -> Self {
        Self {
            // A negative answer to whether there is a header of zlib. The size of the window
            // makes no difference for the memory, only for what is put into it.
            inflate: Inflate::new(false, 15),
            at_end: true,
            idle_ends: 0,
            last: NONE_YET,
        }
    }

    /// Prepares for another message, whatever has become of the one before.
    pub(crate) fn restart(&mut self) {
        self.at_end = true;
        self.idle_ends = 0;
        self.last = NONE_YET;
    }

    /// Inflates a part of the payload.
    pub(crate) fn receive<E>(
        &mut self,
        payload: &[u8],
        history: &mut History,
        chunk: &mut [u8],
        sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), DecompressError<E>> {
        for &byte in &payload[payload.len().saturating_sub(self.last.len())..] {
            self.last.rotate_left(1);
            self.last[3] = byte;
        }
        self.inflate(payload, history, chunk, sink)
    }

    /// Checks that the message may end here, with what its sender has removed added again (RFC 7692
    /// section 7.2.2).
    pub(crate) fn finish(
        &mut self,
        history: &mut History,
        chunk: &mut [u8],
    ) -> Result<(), Corrupt> {
        // What is added here is no doing of the sender.
        self.idle_ends = 0;
        // The tail is the end of an empty block. Whatever comes out at it, or at the probe below,
        // belongs to a block that was cut off.
        let mut complete = |this: &mut Self, end: &[u8]| {
            this.inflate(end, history, chunk, |_| Err(Corrupt))
                .map_err(|_| Corrupt)
        };
        // A sender whose last block has BFINAL set should add an empty one without, for the tail
        // to complete (RFC 7692 section 7.2.3.4). Nothing is missing if it does not.
        //
        // One that has forgotten to remove the tail is told by it. A right payload never ends so:
        // the last bit of the header of the block that the tail completes is zero, and it is in
        // the last byte.
        if !self.at_end && self.last != TAIL {
            complete(self, &TAIL)?;
        }
        // Whether a block may start here is seen by starting one.
        if !self.at_end {
            complete(self, END)?;
        }
        if self.at_end { Ok(()) } else { Err(Corrupt) }
    }

    fn inflate<E>(
        &mut self,
        mut input: &[u8],
        history: &mut History,
        chunk: &mut [u8],
        mut sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), DecompressError<E>> {
        loop {
            if self.at_end {
                if input.is_empty() {
                    return Ok(());
                }
                self.start_stream(history);
            }
            let (taken, given) = (self.inflate.total_in(), self.inflate.total_out());
            let result = self.inflate.decompress(input, chunk, InflateFlush::NoFlush);
            // Neither is more than the length of a slice.
            let taken = (self.inflate.total_in() - taken) as usize;
            let given = (self.inflate.total_out() - given) as usize;

            input = &input[taken..];
            if given > 0 {
                self.idle_ends = 0;
                history.push(&chunk[..given]);
                sink(&chunk[..given]).map_err(DecompressError::Sink)?;
            }
            let status = result.map_err(|_| DecompressError::Corrupt)?;
            self.at_end = status == Status::StreamEnd;
            if self.at_end {
                self.idle_ends += 1;
                if self.idle_ends > MAX_IDLE_ENDS {
                    return Err(DecompressError::Corrupt);
                }
            }
            // Room that is left in the chunk means that there is no more output for now.
            if input.is_empty() && given < chunk.len() {
                return Ok(());
            }
            if status == Status::BufError {
                return Err(DecompressError::Corrupt);
            }
        }
    }

    /// Starts a stream that may refer to what was inflated before it.
    fn start_stream(&mut self, history: &History) {
        self.inflate.reset(false);
        for part in history.parts() {
            self.inflate
                .set_dictionary(part)
                .expect("a raw stream takes any dictionary");
        }
        self.at_end = false;
    }
}

impl Debug for Inflation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflation")
            .field("at_end", &self.at_end)
            .finish_non_exhaustive()
    }
}

/// An empty block with BFINAL set, which ends a stream.
const END: &[u8] = b"\x03\x00";

/// Bytes that do not make a tail together with fewer than four of a payload.
const NONE_YET: [u8; 4] = [0xff; 4];

/// How many streams may end, one behind the other, without anything coming out. Every one of them
/// costs a window to be copied for two bytes, and no sender has a use for even the second.
const MAX_IDLE_ENDS: u16 = 1024;
