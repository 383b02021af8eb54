use super::kernel::{Kernel, Union};
use super::{DISPATCH_LEN, dispatch};

/// The union of the most significant bits of some bytes: none is set if the bytes are ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HighBits(u64);

impl HighBits {
    /// Looks at bytes without changing them.
    #[inline]
    pub fn of(bytes: &[u8]) -> Self {
        let kernel = Union { bytes };
        if bytes.len() < DISPATCH_LEN {
            kernel.run()
        } else {
            dispatch::run(kernel)
        }
    }

    /// From the union of words of eight bytes each, in any order.
    #[inline(always)]
    pub(super) const fn from_union(union: u64) -> Self {
        Self(union & 0x8080_8080_8080_8080)
    }

    /// Of both.
    #[inline(always)]
    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all the bytes were ASCII, and so are valid UTF-8 too.
    #[inline]
    pub const fn is_ascii(self) -> bool {
        self.0 == 0
    }
}
