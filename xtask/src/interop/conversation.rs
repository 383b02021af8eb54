//! What is said in every session, and how well each part of it can be compressed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};

/// Messages in rounds: those of a round are sent at once, and then their echoes are awaited.
pub(super) struct Conversation {
    rounds: Vec<Vec<Line>>,
}

/// One message.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) text: bool,
    pub(super) payload: Vec<u8>,
    /// How many frames it is to be sent in, by peers that can.
    pub(super) fragments: usize,
    pub(super) shape: Shape,
}

/// What a compressor can do with a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// It has to get shorter by a quarter or more.
    Compressible,
    /// Nothing is known: it is short, random or comes in fragments.
    Any,
    /// It is the message before once more, at this distance. Without that one it cannot be made
    /// less than a third, and with it in the window hardly anything is left.
    Again {
        /// How far back the copy is.
        distance: usize,
    },
}

impl Conversation {
    /// The same for everybody and every time.
    pub(super) fn new() -> Self {
        let mut chance = Chance(0x2545_f491_4f6c_dd1d);
        let near = chance.hex(200);
        let far = chance.hex(2048);
        let again = |name: &str, payload: &[u8]| {
            let distance = payload.len();
            let once_more = format!("{name} again");
            [
                Line::text(name, payload, Shape::Compressible),
                Line::text(&once_more, payload, Shape::Again { distance }),
            ]
        };
        let mut lines = vec![
            Line::text("no text", b"", Shape::Any),
            Line::binary("no bytes", b"", Shape::Any),
            Line::text("1 KiB of JSON", &chance.json(1024), Shape::Compressible),
            Line::binary("1 KiB of JSON", &chance.json(1024), Shape::Compressible),
        ];
        lines.extend(again("200 hexadecimal digits", &near));
        lines.extend(again("2048 hexadecimal digits", &far));
        lines.extend([
            Line::binary("1 KiB of noise", &chance.bytes(1024), Shape::Any),
            Line::text("Greek", GREEK.repeat(20).as_bytes(), Shape::Compressible),
            Line::text("64 KiB of JSON", &chance.json(KIB64), Shape::Compressible),
            Line::binary("64 KiB of JSON", &chance.json(KIB64), Shape::Compressible),
            Line::binary("64 KiB of noise", &chance.bytes(KIB64), Shape::Any),
            Line::text("64 KiB in 5 frames", &chance.json(KIB64), Shape::Any).cut(5),
            Line::text("Greek in 3 frames", GREEK.repeat(20).as_bytes(), Shape::Any).cut(3),
            Line::binary("1 KiB in 3 frames", &chance.json(1024), Shape::Any).cut(3),
            Line::text("1 MiB of JSON", &chance.json(MIB), Shape::Compressible),
            Line::binary("1 MiB of JSON", &chance.json(MIB), Shape::Compressible),
        ]);
        let mut rounds: Vec<Vec<Line>> = lines.into_iter().map(|line| vec![line]).collect();
        let burst =
            (1..=50).map(|i| Line::text(&format!("tick {i}"), &chance.json(150), Shape::Any));
        rounds.push(burst.collect());
        Self { rounds }
    }

    /// Every message in its order.
    pub(super) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.rounds.iter().flatten()
    }

    /// Writes `conversation.json` and a file for every payload: what the peers read.
    pub(super) fn write(&self, directory: &Path) -> anyhow::Result<()> {
        let write = |name: &str, bytes: &[u8]| {
            let path: PathBuf = directory.join(name);
            fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
        };
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
        let mut number = 0;
        let mut rounds = Vec::new();
        for round in &self.rounds {
            let mut lines: Vec<Value> = Vec::new();
            for line in round {
                let file = format!("{number:02}");
                write(&file, &line.payload)?;
                lines.push(json!({
                    "name": line.name,
                    "text": line.text,
                    "payload": file,
                    "fragments": line.fragments,
                }));
                number += 1;
            }
            rounds.push(lines);
        }
        write(SCRIPT, json!({ "rounds": rounds }).to_string().as_bytes())
    }
}

impl Line {
    fn text(name: &str, payload: &[u8], shape: Shape) -> Self {
        Self {
            name: format!("{name} (text)"),
            text: true,
            payload: payload.to_vec(),
            fragments: 1,
            shape,
        }
    }

    fn binary(name: &str, payload: &[u8], shape: Shape) -> Self {
        Self {
            text: false,
            name: format!("{name} (binary)"),
            ..Self::text(name, payload, shape)
        }
    }

    fn cut(self, fragments: usize) -> Self {
        Self { fragments, ..self }
    }
}

/// A stream of numbers that looks random: xorshift, which starts at the same place every time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }

    fn hex(&mut self, length: usize) -> Vec<u8> {
        (0..length)
            .map(|_| b"0123456789abcdef"[self.below(16) as usize])
            .collect()
    }

    /// Records with varied values, cut where the length is reached.
    fn json(&mut self, length: usize) -> Vec<u8> {
        let mut text = String::with_capacity(length + 200);
        while text.len() < length {
            let symbol = SYMBOLS[self.below(SYMBOLS.len() as u64) as usize];
            let (bid, spread) = (10_000 + self.below(90_000), 1 + self.below(40));
            text.push_str(&format!(
                r#"{{"type":"quote","symbol":"{symbol}","bid":{bid},"ask":{},"size":{},"time":{}}}"#,
                bid + spread,
                100 * self.below(50),
                1_700_000_000_000 + self.below(1_000_000_000),
            ));
        }
        text.truncate(length);
        text.into_bytes()
    }
}

pub(super) const SCRIPT: &str = "conversation.json";

const SYMBOLS: [&str; 6] = ["EURUSD", "GBPUSD", "USDJPY", "AUDCAD", "BTCUSD", "XAUEUR"];

/// Letters of two bytes each, and a few of three and four.
const GREEK: &str = "Καλημέρα κόσμε, πώς είσαι σήμερα; ✓ 🪢 Όλα καλά, ευχαριστώ. ";

const KIB64: usize = 64 * 1024;
const MIB: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::{Conversation, Shape};

    #[test]
    fn a_text_is_utf8_and_a_repetition_follows_what_it_repeats() {
        let conversation = Conversation::new();
        let lines: Vec<_> = conversation.lines().collect();
        let mut repetitions = 0;
        for (i, line) in lines.iter().enumerate() {
            assert!(!line.text || std::str::from_utf8(&line.payload).is_ok());
            if let Shape::Again { distance } = line.shape {
                assert_eq!(line.payload, lines[i - 1].payload);
                assert_eq!(distance, line.payload.len());
                repetitions += 1;
            }
        }
        assert_eq!(repetitions, 2);
        for size in [0, 1024, 64 * 1024, 1024 * 1024] {
            for text in [true, false] {
                let fits = |line: &&&super::Line| line.payload.len() == size && line.text == text;
                assert!(lines.iter().any(|line| fits(&line)), "{size} {text}");
            }
        }
    }
}
