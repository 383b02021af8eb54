//! Peers that take their time, and those that never do their part.

use std::iter;
use std::thread;
use std::time::{Duration, Instant};

use crate::hostile::attack::{
    Arena, Attack, BOTH, Group, KEEPALIVE, LITTLE, PLAIN, Play, WITH_KEEPALIVE,
};
use crate::hostile::attacks::floods::noise;
use crate::hostile::ending::{Case, Ending};
use crate::hostile::peer::{Flood, Peer};
use crate::hostile::wire::{BINARY, CLOSE, Sender, TEXT, frame, head, request};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "slow-head",
        what: "a handshake of which a byte comes every 250 ms, one that stops in the middle, and a \
               connection that says nothing",
        group: Group::Time,
        rows: &["H1"],
        modes: PLAIN,
        bounds: LITTLE.seconds(13),
        waits: true,
        play: Play::Server(slow_head),
    },
    Attack {
        name: "handshake-storm",
        what: "500 handshakes that stop in the middle, and an honest one among them",
        group: Group::Time,
        rows: &["H1"],
        modes: PLAIN,
        // 16 KiB each, and the same again for the table of sockets and the allocator.
        bounds: LITTLE.kibibytes(16 * 1024).seconds(20),
        waits: true,
        play: Play::Server(handshake_storm),
    },
    Attack {
        name: "slow-frame",
        what: "50 connections with a header, and 50 with a payload, of which a byte comes every \
               20 ms for three seconds",
        group: Group::Time,
        rows: &["F2", "F9"],
        modes: BOTH,
        bounds: LITTLE.cpu_millis(2_000).seconds(10),
        waits: true,
        play: Play::Server(slow_frame),
    },
    Attack {
        name: "silence-under-keepalive",
        what: "peers that answer no Ping: idle ones, ones that stop inside a frame, and one that \
               does not read its echoes",
        group: Group::Time,
        rows: &["L1"],
        modes: WITH_KEEPALIVE,
        bounds: LITTLE.seconds(15),
        waits: true,
        play: Play::Server(silence_under_keepalive),
    },
    Attack {
        name: "close-unanswered",
        what: "a peer that breaks a rule and then neither answers the Close nor leaves",
        group: Group::Time,
        rows: &["L1"],
        modes: BOTH,
        bounds: LITTLE.seconds(10),
        waits: true,
        play: Play::Server(close_unanswered),
    },
];

const ME: Sender = Sender::Client;

/// Longer than the handshake timeout, which is ten seconds.
const SLOW: Duration = Duration::from_secs(12);

fn slow_head(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let head = request(&[]);
    let silent = arena.connect()?;
    let mut stopped = arena.connect()?;
    stopped.send(&head[..head.len() / 2]);
    let mut slow = arena.connect()?;
    let begin = Instant::now();
    for byte in &head {
        if begin.elapsed() > SLOW || slow.send(&[*byte]) != Flood::Written {
            break;
        }
        thread::sleep(Duration::from_millis(250));
    }
    let mut cases = Vec::new();
    for (label, mut peer) in [("slow", slow), ("stopped", stopped), ("silent", silent)] {
        let left = SLOW.saturating_sub(begin.elapsed());
        peer.set_patience(left.max(Duration::from_millis(100)));
        let wanted = &[Ending::Ended, Ending::Reset, Ending::Status(408)];
        cases.push(Case::new(label, peer.status(), wanted));
    }
    Ok(cases)
}

fn handshake_storm(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let head = request(&[]);
    let mut peers = Vec::new();
    for number in 0..500 {
        let mut peer = arena.connect()?;
        // Some have said nothing, others almost everything.
        peer.send(&head[..number % head.len()]);
        peers.push(peer);
    }
    // Where the kernel holds connections back, the last of them begin late.
    let begin = Instant::now();
    let mut honest = arena.open()?;
    honest.send(&frame(ME, TEXT, b"hello"));
    let mut cases = vec![Case::new(
        "honest",
        honest.echo(b"hello")?,
        &[Ending::Served],
    )];
    for mut peer in peers {
        let left = SLOW.saturating_sub(begin.elapsed());
        peer.set_patience(left.max(Duration::from_millis(1)));
        let wanted = &[Ending::Ended, Ending::Reset, Ending::Status(408)];
        cases.push(Case::new("half open", peer.status(), wanted));
    }
    Ok(cases)
}

fn slow_frame(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let mut peers = Vec::new();
    for number in 0..100 {
        let mut peer = arena.open()?;
        if number % 2 == 0 {
            peer.send(&head(ME, BINARY, 1_000_000));
        }
        peers.push(peer);
    }
    let header = head(ME, BINARY, 1 << 19);
    for tick in 0..150 {
        for (number, peer) in peers.iter_mut().enumerate() {
            // A header is sent over the whole time, and never completed.
            let byte = match number % 2 == 0 {
                true => Some(b'x'),
                false if tick % 12 == 0 => header[..header.len() - 1].get(tick / 12).copied(),
                false => None,
            };
            if let Some(byte) = byte {
                peer.send(&[byte]);
            }
        }
        thread::sleep(Duration::from_millis(20));
    }
    let mut cases = Vec::new();
    for mut peer in peers {
        peer.set_patience(Duration::from_millis(1));
        cases.push(Case::new("peer", peer.ending()?, &[Ending::Open]));
    }
    Ok(cases)
}

fn silence_under_keepalive(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let starts: [(&str, Vec<u8>); 4] = [
        ("idle", Vec::new()),
        ("in a header", b"\x82".to_vec()),
        ("in a payload", head(ME, BINARY, 1000)),
        ("in a message", frame(ME, 0x02, b"a")),
    ];
    let mut peers = Vec::new();
    for (label, bytes) in starts {
        let mut peer = arena.open()?;
        peer.send(&bytes);
        peers.push((label, peer));
    }
    let mut unread = arena.open()?;
    unread.flood(iter::repeat_n(noise(), 4096));
    // Time for a Ping that cannot be written; what was written before is read first.
    thread::sleep(4 * KEEPALIVE);
    peers.push(("not reading", unread));
    // Pings come, nobody answers, and then the stream is to end.
    let ends = peers.into_iter().map(|(label, mut peer)| {
        peer.set_patience(Duration::from_secs(5));
        Case::new(label, peer.end_of_stream(), &[Ending::Ended, Ending::Reset])
    });
    Ok(ends.collect())
}

fn close_unanswered(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let mut violated = arena.open()?;
    violated.send(&frame(ME, 0x83, b""));
    let mut closed = arena.open()?;
    closed.send(&frame(ME, CLOSE, b"\x03\xe8"));
    Ok(vec![
        left_by("violation", violated),
        left_by("close", closed),
    ])
}

/// Whether the server ends a stream that its peer keeps open, within the close timeout.
fn left_by(label: &str, mut peer: Peer) -> Case {
    peer.set_patience(Duration::from_secs(7));
    Case::new(label, peer.end_of_stream(), &[Ending::Ended, Ending::Reset])
}
