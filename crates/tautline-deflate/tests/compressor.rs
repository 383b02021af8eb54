//! What is compressed, and what becomes of the state.

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use tautline_deflate::{Compressor, Decompressor, Deflater, Inflater, Settings};

use crate::support::codec::{compress, compressor, inflate, noise, text};
use crate::support::tracker::Tracker;
use crate::support::windows::{WINDOWS, context};

const TAIL: &[u8] = b"\x00\x00\xff\xff";

/// R7692-7.2.1-01, R7692-7.2.1-07, R7692-7.2.1-08, R7692-7.2.1-10: the examples of RFC 7692
/// section 7.2.3, without takeover.
#[test]
fn every_message_starts_with_an_empty_window_without_takeover() {
    let mut deflater = Deflater::new();
    for level in 1..=9 {
        let mut compressor = compressor(context(15, false), level);
        for _ in 0..3 {
            let payload = compress(&mut compressor, &mut deflater, b"Hello");
            assert_eq!(payload, b"\xf2\x48\xcd\xc9\xc9\x07\x00", "level {level}");
        }
    }
}

/// R7692-7.2.1-09, R7692-7.2.1-11
#[test]
fn a_message_refers_to_the_ones_before_it_with_takeover() {
    let mut deflater = Deflater::new();
    for level in 1..=9 {
        let mut compressor = compressor(context(15, true), level);
        let mut tracker = Tracker::default();
        let hello = b"Hello, hello world";
        for round in 0..3 {
            let payload = compress(&mut compressor, &mut deflater, hello);
            assert_eq!(
                payload.len() < 8,
                round > 0,
                "level {level}: {payload:02x?}"
            );
            assert_eq!(tracker.inflate(&[&payload, TAIL].concat()), hello);
        }
    }
}

/// R7692-7.2.3-01
#[test]
fn an_empty_message_is_a_single_zero_byte() {
    let mut deflater = Deflater::new();
    let mut compressor = compressor(context(15, true), 1);
    assert_eq!(compress(&mut compressor, &mut deflater, b""), b"\x00");
    let data = text(0, 100);
    compress(&mut compressor, &mut deflater, &data);
    assert_eq!(compress(&mut compressor, &mut deflater, b""), b"\x00");
}

/// R7692-6.1-02
#[test]
fn what_is_empty_short_or_does_not_shrink_goes_out_as_it_is() {
    let mut deflater = Deflater::new();
    let mut output = b"head".to_vec();
    for level in 1..=9 {
        let context = context(12, true);
        let level = tautline_deflate::Level::new(level).unwrap();
        let settings = Settings::new().with_level(level).with_threshold(20);
        let mut compressor = Compressor::new(context, &settings);
        for (payload, expected) in [
            (vec![], false),
            (vec![b'a'; 19], false),
            (vec![b'a'; 20], true),
            (noise(0, 20), false),
            (noise(1, 100_000), false),
            (vec![b'a'; 100_000], true),
        ] {
            let compressed = compressor.compress(&mut deflater, &payload, &mut output);
            assert_eq!(compressed, expected, "{} bytes", payload.len());
            assert_eq!(output.len() > 4, expected);
            output.truncate(4);
            assert_eq!(output, b"head");
        }
    }
}

/// R7692-6-02, R7692-7.2.1-01: the receiver does not see such a message with its decompressor.
///
/// Level 1 of zlib-rs needs care here: a reset does not close the block that it has open.
#[test]
fn a_message_that_goes_out_as_it_is_leaves_no_trace() {
    let mut deflater = Deflater::new();
    for (level, takeover) in (1..=9).flat_map(|level| [(level, true), (level, false)]) {
        let mut compressor = compressor(context(10, takeover), level);
        let mut other = self::compressor(context(10, true), level);
        let mut tracker = Tracker::default();
        for round in 0..8 {
            let mut output = Vec::new();
            let noise = noise(round, 1 << (2 * round));
            assert!(!compressor.compress(&mut deflater, &noise, &mut output));
            assert!(!other.compress(&mut deflater, &noise, &mut output));
            let text = text(round, 300);
            assert!(compressor.compress(&mut deflater, &text, &mut output));
            output.extend_from_slice(TAIL);
            assert_eq!(tracker.inflate(&output), text, "level {level}");
        }
    }
}

