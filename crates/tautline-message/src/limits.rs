/// What an [`Assembler`](crate::Assembler) takes from a peer.
///
/// ```
/// use tautline_message::Limits;
///
/// let limits = Limits::default().with_max_message_size(64 * 1024);
/// assert_eq!(limits.max_message_size(), 65_536);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    max_frame_size: usize,
    max_message_size: usize,
    max_empty_fragments: u32,
}

impl Limits {
    /// Sets how many bytes of payload a single data frame may announce. 16 MiB by default.
    #[must_use]
    pub const fn with_max_frame_size(mut self, bytes: usize) -> Self {
        self.max_frame_size = bytes;
        self
    }

    /// Sets how many bytes a message may have, over all its fragments and after any
    /// decompression. 16 MiB by default.
    #[must_use]
    pub const fn with_max_message_size(mut self, bytes: usize) -> Self {
        self.max_message_size = bytes;
        self
    }

    /// Sets how many fragments of one message may be without payload, the last one not counted.
    /// 1024 by default.
    ///
    /// Such fragments are legal (RFC 6455 section 5.4) and cost the peer next to nothing, but
    /// never add up to a message that is too big.
    #[must_use]
    pub const fn with_max_empty_fragments(mut self, fragments: u32) -> Self {
        self.max_empty_fragments = fragments;
        self
    }

    /// The most bytes of payload that a data frame may announce.
    #[inline]
    pub const fn max_frame_size(&self) -> usize {
        self.max_frame_size
    }

    /// The most bytes that a message may have.
    #[inline]
    pub const fn max_message_size(&self) -> usize {
        self.max_message_size
    }

    /// The most fragments without payload that a message may have before its last.
    #[inline]
    pub const fn max_empty_fragments(&self) -> u32 {
        self.max_empty_fragments
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_frame_size: DEFAULT_MAX_SIZE,
            max_message_size: DEFAULT_MAX_SIZE,
            max_empty_fragments: DEFAULT_MAX_EMPTY_FRAGMENTS,
        }
    }
}

/// In bytes: more than most applications send at once, and little enough that a few peers that use
/// it up don't exhaust a machine.
const DEFAULT_MAX_SIZE: usize = 16 * 1024 * 1024;

/// Senders that flush a stream may produce empty fragments now and then, not by the thousand.
const DEFAULT_MAX_EMPTY_FRAGMENTS: u32 = 1024;
