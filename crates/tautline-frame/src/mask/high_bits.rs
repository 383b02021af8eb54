use super::kernel::Union;

/// The union of the most significant bits of some bytes: none is set if the bytes are ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HighBits(u64);

impl HighBits {
    /// Looks at bytes without changing them.
    #[inline]
    pub fn of(bytes: &[u8]) -> Self {
        super::run(Union { bytes }, bytes.len())
    }

    /// From the union of words of eight bytes each, in any order.
    #[inline(always)]
    pub(super) const fn from_union(union: u64) -> Self {
        Self(union & 0x8080_8080_8080_8080)
    }

    /// Whether all the bytes were ASCII, and so are valid UTF-8 too.
    #[inline]
    pub const fn is_ascii(self) -> bool {
        self.0 == 0
    }
}
