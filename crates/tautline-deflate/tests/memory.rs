//! How much memory connections hold, at rest and under attack.

use allocation_counter::measure;
use tautline_deflate::{Decompressor, Deflater, Inflater};

use crate::support::blocks::{Token, fixed_block, message};
use crate::support::codec::{compress, compressor, inflate, text};
use crate::support::windows::{WINDOWS, context};

/// R7692-7.2.2-02, R7692-7.2.2-04, R7692-7.2.2-06, R7692-7.2.2-08
#[test]
fn a_connection_at_rest_holds_its_window_or_nothing() {
    let mut deflater = Deflater::new();
    let mut inflater = Inflater::new();
    for (window, takeover) in WINDOWS.into_iter().flat_map(|w| [(w, true), (w, false)]) {
        let context = context(window.bits().get(), takeover);
        let data = text(0, 100_000);
        // What the thread shares is there before.
        let payload = compress(&mut compressor(context, 1), &mut deflater, &data);
        let mut decompressor = Decompressor::new(context);
        inflate(&mut decompressor, &mut inflater, [&payload[..]]).unwrap();

        let mut sender = compressor(context, 1);
        let sending = measure(|| {
            for length in [100, 1000, 100_000] {
                compress(&mut sender, &mut deflater, &data[..length]);
            }
        });
        let mut receiver = Decompressor::new(context);
        let receiving = measure(|| {
            for _ in 0..3 {
                inflate(&mut receiver, &mut inflater, payload.chunks(1000)).unwrap();
            }
        });
        let window = if takeover { window.size() } else { 0 } as i64;
        // The compressor has its identity besides.
        assert!(
            (window..=window + 32).contains(&sending.bytes_current),
            "{sending:?}"
        );
        assert_eq!(receiving.bytes_current, window);
    }
}

#[test]
fn a_connection_takes_no_memory_before_its_first_message() {
    let made = measure(|| {
        let context = context(15, true);
        let mut compressor = compressor(context, 6);
        let mut decompressor = Decompressor::new(context);
        let mut output = Vec::with_capacity(8);
        // Neither do empty messages.
        let (mut deflater, mut inflater) = (Deflater::new(), Inflater::new());
        assert!(!compressor.compress(&mut deflater, b"", &mut output));
        assert!(
            inflate(&mut decompressor, &mut inflater, [&b""[..]])
                .unwrap()
                .is_empty()
        );
    });
    assert_eq!(made.bytes_total, 8);
}

/// A state stays with the connection that used it, but only so many are kept, and none for a
/// connection that is gone.
#[test]
fn few_states_are_kept_however_many_connections_take_turns() {
    let state = {
        let mut deflater = Deflater::new();
        let used = measure(|| {
            compress(&mut compressor(context(12, false), 1), &mut deflater, b"a");
        });
        used.bytes_current
    };
    let mut deflater = Deflater::new();
    let data = text(0, 5000);
    for (connections, takeover, states) in [(100, false, 1), (7, true, 7), (40, true, 16)] {
        let all = measure(|| {
            let mut compressors: Vec<_> = (0..connections)
                .map(|_| compressor(context(12, takeover), 1))
                .collect();
            let used = measure(|| {
                for _ in 0..3 {
                    for compressor in &mut compressors {
                        compress(compressor, &mut deflater, &data);
                    }
                }
            });
            let kept = if takeover { 4096 + 32 } else { 0 } * connections as i64;
            let expected = states * state + kept;
            // One state alone was measured with a chunk to compress to.
            let slack = states * 20 * 1024;
            assert!(
                (expected - slack..expected + slack).contains(&used.bytes_current),
                "{connections}: {used:?}, expected {expected}"
            );
            deflater = Deflater::new();
        });
        assert!(all.bytes_current <= 0, "{all:?}");
    }
    let mut kept = 0;
    for _ in 0..100 {
        let used = measure(|| {
            compress(&mut compressor(context(12, true), 1), &mut deflater, &data);
        });
        kept += used.bytes_current;
    }
    assert!(kept < 2 * state, "{kept}");
}

/// A window of another size takes another state, but not for every message.
#[test]
fn connections_with_different_windows_do_not_push_each_other_out() {
    let mut deflater = Deflater::new();
    let others = [9, 10, 11, 13, 14, 15].map(|bits| context(bits, false));
    let mut compressors: Vec<_> = [context(12, true); 30]
        .into_iter()
        .chain(others)
        .map(|context| compressor(context, 1))
        .collect();
    let data = text(0, 200);
    let mut turns = || {
        for compressor in &mut compressors {
            compress(compressor, &mut deflater, &data);
        }
    };
    for _ in 0..30 {
        turns();
    }
    let used = measure(turns);
    assert!(used.bytes_total < 200_000, "less than a state: {used:?}");
}

/// A fragment that has arrived costs a state until the rest has, and the state is shared then.
#[test]
fn states_are_borrowed_while_messages_are_under_way() {
    let mut inflater = Inflater::new();
    let payload = message(&[Token::Literals(b"Hello")]);
    let mut connections: Vec<_> = (0..100)
        .map(|_| Decompressor::new(context(9, false)))
        .collect();
    let mut receive = |connections: &mut [Decompressor], payload: &[u8]| {
        for decompressor in connections {
            decompressor
                .decompress(&mut inflater, payload, |_| Ok::<_, ()>(()))
                .unwrap();
        }
    };
    let first = measure(|| receive(&mut connections, &payload[..3]));
    assert!(first.bytes_current > 100 * 32 * 1024, "{first:?}");
    receive(&mut connections, &payload[3..]);
    let all = measure(|| {
        for decompressor in &mut connections {
            decompressor.finish(&mut inflater).unwrap();
        }
    });
    assert!(all.bytes_current < -90 * 32 * 1024, "{all:?}");
    for decompressor in &mut connections {
        let one_by_one = measure(|| {
            decompressor
                .decompress(&mut inflater, &payload, |_| Ok::<_, ()>(()))
                .unwrap();
            decompressor.finish(&mut inflater).unwrap();
        });
        assert_eq!(one_by_one.bytes_current, 0);
        assert!(one_by_one.bytes_max <= 512, "{one_by_one:?}");
    }
}

/// R7692-7.2.2-13, C1: 64 MiB from 64 KiB, and more than that in very many streams.
#[test]
fn a_bomb_takes_no_more_memory_than_a_chunk() {
    let copies = || {
        (0..5000).map(|_| Token::Copy {
            length: 258,
            distance: 1,
        })
    };
    let tokens: Vec<_> = [Token::Literals(b"0")]
        .into_iter()
        .chain(copies())
        .collect();
    let block = fixed_block(true, &tokens);
    let mut inflater = Inflater::new();
    let mut decompressor = Decompressor::new(context(15, true));
    let mut inflated = 0_u64;
    let bomb = measure(|| {
        for _ in 0..50 {
            decompressor
                .decompress(&mut inflater, &block, |data| {
                    inflated += data.len() as u64;
                    Ok::<_, ()>(())
                })
                .unwrap();
        }
        decompressor.finish(&mut inflater).unwrap();
    });
    assert_eq!(inflated, 50 * (1 + 5000 * 258));
    // A state, a chunk, and a window with the half of it that it has grown from.
    assert!(bomb.bytes_max < (48 + 64 + 32 + 16) * 1024, "{bomb:?}");
}
