//! Messages that are compressed once for many connections.

use allocation_counter::measure;
use flate2::{Decompress, FlushDecompress};
use tautline_deflate::{Compressor, Decompressor, Deflater, Inflater, Level, Settings};

use crate::support::codec::{compress, compressor, inflate, noise, text};
use crate::support::tracker::Tracker;
use crate::support::windows::{WINDOWS, context};

const TAIL: &[u8] = b"\x00\x00\xff\xff";

/// A receiver by three implementations of DEFLATE, of which one tells how far back it has to look.
struct Receiver {
    takeover: bool,
    decompressor: Decompressor,
    inflater: Inflater,
    tracker: Tracker,
    zlib: Decompress,
}

impl Receiver {
    fn new(bits: u8, takeover: bool) -> Self {
        Self {
            takeover,
            decompressor: Decompressor::new(context(bits, takeover)),
            inflater: Inflater::new(),
            tracker: Tracker::default(),
            zlib: Decompress::new(false),
        }
    }

    fn receives(&mut self, payload: &[u8], message: &[u8], what: &str) {
        let inflated = inflate(&mut self.decompressor, &mut self.inflater, [payload]);
        assert_eq!(inflated.as_deref(), Ok(message), "{what}");

        let payload = [payload, TAIL].concat();
        assert_eq!(self.tracker.inflate(&payload), message, "{what}");

        let mut inflated = Vec::with_capacity(message.len() + 1);
        let before = self.zlib.total_in();
        self.zlib
            .decompress_vec(&payload, &mut inflated, FlushDecompress::Sync)
            .unwrap();
        assert_eq!(self.zlib.total_in() - before, payload.len() as u64);
        assert_eq!(inflated, message, "{what}");
        if !self.takeover {
            self.zlib.reset(false);
            self.tracker.data.clear();
        }
    }
}

/// R7692-5-16, R7692-7.2.1-01, R7692-7.2.1-09, R7692-7.2.1-11, R7692-7.2.1-12, R7692-7.2.1-14: first,
/// between, and last; one after the other; in place of one that does not get shorter; and after
/// fragments. What every connection sends by itself between refers to what all of them got.
#[test]
fn a_message_compressed_alone_suits_every_connection_whose_window_is_not_smaller() {
    let (mut deflater, mut other) = (Deflater::new(), Deflater::new());
    for (index, alone_window) in WINDOWS.into_iter().enumerate() {
        for (level, takeover) in [(1, true), (3, true), (9, true), (3, false)] {
            let mut connections: Vec<_> = WINDOWS[index..]
                .iter()
                .map(|window| {
                    let bits = window.bits().get();
                    let compressor = compressor(context(bits, takeover), level);
                    (compressor, Receiver::new(bits, takeover), window.size())
                })
                .collect();
            let mut referred = 0;
            for (round, length) in [300, 20, 5000, 33_000, 1].into_iter().enumerate() {
                let what = format!("{alone_window:?}, level {level}, {takeover}, round {round}");
                for shared in [text(round, length), text(7, 400), noise(round, length)] {
                    let mut payload = Vec::new();
                    let first = &connections[0].0;
                    assert_eq!(first.context().window, alone_window);
                    if !first.compress_alone(&mut other, &shared, &mut payload) {
                        assert!(payload.is_empty());
                        continue;
                    }
                    assert!(payload.len() < shared.len());
                    for (compressor, receiver, _) in &mut connections {
                        receiver.receives(&payload, &shared, &what);
                        compressor.skip(&shared);
                    }
                }
                for (index, (compressor, receiver, _)) in connections.iter_mut().enumerate() {
                    let again = text(7, 400);
                    let mut own = Vec::new();
                    assert!(compressor.compress(&mut deflater, &again, &mut own));
                    receiver.receives(&own, &again, &what);
                    referred += usize::from(own.len() < 20);
                    let own = compress(compressor, &mut deflater, &text(index, length));
                    receiver.receives(&own, &text(index, length), &what);
                }
            }
            assert_eq!(referred > 0, takeover);
            for (_, receiver, size) in &connections {
                assert!(receiver.tracker.reach <= *size);
            }
        }
    }
}

/// R7692-7.2.1-08, R7692-7.2.1-10
#[test]
fn a_message_compressed_alone_is_the_same_whatever_was_sent_before() {
    let mut deflater = Deflater::new();
    for (bits, takeover) in (9..=15).flat_map(|bits| [(bits, true), (bits, false)]) {
        let mut busy = compressor(context(bits, takeover), 3);
        let message = text(0, 3000);
        let mut expected = Vec::new();
        assert!(busy.compress(&mut deflater, &message, &mut expected));
        for _ in 0..3 {
            compress(&mut busy, &mut deflater, &message[..500]);
            let mut payload = b"head".to_vec();
            assert!(busy.compress_alone(&mut deflater, &message, &mut payload));
            assert_eq!(payload[4..], expected);
        }
    }
}

/// R7692-6.1-02
#[test]
fn what_is_empty_or_does_not_shrink_is_not_compressed_alone_and_the_threshold_is_told() {
    let settings = Settings::new()
        .with_level(Level::FASTEST)
        .with_threshold(20);
    let compressor = Compressor::new(context(12, true), &settings);
    let mut deflater = Deflater::new();
    let mut output = b"head".to_vec();
    for (payload, reaches, shrinks) in [
        (vec![], false, false),
        (vec![b'a'; 19], false, true),
        (vec![b'a'; 20], true, true),
        (noise(0, 20), true, false),
        (noise(1, 100_000), true, false),
    ] {
        assert_eq!(compressor.reaches_threshold(payload.len()), reaches);
        let compressed = compressor.compress_alone(&mut deflater, &payload, &mut output);
        assert_eq!(compressed, shrinks, "{} bytes", payload.len());
        assert_eq!(output.len() > 4, shrinks);
        output.truncate(4);
    }
    let every = Compressor::new(context(12, true), &settings.with_threshold(0));
    assert!(!every.reaches_threshold(0));
    assert!(every.reaches_threshold(1));
}

/// The state that has not seen a message is free for whoever comes next, the same connection for
/// example: it does not take another one each time.
#[test]
fn a_connection_that_is_told_of_messages_takes_no_more_states_than_two() {
    let mut deflater = Deflater::new();
    let mut connection = compressor(context(12, true), 3);
    let message = text(0, 3000);
    let mut turn = |length: usize| {
        compress(&mut connection, &mut deflater, &message[..length]);
        let mut payload = Vec::new();
        assert!(connection.compress_alone(&mut deflater, &message, &mut payload));
        connection.skip(&message);
    };
    turn(3000);
    let used = measure(|| {
        for length in 1000..1100 {
            turn(length);
        }
    });
    assert!(used.bytes_max < 200_000, "less than a state: {used:?}");
}

/// R7692-7.2.2-02
#[test]
fn to_be_told_of_a_message_takes_the_window_and_nothing_without_takeover() {
    let message = text(0, 3000);
    for (takeover, expected) in [(true, 4096), (false, 0)] {
        let mut connection = compressor(context(12, takeover), 3);
        let used = measure(|| {
            connection.skip(&message);
            connection.skip(&message);
        });
        assert_eq!(used.bytes_current, expected, "{used:?}");
        let used = measure(|| connection.skip(&message));
        assert_eq!(used.count_total, 0, "{used:?}");
    }
}
