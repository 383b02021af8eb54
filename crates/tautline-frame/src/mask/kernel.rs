//! The kernels, portable and safe.
//!
//! They work on words of eight bytes in loops that the compiler turns into vector
//! instructions: into those of the baseline here, into wider ones when `dispatch` compiles the
//! same body a second time. That is why everything is inlined by force.

use super::HighBits;

/// Work that can be compiled for several sets of processor features.
pub(super) trait Kernel {
    type Output;

    fn run(self) -> Self::Output;
}

/// Stands in for `dispatch` where there is nothing to choose from.
#[cfg(not(all(feature = "std", target_arch = "x86_64")))]
#[inline(never)]
pub(super) fn run<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

/// XOR in place.
pub(super) struct Xor<'a> {
    pub(super) payload: &'a mut [u8],
    pub(super) key: [u8; 4],
}

impl Kernel for Xor<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let key = word(self.key);
        let (words, tail) = self.payload.as_chunks_mut();
        for bytes in words {
            *bytes = (u64::from_ne_bytes(*bytes) ^ key).to_ne_bytes();
        }
        // Whole words leave the key where it was, and so do halves of words.
        let (halves, tail) = tail.as_chunks_mut();
        for bytes in halves {
            *bytes = (u32::from_ne_bytes(*bytes) ^ u32::from_ne_bytes(self.key)).to_ne_bytes();
        }
        for (byte, key) in tail.iter_mut().zip(self.key) {
            *byte ^= key;
        }
    }
}

/// XOR in place, and the union of what comes out.
pub(super) struct XorUnion<'a> {
    pub(super) payload: &'a mut [u8],
    pub(super) key: [u8; 4],
}

impl Kernel for XorUnion<'_> {
    type Output = HighBits;

    #[inline(always)]
    fn run(self) -> HighBits {
        let key = word(self.key);
        let mut union = 0;
        let (words, tail) = self.payload.as_chunks_mut();
        let (blocks, words) = words.as_chunks_mut::<UNIONS>();
        if !blocks.is_empty() {
            let mut unions = [0; UNIONS];
            for block in blocks {
                for (union, bytes) in unions.iter_mut().zip(block) {
                    let word = u64::from_ne_bytes(*bytes) ^ key;
                    *union |= word;
                    *bytes = word.to_ne_bytes();
                }
            }
            union = unions.into_iter().fold(0, |union, word| union | word);
        }
        for bytes in words {
            let word = u64::from_ne_bytes(*bytes) ^ key;
            union |= word;
            *bytes = word.to_ne_bytes();
        }
        let (halves, tail) = tail.as_chunks_mut();
        for bytes in halves {
            let half = u32::from_ne_bytes(*bytes) ^ u32::from_ne_bytes(self.key);
            union |= u64::from(half);
            *bytes = half.to_ne_bytes();
        }
        for (byte, key) in tail.iter_mut().zip(self.key) {
            *byte ^= key;
            union |= u64::from(*byte);
        }
        HighBits::from_union(union)
    }
}

/// XOR from one slice into another of the same length.
pub(super) struct XorCopy<'a> {
    pub(super) from: &'a [u8],
    pub(super) to: &'a mut [u8],
    pub(super) key: [u8; 4],
}

impl Kernel for XorCopy<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let key = word(self.key);
        let (from, from_tail) = self.from.as_chunks();
        let (to, to_tail) = self.to.as_chunks_mut();
        for (from, to) in from.iter().zip(to) {
            *to = (u64::from_ne_bytes(*from) ^ key).to_ne_bytes();
        }
        let (from, from_tail) = from_tail.as_chunks();
        let (to, to_tail) = to_tail.as_chunks_mut();
        for (from, to) in from.iter().zip(to) {
            *to = (u32::from_ne_bytes(*from) ^ u32::from_ne_bytes(self.key)).to_ne_bytes();
        }
        for ((from, to), key) in from_tail.iter().zip(to_tail).zip(self.key) {
            *to = from ^ key;
        }
    }
}

/// Reads only.
pub(super) struct Union<'a> {
    pub(super) bytes: &'a [u8],
}

impl Kernel for Union<'_> {
    type Output = HighBits;

    #[inline(always)]
    fn run(self) -> HighBits {
        let mut union = 0;
        let (words, tail) = self.bytes.as_chunks();
        let (blocks, words) = words.as_chunks::<UNIONS>();
        if !blocks.is_empty() {
            let mut unions = [0; UNIONS];
            for block in blocks {
                for (union, bytes) in unions.iter_mut().zip(block) {
                    *union |= u64::from_ne_bytes(*bytes);
                }
            }
            union = unions.into_iter().fold(0, |union, word| union | word);
        }
        for bytes in words {
            union |= u64::from_ne_bytes(*bytes);
        }
        match self.bytes.last_chunk() {
            // Some bytes are in the union already, which does not change it.
            Some(bytes) => union |= u64::from_ne_bytes(*bytes),
            None => {
                for byte in tail {
                    union |= u64::from(*byte);
                }
            }
        }
        HighBits::from_union(union)
    }
}

/// The key twice, as it lies over eight bytes of payload in memory.
#[inline(always)]
const fn word(key: [u8; 4]) -> u64 {
    let key = u32::from_ne_bytes(key) as u64;
    key << 32 | key
}

/// How many unions are built side by side, so that no step has to wait for the one before.
const UNIONS: usize = 16;