/// R7692-6.1-01, R7692-7.2.1-06, C9
#[test]
fn only_the_last_fragment_goes_without_its_tail() {
    let pieces: [&[u8]; 5] = [b"He", b"llo, hello", b"", &[b'x'; 40_000], b"hello"];
    for (level, takeover) in (1..=9).flat_map(|level| [(level, true), (level, false)]) {
        let mut deflater = Deflater::new();
        let mut compressor = compressor(context(15, takeover), level);
        let mut other = self::compressor(context(15, true), level);
        let mut tracker = Tracker::default();
        for last in [&b"the last hello"[..], b"", b"again"] {
            for piece in pieces {
                let mut payload = Vec::new();
                compressor.compress_fragment(&mut deflater, piece, false, &mut payload);
                // Another connection in between.
                compress(&mut other, &mut deflater, b"hello, something else");
                assert!(payload.ends_with(TAIL));
                assert_eq!(tracker.inflate(&payload), piece, "level {level}");
            }
            let payload = compress(&mut compressor, &mut deflater, last);
            assert!(!payload.ends_with(TAIL));
            assert_eq!(payload == b"\x00", last.is_empty());
            assert_eq!(tracker.inflate(&[&payload, TAIL].concat()), last);
            if !takeover {
                // Whatever refers to a message that is over is seen.
                tracker = Tracker::default();
            }
        }
    }
}

/// R7692-7.2.1-07, R7692-7.2.1-12, R7692-7.2.1-13, R7692-7.2.1-14, C8: no distance is beyond the
/// window, whether within a message or to the ones before it, and most of the window is in use.
#[test]
fn no_reference_goes_beyond_the_window() {
    let mut deflater = Deflater::new();
    for window in WINDOWS {
        let size = window.size();
        for (level, alone) in [1, 2, 3, 6, 7, 9]
            .into_iter()
            .flat_map(|level| [(level, true), (level, false)])
        {
            let mut compressor = compressor(context(window.bits().get(), true), level);
            let mut other = self::compressor(context(window.bits().get(), true), level);
            let mut tracker = Tracker::default();
            // Everything comes back, first within the window and then just outside of it.
            for distance in [size - 262, size - 261, size, size + 1] {
                let period = noise(distance, distance);
                for length in [2 * distance, distance / 2, 20] {
                    let data: Vec<u8> = period.iter().cycle().copied().take(length).collect();
                    let payload = compress(&mut compressor, &mut deflater, &data);
                    assert_eq!(tracker.inflate(&[&payload, TAIL].concat()), data);
                    if !alone {
                        compress(&mut other, &mut deflater, &data);
                    }
                }
            }
            let reach = tracker.reach;
            assert!(reach <= size, "{window:?}, level {level}: {reach}");
            assert!(reach >= size - 262, "{window:?}, level {level}: {reach}");
        }
    }
}

/// What one of several connections sends, and through which of two deflaters.
#[derive(Debug, Clone)]
struct Send {
    connection: usize,
    deflater: usize,
    payload: Payload,
}

#[derive(Debug, Clone)]
enum Payload {
    Text {
        seed: usize,
        length: usize,
    },
    Noise {
        length: usize,
    },
    Fragments(Vec<usize>),
    /// Compressed alone, for every connection.
    Shared {
        seed: usize,
        length: usize,
    },
}

/// R7692-7.2.1-09: a state that stays with its connection makes what one of its own would have made,
/// and one that is set up anew makes little more, from what is nearest.
#[test]
fn taking_turns_costs_few_bytes_or_none() {
    let context = context(15, true);
    for (connections, same) in [(16, true), (17, false)] {
        let mut deflater = Deflater::new();
        let mut compressors: Vec<_> = (0..connections).map(|_| compressor(context, 6)).collect();
        let mut alone: Vec<_> = (0..connections)
            .map(|_| (compressor(context, 6), Deflater::new()))
            .collect();
        let mut inflaters: Vec<_> = (0..connections)
            .map(|_| (Decompressor::new(context), Inflater::new()))
            .collect();
        let (mut shared_bytes, mut own_bytes) = (0, 0);
        for round in 0..12 {
            for connection in 0..connections {
                let data = text(100 * connection + round, 3000);
                let payload = compress(&mut compressors[connection], &mut deflater, &data);
                let (compressor, own) = &mut alone[connection];
                let expected = compress(compressor, own, &data);
                if same {
                    assert_eq!(payload, expected);
                }
                shared_bytes += payload.len();
                own_bytes += expected.len();
                let (decompressor, inflater) = &mut inflaters[connection];
                let received = inflate(decompressor, inflater, [&payload[..]]).unwrap();
                assert_eq!(received, data);
            }
        }
        assert!(shared_bytes < own_bytes + own_bytes / 5);
    }
}

