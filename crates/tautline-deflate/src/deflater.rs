use alloc::vec::Vec;
use core::fmt::{self, Debug, Formatter};

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush};

use crate::level::Level;
use crate::stream::{Place, Stream};
use crate::window::Window;

/// The heavy part of compressing, for any number of connections: keep one a thread.
///
/// It holds a state of zlib for each size of window that is in use, 245 to 371 KiB each, and takes
/// no memory before the first message. A state that was used for another connection is cleared and
/// set up from the bytes that a [`Compressor`] keeps. While one connection sends alone, there is no
/// need to.
///
/// [`Compressor`]: crate::Compressor
#[derive(Default)]
pub struct Deflater {
    states: Vec<State>,
    chunk: Vec<u8>,
}

impl Deflater {
    /// Makes one without any state yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            states: Vec::new(),
            chunk: Vec::new(),
        }
    }

    /// Compresses what comes next in `stream` and appends it to `output`, up to and with the empty
    /// block that a flush ends with.
    ///
    /// The state is given back for it to [stay](State::stay), if the data is part of the stream.
    pub(crate) fn compress(
        &mut self,
        stream: &Stream,
        data: &[u8],
        output: &mut Vec<u8>,
    ) -> &mut State {
        self.chunk.resize(CHUNK, 0);
        let window = stream.history().window();
        let known = self.states.iter().position(|state| state.window == window);
        let index = known.unwrap_or_else(|| {
            self.states.push(State::new(window, stream.level()));
            self.states.len() - 1
        });
        let state = &mut self.states[index];
        state.go_to(stream);
        state.compress(data, &mut self.chunk, output);
        state
    }
}

impl Debug for Deflater {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.states.iter().map(|state| state.window))
            .finish()
    }
}

/// A compressor of zlib.
pub(crate) struct State {
    deflate: Deflate,
    window: Window,
    level: Level,
    /// The place in a stream that the next data would continue.
    place: Option<Place>,
}

impl State {
    /// Stays where `stream` is, having compressed all of it that it can refer to.
    pub(crate) fn stay(&mut self, stream: &Stream) {
        self.place = stream.place().cloned();
    }

    fn new(window: Window, level: Level) -> Self {
        Self {
            deflate: Deflate::new_with_config(DeflateConfig {
                level: level.get().into(),
                // A negative number asks for raw data, without the header of zlib.
                window_bits: -i32::from(window.bits().get()),
                ..DeflateConfig::default()
            }),
            window,
            level,
            place: None,
        }
    }

    fn go_to(&mut self, stream: &Stream) {
        // Staying is for the caller to decide: the data need not become part of the stream.
        let place = self.place.take();
        if let (Some(here), Some(there)) = (place, stream.place())
            && here.is(there)
            && self.deflate.total_out() < RESET_AFTER
        {
            return;
        }
        // Nothing of another connection is left after this.
        self.deflate.reset();
        if self.level != stream.level() {
            self.level = stream.level();
            self.deflate
                .set_level(self.level.get().into())
                .expect("there is nothing to be flushed after a reset");
        }
        // An empty dictionary would undo the last bytes of the one before.
        for part in stream.history().parts() {
            if !part.is_empty() {
                self.deflate
                    .set_dictionary(part)
                    .expect("a raw stream takes a dictionary when all input is flushed");
            }
        }
    }

    /// Never stops before everything is flushed, not even when `output` gets longer than `data`:
    /// level 1 of zlib-rs leaves a block open then that a reset does not close.
    fn compress(&mut self, mut data: &[u8], chunk: &mut [u8], output: &mut Vec<u8>) {
        loop {
            let (taken, given) = (self.deflate.total_in(), self.deflate.total_out());
            self.deflate
                .compress(data, chunk, DeflateFlush::SyncFlush)
                .expect("the stream is never finished and the chunk never empty");
            // Neither is more than the length of a slice.
            let taken = (self.deflate.total_in() - taken) as usize;
            let given = (self.deflate.total_out() - given) as usize;
            data = &data[taken..];
            output.extend_from_slice(&chunk[..given]);
            if data.is_empty() && given < chunk.len() {
                return;
            }
        }
    }
}

/// How much output is made at once.
const CHUNK: usize = 16 * 1024;

/// After how much output a state is reset, as it counts with 32 bits on some platforms.
const RESET_AFTER: u64 = 1 << 30;
