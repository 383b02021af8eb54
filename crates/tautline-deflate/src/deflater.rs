use alloc::vec::Vec;
use core::fmt::{self, Debug, Formatter};

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush};

use crate::level::Level;
use crate::stream::{Place, Stream};
use crate::window::Window;

/// The heavy part of compressing, for any number of connections: keep one a thread.
///
/// It holds states of zlib, 245 to 371 KiB each depending on the window, and takes no memory before
/// the first message. Without context takeover one state serves all connections. With it, a state
/// stays with the connection that used it last, so that the next message of that connection simply
/// goes on. Up to 16 are kept; from then on one of them is cleared and set up for another
/// connection, from the bytes that its [`Compressor`] keeps.
///
/// [`Compressor`]: crate::Compressor
#[derive(Default)]
pub struct Deflater {
    /// The one that was used last is the last.
    states: Vec<State>,
    chunk: Vec<u8>,
    /// How many times something was compressed.
    uses: u64,
}

impl Deflater {
    /// Makes one without any state yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            states: Vec::new(),
            chunk: Vec::new(),
            uses: 0,
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
        self.uses += 1;
        let mut state = self.take(stream);
        state.last_use = self.uses;
        state.go_to(stream, data.len());
        state.compress(data, &mut self.chunk, output);
        self.states.push(state);
        let last = self.states.len() - 1;
        &mut self.states[last]
    }

    /// The best state for what comes next in `stream`: one that is there already, else one that
    /// nobody will miss, else a new one as long as there are few.
    ///
    /// Else connections take turns that are more than the states: one whose connection has stopped
    /// sending, or the latest, which is still in the caches of the processor. To take the oldest
    /// always would throw each away right before it is wanted again.
    fn take(&mut self, stream: &Stream) -> State {
        let window = stream.history().window();
        let free = |state: &State| state.window == window && state.is_free();
        let index = self
            .states
            .iter()
            .position(|state| state.window == window && state.is_at(stream))
            .or_else(|| self.states.iter().position(free));
        if let Some(index) = index {
            return self.states.remove(index);
        }
        if self.states.len() == MAX_STATES {
            let is_stale = self.uses - self.states[0].last_use > STALE_AFTER;
            // Another window takes another allocation, which is not to be one for every message.
            let latest = self.states.iter().rposition(|state| state.window == window);
            let replaced = self.states.remove(match latest {
                Some(latest) if !is_stale => latest,
                _ => 0,
            });
            if replaced.window == window {
                return replaced;
            }
        }
        State::new(window, stream.level())
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
    last_use: u64,
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
            last_use: 0,
        }
    }

    /// Whether what comes next in `stream` continues what was compressed last.
    fn is_at(&self, stream: &Stream) -> bool {
        let places = (&self.place, stream.place());
        matches!(places, (Some(here), Some(there)) if here.is(there))
    }

    /// Whether no connection will come back to it.
    fn is_free(&self) -> bool {
        self.place.as_ref().is_none_or(Place::is_abandoned)
    }

    /// Prepares for `len` bytes that come next in `stream`.
    fn go_to(&mut self, stream: &Stream, len: usize) {
        let is_there = self.is_at(stream) && self.deflate.total_out() < RESET_AFTER;
        // Staying is for the caller to decide: the data need not become part of the stream.
        self.place = None;
        if is_there {
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
        let mut rest = MIN_PRIMING.max(len.saturating_mul(PRIMING_RATIO));
        let [older, newer] = stream.history().parts();
        let newer = latest(newer, rest);
        rest -= newer.len();
        for part in [latest(older, rest), newer] {
            // An empty dictionary would undo the last bytes of the one before.
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

/// The last bytes of `part`, as many as `len` at most.
fn latest(part: &[u8], len: usize) -> &[u8] {
    &part[part.len().saturating_sub(len)..]
}

/// How many states are kept. Connections that are busy at the same time on one thread are few, and
/// states of more of them would push each other out of the caches of the processor.
const MAX_STATES: usize = 16;

/// After how many uses of others the oldest state is given to another connection.
const STALE_AFTER: u64 = 256;

/// How much of the latest data a state is set up from, as a multiple of the data to be compressed:
/// going through a whole window of 32 KiB takes longer than compressing 1 KiB with what is found.
const PRIMING_RATIO: usize = 4;

/// How much of the latest data a state is set up from at least.
const MIN_PRIMING: usize = 4 * 1024;

/// How much output is made at once.
const CHUNK: usize = 16 * 1024;

/// After how much output a state is reset, as it counts with 32 bits on some platforms.
const RESET_AFTER: u64 = 1 << 30;
