//! What a server does to a client once the connection is open.

use std::iter;
use std::time::Duration;

use anyhow::ensure;

use crate::hostile::attack::{Attack, BOTH, DEFLATE, Group, LITTLE, Play, Scene};
use crate::hostile::ending::Ending;
use crate::hostile::peer::{Flood, Peer};
use crate::hostile::received::Incoming;
use crate::hostile::wire::{
    BINARY, CLOSE, LAST, PING, RSV1, Sender, TEXT, close, deflated, frame, head,
};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "client-bad-frames",
        what: "masked frames, forged lengths, reserved bits and opcodes, bad control frames, bad text, \
               bad closes",
        group: Group::Client,
        rows: &["F1", "F3", "F10"],
        modes: BOTH,
        bounds: LITTLE,
        waits: false,
        play: Play::Client(BAD_FRAMES),
    },
    Attack {
        name: "client-floods",
        what: "a million Pings that are answered unread, a million empty continuations",
        group: Group::Client,
        rows: &["F4", "F7"],
        modes: BOTH,
        bounds: LITTLE.cpu_millis(3_000).seconds(15),
        waits: false,
        play: Play::Client(FLOODS),
    },
    Attack {
        name: "client-bomb",
        what: "a gibibyte of zeros from a mebibyte",
        group: Group::Client,
        rows: &["C1"],
        modes: DEFLATE,
        bounds: LITTLE.kibibytes(48 * 1024).cpu_millis(2_000),
        waits: false,
        play: Play::Client(BOMB),
    },
    Attack {
        name: "client-bad-agreement",
        what: "an answer to the offer of compression that is none: windows of 7, 16 and 1000 bits, \
               parameters twice or unknown, the extension twice",
        group: Group::Client,
        rows: &["C3", "C4"],
        modes: DEFLATE,
        bounds: LITTLE,
        waits: false,
        play: Play::Client(BAD_AGREEMENTS),
    },
    Attack {
        name: "client-left-alone",
        what: "a server that breaks a rule, or closes, and then never ends the stream",
        group: Group::Client,
        rows: &["L1"],
        modes: BOTH,
        bounds: LITTLE.seconds(10),
        waits: true,
        play: Play::Client(LEFT_ALONE),
    },
    Attack {
        name: "client-masks",
        what: "the masking keys of a thousand echoes are looked at: none may be seen twice, or be \
               the one before plus something",
        group: Group::Client,
        rows: &["F8"],
        modes: BOTH,
        bounds: LITTLE,
        waits: false,
        play: Play::Client(MASKS),
    },
];

const ME: Sender = Sender::Server;
const PROTOCOL_ERROR: &[Ending] = &[Ending::Close(1002)];
const INVALID: &[Ending] = &[Ending::Close(1007)];
const TOO_BIG: &[Ending] = &[Ending::Close(1009)];

/// Opens the connection, sends these bytes and sees what the client does.
fn shoot(peer: &mut Peer, bytes: &[u8]) -> anyhow::Result<Ending> {
    peer.accept()?;
    peer.send(bytes);
    peer.ending()
}

macro_rules! shots {
    ($($label:literal: $bytes:expr => $wanted:expr,)*) => {
        &[$(Scene {
            label: $label,
            act: |peer| shoot(peer, $bytes.as_ref()),
            wanted: $wanted,
            also_right: &[],
        },)*]
    };
}

const BAD_FRAMES: &[Scene] = shots! {
    "masked text": frame(Sender::Client, TEXT, b"a") => PROTOCOL_ERROR,
    "masked ping": frame(Sender::Client, PING, b"a") => PROTOCOL_ERROR,
    "masked close": frame(Sender::Client, CLOSE, b"") => PROTOCOL_ERROR,
    "2^31 bytes": head(ME, BINARY, 1 << 31) => TOO_BIG,
    "2^32 bytes": head(ME, BINARY, 1 << 32) => TOO_BIG,
    "2^63-1 bytes": head(ME, BINARY, (1 << 63) - 1) => TOO_BIG,
    "2^63 bytes": head(ME, BINARY, 1 << 63) => PROTOCOL_ERROR,
    "2^64-1 bytes": head(ME, BINARY, u64::MAX) => PROTOCOL_ERROR,
    "2^63-1 bytes in a fragment": head(ME, 0x02, (1 << 63) - 1) => TOO_BIG,
    "RSV2": frame(ME, TEXT | 0x20, b"a") => PROTOCOL_ERROR,
    "RSV3": frame(ME, BINARY | 0x10, b"a") => PROTOCOL_ERROR,
    "RSV1 on a ping": frame(ME, PING | RSV1, b"a") => PROTOCOL_ERROR,
    "opcode 3": head(ME, 0x83, 1 << 20) => PROTOCOL_ERROR,
    "opcode 11": head(ME, 0x8b, 1) => PROTOCOL_ERROR,
    "ping in fragments": frame(ME, 0x09, b"") => PROTOCOL_ERROR,
    "ping of 126 bytes": frame(ME, PING, &[b'a'; 126]) => PROTOCOL_ERROR,
    "close of 126 bytes": frame(ME, CLOSE, &[3; 126]) => PROTOCOL_ERROR,
    "long form of 5": b"\x82\x7e\x00\x05hello" => PROTOCOL_ERROR,
    "continuation of nothing": frame(ME, LAST, b"a") => PROTOCOL_ERROR,
    "text in text": [frame(ME, 0x01, b"a"), frame(ME, TEXT, b"b")].concat() => PROTOCOL_ERROR,
    "text that is none": frame(ME, TEXT, b"\xff") => INVALID,
    "text cut in a character": frame(ME, TEXT, b"\xce\xba\xe1\xbd") => INVALID,
    "close code 1005": close(ME, 1005, b"") => PROTOCOL_ERROR,
    "close code 999": close(ME, 999, b"") => PROTOCOL_ERROR,
    "close of one byte": frame(ME, CLOSE, b"\x03") => PROTOCOL_ERROR,
    "reason that is no text": close(ME, 1000, b"\xff") => INVALID,
};

