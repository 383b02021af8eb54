//! Answers to a client's handshake that are none.

use std::iter;
use std::thread;
use std::time::{Duration, Instant};

use crate::hostile::attack::{Attack, Group, LITTLE, PLAIN, Play, Scene};
use crate::hostile::ending::Ending;
use crate::hostile::peer::{Flood, Peer};
use crate::hostile::wire::{Sender, TEXT, frame, lines};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "client-wrong-answer",
        what: "101 without a right Accept, Upgrade or Connection, as HTTP/1.0, folded; other statuses; \
               no HTTP",
        group: Group::Client,
        rows: &["H7"],
        modes: PLAIN,
        bounds: LITTLE,
        waits: false,
        play: Play::Client(WRONG_ANSWERS),
    },
    Attack {
        name: "client-never-offered",
        what: "extensions and subprotocols that the client has not offered, a wrong form of them",
        group: Group::Client,
        rows: &["C4"],
        modes: PLAIN,
        bounds: LITTLE,
        waits: false,
        play: Play::Client(NEVER_OFFERED),
    },
    Attack {
        name: "client-endless-head",
        what: "16 MiB of one header, of many, of the status line, of interim responses, and a body \
               without end behind a refusal",
        group: Group::Client,
        rows: &["H1", "H3", "H7"],
        modes: PLAIN,
        bounds: LITTLE.seconds(10),
        waits: false,
        play: Play::Client(ENDLESS),
    },
    Attack {
        name: "client-redirect",
        what: "a redirect to the same server: whoever follows asks again",
        group: Group::Client,
        rows: &["H9"],
        modes: PLAIN,
        bounds: LITTLE,
        waits: false,
        play: Play::Client(REDIRECTS),
    },
    Attack {
        name: "client-first-bytes",
        what: "messages in the segment of the 101; a body announced behind it; an answer in bytes",
        group: Group::Client,
        rows: &["H1"],
        modes: PLAIN,
        bounds: LITTLE,
        waits: false,
        play: Play::Client(FIRST_BYTES),
    },
    Attack {
        name: "client-slow-answer",
        what: "a server that never answers, and one of whose answer a byte comes every 250 ms",
        group: Group::Client,
        rows: &["H1"],
        modes: PLAIN,
        bounds: LITTLE.seconds(13),
        waits: true,
        play: Play::Client(SLOW_ANSWERS),
    },
];

const REFUSED: &[Ending] = &[Ending::Refused];

/// Sends an answer with the right Accept where it says `ACCEPT`, and sees what the client does.
fn answer(peer: &mut Peer, with: &[&str]) -> anyhow::Result<Ending> {
    let asked = peer.asked()?;
    let with = with
        .iter()
        .map(|line| line.replace("ACCEPT", &asked.accept));
    peer.send(&lines(with));
    peer.ending()
}

const STATUS: &str = "HTTP/1.1 101 Switching Protocols";
const UPGRADE: &str = "Upgrade: websocket";
const CONNECTION: &str = "Connection: Upgrade";
const ACCEPT: &str = "Sec-WebSocket-Accept: ACCEPT";

macro_rules! answers {
    ($($label:literal: $lines:expr,)*) => {
        &[$(Scene {
            label: $label,
            act: |peer| answer(peer, &$lines),
            wanted: REFUSED,
            also_right: &[],
        },)*]
    };
}

