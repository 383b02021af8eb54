use alloc::vec::Vec;

use crate::context::Context;
use crate::deflater::Deflater;
use crate::settings::Settings;
use crate::stream::Stream;

/// Compresses the messages that one endpoint of a connection sends (RFC 7692 section 7.2.1).
///
/// Between messages it keeps the latest bytes of what was sent, up to the size of the window, or
/// nothing when the context is not taken over. The rest is in a [`Deflater`] that many of them
/// share. It may be another one each time.
#[derive(Debug)]
pub struct Compressor {
    stream: Stream,
    threshold: usize,
    takeover: bool,
}

impl Compressor {
    /// Makes one for a connection where `context` has been agreed on, which is
    /// [`Agreed::compress`](crate::Agreed::compress).
    ///
    /// Of the settings it takes the level and the threshold.
    #[must_use]
    pub fn new(context: Context, settings: &Settings) -> Self {
        Self {
            stream: Stream::new(context.window, settings.level()),
            threshold: settings.threshold(),
            takeover: context.takeover,
        }
    }

    /// What was agreed on for this direction.
    #[must_use]
    pub const fn context(&self) -> Context {
        Context {
            window: self.stream.window(),
            takeover: self.takeover,
        }
    }

    /// Compresses a whole message and appends its payload to `output`, or decides not to.
    ///
    /// It returns `true` for a message to be sent compressed, with RSV1 set. `false` means that
    /// the message is empty, below the threshold, or would not get any shorter. It goes out as it
    /// is then, and both `output` and the state are as if there had not been such a message.
    pub fn compress(
        &mut self,
        deflater: &mut Deflater,
        payload: &[u8],
        output: &mut Vec<u8>,
    ) -> bool {
        if payload.is_empty() || payload.len() < self.threshold {
            return false;
        }
        let start = output.len();
        let state = deflater.compress(&self.stream, payload, output);
        // The receiver adds the end of the empty block again (RFC 7692 section 7.2.1).
        output.truncate(output.len() - TAIL.len());
        if output.len() - start >= payload.len() {
            output.truncate(start);
            return false;
        }
        if self.takeover {
            self.stream.advance(payload);
            state.stay(&self.stream);
        }
        true
    }

    /// Compresses a fragment of a message that is sent piece by piece, and appends the payload of
    /// its frame to `output`.
    ///
    /// A message that starts this way goes on so until a fragment is the `last` one. There is no
    /// threshold, and data that does not compress gets a little longer. A fragment can be inflated
    /// as soon as it is there. Other connections may use the deflater between the fragments.
    pub fn compress_fragment(
        &mut self,
        deflater: &mut Deflater,
        payload: &[u8],
        last: bool,
        output: &mut Vec<u8>,
    ) {
        if payload.is_empty() {
            output.extend_from_slice(EMPTY_BLOCK);
        } else {
            let state = deflater.compress(&self.stream, payload, output);
            self.stream.advance(payload);
            state.stay(&self.stream);
        }
        if last {
            // Only the last frame goes without it (RFC 7692 section 7.2.1).
            output.truncate(output.len() - TAIL.len());
            if !self.takeover {
                self.stream.clear();
            }
        }
    }
}

/// A block of no bytes, as a flush ends with (RFC 7692 section 7.2.3.6).
const EMPTY_BLOCK: &[u8] = b"\x00\x00\x00\xff\xff";

/// The end of that block, which is left out at the end of a message.
pub(crate) const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