/// Every state belongs to a connection that has stopped sending.
#[test]
fn states_of_silent_connections_go_to_busy_ones() {
    let context = context(12, true);
    let mut deflater = Deflater::new();
    let mut silent: Vec<_> = (0..16).map(|_| compressor(context, 6)).collect();
    for compressor in &mut silent {
        compress(compressor, &mut deflater, b"once");
    }
    let mut busy: Vec<_> = (0..16)
        .map(|_| {
            (
                compressor(context, 6),
                compressor(context, 6),
                Deflater::new(),
            )
        })
        .collect();
    let mut last_round = Vec::new();
    for round in 0..400 {
        last_round.clear();
        for (connection, (compressor, twin, own)) in busy.iter_mut().enumerate() {
            let data = text(1000 * connection + round, 300);
            let payload = compress(compressor, &mut deflater, &data);
            last_round.push(payload == compress(twin, own, &data));
        }
    }
    assert_eq!(last_round, [true; 16], "each has a state of its own by now");
}

fn sends() -> impl Strategy<Value = Vec<Send>> {
    let payload = prop_oneof![
        4 => (0..4_usize, 0..3000_usize).prop_map(|(seed, length)| Payload::Text { seed, length }),
        1 => (0..500_usize).prop_map(|length| Payload::Noise { length }),
        1 => vec(0..700_usize, 1..5).prop_map(Payload::Fragments),
        1 => (0..4_usize, 0..3000_usize)
            .prop_map(|(seed, length)| Payload::Shared { seed, length }),
    ];
    let send = (0..4_usize, 0..2_usize, payload).prop_map(|(connection, deflater, payload)| Send {
        connection,
        deflater,
        payload,
    });
    vec(send, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// R7692-5-16, C9: connections that share deflaters, and move between them as between
    /// threads, each send a stream of their own.
    #[test]
    fn connections_do_not_see_each_other(
        contexts in vec((9..=12_u8, any::<bool>(), 1..=9_u8), 4),
        sends in sends(),
    ) {
        let mut deflaters = [Deflater::new(), Deflater::new()];
        let mut inflater = Inflater::new();
        let mut connections: Vec<_> = contexts
            .iter()
            .map(|&(bits, takeover, level)| {
                let context = context(bits, takeover);
                (compressor(context, level), Decompressor::new(context))
            })
            .collect();
        for Send { connection, deflater, payload } in sends {
            if let Payload::Shared { seed, length } = payload {
                let text = text(seed, length);
                let mut output = Vec::new();
                let smallest = connections.iter().min_by_key(|(it, _)| it.context().window);
                let (smallest, _) = smallest.unwrap();
                if smallest.compress_alone(&mut deflaters[deflater], &text, &mut output) {
                    for (compressor, decompressor) in &mut connections {
                        compressor.skip(&text);
                        let received = inflate(decompressor, &mut inflater, [&output[..]]);
                        prop_assert_eq!(received.as_ref(), Ok(&text));
                    }
                }
                continue;
            }
            let (compressor, decompressor) = &mut connections[connection];
            let deflater = &mut deflaters[deflater];
            let mut output = Vec::new();
            let (sent, compressed) = match payload {
                Payload::Text { seed, length } => {
                    let text = text(seed, length);
                    let compressed = compressor.compress(deflater, &text, &mut output);
                    (text, compressed)
                }
                Payload::Noise { length } => {
                    let noise = noise(length, length);
                    let compressed = compressor.compress(deflater, &noise, &mut output);
                    (noise, compressed)
                }
                Payload::Fragments(lengths) => {
                    let mut sent = Vec::new();
                    for (i, length) in lengths.iter().enumerate() {
                        let text = text(i, *length);
                        let last = i + 1 == lengths.len();
                        compressor.compress_fragment(deflater, &text, last, &mut output);
                        sent.extend_from_slice(&text);
                    }
                    (sent, true)
                }
                Payload::Shared { .. } => unreachable!("it has been sent to all"),
            };
            if compressed {
                let received = inflate(decompressor, &mut inflater, [&output[..]]);
                prop_assert_eq!(received, Ok(sent));
            } else {
                prop_assert_eq!(output, []);
            }
        }
    }
}
