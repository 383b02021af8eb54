//! A connection's compressor and decompressor with less to say at each call.

use std::convert::Infallible;

use tautline_deflate::{
    Compressor, Context, DecompressError, Decompressor, Deflater, Inflater, Level, Settings,
};

/// A compressor that takes every message.
pub(crate) fn compressor(context: Context, level: u8) -> Compressor {
    let settings = Settings::new()
        .with_level(Level::new(level).unwrap())
        .with_threshold(0);
    Compressor::new(context, &settings)
}

/// Compresses a message as one fragment, so that it is never sent as it is.
pub(crate) fn compress(
    compressor: &mut Compressor,
    deflater: &mut Deflater,
    data: &[u8],
) -> Vec<u8> {
    let mut payload = Vec::new();
    compressor.compress_fragment(deflater, data, true, &mut payload);
    payload
}

/// Inflates a message whose payload arrives in pieces.
pub(crate) fn inflate<'a>(
    decompressor: &mut Decompressor,
    inflater: &mut Inflater,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<u8>, DecompressError<Infallible>> {
    let mut message = Vec::new();
    let mut sink = |data: &[u8]| {
        message.extend_from_slice(data);
        Ok(())
    };
    for piece in pieces {
        decompressor.decompress(inflater, piece, &mut sink)?;
    }
    decompressor.finish(inflater)?;
    Ok(message)
}

/// Text that compresses about as well as what applications send, the same for a seed.
pub(crate) fn text(seed: usize, length: usize) -> Vec<u8> {
    const WORDS: [&str; 12] = [
        "order",
        "filled",
        "\"price\":",
        "market",
        "limit",
        "user",
        "status",
        "ok",
        "{\"id\":",
        "},",
        "null",
        "régime",
    ];
    let mut random = Random(seed as u64);
    let mut text = Vec::new();
    while text.len() < length {
        let word = WORDS[random.below(WORDS.len())];
        text.extend_from_slice(format!("{word}{} ", random.below(1000)).as_bytes());
    }
    text.truncate(length);
    text
}

/// Data that does not compress, the same for a seed.
pub(crate) fn noise(seed: usize, length: usize) -> Vec<u8> {
    let mut random = Random(seed as u64);
    (0..length).map(|_| random.below(256) as u8).collect()
}

/// Splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}
