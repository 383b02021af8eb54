//! Frames that break a rule.

use std::time::Duration;

use crate::hostile::attack::{Arena, Attack, BOTH, Group, LITTLE, Mode, Play};
use crate::hostile::ending::{Case, Ending};
use crate::hostile::peer::Peer;
use crate::hostile::wire::{
    BINARY, CLOSE, LAST, PING, PONG, RSV1, Sender, TEXT, close, frame, head, masked,
};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "forged-length",
        what: "a header that promises 2^31 bytes, 2^32, 2^63-1, 2^63 or 2^64-1, and no payload",
        group: Group::Framing,
        rows: &["F1", "F2"],
        modes: BOTH,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(forged_length),
    },
    Attack {
        name: "claimed-memory",
        what: "a hundred connections with a header that promises a megabyte, and no payload",
        group: Group::Framing,
        rows: &["F2"],
        modes: BOTH,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(claimed_memory),
    },
    Attack {
        name: "long-form",
        what: "lengths in more bytes than they need",
        group: Group::Framing,
        rows: &["F1"],
        modes: BOTH,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(long_form),
    },
    Attack {
        name: "reserved-bits",
        what: "reserved bits on each kind of frame, RSV1 without agreement among them",
        group: Group::Framing,
        rows: &["C4", "C5"],
        modes: BOTH,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(reserved_bits),
    },
    Attack {
        name: "reserved-opcodes",
        what: "opcodes 3 to 7 and 11 to 15, with a megabyte promised and none sent",
        group: Group::Framing,
        rows: &["F3"],
        modes: BOTH,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(reserved_opcodes),
    },
    Attack {
        name: "bad-control",
        what: "control frames in fragments, and of 126 bytes and more",
        group: Group::Framing,
        rows: &[],
        modes: BOTH,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(bad_control),
    },
    Attack {
        name: "unmasked",
        what: "frames of a client that are not masked",
        group: Group::Framing,
        rows: &["F10"],
        modes: BOTH,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(unmasked),
    },
    Attack {
        name: "bad-sequence",
        what: "a continuation of nothing, a message inside another",
        group: Group::Framing,
        rows: &[],
        modes: BOTH,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(bad_sequence),
    },
    Attack {
        name: "bad-close",
        what: "close codes that nobody may send, a body of one byte, a reason that is not UTF-8",
        group: Group::Framing,
        rows: &["L3"],
        modes: BOTH,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(bad_close),
    },
    Attack {
        name: "bad-text",
        what: "text that is not UTF-8: in one frame, over frames, and in a frame that never ends",
        group: Group::Framing,
        rows: &[],
        modes: BOTH,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(bad_text),
    },
    Attack {
        name: "split-text",
        what: "text cut inside every code point, into frames and into segments",
        group: Group::Framing,
        rows: &[],
        modes: BOTH,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(split_text),
    },
    Attack {
        name: "control-between",
        what: "a Ping and a Pong between any two of a thousand fragments",
        group: Group::Framing,
        rows: &["F13", "C5"],
        modes: BOTH,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(control_between),
    },
];

const ME: Sender = Sender::Client;
const PROTOCOL_ERROR: &[Ending] = &[Ending::Close(1002)];
const INVALID: &[Ending] = &[Ending::Close(1007)];
const TOO_BIG: &[Ending] = &[Ending::Close(1009)];

fn forged_length(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let mut cases = Vec::new();
    for (kind, first) in [("message", BINARY), ("fragment", 0x02), ("text", TEXT)] {
        for (name, length, wanted) in [
            ("2^31", 1 << 31, TOO_BIG),
            ("2^32", 1 << 32, TOO_BIG),
            ("0x80000000000001", 0x0080_0000_0000_0001, TOO_BIG),
            ("2^63-1", (1 << 63) - 1, TOO_BIG),
            ("2^63", 1 << 63, PROTOCOL_ERROR),
            ("2^64-1", u64::MAX, PROTOCOL_ERROR),
        ] {
            let label = format!("{kind} of {name}");
            cases.push(arena.shoot(label, &head(ME, first, length), wanted)?);
        }
    }
    // Together they overflow what counts them.
    let sum = [frame(ME, 0x02, &[0; 1024]), head(ME, LAST, u64::MAX >> 1)];
    cases.push(arena.shoot("the sum of fragments", &sum.concat(), TOO_BIG)?);
    Ok(cases)
}

