use crate::level::Level;
use crate::window::Window;

/// What an endpoint wants of permessage-deflate, as a client or as a server.
///
/// What comes of it is for both endpoints to agree on. Neither direction keeps more between
/// messages than is set here, and this endpoint's compressor never uses more.
///
/// ```
/// use tautline_deflate::{Settings, Window};
///
/// // Keeps 4 KiB a direction between messages, and not 32.
/// let settings = Settings::new()
///     .with_window(Window::KiB4)
///     .with_peer_window(Window::KiB4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    level: Level,
    threshold: usize,
    window: Window,
    context_takeover: bool,
    peer_window: Window,
    peer_context_takeover: bool,
}

impl Settings {
    /// The defaults, as listed at each setter.
    #[must_use]
    pub fn new() -> Self {
        Self {
            level: LEVEL,
            threshold: THRESHOLD,
            window: WINDOW,
            context_takeover: true,
            peer_window: PEER_WINDOW,
            peer_context_takeover: true,
        }
    }

    /// Sets how much work goes into compressing; level 3 by default.
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Sets the length from which on messages are compressed; 128 bytes by default.
    #[must_use]
    pub fn with_threshold(mut self, bytes: usize) -> Self {
        self.threshold = bytes;
        self
    }

    /// Sets the largest window of this endpoint's compressor; 4 KiB by default.
    #[must_use]
    pub fn with_window(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Compresses every message by itself, which keeps no memory for sending between messages;
    /// by default a message may refer to the ones before it.
    #[must_use]
    pub fn without_context_takeover(mut self) -> Self {
        self.context_takeover = false;
        self
    }

    /// Sets the largest window that the peer's compressor may use; 32 KiB by default.
    ///
    /// Not more than this is kept for receiving between messages. A peer that cannot limit its
    /// window compresses every message by itself instead, with up to 32 KiB within it.
    #[must_use]
    pub fn with_peer_window(mut self, window: Window) -> Self {
        self.peer_window = window;
        self
    }

    /// Has the peer compress every message by itself, so that no memory is kept for receiving
    /// between messages; by default its messages may refer to the ones before them.
    #[must_use]
    pub fn without_peer_context_takeover(mut self) -> Self {
        self.peer_context_takeover = false;
        self
    }

    /// How much work goes into compressing.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// The length from which on messages are compressed.
    #[must_use]
    pub fn threshold(&self) -> usize {
        self.threshold
    }

    /// The largest window of this endpoint's compressor.
    #[must_use]
    pub fn window(&self) -> Window {
        self.window
    }

    /// Whether a message may refer to the ones sent before it.
    #[must_use]
    pub fn context_takeover(&self) -> bool {
        self.context_takeover
    }

    /// The largest window that the peer's compressor may use.
    #[must_use]
    pub fn peer_window(&self) -> Window {
        self.peer_window
    }

    /// Whether a message of the peer may refer to the ones before it.
    #[must_use]
    pub fn peer_context_takeover(&self) -> bool {
        self.peer_context_takeover
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes 25 to 35% less of JSON than level 1 for not quite twice its time. Levels 5 and 6 take 10 to
/// 20% more time for another 5%.
const LEVEL: Level = Level::new(3).expect("levels go from 1 to 9");
/// Fewer bytes than this save less than the headers of a TCP segment and a TLS record have.
const THRESHOLD: usize = 128;
/// Within 5% of what 32 KiB save, for an eighth of the memory.
const WINDOW: Window = Window::KiB4;
/// What holds when nothing is said, so that a client's one offer suits every server.
const PEER_WINDOW: Window = Window::KiB32;
