use tautline::connection::MaskKeys;

/// Masking keys from the operating system's random source, 256 for one system call: what they cost
/// a client of the library.
#[derive(Clone, Debug)]
pub struct Keys {
    bytes: [u8; 1024],
    used: usize,
}

impl Keys {
    /// A source that has asked for no keys yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: [0; 1024],
            used: 1024,
        }
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self::new()
    }
}

impl MaskKeys for Keys {
    #[inline]
    fn next_key(&mut self) -> [u8; 4] {
        if self.used == self.bytes.len() {
            getrandom::fill(&mut self.bytes).expect("the operating system has a random source");
            self.used = 0;
        }
        let at = self.used;
        self.used += 4;
        [0, 1, 2, 3].map(|byte| self.bytes[at + byte])
    }
}