fn claimed_memory(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let mut peers = Vec::new();
    for _ in 0..100 {
        let mut peer = arena.open()?;
        // Less than any default limit of those that are compared.
        peer.send(&head(ME, BINARY, 1_000_000));
        peers.push(peer);
    }
    let mut cases = Vec::new();
    for mut peer in peers {
        peer.set_patience(Duration::from_millis(5));
        cases.push(Case::new("header", peer.ending()?, &[Ending::Open]));
    }
    Ok(cases)
}

fn long_form(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let forms: [(&str, &[u8]); 4] = [
        ("0 in 2 bytes", b"\x82\xfe\x00\x00"),
        ("125 in 2 bytes", b"\x82\xfe\x00\x7d"),
        ("0 in 8 bytes", b"\x82\xff\x00\x00\x00\x00\x00\x00\x00\x00"),
        (
            "65535 in 8 bytes",
            b"\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff",
        ),
    ];
    let cases = forms.iter().map(|(label, bytes)| {
        let rest = [&b"mask"[..], &[0; 65535]].concat();
        arena.shoot(*label, &[bytes, &*rest].concat(), PROTOCOL_ERROR)
    });
    cases.collect()
}

fn reserved_bits(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let mut cases = Vec::new();
    for (kind, first) in [
        ("text", TEXT),
        ("binary", BINARY),
        ("ping", PING),
        ("pong", PONG),
        ("close", CLOSE),
    ] {
        for (name, bit) in [("RSV1", RSV1), ("RSV2", 0x20), ("RSV3", 0x10)] {
            // Compressed messages have it.
            if arena.mode == Mode::Deflate && bit == RSV1 && first < CLOSE {
                continue;
            }
            let bytes = frame(ME, first | bit, b"");
            cases.push(arena.shoot(format!("{name} on {kind}"), &bytes, PROTOCOL_ERROR)?);
        }
    }
    let continued = [frame(ME, 0x01, b"a"), frame(ME, LAST | RSV1, b"b")];
    cases.push(arena.shoot(
        "RSV1 on a continuation",
        &continued.concat(),
        PROTOCOL_ERROR,
    )?);
    Ok(cases)
}

fn reserved_opcodes(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let cases = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(|opcode| {
        // A control frame that long would be wrong for another reason.
        let length = if opcode < 8 { 1 << 20 } else { 1 };
        let bytes = head(ME, 0x80 | opcode, length);
        arena.shoot(format!("opcode {opcode}"), &bytes, PROTOCOL_ERROR)
    });
    cases.into_iter().collect()
}

fn bad_control(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let mut cases = Vec::new();
    for (kind, first) in [("ping", PING), ("pong", PONG), ("close", CLOSE)] {
        let shots = [
            ("in fragments", frame(ME, first & 0x7f, b"")),
            ("of 126 bytes", frame(ME, first, &[b'a'; 126])),
            ("of 64 KiB", frame(ME, first, &[b'a'; 65536])),
        ];
        for (what, bytes) in shots {
            cases.push(arena.shoot(format!("{kind} {what}"), &bytes, PROTOCOL_ERROR)?);
        }
    }
    Ok(cases)
}

fn unmasked(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let frames = [
        ("text", TEXT),
        ("binary", BINARY),
        ("ping", PING),
        ("close", CLOSE),
    ];
    let cases = frames.map(|(kind, first)| {
        let bytes = frame(Sender::Server, first, b"\x03\xe8");
        arena.shoot(kind, &bytes, PROTOCOL_ERROR)
    });
    cases.into_iter().collect()
}

fn bad_sequence(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let shots = [
        ("last continuation of nothing", frame(ME, LAST, b"a")),
        ("continuation of nothing", frame(ME, 0x00, b"a")),
        (
            "text in text",
            [frame(ME, 0x01, b"a"), frame(ME, TEXT, b"b")].concat(),
        ),
        (
            "fragment in a fragment",
            [frame(ME, 0x02, b"a"), frame(ME, 0x02, b"b")].concat(),
        ),
    ];
    let cases = shots.map(|(label, bytes)| arena.shoot(label, &bytes, PROTOCOL_ERROR));
    cases.into_iter().collect()
}

