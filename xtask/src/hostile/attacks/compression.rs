//! What compression adds to attack (RFC 7692).

use std::iter;

use crate::hostile::attack::{Arena, Attack, DEFLATE, Group, LITTLE, PLAIN, Play};
use crate::hostile::attacks::framing::echo_case;
use crate::hostile::ending::{Case, Ending};
use crate::hostile::received::Incoming;
use crate::hostile::wire::{BINARY, LAST, RSV1, Sender, TEXT, deflated, frame, request};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "bomb",
        what: "a gibibyte of zeros from a mebibyte, in one frame and in a thousand",
        group: Group::Compression,
        rows: &["C1"],
        modes: DEFLATE,
        // The longest message, and what it grew from.
        bounds: LITTLE.kibibytes(48 * 1024).cpu_millis(2_000).seconds(10),
        waits: false,
        play: Play::Server(bomb),
    },
    Attack {
        name: "bombs-below-the-limit",
        what: "200 messages of a kilobyte that inflate to 512 KiB, with their echoes",
        group: Group::Compression,
        rows: &["C1"],
        modes: DEFLATE,
        bounds: LITTLE.cpu_millis(3_000).seconds(10),
        waits: false,
        play: Play::Server(bombs_below_the_limit),
    },
    Attack {
        name: "tiny-blocks",
        what: "100,000 empty blocks in one message, stored ones and ones that end the stream",
        group: Group::Compression,
        rows: &["C2"],
        modes: DEFLATE,
        bounds: LITTLE.cpu_millis(1_000),
        waits: false,
        play: Play::Server(tiny_blocks),
    },
    Attack {
        name: "corrupt-deflate",
        what: "reserved block types, distances beyond the start, lengths that do not match, data \
               that ends too soon",
        group: Group::Compression,
        rows: &["C10"],
        modes: DEFLATE,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(corrupt_deflate),
    },
    Attack {
        name: "odd-forms",
        what: "empty messages, tails that were not removed, a tail cut over frames, a last block in \
               the middle",
        group: Group::Compression,
        rows: &["C6", "C7"],
        modes: DEFLATE,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(odd_forms),
    },
    Attack {
        name: "window-parameters",
        what: "windows of 0, 7, 8, 16 and 1000 bits, with signs, zeros and quotes; parameters twice",
        group: Group::Compression,
        rows: &["C3", "C8"],
        modes: DEFLATE,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(window_parameters),
    },
    Attack {
        name: "uninvited-compression",
        what: "compressed messages where nothing was agreed on",
        group: Group::Compression,
        rows: &["C4"],
        modes: PLAIN,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(uninvited_compression),
    },
];

const ME: Sender = Sender::Client;
const INVALID: &[Ending] = &[Ending::Close(1007)];
const TOO_BIG: &[Ending] = &[Ending::Close(1009)];

fn bomb(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let gibibyte = gibibyte();
    let mut cases = vec![arena.shoot(
        "in one frame",
        &frame(ME, BINARY | RSV1, &gibibyte),
        TOO_BIG,
    )?];

    let mut peer = arena.open()?;
    let pieces: Vec<&[u8]> = gibibyte.chunks(1024).collect();
    let frames = pieces.iter().enumerate().map(|(at, piece)| match at {
        0 => frame(ME, 0x02 | RSV1, piece),
        _ => frame(ME, 0x00, piece),
    });
    let last = iter::once(frame(ME, LAST, b""));
    let seen = peer.flood_and_read(frames.chain(last), |frame| {
        frame.is_data().then_some(Ending::Served)
    })?;
    cases.push(Case::new("in fragments", seen, TOO_BIG));
    Ok(cases)
}

/// A gibibyte of zeros, compressed to about a mebibyte: a mebibyte of them a thousand times.
fn gibibyte() -> Vec<u8> {
    let mut mebibyte = deflated(&vec![0; 1 << 20]);
    mebibyte.extend(b"\x00\x00\xff\xff");
    mebibyte.repeat(1024)
}

fn bombs_below_the_limit(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let message = vec![0; 512 << 10];
    let bytes = frame(ME, BINARY | RSV1, &deflated(&message));
    let mut peer = arena.open()?;
    let mut left = 200_usize;
    let seen = peer.flood_and_read(iter::repeat_n(bytes, left), |frame| {
        left -= usize::from(frame.is_data() && frame.is_last());
        (left == 0).then_some(Ending::Served)
    })?;
    let case = Case::new("messages", seen, &[Ending::Served]);
    Ok(vec![case.or(TOO_BIG)])
}

fn tiny_blocks(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    const COUNT: usize = 100_000;
    let stored = b"\x00\x00\x00\xff\xff".repeat(COUNT);
    let ends = b"\x03\x00".repeat(COUNT);
    let mut peer = arena.open()?;
    peer.send(&frame(ME, BINARY | RSV1, &stored));
    let stored = Case::new("stored", peer.echo(b"")?, &[Ending::Served]);
    let ends = arena.shoot("ends", &frame(ME, BINARY | RSV1, &ends), INVALID)?;
    Ok(vec![stored.or(INVALID), ends.or(&[Ending::Served])])
}