const FLOODS: &[Scene] = &[
    Scene {
        label: "pings",
        act: |peer| {
            peer.accept()?;
            let pings = frame(ME, PING, &[b'p'; 125]).repeat(1000);
            Ok(match peer.flood(iter::repeat_n(pings, 1000)) {
                Flood::Written => Ending::Taken,
                Flood::HeldBack => Ending::HeldBack,
                Flood::Broken => peer.ending()?,
            })
        },
        wanted: &[Ending::Taken, Ending::HeldBack],
        also_right: &[],
    },
    Scene {
        label: "empty continuations",
        act: |peer| {
            peer.accept()?;
            peer.send(&frame(ME, 0x01, b""));
            let empty = frame(ME, 0x00, b"").repeat(1000);
            let last = frame(ME, LAST, b"");
            let pieces = iter::repeat_n(empty, 1000).chain([last]);
            peer.flood_and_read(pieces, |frame| frame.is_data().then_some(Ending::Served))
        },
        wanted: &[Ending::Close(1008)],
        also_right: &[Ending::Served],
    },
];

const BOMB: &[Scene] = &[Scene {
    label: "in one frame",
    act: |peer| {
        let mut mebibyte = deflated(&vec![0; 1 << 20]);
        mebibyte.extend(b"\x00\x00\xff\xff");
        shoot(peer, &frame(ME, BINARY | RSV1, &mebibyte.repeat(1024)))
    },
    wanted: TOO_BIG,
    also_right: &[],
}];

macro_rules! agreements {
    ($($label:literal,)*) => {
        &[$(Scene {
            label: $label,
            act: |peer| {
                let field = concat!("Sec-WebSocket-Extensions: ", $label);
                let answer = peer.asked()?.fields(&[field]);
                peer.send(&crate::hostile::wire::lines(answer));
                peer.ending()
            },
            wanted: &[Ending::Refused],
            also_right: &[],
        },)*]
    };
}

const BAD_AGREEMENTS: &[Scene] = agreements! {
    "permessage-deflate; server_max_window_bits=7",
    "permessage-deflate; server_max_window_bits=16",
    "permessage-deflate; server_max_window_bits=1000",
    "permessage-deflate; server_max_window_bits",
    "permessage-deflate; client_max_window_bits=7",
    "permessage-deflate; client_max_window_bits=16",
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; server_no_context_takeover=1",
    "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    "permessage-deflate; unknown",
    "permessage-deflate, permessage-deflate",
    "permessage-deflate, x-unknown",
};

const LEFT_ALONE: &[Scene] = &[
    Scene {
        label: "after a violation",
        act: |peer| {
            peer.accept()?;
            peer.send(&frame(ME, 0x83, b""));
            peer.set_patience(Duration::from_secs(7));
            Ok(peer.end_of_stream())
        },
        wanted: LEFT,
        also_right: &[],
    },
    Scene {
        label: "after a close",
        act: |peer| {
            peer.accept()?;
            peer.send(&close(ME, 1000, b""));
            peer.set_patience(Duration::from_secs(7));
            Ok(peer.end_of_stream())
        },
        wanted: LEFT,
        also_right: &[],
    },
];

const LEFT: &[Ending] = &[Ending::Ended, Ending::Reset];

const MASKS: &[Scene] = &[Scene {
    label: "keys",
    act: |peer| {
        peer.accept()?;
        let mut keys = Vec::new();
        for number in 0..1000_u32 {
            peer.send(&frame(ME, BINARY, &number.to_be_bytes()));
            match peer.next()? {
                Incoming::Frame(frame) => match frame.key {
                    Some(key) => keys.push(u32::from_be_bytes(key)),
                    None => return Ok(Ending::Wrong),
                },
                other => anyhow::bail!("no echo: {other:?}"),
            }
        }
        ensure!(echo_after(peer)?, "the connection is not what it was");
        Ok(if is_predictable(&keys) {
            Ending::Wrong
        } else {
            Ending::Served
        })
    },
    wanted: &[Ending::Served],
    also_right: &[],
}];

fn echo_after(peer: &mut Peer) -> anyhow::Result<bool> {
    peer.send(&frame(ME, TEXT, b"after"));
    Ok(peer.echo(b"after")? == Ending::Served)
}

/// Whether keys come again or go on in steps. Of a thousand random ones two are the same once in
/// ten thousand times, so that one pair is let pass.
fn is_predictable(keys: &[u32]) -> bool {
    let repeats = |mut values: Vec<u32>| {
        let all = values.len();
        values.sort_unstable();
        values.dedup();
        all - values.len() > 1
    };
    let steps = keys.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]));
    repeats(keys.to_vec()) || repeats(steps.collect())
}

#[cfg(test)]
mod tests {
    use super::is_predictable;

    #[test]
    fn keys_that_repeat_or_count_are_predictable() {
        assert!(is_predictable(&[7; 1000]));
        assert!(is_predictable(&(0..1000).collect::<Vec<_>>()));
        assert!(is_predictable(
            &(0..1000).map(|n| n % 500).collect::<Vec<_>>()
        ));
        let mixed = (1..1000_u32).map(|n| n.wrapping_mul(n).wrapping_mul(2_654_435_761));
        assert!(!is_predictable(&mixed.collect::<Vec<_>>()));
    }
}