fn bad_close(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let codes = [
        0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535,
    ];
    let mut cases = Vec::new();
    for code in codes {
        let bytes = close(ME, code, b"");
        cases.push(arena.shoot(format!("code {code}"), &bytes, PROTOCOL_ERROR)?);
    }
    let half = frame(ME, CLOSE, b"\x03");
    cases.push(arena.shoot("body of one byte", &half, PROTOCOL_ERROR)?);
    for reason in [&b"\xff"[..], b"\xc3", b"\xed\xa0\x80"] {
        let bytes = close(ME, 1000, reason);
        cases.push(arena.shoot(format!("reason {reason:x?}"), &bytes, INVALID)?);
    }
    let longest = close(ME, 1000, &[b'a'; 123]);
    cases.push(arena.shoot("reason of 123 bytes", &longest, &[Ending::Close(1000)])?);
    Ok(cases)
}

fn bad_text(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let bad: [(&str, &[u8]); 7] = [
        ("0xff", b"a\xff"),
        ("overlong", b"\xc0\xaf"),
        ("overlong NUL", b"\xe0\x80\x80"),
        ("surrogate", b"\xed\xa0\x80"),
        ("above U+10FFFF", b"\xf4\x90\x80\x80"),
        ("continuation", b"\x80"),
        ("cut", b"\xce\xba\xe1\xbd"),
    ];
    let mut cases = Vec::new();
    for (label, bytes) in bad {
        cases.push(arena.shoot(label, &frame(ME, TEXT, bytes), INVALID)?);
        let (last, first) = bytes.split_last().expect("no text is empty");
        let fragments = [frame(ME, 0x01, first), frame(ME, LAST, &[*last])];
        cases.push(arena.shoot(format!("{label}, in two"), &fragments.concat(), INVALID)?);
    }
    // The rest never comes.
    let mut early = head(ME, TEXT, 1000);
    early.extend(masked(b"\xff\xff\xff\xff"));
    let case = arena.shoot("in a frame that never ends", &early, INVALID)?;
    // To wait for the end is allowed, if late.
    cases.push(case.or(&[Ending::Open]));
    Ok(cases)
}

fn split_text(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let text = "a\u{e9}\u{ff}\u{7ff}\u{800}\u{20ac}\u{d7ff}\u{e000}\u{fffd}\u{ffff}\u{10000}\
                \u{1f980}\u{10ffff}";
    let bytes = text.as_bytes();
    let mut cases = Vec::new();
    for cut in 0..=bytes.len() {
        let (left, right) = bytes.split_at(cut);
        let mut peer = arena.open()?;
        peer.send(&[frame(ME, 0x01, left), frame(ME, LAST, right)].concat());
        cases.push(echo_case(format!("cut at {cut}"), &mut peer, bytes)?);
    }
    let mut peer = arena.open()?;
    let (last, others) = bytes.split_last().expect("the text is not empty");
    peer.send(&frame(ME, 0x01, b""));
    for byte in others {
        peer.send(&frame(ME, 0x00, &[*byte]));
    }
    peer.send(&frame(ME, LAST, &[*last]));
    cases.push(echo_case("a frame for each byte", &mut peer, bytes)?);
    let mut peer = arena.open()?;
    peer.dribble(&frame(ME, TEXT, bytes));
    cases.push(echo_case("a segment for each byte", &mut peer, bytes)?);
    Ok(cases)
}

fn control_between(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let mut peer = arena.open()?;
    let mut message = Vec::new();
    peer.send(&frame(ME, PONG, b"before"));
    for number in 0..1000_u32 {
        let first = if number == 0 { 0x02 } else { 0x00 };
        let piece = number.to_be_bytes();
        message.extend(piece);
        let frames = [
            frame(ME, first, &piece),
            frame(ME, PING, &piece),
            frame(ME, PONG, b"x"),
        ];
        peer.send(&frames.concat());
    }
    peer.send(&frame(ME, LAST, b""));
    let case = echo_case("message", &mut peer, &message)?;
    Ok(vec![case])
}

/// Whether the next message is this one.
pub(super) fn echo_case(
    label: impl Into<String>,
    peer: &mut Peer,
    message: &[u8],
) -> anyhow::Result<Case> {
    Ok(Case::new(label, peer.echo(message)?, &[Ending::Served]))
}
