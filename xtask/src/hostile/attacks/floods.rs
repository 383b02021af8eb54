//! Much of what is allowed in little.

use std::iter;
use std::thread;
use std::time::Duration;

use crate::hostile::attack::{Arena, Attack, BOTH, Group, LITTLE, Play};
use crate::hostile::ending::{Case, Ending};
use crate::hostile::peer::Flood;
use crate::hostile::wire::{BINARY, LAST, PING, PONG, RSV1, Sender, TEXT, close, frame, inflated};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "unread-pings",
        what: "a million Pings of 125 bytes from a peer that reads nothing",
        group: Group::Floods,
        rows: &["F7"],
        modes: BOTH,
        bounds: LITTLE.cpu_millis(3_000).seconds(15),
        waits: false,
        play: Play::Server(unread_pings),
    },
    Attack {
        name: "pongs",
        what: "a million Pongs of 125 bytes that nobody asked for, then a message",
        group: Group::Floods,
        rows: &["F6"],
        modes: BOTH,
        bounds: LITTLE.cpu_millis(3_000).seconds(15),
        waits: false,
        play: Play::Server(pongs),
    },
    Attack {
        name: "empty-fragments",
        what: "a million continuations without payload",
        group: Group::Floods,
        rows: &["F4"],
        modes: BOTH,
        bounds: LITTLE.cpu_millis(1_000),
        waits: false,
        play: Play::Server(empty_fragments),
    },
    Attack {
        name: "tiny-fragments",
        what: "a million continuations of one byte: a message of a megabyte",
        group: Group::Floods,
        rows: &["F4", "F5"],
        modes: BOTH,
        bounds: LITTLE.cpu_millis(2_000).seconds(15),
        waits: false,
        play: Play::Server(tiny_fragments),
    },
    Attack {
        name: "empty-messages",
        what: "a million empty messages, each with an echo that is read",
        group: Group::Floods,
        rows: &[],
        modes: BOTH,
        bounds: LITTLE.cpu_millis(10_000).seconds(20),
        waits: false,
        play: Play::Server(empty_messages),
    },
    Attack {
        name: "unread-echo",
        what: "messages of 64 KiB, 256 MiB in all, from a peer that reads nothing",
        group: Group::Floods,
        rows: &["F7", "L1"],
        modes: BOTH,
        bounds: LITTLE.cpu_millis(1_000).seconds(15),
        waits: true,
        play: Play::Server(unread_echo),
    },
    Attack {
        name: "flood-behind-close",
        what: "64 MiB of messages behind a Close frame",
        group: Group::Floods,
        rows: &["L1", "L2"],
        modes: BOTH,
        bounds: LITTLE.cpu_millis(1_000).seconds(10),
        waits: false,
        play: Play::Server(flood_behind_close),
    },
    Attack {
        name: "flood-behind-violation",
        what: "64 MiB of messages behind a frame that breaks a rule",
        group: Group::Floods,
        rows: &["F12"],
        modes: BOTH,
        bounds: LITTLE.cpu_millis(1_000).seconds(10),
        waits: false,
        play: Play::Server(flood_behind_violation),
    },
    Attack {
        name: "longest-message",
        what: "messages that grow by a megabyte up to 17 MiB, in fragments of 64 KiB",
        group: Group::Floods,
        rows: &["F1", "F2"],
        modes: BOTH,
        // 16 MiB, its echo, and what it grew from.
        bounds: LITTLE.kibibytes(72 * 1024).cpu_millis(6_000).seconds(15),
        waits: false,
        play: Play::Server(longest_message),
    },
];

const ME: Sender = Sender::Client;
const MILLION: usize = 1_000_000;

/// Frames are sent by the thousand, as a flood is about the victim and not about system calls.
const TOGETHER: usize = 1_000;

fn unread_pings(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let mut peer = arena.open()?;
    let pings = frame(ME, PING, &[b'p'; 125]).repeat(TOGETHER);
    let seen = match peer.flood(iter::repeat_n(pings, MILLION / TOGETHER)) {
        Flood::Written => Ending::Taken,
        Flood::HeldBack => Ending::HeldBack,
        Flood::Broken => peer.ending()?,
    };
    Ok(vec![Case::new("pings", seen, UNREAD)])
}

fn pongs(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let mut peer = arena.open()?;
    let pongs = frame(ME, PONG, &[b'p'; 125]).repeat(TOGETHER);
    peer.flood(iter::repeat_n(pongs, MILLION / TOGETHER));
    peer.send(&frame(ME, TEXT, b"still there?"));
    let seen = peer.echo(b"still there?")?;
    Ok(vec![Case::new("pongs", seen, &[Ending::Served])])
}

