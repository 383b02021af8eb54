//! Both directions against another implementation.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use tautline_deflate::{Decompressor, Deflater, Inflater};

use crate::support::codec::{compress, compressor, inflate, noise, text};
use crate::support::windows::context;

fn messages() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let message = prop_oneof![
        6 => (0..6_usize, 0..4000_usize).prop_map(|(seed, length)| text(seed, length)),
        1 => (0..40_usize, 0..100_000_usize).prop_map(|(seed, length)| text(seed, length)),
        1 => (0..3_usize, 0..40_000_usize).prop_map(|(seed, length)| noise(seed, length)),
        1 => vec(any::<u8>(), 0..20),
        1 => (any::<u8>(), 0..70_000_usize).prop_map(|(byte, length)| vec![byte; length]),
    ];
    vec(message, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// R7692-5-16, R7692-7.2.1-01, R7692-7.2.1-09, R7692-7.2.1-11
    #[test]
    fn another_implementation_inflates_what_is_compressed(
        bits in 9..=15_u8,
        level in 1..=9_u8,
        takeover in any::<bool>(),
        messages in messages(),
    ) {
        let mut deflater = Deflater::new();
        let mut compressor = compressor(context(bits, takeover), level);
        let mut decompress = Decompress::new(false);
        for message in messages {
            let mut payload = compress(&mut compressor, &mut deflater, &message);
            payload.extend_from_slice(b"\x00\x00\xff\xff");
            let mut received = Vec::with_capacity(message.len() + 1);
            let start = decompress.total_in();
            decompress
                .decompress_vec(&payload, &mut received, FlushDecompress::Sync)
                .unwrap();
            prop_assert_eq!(decompress.total_in() - start, payload.len() as u64);
            prop_assert_eq!(received, message);
            if !takeover {
                decompress.reset(false);
            }
        }
    }

    /// R7692-7.2.2-01, R7692-7.2.2-03, C10
    #[test]
    fn what_another_implementation_compresses_is_inflated(
        level in 0..=9_u32,
        takeover in any::<bool>(),
        messages in messages(),
        piece in prop_oneof![1..20_usize, 20..5000_usize],
        finished in any::<bool>(),
    ) {
        let mut compress = Compress::new(Compression::new(level), false);
        let mut inflater = Inflater::new();
        let mut decompressor = Decompressor::new(context(15, takeover));
        for message in messages {
            let mut payload = Vec::with_capacity(message.len() * 2 + 100);
            if finished && !takeover {
                // With BFINAL set, and the start of an empty block for the tail to complete.
                compress.compress_vec(&message, &mut payload, FlushCompress::Finish).unwrap();
                payload.push(0);
            } else {
                compress.compress_vec(&message, &mut payload, FlushCompress::Sync).unwrap();
                prop_assert_eq!(payload.split_off(payload.len() - 4), b"\x00\x00\xff\xff");
            }
            if !takeover {
                compress.reset();
            }
            let received = inflate(&mut decompressor, &mut inflater, payload.chunks(piece));
            prop_assert_eq!(received, Ok(message));
        }
    }
}
