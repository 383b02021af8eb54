//! Masking, against the definition written as a loop over bytes.

use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};
use proptest::sample::Index;
use tautline_frame::mask::{self, HighBits};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// R6455-5.3-05, R6455-5.3-06
#[test]
fn the_example_of_the_specification_masks_and_unmasks() {
    let mut payload = *b"Hello";
    assert!(!mask::apply_and_scan(&mut payload, KEY).is_ascii());
    assert_eq!(payload, *b"\x7f\x9f\x4d\x51\x58");
    assert!(mask::apply_and_scan(&mut payload, KEY).is_ascii());
    assert_eq!(payload, *b"Hello");
}

/// R6455-5.3-05
#[test]
fn every_length_at_every_offset_equals_the_loop_over_bytes() {
    let input: Vec<u8> = (0..64 + 300).map(|i| (i * 89 + 7) as u8).collect();
    for len in 0..=300 {
        for offset in 0..64 {
            let expected = by_byte(&input[offset..][..len], KEY);
            let mut in_place = input.clone();
            let high_bits = mask::apply_and_scan(&mut in_place[offset..][..len], KEY);
            assert_eq!(in_place[offset..][..len], expected, "{len} at {offset}");
            assert_eq!(
                in_place[..offset],
                input[..offset],
                "bytes before are left alone"
            );
            assert_eq!(
                in_place[offset + len..],
                input[offset + len..],
                "and bytes after"
            );
            assert_eq!(
                high_bits.is_ascii(),
                expected.is_ascii(),
                "{len} at {offset}"
            );

            let mut applied = input.clone();
            mask::apply(&mut applied[offset..][..len], KEY);
            assert_eq!(applied, in_place, "{len} at {offset}");

            let mut copied = vec![0xaa; input.len()];
            mask::copy(&input[offset..][..len], &mut copied[offset..][..len], KEY);
            assert_eq!(copied[offset..][..len], expected, "{len} at {offset}");
            assert!(
                copied[..offset]
                    .iter()
                    .chain(&copied[offset + len..])
                    .all(|b| *b == 0xaa)
            );
        }
    }
}

/// R6455-5.3-05. Long payloads are worked on from where a vector begins.
#[test]
fn long_payloads_equal_the_loop_over_bytes_wherever_they_begin() {
    let input: Vec<u8> = (0..64 + 2200).map(|i| (i * 89 + 7) as u8).collect();
    for len in [2047, 2048, 2049, 2050, 2051, 2079, 2080, 2081, 2200] {
        for offset in 0..64 {
            let expected = by_byte(&input[offset..][..len], KEY);
            let mut scanned = input.clone();
            mask::apply_and_scan(&mut scanned[offset..][..len], KEY);
            let mut applied = input.clone();
            mask::apply(&mut applied[offset..][..len], KEY);
            let mut copied = input.clone();
            mask::copy(&input[offset..][..len], &mut copied[offset..][..len], KEY);
            for result in [&scanned, &applied, &copied] {
                assert_eq!(result[..offset], input[..offset], "{len} at {offset}");
                assert_eq!(result[offset..][..len], expected, "{len} at {offset}");
                assert_eq!(result[offset + len..], input[offset + len..]);
            }
        }
    }
}

#[test]
fn a_single_byte_that_is_not_ascii_is_noticed_wherever_it_stands() {
    for len in [1, 7, 8, 100, 255, 256, 300, 2085] {
        for position in 0..len {
            let mut payload = vec![b'a'; len];
            payload[position] = 0x80;
            assert!(!HighBits::of(&payload).is_ascii());
            let mut payload = by_byte(&payload, KEY);
            assert!(!mask::apply_and_scan(&mut payload, KEY).is_ascii());
        }
    }
    assert!(HighBits::of(b"").is_ascii());
    assert!(mask::apply_and_scan(&mut [], KEY).is_ascii());
}

#[test]
fn a_rotated_key_continues_where_a_piece_ended() {
    let rotated = [0, 1, 2, 3, 4, usize::MAX].map(|done| mask::rotate([1, 2, 3, 4], done));
    assert_eq!(
        rotated,
        [
            [1, 2, 3, 4],
            [2, 3, 4, 1],
            [3, 4, 1, 2],
            [4, 1, 2, 3],
            [1, 2, 3, 4],
            [4, 1, 2, 3]
        ]
    );
}

#[test]
#[should_panic(expected = "same length")]
fn copying_between_slices_of_different_lengths_panics() {
    mask::copy(b"Hello", &mut [0; 4], KEY);
}

proptest! {
    /// R6455-5.3-05
    #[test]
    fn any_chunking_gives_the_same_bytes(
        payload in vec(any::<u8>(), 0..2000),
        key: [u8; 4],
        cuts in vec(any::<Index>(), 0..8),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
        cuts.extend([0, payload.len()]);
        cuts.sort_unstable();

        let expected = by_byte(&payload, key);
        let mut in_place = payload.clone();
        let mut copied = vec![0; payload.len()];
        let mut is_ascii = true;
        for cut in cuts.windows(2) {
            let (range, key) = (cut[0]..cut[1], mask::rotate(key, cut[0]));
            is_ascii &= mask::apply_and_scan(&mut in_place[range.clone()], key).is_ascii();
            mask::copy(&payload[range.clone()], &mut copied[range], key);
        }
        prop_assert_eq!(&in_place, &expected);
        prop_assert_eq!(&copied, &expected);
        prop_assert_eq!(is_ascii, expected.is_ascii());
        prop_assert_eq!(HighBits::of(&payload).is_ascii(), payload.is_ascii());

        mask::apply(&mut in_place, key);
        prop_assert_eq!(in_place, payload);
    }
}

fn by_byte(payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    payload
        .iter()
        .enumerate()
        .map(|(i, byte)| byte ^ key[i % 4])
        .collect()
}
