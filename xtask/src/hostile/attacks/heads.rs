//! Requests that are too much.

use std::iter;
use std::time::Duration;

use crate::hostile::attack::{Arena, Attack, Group, LITTLE, PLAIN, Play};
use crate::hostile::ending::{Case, Ending};
use crate::hostile::wire::{FIELDS, lines, request};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "head-in-bytes",
        what: "a proper handshake, each byte in a segment of its own",
        group: Group::Handshake,
        rows: &["H1"],
        modes: PLAIN,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(head_in_bytes),
    },
    Attack {
        name: "endless-head-in-bytes",
        what: "a header of 512 KiB, each byte in a segment of its own",
        group: Group::Handshake,
        rows: &["H1"],
        modes: PLAIN,
        bounds: LITTLE.cpu_millis(2_000).seconds(10),
        waits: false,
        play: Play::Server(endless_head_in_bytes),
    },
    Attack {
        name: "endless-line",
        what: "a request line, and a header line, of 16 MiB",
        group: Group::Handshake,
        rows: &["H1"],
        modes: PLAIN,
        bounds: LITTLE.seconds(10),
        waits: false,
        play: Play::Server(endless_line),
    },
    Attack {
        name: "many-headers",
        what: "2,000 different headers with `Upgrade` behind them; one header 100,000 times",
        group: Group::Handshake,
        rows: &["H2", "H3"],
        modes: PLAIN,
        bounds: LITTLE.seconds(10),
        waits: false,
        play: Play::Server(many_headers),
    },
    Attack {
        name: "huge-uri",
        what: "a request target of 64 KiB",
        group: Group::Handshake,
        rows: &["H1"],
        modes: PLAIN,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(huge_uri),
    },
];

fn head_in_bytes(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let mut peer = arena.connect()?;
    peer.dribble(&request(&[]));
    let seen = peer.status();
    Ok(vec![Case::new("request", seen, &[Ending::Status(101)])])
}

fn endless_head_in_bytes(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let start = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ";
    let mut peer = arena.connect()?;
    peer.set_patience(Duration::from_secs(8));
    let bytes = start.iter().copied().chain(iter::repeat_n(b'a', 512 << 10));
    let seen = peer.flood_until_status(bytes.map(|byte| [byte]))?;
    Ok(vec![Case::new("header", seen, TOO_LARGE)])
}

fn endless_line(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let piece = vec![b'a'; 64 << 10];
    let starts: [(&str, &[u8], _); 2] = [
        ("request line", b"GET /", TOO_LONG),
        (
            "header line",
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ",
            TOO_LARGE,
        ),
    ];
    let mut cases = Vec::new();
    for (label, start, wanted) in starts {
        let mut peer = arena.connect()?;
        let pieces = iter::once(start).chain(iter::repeat_n(&*piece, 256));
        let seen = peer.flood_until_status(pieces)?;
        cases.push(Case::new(label, seen, wanted));
    }
    Ok(cases)
}

fn many_headers(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let different = (0..2_000).map(|number| format!("X-{number}: y"));
    let first = ["GET / HTTP/1.1", FIELDS[0]].map(str::to_owned);
    let rest = FIELDS[1..].iter().map(ToString::to_string);
    let head = lines(first.into_iter().chain(different).chain(rest));
    let mut cases = vec![arena.ask("2,000 headers", &head, TOO_LARGE)?];

    let mut peer = arena.connect()?;
    peer.send(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    let copies = b"X: y\r\n".repeat(1_000);
    let seen = peer.flood_until_status(iter::repeat_n(&copies, 100))?;
    cases.push(Case::new("100,000 copies", seen, TOO_LARGE));
    Ok(cases)
}

fn huge_uri(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let line = format!("GET /{} HTTP/1.1", "a".repeat(64 << 10));
    let head = lines([&*line].iter().chain(&FIELDS));
    Ok(vec![arena.ask("64 KiB", &head, TOO_LONG)?])
}

const TOO_LONG: &[Ending] = &[Ending::Status(414)];
const TOO_LARGE: &[Ending] = &[Ending::Status(431)];
