//! Blocks written by hand: what no compressor would make, or does only by chance.

use crate::support::tracker::{DISTANCES, LENGTHS};

/// A part of a block.
pub(crate) enum Token<'a> {
    Literals(&'a [u8]),
    /// A copy of `length` bytes from `distance` bytes ago.
    Copy {
        length: usize,
        distance: usize,
    },
}

/// A block with the fixed code, BFINAL as given, padded with zeros to the next byte.
pub(crate) fn fixed_block(bfinal: bool, tokens: &[Token<'_>]) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(usize::from(bfinal), 1);
    bits.put(1, 2);
    for token in tokens {
        match *token {
            Token::Literals(literals) => {
                for &literal in literals {
                    bits.literal(literal.into());
                }
            }
            Token::Copy { length, distance } => {
                let (symbol, extra, bits_of_extra) = symbol_of(length, &LENGTHS);
                bits.literal(257 + symbol);
                bits.put(extra, bits_of_extra);
                let (symbol, extra, bits_of_extra) = symbol_of(distance, &DISTANCES);
                bits.code(symbol, 5);
                bits.put(extra, bits_of_extra);
            }
        }
    }
    bits.literal(256);
    bits.bytes
}

/// A message of such a block and the start of an empty one, which the tail completes.
pub(crate) fn message(tokens: &[Token<'_>]) -> Vec<u8> {
    let mut payload = fixed_block(true, tokens);
    payload.push(0);
    payload
}

fn symbol_of(value: usize, table: &[(usize, usize)]) -> (usize, usize, usize) {
    let symbol = table.iter().rposition(|&(base, _)| base <= value).unwrap();
    let (base, bits) = table[symbol];
    (symbol, value - base, bits)
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    fn put(&mut self, value: usize, bits: usize) {
        for i in 0..bits {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= ((value >> i & 1) << (self.count % 8)) as u8;
            self.count += 1;
        }
    }

    /// The bits of a Huffman code, which go the other way round.
    fn code(&mut self, code: usize, bits: usize) {
        for i in (0..bits).rev() {
            self.put(code >> i & 1, 1);
        }
    }

    fn literal(&mut self, symbol: usize) {
        match symbol {
            0..144 => self.code(0x30 + symbol, 8),
            144..256 => self.code(0x190 + symbol - 144, 9),
            256..280 => self.code(symbol - 256, 7),
            _ => self.code(0xc0 + symbol - 280, 8),
        }
    }
}
