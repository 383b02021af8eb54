//! The masking keys of a client.

use std::collections::HashSet;

use crate::support::{
    client,
    executor::now,
    wire::{Side, Wire},
};

const FRAMES: usize = 2_000;

/// The keys of this many empty messages: `82 80` and the key.
fn keys(
    wire: &Wire,
    ws: &mut tautline_driver::WebSocket<crate::support::wire::Memory>,
) -> Vec<u32> {
    for _ in 0..FRAMES {
        now(ws.feed(&b""[..])).unwrap();
    }
    now(ws.flush()).unwrap();
    let sent = wire.take(Side::Client);
    let (frames, rest) = sent.as_chunks::<6>();
    assert!(rest.is_empty());
    frames
        .iter()
        .map(|frame| {
            assert_eq!(frame[..2], [0x82, 0x80]);
            u32::from_be_bytes([frame[2], frame[3], frame[4], frame[5]])
        })
        .collect()
}

/// How many of these are different.
fn distinct(values: impl Iterator<Item = u32>) -> usize {
    values.collect::<HashSet<_>>().len()
}

/// R6455-5.3-02, R6455-5.3-03, R6455-5.3-04: neither the keys nor the steps from one to the next
/// repeat, as they would with a counter, a fixed key or a small generator, and two clients have
/// nothing in common. By chance two of 2,000 random keys are equal once in 2,000 runs, three pairs
/// once in 10^10.
#[test]
fn every_frame_has_a_key_that_the_ones_before_do_not_tell() {
    let (wire, mut ws) = client();
    let first = keys(&wire, &mut ws);
    let (wire, mut ws) = client();
    let second = keys(&wire, &mut ws);

    let enough = FRAMES - 3;
    for keys in [&first, &second] {
        assert!(distinct(keys.iter().copied()) > enough);
        assert!(distinct(keys.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]))) > enough - 1);
        assert!(distinct(keys.windows(2).map(|pair| pair[0] ^ pair[1])) > enough - 1);
    }
    let both = first.iter().chain(&second).copied();
    assert!(distinct(both) > 2 * FRAMES - 4);
}
