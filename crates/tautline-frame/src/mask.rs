//! Masking: the XOR with a key of four bytes that a client applies to each payload.
//!
//! RFC 6455 section 5.3 defines it, and it is its own inverse. Byte `i` of a payload is combined
//! with byte `i % 4` of the key, starting anew in each frame; with [`rotate`] a payload can be
//! masked in any pieces.
//!
//! Text has to be UTF-8, and most text is ASCII, so [`apply_and_scan`] notices on the way whether all
//! bytes are: that costs it next to nothing, and saves a pass over the payload.

#[cfg(all(feature = "std", target_arch = "x86_64"))]
mod dispatch;
mod high_bits;
mod kernel;
mod long;

#[cfg(not(all(feature = "std", target_arch = "x86_64")))]
use self::kernel as dispatch;
use self::kernel::{Kernel, Xor, XorCopy, XorUnion};
use self::long::Long;

pub use self::high_bits::HighBits;

/// Masks or unmasks `payload` in place, from the first byte of `key`.
#[inline]
pub fn apply(payload: &mut [u8], key: [u8; 4]) {
    let len = payload.len();
    run(Xor { payload, key }, len);
}

/// Masks or unmasks `payload` in place, and tells whether the bytes that this produced are ASCII.
#[inline]
pub fn apply_and_scan(payload: &mut [u8], key: [u8; 4]) -> HighBits {
    let len = payload.len();
    run(XorUnion { payload, key }, len)
}

/// Masks or unmasks while copying, from the first byte of `key`.
///
/// # Panics
///
/// When `from` and `to` differ in length.
#[inline]
pub fn copy(from: &[u8], to: &mut [u8], key: [u8; 4]) {
    assert_eq!(
        from.len(),
        to.len(),
        "masking copies between slices of the same length"
    );
    run(XorCopy { from, to, key }, from.len());
}

/// The key for the bytes that follow the first `done` bytes of a payload.
#[inline]
pub fn rotate(mut key: [u8; 4], done: usize) -> [u8; 4] {
    key.rotate_left(done % 4);
    key
}

/// Runs a kernel over `len` bytes in the way that suits so many.
#[inline(always)]
fn run<K>(kernel: K, len: usize) -> K::Output
where
    K: Kernel,
    Long<K>: Kernel<Output = K::Output>,
{
    if len < DISPATCH_LEN {
        kernel.run()
    } else if len < LONG_LEN {
        dispatch::run(kernel)
    } else {
        dispatch::run(Long(kernel))
    }
}

/// Below this many bytes the portable kernel is inlined into the caller: a wider one would gain
/// less than the call and the look at the processor's features cost.
const DISPATCH_LEN: usize = 256;

/// Below this many bytes, to mind where they lie would cost as much as it saves.
const LONG_LEN: usize = 2 * 1024;

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::kernel::{Kernel, Union, Xor, XorCopy, XorUnion};
    use super::{HighBits, dispatch};

    /// Around every width of word, vector and unrolled loop, and beyond the dispatch length.
    const LENGTHS: [usize; 14] = [0, 1, 3, 7, 8, 9, 31, 63, 127, 129, 255, 256, 300, 1021];

    #[test]
    fn every_path_of_every_kernel_agrees_with_a_byte_loop() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        for len in LENGTHS {
            for offset in 0..32 {
                let input: Vec<u8> = (0..len + offset).map(|i| (i * 31) as u8).collect();
                let input = &input[offset..];
                let expected: Vec<u8> = input
                    .iter()
                    .zip(key.iter().cycle())
                    .map(|(byte, key)| byte ^ key)
                    .collect();
                let ascii = expected.is_ascii();

                let mut output = input.to_vec();
                Xor {
                    payload: &mut output,
                    key,
                }
                .run();
                assert_eq!(output, expected, "{len} {offset}");

                let mut output = input.to_vec();
                dispatch::run(Xor {
                    payload: &mut output,
                    key,
                });
                assert_eq!(output, expected, "{len} {offset}");

                let mut output = input.to_vec();
                let high_bits = XorUnion {
                    payload: &mut output,
                    key,
                }
                .run();
                assert_eq!(
                    (&output, high_bits.is_ascii()),
                    (&expected, ascii),
                    "{len} {offset}"
                );

                let mut output = input.to_vec();
                let high_bits = dispatch::run(XorUnion {
                    payload: &mut output,
                    key,
                });
                assert_eq!(
                    (&output, high_bits.is_ascii()),
                    (&expected, ascii),
                    "{len} {offset}"
                );

                let mut output = Vec::from_iter(input.iter().map(|byte| !byte));
                XorCopy {
                    from: input,
                    to: &mut output,
                    key,
                }
                .run();
                assert_eq!(output, expected, "{len} {offset}");

                let mut output = Vec::from_iter(input.iter().map(|byte| !byte));
                dispatch::run(XorCopy {
                    from: input,
                    to: &mut output,
                    key,
                });
                assert_eq!(output, expected, "{len} {offset}");
            }
        }
    }

    #[test]
    fn every_path_of_the_scan_finds_a_single_high_bit_anywhere() {
        for len in LENGTHS {
            let mut bytes = vec![0x7f; len];
            assert!(scan_both_ways(&bytes).is_ascii(), "{len}");
            for position in 0..len {
                bytes[position] = 0x80;
                assert!(!scan_both_ways(&bytes).is_ascii(), "{position} of {len}");
                bytes[position] = 0x7f;
            }
        }
    }

    fn scan_both_ways(bytes: &[u8]) -> HighBits {
        let portable = Union { bytes }.run();
        assert_eq!(portable, dispatch::run(Union { bytes }));
        portable
    }
}
