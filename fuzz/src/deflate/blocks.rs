//! Writes what no compressor of zlib would: any blocks, with any distance.

use arbitrary::{Arbitrary, Result, Unstructured};

/// Writes a payload of blocks as the input asks for them, with BFINAL here and there, and ends it in
/// one of the ways of RFC 7692 section 7.2.3, or in a wrong one.
///
/// Distances may reach beyond what there is. Whether that is so is for an inflater to tell.
pub(super) fn payload(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut bits = Bits::default();
    for _ in 0..input.arbitrary::<u8>()? % 4 {
        let header = input.arbitrary::<u8>()?;
        bits.push(u32::from(header & 1), 1);
        match header >> 1 & 3 {
            0 => stored(&mut bits, input)?,
            1 => coded(&mut bits, input, Code::Fixed)?,
            2 => coded(&mut bits, input, Code::Dynamic)?,
            _ => bits.push(3, 2),
        }
        if header & 1 != 0 {
            // Whatever follows a last block begins with a byte of its own.
            bits.align();
        }
    }
    Ok(match input.arbitrary()? {
        Ending::EmptyBlock => {
            bits.push(0, 3);
            bits.align();
            bits.bytes
        }
        Ending::Tail => {
            bits.push(0, 3);
            bits.align();
            [&bits.bytes[..], crate::oracle::TAIL].concat()
        }
        Ending::Cut => {
            bits.align();
            bits.bytes
        }
    })
}

#[derive(Arbitrary)]
enum Ending {
    /// The header of an empty block, which the tail completes.
    EmptyBlock,
    /// The same, with a tail that was not removed.
    Tail,
    /// Nothing.
    Cut,
}

#[derive(Arbitrary)]
enum Symbol {
    Literal(u8),
    Copy { distance: u16, len: u8 },
}

#[derive(Clone, Copy)]
enum Code {
    Fixed,
    Dynamic,
}

fn stored(bits: &mut Bits, input: &mut Unstructured<'_>) -> Result<()> {
    bits.push(0, 2);
    bits.align();
    let len = usize::from(input.arbitrary::<u8>()?).min(input.len());
    bits.bytes.extend((len as u16).to_le_bytes());
    bits.bytes.extend((!(len as u16)).to_le_bytes());
    bits.bytes.extend_from_slice(input.bytes(len)?);
    Ok(())
}

fn coded(bits: &mut Bits, input: &mut Unstructured<'_>, code: Code) -> Result<()> {
    match code {
        Code::Fixed => bits.push(1, 2),
        Code::Dynamic => {
            bits.push(2, 2);
            dynamic_header(bits);
        }
    }
    for _ in 0..input.arbitrary::<u8>()? {
        match input.arbitrary()? {
            Symbol::Literal(byte) => code.symbol(bits, byte.into()),
            Symbol::Copy { distance, len } => {
                // The longest length is the one without extra bits of its range.
                let (symbol, extra, count) = match len {
                    255 => (285, 0, 0),
                    len => bucket(len.into(), 2, 257),
                };
                code.symbol(bits, symbol);
                bits.push(extra, count);
                let (symbol, extra, count) = bucket(u32::from(distance) % (32 * 1024), 1, 0);
                code.distance(bits, symbol);
                bits.push(extra, count);
            }
        }
    }
    code.symbol(bits, 256);
    Ok(())
}

/// The symbol, extra bits and their number for a length or distance that is `number` above the least
/// (RFC 1951 section 3.2.5): symbols come in groups of two to the power of `log` for each number of
/// extra bits.
fn bucket(number: u32, log: u32, first: u32) -> (u32, u32, u32) {
    if number < 2 << log {
        return (first + number, 0, 0);
    }
    let extra = number.ilog2() - log;
    let symbol = first + (extra << log) + (number >> extra);
    (symbol, number & ((1 << extra) - 1), extra)
}

impl Code {
    /// A literal, a length, or the end of the block.
    fn symbol(self, bits: &mut Bits, symbol: u32) {
        let (code, len) = match (self, symbol) {
            (Self::Fixed, 0..144) => (0x30 + symbol, 8),
            (Self::Fixed, 144..256) => (0x190 + symbol - 144, 9),
            (Self::Fixed, 256..280) => (symbol - 256, 7),
            (Self::Fixed, _) => (0xc0 + symbol - 280, 8),
            (Self::Dynamic, 0..SHORT_SYMBOLS) => (symbol, 8),
            (Self::Dynamic, _) => (SHORT_SYMBOLS + symbol, 9),
        };
        bits.push_code(code, len);
    }

    fn distance(self, bits: &mut Bits, symbol: u32) {
        match (self, symbol) {
            (Self::Fixed, _) => bits.push_code(symbol, 5),
            (Self::Dynamic, 0..SHORT_DISTANCES) => bits.push_code(symbol, 4),
            (Self::Dynamic, _) => bits.push_code(SHORT_DISTANCES + symbol, 5),
        }
    }
}

/// In a dynamic block, so many of the 286 symbols have codes of 8 bits, and the others of 9: that
/// leaves no code unused.
const SHORT_SYMBOLS: u32 = 226;

/// So many of the 30 distances have codes of 4 bits, and the others of 5.
const SHORT_DISTANCES: u32 = 2;

/// Says which codes [`Code::Dynamic`] has (RFC 1951 section 3.2.7).
fn dynamic_header(bits: &mut Bits) {
    bits.push(286 - 257, 5);
    bits.push(30 - 1, 5);
    // The four lengths that occur have codes of two bits. They are in the first twelve places.
    bits.push(12 - 4, 4);
    for length in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4] {
        bits.push(
            if matches!(length, 4 | 5 | 8 | 9) {
                2
            } else {
                0
            },
            3,
        );
    }
    let code = |length| [4, 5, 8, 9].iter().position(|&l| l == length).unwrap_or(0) as u32;
    for symbol in 0..286 {
        bits.push_code(code(if symbol < SHORT_SYMBOLS { 8 } else { 9 }), 2);
    }
    for symbol in 0..30 {
        bits.push_code(code(if symbol < SHORT_DISTANCES { 4 } else { 5 }), 2);
    }
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    /// Bits of the last byte that are not in use.
    free: u32,
}

impl Bits {
    /// Appends the lowest `count` bits of a number, the lowest one first.
    fn push(&mut self, number: u32, count: u32) {
        for at in 0..count {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((number >> at & 1) as u8) << (8 - self.free);
            }
            self.free -= 1;
        }
    }

    /// Appends a Huffman code, whose highest bit comes first.
    fn push_code(&mut self, code: u32, count: u32) {
        self.push(code.reverse_bits() >> (32 - count), count);
    }

    fn align(&mut self) {
        self.free = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::bucket;

    #[test]
    fn lengths_and_distances_have_the_symbols_of_rfc_1951() {
        for (number, symbol) in [
            (0, (257, 0, 0)),
            (7, (264, 0, 0)),
            (8, (265, 0, 1)),
            (11, (266, 1, 1)),
            (16, (269, 0, 2)),
            (254, (284, 30, 5)),
        ] {
            assert_eq!(bucket(number, 2, 257), symbol, "length {}", number + 3);
        }
        for (number, symbol) in [
            (0, (0, 0, 0)),
            (3, (3, 0, 0)),
            (4, (4, 0, 1)),
            (6, (5, 0, 1)),
            (8, (6, 0, 2)),
            (32 * 1024 - 1, (29, 8191, 13)),
        ] {
            assert_eq!(bucket(number, 1, 0), symbol, "distance {}", number + 1);
        }
    }
}