const WRONG_ANSWERS: &[Scene] = answers! {
    "no Accept": [STATUS, UPGRADE, CONNECTION],
    "an Accept for another key": [STATUS, UPGRADE, CONNECTION, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
    "an empty Accept": [STATUS, UPGRADE, CONNECTION, "Sec-WebSocket-Accept:"],
    "two Accepts": [STATUS, UPGRADE, CONNECTION, ACCEPT, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
    "no Upgrade": [STATUS, CONNECTION, ACCEPT],
    "another Upgrade": [STATUS, "Upgrade: h2c", CONNECTION, ACCEPT],
    "no Connection": [STATUS, UPGRADE, ACCEPT],
    "another Connection": [STATUS, UPGRADE, "Connection: close", ACCEPT],
    "HTTP/1.0": ["HTTP/1.0 101 Switching Protocols", UPGRADE, CONNECTION, ACCEPT],
    "HTTP/2.0": ["HTTP/2.0 101 Switching Protocols", UPGRADE, CONNECTION, ACCEPT],
    "200": ["HTTP/1.1 200 OK", UPGRADE, CONNECTION, ACCEPT, "Content-Length: 0"],
    "204": ["HTTP/1.1 204 No Content", UPGRADE, CONNECTION, ACCEPT],
    "401": ["HTTP/1.1 401 Unauthorized", "Content-Length: 0"],
    "503": ["HTTP/1.1 503 Service Unavailable", "Content-Length: 0"],
    "a folded line": [STATUS, UPGRADE, CONNECTION, ACCEPT, "X: a", " b"],
    "a bare CR": [STATUS, UPGRADE, CONNECTION, ACCEPT, "X: a\rb"],
    "a NUL": [STATUS, UPGRADE, CONNECTION, ACCEPT, "X: a\0b"],
    "no HTTP": ["SSH-2.0-OpenSSH_9.2", ""],
    "a status that is none": ["HTTP/1.1 1O1 Switching Protocols", UPGRADE, CONNECTION, ACCEPT],
};

const NEVER_OFFERED: &[Scene] = answers! {
    "an extension": [STATUS, UPGRADE, CONNECTION, ACCEPT, "Sec-WebSocket-Extensions: permessage-deflate"],
    "an extension with parameters": [STATUS, UPGRADE, CONNECTION, ACCEPT, "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=1000"],
    "an unknown extension": [STATUS, UPGRADE, CONNECTION, ACCEPT, "Sec-WebSocket-Extensions: x-unknown"],
    "extensions that are none": [STATUS, UPGRADE, CONNECTION, ACCEPT, "Sec-WebSocket-Extensions: a;b=\""],
    "a subprotocol": [STATUS, UPGRADE, CONNECTION, ACCEPT, "Sec-WebSocket-Protocol: chat"],
};

const REDIRECTS: &[Scene] = answers! {
    "301": ["HTTP/1.1 301 Moved Permanently", "Location: /", "Content-Length: 0"],
    "302 to elsewhere": ["HTTP/1.1 302 Found", "Location: ws://127.0.0.1:1/", "Content-Length: 0"],
    "307": ["HTTP/1.1 307 Temporary Redirect", "Location: /", "Content-Length: 0"],
};

const ENDLESS: &[Scene] = &[
    Scene {
        label: "status line",
        act: |peer| endless(peer, b"HTTP/1.1 101 ", &[b'a'; 4096]),
        wanted: REFUSED,
        also_right: &[],
    },
    Scene {
        label: "one header",
        act: |peer| {
            endless(
                peer,
                b"HTTP/1.1 101 Switching Protocols\r\nX: ",
                &[b'a'; 4096],
            )
        },
        wanted: REFUSED,
        also_right: &[],
    },
    Scene {
        label: "headers",
        act: |peer| {
            let copies = b"X: y\r\n".repeat(512);
            endless(peer, b"HTTP/1.1 101 Switching Protocols\r\n", &copies)
        },
        wanted: REFUSED,
        also_right: &[],
    },
    Scene {
        label: "interim responses",
        act: |peer| endless(peer, b"", &b"HTTP/1.1 100 Continue\r\n\r\n".repeat(128)),
        wanted: REFUSED,
        also_right: &[],
    },
    Scene {
        label: "body of a refusal",
        act: |peer| endless(peer, b"HTTP/1.1 403 Forbidden\r\n\r\n", &[b'a'; 4096]),
        wanted: REFUSED,
        also_right: &[],
    },
    Scene {
        label: "chunks of a refusal",
        act: |peer| {
            let head = b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n";
            endless(peer, head, &b"1\r\na\r\n".repeat(512))
        },
        wanted: REFUSED,
        also_right: &[],
    },
];

/// Sends 16 MiB of pieces behind a start, as far as the client takes them.
fn endless(peer: &mut Peer, start: &[u8], piece: &[u8]) -> anyhow::Result<Ending> {
    peer.asked()?;
    let count = (16 << 20) / piece.len();
    peer.flood(iter::once(start).chain(iter::repeat_n(piece, count)));
    peer.ending()
}

const FIRST_BYTES: &[Scene] = &[
    Scene {
        label: "a message behind the 101",
        act: |peer| {
            let answer = lines(peer.asked()?.fields(&[]));
            let message = frame(Sender::Server, TEXT, b"first");
            peer.send(&[answer, message].concat());
            peer.ending()
        },
        wanted: &[Ending::Served],
        also_right: &[],
    },
    Scene {
        label: "a body announced",
        act: |peer| {
            let answer = lines(peer.asked()?.fields(&["Content-Length: 5"]));
            let message = frame(Sender::Server, TEXT, b"first");
            peer.send(&[answer, message].concat());
            peer.ending()
        },
        // A 101 has no body, whatever it says (RFC 9110 section 15.2): ignoring the field and
        // refusing the answer are both right. Taking frames for the body is not.
        wanted: &[Ending::Served, Ending::Refused],
        also_right: &[],
    },
    Scene {
        label: "the answer in bytes",
        act: |peer| {
            let answer = lines(peer.asked()?.fields(&[]));
            peer.dribble(&answer);
            peer.dribble(&frame(Sender::Server, TEXT, b"first"));
            peer.ending()
        },
        wanted: &[Ending::Served],
        also_right: &[],
    },
];

const SLOW_ANSWERS: &[Scene] = &[
    Scene {
        label: "silence",
        act: |peer| {
            peer.asked()?;
            peer.set_patience(SLOW);
            peer.ending()
        },
        wanted: REFUSED,
        also_right: &[],
    },
    Scene {
        label: "slow",
        act: |peer| {
            let answer = lines(peer.asked()?.fields(&[]));
            let begin = Instant::now();
            for byte in &answer {
                if begin.elapsed() > SLOW || peer.send(&[*byte]) != Flood::Written {
                    break;
                }
                thread::sleep(Duration::from_millis(250));
            }
            peer.set_patience(Duration::from_millis(100));
            peer.ending()
        },
        wanted: REFUSED,
        also_right: &[],
    },
];

/// Longer than the handshake timeout, which is ten seconds.
const SLOW: Duration = Duration::from_secs(12);