fn corrupt_deflate(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let corrupt: [(&str, &[u8]); 5] = [
        ("reserved block type", b"\x06"),
        (
            "reserved block type, late",
            b"\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff\x07",
        ),
        ("stored length", b"\x00\x05\x00\x00\x00abcde"),
        ("distance beyond the start", b"\x02\x05\x00"),
        ("noise", b"\xde\xad\xbe\xef\xde\xad\xbe\xef\xde\xad\xbe\xef"),
    ];
    let mut cases = Vec::new();
    for (label, bytes) in corrupt {
        cases.push(arena.shoot(label, &frame(ME, BINARY | RSV1, bytes), INVALID)?);
        let fragments = [
            frame(ME, 0x02 | RSV1, &bytes[..1]),
            frame(ME, LAST, &bytes[1..]),
        ];
        cases.push(arena.shoot(format!("{label}, in two"), &fragments.concat(), INVALID)?);
    }
    let not_text = frame(ME, TEXT | RSV1, &deflated(b"\xff\xfe"));
    cases.push(arena.shoot("text that is none", &not_text, INVALID)?);
    Ok(cases)
}

fn odd_forms(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let hello = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
    let with_tail = [&hello[..], b"\x00\x00\xff\xff"].concat();
    let forms: [(&str, Vec<u8>, &[u8]); 6] = [
        ("empty, as one byte", b"\x00".to_vec(), b""),
        ("empty, as two bytes", b"\x02\x00".to_vec(), b""),
        ("tail left on", with_tail.clone(), b"Hello"),
        (
            "stored",
            b"\x00\x05\x00\xfa\xffHello\x00".to_vec(),
            b"Hello",
        ),
        (
            "a last block",
            b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00".to_vec(),
            b"Hello",
        ),
        (
            "two blocks",
            b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00".to_vec(),
            b"Hello",
        ),
    ];
    let mut cases = Vec::new();
    for (label, payload, message) in forms {
        let mut peer = arena.open()?;
        peer.send(&frame(ME, TEXT | RSV1, &payload));
        cases.push(echo_case(label, &mut peer, message)?);
    }
    for cut in with_tail.len() - 4..with_tail.len() {
        let mut peer = arena.open()?;
        let (left, right) = with_tail.split_at(cut);
        let frames = [
            frame(ME, 0x01 | RSV1, left),
            frame(ME, 0x00, right),
            frame(ME, LAST, b""),
        ];
        peer.send(&frames.concat());
        cases.push(echo_case(
            format!("tail cut at {cut}"),
            &mut peer,
            b"Hello",
        )?);
    }
    Ok(cases)
}

fn window_parameters(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let values = [
        "", "0", "7", "8", "16", "200", "256", "1000", "-9", "+9", "09", "9 0", "x", "\"\"",
        "\"16\"",
    ];
    let mut offers = Vec::new();
    for name in ["server_max_window_bits", "client_max_window_bits"] {
        offers.extend(values.iter().map(|value| format!("{name}={value}")));
        offers.push(format!("{name}=10; {name}=10"));
    }
    offers.extend(
        [
            "server_max_window_bits",
            "server_no_context_takeover=1",
            "client_no_context_takeover; client_no_context_takeover",
            "unknown",
        ]
        .map(str::to_owned),
    );
    let mut cases = Vec::new();
    for parameters in offers {
        let offer = format!("Sec-WebSocket-Extensions: permessage-deflate; {parameters}");
        let mut peer = arena.connect()?;
        peer.send(&request(&[&offer]));
        // A message says whether the connection is usable: whatever was agreed on, it may come as
        // it is.
        let seen = match peer.status() {
            Ending::Status(101) => {
                peer.send(&frame(ME, TEXT, b"hello"));
                match peer.next()? {
                    Incoming::Frame(frame) if frame.is_data() => Ending::Served,
                    Incoming::Frame(frame) => Ending::Close(frame.close_code()),
                    Incoming::Ended => Ending::Ended,
                    Incoming::Reset => Ending::Reset,
                    Incoming::Silence => Ending::Open,
                }
            }
            other => other,
        };
        let wanted = &[Ending::Served, Ending::Status(400)];
        cases.push(Case::new(parameters, seen, wanted));
    }
    Ok(cases)
}

fn uninvited_compression(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let wanted = &[Ending::Close(1002)];
    let payload = deflated(b"hello");
    Ok(vec![
        arena.shoot("text", &frame(ME, TEXT | RSV1, &payload), wanted)?,
        arena.shoot("binary", &frame(ME, BINARY | RSV1, &payload), wanted)?,
        arena.shoot("empty", &frame(ME, BINARY | RSV1, b""), wanted)?,
    ])
}
