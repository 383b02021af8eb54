use crate::window_bits::WindowBits;

/// How far back in the data a compressor may refer, and what an inflater has to remember for it.
///
/// Between messages a connection keeps up to this many bytes for each direction that takes its
/// context over. RFC 7692 section 7.3 recommends 1 KiB or more for a useful ratio.
///
/// The 256 bytes that [`WindowBits::MIN`] stands for are left out: the zlib format has no
/// compressor for raw data with them, and implementations of it have silently used 512 instead.
/// A peer may still demand them, see [`Agreed::compress`](crate::Agreed::compress).
#[expect(
    clippy::exhaustive_enums,
    reason = "the range is set by RFC 7692 and the zlib format"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Window {
    /// 512 bytes, 9 bits.
    Bytes512 = 9,
    /// 1 KiB, 10 bits.
    KiB1 = 10,
    /// 2 KiB, 11 bits.
    KiB2 = 11,
    /// 4 KiB, 12 bits.
    KiB4 = 12,
    /// 8 KiB, 13 bits.
    KiB8 = 13,
    /// 16 KiB, 14 bits.
    KiB16 = 14,
    /// 32 KiB, 15 bits.
    KiB32 = 15,
}

impl Window {
    /// The window of exactly that many bits, which there is none of for 8.
    #[must_use]
    pub const fn from_bits(bits: WindowBits) -> Option<Self> {
        Some(match bits.get() {
            9 => Self::Bytes512,
            10 => Self::KiB1,
            11 => Self::KiB2,
            12 => Self::KiB4,
            13 => Self::KiB8,
            14 => Self::KiB16,
            15 => Self::KiB32,
            _ => return None,
        })
    }

    /// The number that this window is negotiated as.
    #[must_use]
    pub const fn bits(self) -> WindowBits {
        WindowBits::new(self as u8).expect("every window has 9 to 15 bits")
    }

    /// The number of bytes.
    #[must_use]
    pub const fn size(self) -> usize {
        1 << self as u8
    }
}
