use alloc::vec::Vec;

use crate::context::Context;
use crate::deflater::{Deflater, State};
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

    /// Whether a message of `len` bytes is long enough to be compressed. An empty one never is.
    #[must_use]
    pub const fn reaches_threshold(&self, len: usize) -> bool {
        len > 0 && len >= self.threshold
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
        if !self.reaches_threshold(payload.len()) {
            return false;
        }
        let Some(state) = whole(&self.stream, deflater, payload, output) else {
            return false;
        };
        if self.takeover {
            self.stream.advance(payload);
            state.stay(&self.stream);
        }
        true
    }

    /// Compresses a whole message by itself, for any number of connections, and appends its payload
    /// to `output`; or returns `false`, when it is to go out as it is, since it would not get any
    /// shorter. The threshold is for each connection to look at, by [`reaches_threshold`](Self::reaches_threshold).
    ///
    /// The payload suits every connection whose window is not smaller than this one's, whether it
    /// takes its context over or not (RFC 7692 section 7.2.1): nothing in it refers to what came
    /// before. Each compressor that it goes out in place of, this one too, has to be told by
    /// [`skip`](Self::skip).
    ///
    /// ```
    /// use tautline_deflate::{Compressor, Context, Deflater, Settings, Window};
    ///
    /// let context = Context { window: Window::KiB4, takeover: true };
    /// let mut compressors = [(); 3].map(|()| Compressor::new(context, &Settings::new()));
    /// let message = [b'a'; 200];
    /// let mut payload = Vec::new();
    /// if compressors[0].compress_alone(&mut Deflater::new(), &message, &mut payload) {
    ///     for compressor in &mut compressors {
    ///         // Here the payload is sent, with RSV1 set.
    ///         compressor.skip(&message);
    ///     }
    /// }
    /// # assert!(!payload.is_empty());
    /// ```
    #[must_use = "a message that does not get shorter is not appended"]
    pub fn compress_alone(
        &self,
        deflater: &mut Deflater,
        payload: &[u8],
        output: &mut Vec<u8>,
    ) -> bool {
        let alone = Stream::new(self.stream.window(), self.stream.level());
        !payload.is_empty() && whole(&alone, deflater, payload, output).is_some()
    }

    /// Takes note of a message that has gone out compressed, and not by this compressor: it was
    /// [compressed alone](Self::compress_alone). To be called between messages, never between the
    /// fragments of one.
    ///
    /// With context takeover the receiver has it in its window then, so later messages may refer to
    /// it. The next of them is primed with the latest bytes.
    pub fn skip(&mut self, payload: &[u8]) {
        if self.takeover {
            self.stream.skip(payload);
        }
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

/// Compresses a message that is in one piece, and puts `output` back as it was if that is not any
/// shorter.
fn whole<'a>(
    stream: &Stream,
    deflater: &'a mut Deflater,
    payload: &[u8],
    output: &mut Vec<u8>,
) -> Option<&'a mut State> {
    let start = output.len();
    let state = deflater.compress(stream, payload, output);
    // The receiver adds the end of the empty block again (RFC 7692 section 7.2.1).
    output.truncate(output.len() - TAIL.len());
    if output.len() - start >= payload.len() {
        output.truncate(start);
        return None;
    }
    Some(state)
}

/// A block of no bytes, as a flush ends with (RFC 7692 section 7.2.3.6).
const EMPTY_BLOCK: &[u8] = b"\x00\x00\x00\xff\xff";

/// The end of that block, which is left out at the end of a message.
pub(crate) const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
