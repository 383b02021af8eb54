//! What comes out of payloads, right and wrong.

use std::error::Error as _;
use std::fmt;

use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::Index;
use tautline_deflate::{DecompressError, Decompressor, Inflater};

use crate::support::blocks::{Token, fixed_block, message};
use crate::support::codec::{inflate, text};
use crate::support::windows::{WINDOWS, context};

use Token::{Copy, Literals};

/// Payloads and what is in them.
type Messages = &'static [(&'static [u8], &'static [u8])];

const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";

/// R7692-6-01, R7692-7.1.1.2-04, R7692-7.2.1-02, R7692-7.2.1-03, R7692-7.2.1-04, R7692-7.2.2-01,
/// R7692-7.2.2-03, R7692-7.2.2-05, R7692-7.2.2-12, R7692-7.2.2-14, R7692-7.2.3-01, D-14, D-19,
/// C6, C7
#[test]
fn payloads_inflate_to_what_they_mean() {
    let cases: [(&str, Messages); 15] = [
        (
            "takeover",
            &[(HELLO, b"Hello"), (b"\xf2\x00\x11\x00\x00", b"Hello")],
        ),
        (
            "two blocks",
            &[(
                b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
                b"Hello",
            )],
        ),
        (
            "stored",
            &[(b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", b"Hello")],
        ),
        (
            "empty",
            &[(b"\x00", b""), (HELLO, b"Hello"), (b"\x02\x00", b"")],
        ),
        (
            "no payload",
            &[(b"", b""), (HELLO, b"Hello"), (b"", b""), (HELLO, b"Hello")],
        ),
        (
            "BFINAL",
            &[
                (b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", b"Hello"),
                (HELLO, b"Hello"),
            ],
        ),
        (
            "BFINAL and takeover",
            &[
                (b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", b"Hello"),
                (b"\xf2\x00\x11\x00\x00", b"Hello"),
            ],
        ),
        (
            "BFINAL in the middle, referred over",
            &[(
                b"\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x00\x11\x00\x00",
                b"HelloHello",
            )],
        ),
        (
            "BFINAL and nothing else",
            &[
                (b"\xf3\x48\xcd\xc9\xc9\x07\x00", b"Hello"),
                (HELLO, b"Hello"),
            ],
        ),
        (
            "BFINAL in the block of the tail",
            &[(b"\x01", b""), (HELLO, b"Hello")],
        ),
        (
            "BFINAL many times",
            &[
                (b"\x03\x00\x03\x00\x01\x00\x00\xff\xff\x03\x00\x00", b""),
                (HELLO, b"Hello"),
            ],
        ),
        (
            "BFINAL and stored",
            &[(b"\x01\x02\x00\xfd\xffab\x00", b"ab"), (HELLO, b"Hello")],
        ),
        (
            "the tail was left",
            &[
                (b"\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff", b"Hello"),
                (HELLO, b"Hello"),
            ],
        ),
        (
            "the tail was left, and an empty block follows",
            &[
                (
                    b"\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff\x00",
                    b"Hello",
                ),
                (HELLO, b"Hello"),
            ],
        ),
        (
            "stored bytes like a tail",
            &[
                (b"\x00\x04\x00\xfb\xff\x00\x00\xff\xff\x00", b"\0\0\xff\xff"),
                (HELLO, b"Hello"),
            ],
        ),
    ];
    let mut inflater = Inflater::new();
    for (name, messages) in cases {
        for piece in [1, 2, 3, 5, usize::MAX] {
            let mut decompressor = Decompressor::new(context(15, true));
            for (payload, expected) in messages {
                let pieces = payload.chunks(piece);
                let received = inflate(&mut decompressor, &mut inflater, pieces);
                assert_eq!(received.as_deref(), Ok(*expected), "{name} by {piece}");
            }
        }
    }
}

/// R7692-7.2.2-11, R7692-7.2.2-14, C7
#[test]
fn corrupt_data_is_refused_and_so_is_what_comes_after_it() {
    let cases: [(&str, &[u8]); 18] = [
        ("block type 3", b"\xff"),
        ("block type 3, later", b"\x07\x00"),
        ("before the start", b"\xf2\x00\x11\x00\x00"),
        (
            "lengths of a stored block",
            b"\x00\x05\x00\xfa\xfe\x48\x65\x6c\x6c\x6f\x00",
        ),
        ("stored block cut off", b"\x00\x05\x00\xfa\xff\x48\x65"),
        (
            "stored block that the tail would fill",
            b"\x00\x05\x00\xfa\xff\x48",
        ),
        (
            "stored block longer than the tail",
            b"\x00\x09\x00\xf6\xff\x48",
        ),
        ("stored block cut off in its lengths", b"\x00\x05"),
        ("fixed block cut off", b"\xf2\x48\xcd"),
        ("dynamic block cut off", b"\x04"),
        ("dynamic block of too many symbols", b"\xfc\xff\xff\xff"),
        ("only a tail", b"\x00\x00\xff\xff"),
        (
            "one byte of the tail was left",
            b"\xf2\x48\xcd\xc9\xc9\x07\x00\x00",
        ),
        (
            "two bytes of the tail were left",
            b"\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00",
        ),
        (
            "three bytes of the tail were left",
            b"\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff",
        ),
        (
            "junk after a block",
            b"\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff\xff",
        ),
        ("junk after BFINAL", b"\xf3\x48\xcd\xc9\xc9\x07\x00\xff"),
        ("without the empty block", b"\xf2\x48\xcd\xc9\xc9\x07"),
    ];
    let mut inflater = Inflater::new();
    for (name, payload) in cases {
        for piece in [1, 2, usize::MAX] {
            let mut decompressor = Decompressor::new(context(15, true));
            let mut receive =
                |payload: &[u8]| inflate(&mut decompressor, &mut inflater, payload.chunks(piece));
            assert_eq!(
                receive(payload),
                Err(DecompressError::Corrupt),
                "{name} by {piece}"
            );
            assert_eq!(
                receive(HELLO),
                Err(DecompressError::Corrupt),
                "{name} by {piece}"
            );
            assert_eq!(
                receive(b""),
                Err(DecompressError::Corrupt),
                "{name} by {piece}"
            );

            // The state that was borrowed is as good as new for others.
            let mut other = Decompressor::new(context(15, true));
            let received = inflate(&mut other, &mut inflater, [HELLO]);
            assert_eq!(received.as_deref(), Ok(&b"Hello"[..]), "{name} by {piece}");
        }
    }
}

/// R7692-7.1.2.1-06, R7692-7.1.2.2-07, R7692-7.2.2-06, R7692-7.2.2-07, R7692-7.2.2-08,
/// R7692-7.2.2-09
#[test]
fn a_message_may_refer_as_far_back_as_the_window_goes() {
    let mut inflater = Inflater::new();
    for window in WINDOWS {
        let first = text(0, window.size() + 5);
        for (distance, reached) in [(window.size(), true), (window.size() + 1, false)] {
            let mut decompressor = Decompressor::new(context(window.bits().get(), true));
            let received = inflate(
                &mut decompressor,
                &mut inflater,
                [&message(&[Literals(&first)])[..]],
            );
            assert_eq!(received.as_ref(), Ok(&first));
            // RFC 1951 has no larger distance than 32 KiB to ask for.
            if distance > 32 * 1024 {
                continue;
            }
            let payload = message(&[Copy {
                length: 3,
                distance,
            }]);
            let received = inflate(&mut decompressor, &mut inflater, [&payload[..]]);
            let from = first.len() - distance;
            let expected = if reached {
                Ok(first[from..from + 3].to_vec())
            } else {
                Err(DecompressError::Corrupt)
            };
            assert_eq!(received, expected, "{window:?}");
        }
    }
}

/// R7692-7.2.2-02, R7692-7.2.2-04
#[test]
fn a_message_does_not_reach_the_one_before_without_takeover() {
    let mut inflater = Inflater::new();
    let mut decompressor = Decompressor::new(context(15, false));
    let both = message(&[
        Literals(b"ab"),
        Copy {
            length: 4,
            distance: 2,
        },
    ]);
    let copy = message(&[Copy {
        length: 3,
        distance: 1,
    }]);
    let mut receive = |payload: &[u8]| inflate(&mut decompressor, &mut inflater, [payload]);
    assert_eq!(receive(&both).as_deref(), Ok(&b"ababab"[..]));
    assert_eq!(receive(&both).as_deref(), Ok(&b"ababab"[..]));
    assert_eq!(receive(&copy), Err(DecompressError::Corrupt));
}

/// R7692-7.2.1-04: with BFINAL set in between, and a window smaller than the message.
#[test]
fn a_block_may_refer_to_one_before_that_had_bfinal_set() {
    let mut inflater = Inflater::new();
    for (window, takeover) in WINDOWS.into_iter().flat_map(|w| [(w, true), (w, false)]) {
        let size = window.size();
        let first = text(1, 3 * size);
        let copy = Copy {
            length: 200,
            distance: size,
        };
        let payload = [
            fixed_block(true, &[Literals(&first)]),
            fixed_block(true, &[copy]),
            message(&[Copy {
                length: 258,
                distance: 200,
            }]),
        ]
        .concat();
        let mut expected = first.clone();
        expected.extend_from_slice(&first[2 * size..][..200]);
        for i in 0..258 {
            expected.push(first[2 * size..][..200][i % 200]);
        }
        let mut decompressor = Decompressor::new(context(window.bits().get(), takeover));
        let received = inflate(&mut decompressor, &mut inflater, payload.chunks(1000));
        assert_eq!(received, Ok(expected), "{window:?}");
    }
}

/// R7692-6.2-01, C5: connections borrow states while their messages arrive in turns.
#[test]
fn messages_under_way_do_not_see_each_other() {
    let mut inflaters = [Inflater::new(), Inflater::new()];
    let mut connections: Vec<_> = (0..9)
        .map(|i| {
            (
                Decompressor::new(context(9 + i % 7, i % 2 == 0)),
                Vec::new(),
            )
        })
        .collect();
    for round in 0..3 {
        let expected = text(round, 700);
        let payload = message(&[
            Literals(&expected),
            Copy {
                length: 9,
                distance: 300,
            },
        ]);
        for (at, byte) in payload.chunks(1).enumerate() {
            for (decompressor, received) in &mut connections {
                // Any inflater does, as when a connection moves between threads.
                decompressor
                    .decompress(&mut inflaters[at % 2], byte, |data| {
                        received.extend_from_slice(data);
                        Ok::<_, ()>(())
                    })
                    .unwrap();
            }
        }
        for (decompressor, received) in &mut connections {
            decompressor.finish(&mut inflaters[1]).unwrap();
            assert_eq!(received[..700], expected);
            assert_eq!(received[700..], expected[400..409]);
            received.clear();
        }
    }
}

/// R7692-7.2.2-13, C1: what was inflated up to the refusal is not more than a chunk past it.
#[test]
fn nothing_is_inflated_after_the_sink_has_refused() {
    let mut inflater = Inflater::new();
    let mut tokens = vec![Literals(b"0")];
    tokens.extend((0..4000).map(|_| Copy {
        length: 258,
        distance: 1,
    }));
    let payload = message(&tokens);

    let limit = 100_000;
    let mut decompressor = Decompressor::new(context(15, true));
    let (mut inflated, mut calls) = (0, 0);
    let refused = decompressor.decompress(&mut inflater, &payload, |data| {
        calls += 1;
        inflated += data.len();
        if inflated > limit {
            Err("too big")
        } else {
            Ok(())
        }
    });
    assert_eq!(refused, Err(DecompressError::Sink("too big")));
    assert!(inflated <= limit + 64 * 1024, "{inflated} in {calls} calls");
    let after = decompressor.finish(&mut inflater);
    assert_eq!(after.unwrap_err().to_string(), "compressed data is corrupt");
}

/// C2, D-19: the work follows the length of the payload, whatever it is made of.
#[test]
fn very_many_tiny_blocks_are_inflated_unless_they_only_end_streams() {
    let mut inflater = Inflater::new();
    for (block, expected) in [
        (&b"\x00\x00\x00\xff\xff"[..], Some(0)),
        (b"\x73\x04\x00", Some(100_000)),
        // Ends of streams, for each of which a window is copied, and nothing between them.
        (b"\x01\x00\x00\xff\xff", None),
        (b"\x03\x00", None),
    ] {
        let mut decompressor = Decompressor::new(context(15, true));
        // A full window to carry over each time.
        let first = message(&[Literals(&text(0, 40_000))]);
        inflate(&mut decompressor, &mut inflater, [&first[..]]).unwrap();
        let mut payload = block.repeat(100_000);
        payload.push(0);
        let received = inflate(&mut decompressor, &mut inflater, payload.chunks(4096)).ok();
        assert_eq!(received.as_ref().map(Vec::len), expected);
        assert!(received.iter().flatten().all(|&byte| byte == b'A'));
    }
}

proptest! {
    /// C10: any bytes in any pieces give the same as in one piece, and never a panic.
    #[test]
    fn pieces_make_no_difference_for_any_bytes(
        payload in vec(any::<u8>(), 0..200),
        cuts in vec(any::<Index>(), 0..6),
    ) {
        let mut inflater = Inflater::new();
        let mut receive = |pieces: &[&[u8]]| {
            let mut decompressor = Decompressor::new(context(10, true));
            inflate(&mut decompressor, &mut inflater, pieces.iter().copied())
        };
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut start = 0;
        for cut in cuts {
            pieces.push(&payload[start..cut]);
            start = cut;
        }
        pieces.push(&payload[start..]);
        prop_assert_eq!(receive(&pieces), receive(&[&payload[..]]));
    }

    /// R7692-7.2.2-11: a bit that has changed on the way gives other bytes or an error.
    #[test]
    fn damaged_payloads_do_no_harm(length in 1..2000_usize, bit in any::<Index>()) {
        let mut inflater = Inflater::new();
        let original = text(length, length);
        let mut payload = message(&[Literals(&original)]);
        let bit = bit.index(payload.len() * 8);
        payload[bit / 8] ^= 1 << (bit % 8);
        let mut decompressor = Decompressor::new(context(10, true));
        if let Ok(received) = inflate(&mut decompressor, &mut inflater, [&payload[..]]) {
            prop_assert!(received.len() <= payload.len() * 1032);
        }
    }
}

#[test]
fn what_is_wrong_with_a_message_is_told_with_its_cause() {
    let mut inflater = Inflater::new();
    let mut decompressor = Decompressor::new(context(15, true));
    let refused = decompressor
        .decompress(&mut inflater, HELLO, |_| Err(fmt::Error))
        .unwrap_err();
    assert_eq!(refused.to_string(), "inflated data was refused");
    assert!(
        refused
            .source()
            .is_some_and(|source| source.is::<fmt::Error>())
    );

    let corrupt = decompressor
        .decompress(&mut inflater, HELLO, |_| Err(fmt::Error))
        .unwrap_err();
    assert_eq!(corrupt.to_string(), "compressed data is corrupt");
    assert!(corrupt.source().is_none());
}
