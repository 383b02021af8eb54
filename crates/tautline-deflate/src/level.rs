/// How much work goes into compressing: 1 to 9, the levels of zlib.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u8);

impl Level {
    /// Level 1, the least work.
    pub const FASTEST: Self = Self(1);
    /// Level 9, the smallest output.
    pub const SMALLEST: Self = Self(9);

    /// Takes a number from 1 to 9.
    #[must_use]
    pub const fn new(level: u8) -> Option<Self> {
        if level < Self::FASTEST.0 || level > Self::SMALLEST.0 {
            return None;
        }
        Some(Self(level))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}
