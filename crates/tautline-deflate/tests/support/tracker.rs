//! An inflater that is simple enough to be believed, and tells how far back a stream refers.

/// Inflates streams of raw blocks, each of which may refer to those before it.
#[derive(Default)]
pub(crate) struct Tracker {
    /// Everything so far.
    pub(crate) data: Vec<u8>,
    /// The largest distance so far.
    pub(crate) reach: usize,
}

impl Tracker {
    /// Inflates blocks up to the end of the input, and gives what they contain.
    pub(crate) fn inflate(&mut self, input: &[u8]) -> Vec<u8> {
        let start = self.data.len();
        let mut bits = Bits { input, position: 0 };
        while bits.position < input.len() * 8 {
            let last = bits.take(1) == 1;
            match bits.take(2) {
                0 => {
                    bits.align();
                    let length = bits.take(16);
                    assert_eq!(bits.take(16), !length & 0xffff, "lengths of a stored block");
                    for _ in 0..length {
                        self.data.push(bits.take(8) as u8);
                    }
                }
                1 => self.block(&mut bits, &Code::fixed_literals(), &Code::new(&[5; 30])),
                2 => {
                    let (literals, distances) = dynamic_codes(&mut bits);
                    self.block(&mut bits, &literals, &distances);
                }
                other => panic!("block type {other}"),
            }
            if last {
                bits.align();
            }
        }
        self.data[start..].to_vec()
    }

    fn block(&mut self, bits: &mut Bits<'_>, literals: &Code, distances: &Code) {
        loop {
            match literals.symbol(bits) {
                literal @ 0..256 => self.data.push(literal as u8),
                256 => return,
                symbol => {
                    let (base, extra) = LENGTHS[symbol - 257];
                    let length = base + bits.take(extra);
                    let (base, extra) = DISTANCES[distances.symbol(bits)];
                    let distance = base + bits.take(extra);
                    assert!(distance <= self.data.len(), "refers to before the start");
                    self.reach = self.reach.max(distance);
                    for _ in 0..length {
                        self.data.push(self.data[self.data.len() - distance]);
                    }
                }
            }
        }
    }
}

/// Base and number of extra bits of the symbols from 257 on.
pub(crate) const LENGTHS: [(usize, usize); 29] = {
    let mut table = [(0, 0); 29];
    let (mut symbol, mut base) = (0, 3);
    while symbol < 28 {
        let extra = if symbol < 8 { 0 } else { symbol / 4 - 1 };
        table[symbol] = (base, extra);
        base += 1 << extra;
        symbol += 1;
    }
    // The longest length has a symbol of its own.
    table[28] = (258, 0);
    table
};

/// Base and number of extra bits of the symbols of distances.
pub(crate) const DISTANCES: [(usize, usize); 30] = {
    let mut table = [(0, 0); 30];
    let (mut symbol, mut base) = (0, 1);
    while symbol < 30 {
        let extra = if symbol < 4 { 0 } else { symbol / 2 - 1 };
        table[symbol] = (base, extra);
        base += 1 << extra;
        symbol += 1;
    }
    table
};

fn dynamic_codes(bits: &mut Bits<'_>) -> (Code, Code) {
    const ORDER: [usize; 19] = [
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
    ];
    let literals = bits.take(5) + 257;
    let distances = bits.take(5) + 1;
    let mut lengths = [0; 19];
    for &symbol in &ORDER[..bits.take(4) + 4] {
        lengths[symbol] = bits.take(3);
    }
    let code = Code::new(&lengths);
    let mut lengths = Vec::new();
    while lengths.len() < literals + distances {
        let (length, count) = match code.symbol(bits) {
            16 => (lengths[lengths.len() - 1], 3 + bits.take(2)),
            17 => (0, 3 + bits.take(3)),
            18 => (0, 11 + bits.take(7)),
            length => (length, 1),
        };
        lengths.extend((0..count).map(|_| length));
    }
    let (literals, distances) = lengths.split_at(literals);
    (Code::new(literals), Code::new(distances))
}

/// A canonical Huffman code: how many symbols there are of each length, and which in order.
struct Code {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Code {
    fn new(lengths: &[usize]) -> Self {
        let mut code = Self {
            counts: [0; 16],
            symbols: Vec::new(),
        };
        for length in 1..16 {
            let symbols = (0..lengths.len()).filter(|&symbol| lengths[symbol] == length);
            code.symbols.extend(symbols.clone());
            code.counts[length] = symbols.count();
        }
        code
    }

    fn fixed_literals() -> Self {
        let mut lengths = [8; 288];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        Self::new(&lengths)
    }

    fn symbol(&self, bits: &mut Bits<'_>) -> usize {
        // What is left of the code when the shorter ones are taken off, and how many they are.
        let (mut rest, mut shorter) = (0, 0);
        for count in &self.counts[1..] {
            rest = rest << 1 | bits.take(1);
            if rest < *count {
                return self.symbols[shorter + rest];
            }
            rest -= count;
            shorter += count;
        }
        panic!("no such code");
    }
}

struct Bits<'a> {
    input: &'a [u8],
    position: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> usize {
        let first = self.position / 8;
        let bytes = &self.input[first..self.input.len().min(first + 4)];
        let read = bytes
            .iter()
            .rfold(0, |read, &byte| read << 8 | usize::from(byte));
        let value = read >> (self.position % 8) & ((1 << count) - 1);
        self.position += count;
        assert!(self.position <= self.input.len() * 8, "the input ends");
        value
    }

    fn align(&mut self) {
        self.position = self.position.next_multiple_of(8);
    }
}