fn empty_fragments(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let mut peer = arena.open()?;
    peer.send(&frame(ME, 0x01, b""));
    let empty = frame(ME, 0x00, b"").repeat(TOGETHER);
    let last = frame(ME, LAST, b"");
    let pieces = iter::repeat_n(empty, MILLION / TOGETHER).chain([last]);
    let seen = peer.flood_and_read(pieces, |frame| frame.is_data().then_some(Ending::Served))?;
    let case = Case::new("fragments", seen, &[Ending::Close(1008)]);
    Ok(vec![case.or(&[Ending::Served])])
}

fn tiny_fragments(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let mut peer = arena.open()?;
    peer.send(&frame(ME, 0x02, b""));
    let tiny = frame(ME, 0x00, b"x").repeat(TOGETHER);
    let last = frame(ME, LAST, b"");
    let pieces = iter::repeat_n(tiny, MILLION / TOGETHER).chain([last]);
    let (mut received, mut compressed) = (Vec::new(), false);
    let seen = peer.flood_and_read(pieces, |frame| {
        if !frame.is_data() {
            return None;
        }
        compressed |= frame.first & RSV1 != 0;
        received.extend(&frame.payload);
        if !frame.is_last() {
            return None;
        }
        let message = match compressed {
            true => inflated(&received).unwrap_or_default(),
            false => received.clone(),
        };
        let right = message.len() == MILLION && message.iter().all(|byte| *byte == b'x');
        Some(if right { Ending::Served } else { Ending::Wrong })
    })?;
    Ok(vec![Case::new("fragments", seen, &[Ending::Served])])
}

fn empty_messages(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let mut peer = arena.open()?;
    let empty = frame(ME, TEXT, b"").repeat(TOGETHER);
    let mut left = MILLION;
    let seen = peer.flood_and_read(iter::repeat_n(empty, MILLION / TOGETHER), |frame| {
        left -= usize::from(frame.is_data());
        (left == 0).then_some(Ending::Served)
    })?;
    Ok(vec![Case::new("messages", seen, &[Ending::Served])])
}

fn unread_echo(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let mut peer = arena.open()?;
    let seen = match peer.flood(iter::repeat_n(noise(), 4096)) {
        Flood::Written => Ending::Taken,
        Flood::HeldBack => Ending::HeldBack,
        Flood::Broken => peer.ending()?,
    };
    // Who is held back has nothing to do, and takes no processor time for it.
    thread::sleep(Duration::from_secs(2));
    Ok(vec![Case::new("messages", seen, &[Ending::HeldBack])])
}

/// A message of 64 KiB that does not get shorter where it is compressed.
pub(super) fn noise() -> Vec<u8> {
    let noise: Vec<u8> = (0..65_536_u64)
        .map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 37).to_le_bytes()[0])
        .collect();
    frame(ME, BINARY, &noise)
}

fn flood_behind_close(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let seen = flood_behind(arena, &close(ME, 1000, b""))?;
    Ok(vec![Case::new("flood", seen, &[Ending::Close(1000)])])
}

fn flood_behind_violation(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let seen = flood_behind(arena, &frame(ME, 0x83, b""))?;
    Ok(vec![Case::new("flood", seen, &[Ending::Close(1002)])])
}

/// How 64 MiB behind a frame that ends the connection are answered.
fn flood_behind(arena: &Arena, first: &[u8]) -> anyhow::Result<Ending> {
    let mut peer = arena.open()?;
    peer.send(first);
    let message = frame(ME, BINARY, &[0; 65_536]);
    peer.flood_and_read(iter::repeat_n(message, 1024), |frame| {
        frame.is_data().then_some(Ending::Wrong)
    })
}

fn longest_message(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let mut peer = arena.open()?;
    peer.set_patience(arena.patience.max(Duration::from_secs(5)));
    let piece = vec![b'm'; 64 << 10];
    let [first, middle, last] = [0x02, 0x00, LAST].map(|byte| frame(ME, byte, &piece));
    let mut cases = Vec::new();
    for mebibytes in [1, 2, 4, 8, 16, 17] {
        let middles = iter::repeat_n(&middle, mebibytes * 16 - 2);
        let pieces = iter::once(&first).chain(middles).chain([&last]);
        let (mut length, mut compressed) = (0, false);
        let seen = peer.flood_and_read(pieces, |frame| {
            compressed |= frame.first & RSV1 != 0;
            length += frame.payload.len();
            let is_last = frame.is_data() && frame.is_last();
            is_last.then_some(if compressed || length == mebibytes << 20 {
                Ending::Served
            } else {
                Ending::Wrong
            })
        })?;
        let wanted = match mebibytes {
            17 => &[Ending::Close(1009)],
            _ => &[Ending::Served],
        };
        let case = Case::new(format!("{mebibytes} MiB"), seen, wanted);
        // Others have other limits.
        let refused = [Ending::Close(1009), Ending::Ended, Ending::Reset];
        cases.push(case.or(&[&refused[..], &[Ending::Served]].concat()));
        if seen != Ending::Served {
            break;
        }
    }
    Ok(cases)
}

/// A peer that does not read may be held back; what may not be is that answers pile up.
const UNREAD: &[Ending] = &[Ending::Taken, Ending::HeldBack];
