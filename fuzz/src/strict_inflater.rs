use flate2::{Decompress, FlushDecompress};
use tautline_deflate::Context;

use crate::oracle::TAIL;

/// C inflates through a window of exactly the agreed size: with only `step` bytes of output at once,
/// it cannot refer to more than that beyond its window.
pub(crate) struct StrictInflater {
    stream: Decompress,
    context: Context,
}

impl StrictInflater {
    pub(crate) fn new(context: Context) -> Self {
        let bits = context.window.bits().get();
        Self {
            stream: Decompress::new_with_window_bits(false, bits),
            context,
        }
    }

    /// Inflates a message.
    pub(crate) fn message(&mut self, payload: &[u8], step: usize) -> Vec<u8> {
        if !self.context.takeover {
            *self = Self::new(self.context);
        }
        let (payload, mut text) = ([payload, TAIL].concat(), Vec::new());
        let (mut rest, mut chunk) = (&payload[..], vec![0; step]);
        loop {
            let (taken, given) = (self.stream.total_in(), self.stream.total_out());
            self.stream
                .decompress(rest, &mut chunk, FlushDecompress::Sync)
                .expect("C finds an error in what Tautline has compressed");
            let given = (self.stream.total_out() - given) as usize;
            rest = &rest[(self.stream.total_in() - taken) as usize..];
            text.extend_from_slice(&chunk[..given]);
            if rest.is_empty() && given < chunk.len() {
                return text;
            }
        }
    }
}
