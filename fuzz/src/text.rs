use arbitrary::{Arbitrary, Result, Unstructured};

/// Makes text of a few bytes of input, so that the fuzzer reaches the far end of a window of 32 KiB
/// without finding that many bytes itself.
pub(crate) struct TextMaker {
    /// All text so far, for pieces to repeat.
    history: Vec<u8>,
    limit: usize,
}

#[derive(Arbitrary)]
enum Piece {
    Literal(u8),
    Run {
        byte: u8,
        len: u16,
    },
    /// Something that came before, from as far back as the input says.
    Repeat {
        back: u16,
        len: u16,
    },
    /// What cannot be compressed.
    Noise {
        seed: u16,
        len: u16,
    },
    /// What compresses as messages do.
    Words {
        seed: u16,
        len: u16,
    },
}

impl TextMaker {
    /// Makes no more than `limit` bytes over all texts.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            history: Vec::new(),
            limit,
        }
    }

    /// The next text, of up to seven pieces.
    pub(crate) fn text(&mut self, input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
        let start = self.history.len();
        for _ in 0..input.arbitrary::<u8>()? % 8 {
            let room = self.limit - self.history.len();
            self.piece(input, room)?;
        }
        Ok(self.history[start..].to_vec())
    }

    fn piece(&mut self, input: &mut Unstructured<'_>, room: usize) -> Result<()> {
        let text = &mut self.history;
        let start = text.len();
        // Lengths of all magnitudes, and not mostly long ones.
        let length = |len: u16| usize::from(len >> (len % 12)).min(room);
        match input.arbitrary()? {
            Piece::Literal(len) => {
                let len = usize::from(len).min(input.len()).min(room);
                text.extend_from_slice(input.bytes(len)?);
            }
            Piece::Run { byte, len } => text.resize(start + length(len), byte),
            Piece::Repeat { back, len } => {
                let from = start.saturating_sub(usize::from(back) + 1);
                text.extend_from_within(from..start.min(from + length(len)));
            }
            Piece::Noise { seed, len } => {
                let mut noise = Noise::new(seed);
                while text.len() < start + length(len) {
                    text.extend(noise.next().to_le_bytes());
                }
                text.truncate(start + length(len));
            }
            Piece::Words { seed, len } => {
                let mut noise = Noise::new(seed);
                while text.len() < start + length(len) {
                    let word = noise.next() as usize % WORDS.len();
                    text.extend_from_slice(WORDS[word].as_bytes());
                }
                text.truncate(start + length(len));
            }
        }
        Ok(())
    }
}

/// A xorshift generator.
struct Noise(u32);

impl Noise {
    fn new(seed: u16) -> Self {
        Self(u32::from(seed) << 1 | 1)
    }

    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

const WORDS: [&str; 7] = [
    "{\"type\":\"",
    "order",
    "\",\"id\":",
    "17",
    ",\"side\":\"",
    "κόσμε",
    "\"}\n",
];
