use arbitrary::Arbitrary;

/// Where input is cut into the pieces that arrive at once, decided by the fuzzer.
///
/// Eight lengths that take turns: short ones dominate, and the long ones are longer than most inputs.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) struct Cuts([u8; 8]);

impl Cuts {
    /// The pieces of `bytes`. There is one at least, though it may be empty.
    pub(crate) fn pieces<'a>(
        self,
        mut bytes: &'a [u8],
    ) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut lengths = self.0.into_iter().cycle();
        let mut is_first = true;
        std::iter::from_fn(move || {
            if bytes.is_empty() && !is_first {
                return None;
            }
            is_first = false;
            let len = lengths.next().map_or(1, length);
            let (piece, rest) = bytes.split_at(len.min(bytes.len()));
            bytes = rest;
            Some(piece)
        })
    }
}

/// Every second byte value stands for a length of up to 32, the others for one of up to 64 KiB.
fn length(byte: u8) -> usize {
    let number = usize::from(byte >> 1);
    match byte & 1 {
        0 => number % 32 + 1,
        _ => (number + 1) * 512,
    }
}
