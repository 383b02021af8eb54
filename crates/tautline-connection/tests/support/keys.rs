use tautline_connection::MaskKeys;

/// Masking keys that are different for every frame and the same in every run.
#[derive(Clone, Debug)]
pub(crate) struct Keys(u32);

impl Keys {
    pub(crate) const fn new() -> Self {
        Self(0x37fa_213d)
    }

    /// Numbers for whoever wants to cut bytes at random, from a seed of its own.
    pub(crate) const fn seeded(seed: u32) -> Self {
        Self(seed | 1)
    }

    /// A number from 1 to `max`.
    pub(crate) fn up_to(&mut self, max: usize) -> usize {
        1 + u32::from_be_bytes(self.next_key()) as usize % max
    }
}

impl MaskKeys for Keys {
    /// Marsaglia's xorshift, which visits every number but zero.
    fn next_key(&mut self) -> [u8; 4] {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0.to_be_bytes()
    }
}
