use core::fmt::{self, Display, Formatter};

/// The base-2 logarithm of a window's size as it is negotiated: 8 to 15 (RFC 7692 section 7.1.2).
///
/// This is a number on the wire. What this crate compresses and inflates with is a
/// [`Window`](crate::Window), which starts at 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowBits(u8);

impl WindowBits {
    /// 8 bits, a window of 256 bytes.
    pub const MIN: Self = Self(8);
    /// 15 bits, a window of 32 KiB, and what holds where nothing is said.
    pub const MAX: Self = Self(15);

    /// Takes a number from 8 to 15.
    #[must_use]
    pub const fn new(bits: u8) -> Option<Self> {
        if bits < Self::MIN.0 || bits > Self::MAX.0 {
            return None;
        }
        Some(Self(bits))
    }

    /// Reads the value of a parameter.
    ///
    /// It has to be spelled as RFC 7692 sections 7.1.2.1 and 7.1.2.2 have it: decimal digits
    /// without a leading zero, and so without a sign or a blank too.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        Some(Self(match value {
            "8" => 8,
            "9" => 9,
            "10" => 10,
            "11" => 11,
            "12" => 12,
            "13" => 13,
            "14" => 14,
            "15" => 15,
            _ => return None,
        }))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Display for WindowBits {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}
