//! Requests that are no proper handshake.

use crate::hostile::attack::{Arena, Attack, Group, LITTLE, PLAIN, Play};
use crate::hostile::ending::{Case, Ending};
use crate::hostile::wire::{FIELDS, lines, request};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "missing-field",
        what: "a handshake without Host, Upgrade, Connection, Key or Version",
        group: Group::Handshake,
        rows: &["H2"],
        modes: PLAIN,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(missing_field),
    },
    Attack {
        name: "repeated-field",
        what: "a handshake with two of Host, Key or Version",
        group: Group::Handshake,
        rows: &["H3"],
        modes: PLAIN,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(repeated_field),
    },
    Attack {
        name: "wrong-field",
        what: "keys that are none, and versions other than 13, the drafts before the RFC among them",
        group: Group::Handshake,
        rows: &["F11"],
        modes: PLAIN,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(wrong_field),
    },
    Attack {
        name: "wrong-method",
        what: "other methods, other versions of HTTP",
        group: Group::Handshake,
        rows: &[],
        modes: PLAIN,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(wrong_method),
    },
    Attack {
        name: "odd-case",
        what: "names and tokens in any case, and `Connection` with a list",
        group: Group::Handshake,
        rows: &["H14"],
        modes: PLAIN,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(odd_case),
    },
    Attack {
        name: "odd-extensions",
        what: "`constructor`, `__proto__`, empty elements, open quotes and kilobytes of spaces in \
               `Sec-WebSocket-Extensions` and `-Protocol`",
        group: Group::Handshake,
        rows: &["H4", "H5"],
        modes: PLAIN,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(odd_extensions),
    },
    Attack {
        name: "broken-lines",
        what: "folded lines, bare CR and LF, NUL, a space before the colon",
        group: Group::Handshake,
        rows: &["H8"],
        modes: PLAIN,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(broken_lines),
    },
    Attack {
        name: "smuggled-request",
        what: "a body on the upgrade request, with another request in it",
        group: Group::Handshake,
        rows: &["H6"],
        modes: PLAIN,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(smuggled_request),
    },
    Attack {
        name: "after-refusal",
        what: "another request behind one that is refused: the connection has to end",
        group: Group::Handshake,
        rows: &["H7"],
        modes: PLAIN,
        bounds: LITTLE.seconds(10),
        waits: false,
        play: Play::Server(after_refusal),
    },
    Attack {
        name: "no-http",
        what: "TLS, SSH, HTTP/2 and noise where HTTP is spoken",
        group: Group::Handshake,
        rows: &[],
        modes: PLAIN,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(no_http),
    },
];

const BAD_REQUEST: &[Ending] = &[Ending::Status(400)];
const REFUSED: &[Ending] = &[
    Ending::Status(400),
    Ending::Status(431),
    Ending::Ended,
    Ending::Reset,
];
const ACCEPTED: &[Ending] = &[Ending::Status(101)];

fn missing_field(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let cases = FIELDS.iter().map(|missing| {
        let kept = FIELDS.iter().filter(|field| *field != missing);
        let head = lines(["GET / HTTP/1.1"].iter().chain(kept));
        let wanted = match missing.starts_with("Upgrade") {
            true => &[Ending::Status(426)],
            false => BAD_REQUEST,
        };
        arena.ask(format!("without {}", name(missing)), &head, wanted)
    });
    cases.collect()
}

fn repeated_field(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let repeated = ["Host", "Sec-WebSocket-Key", "Sec-WebSocket-Version"];
    let cases = FIELDS
        .iter()
        .filter(|field| repeated.contains(&name(field)))
        .map(|field| {
            arena.ask(
                format!("two {}", name(field)),
                &request(&[field]),
                BAD_REQUEST,
            )
        });
    cases.collect()
}

fn wrong_field(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let with = |field: &str, value: &str| {
        let changed = FIELDS.iter().map(|line| match name(line) == field {
            true => format!("{field}: {value}"),
            false => (*line).to_owned(),
        });
        lines(["GET / HTTP/1.1".to_owned()].into_iter().chain(changed))
    };
    let mut cases = Vec::new();
    for key in [
        "",
        "AAAA",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25j",
        "dGhlIHNhbXBsZSBub25jZSE9PT09",
        "!!!!!!!!!!!!!!!!!!!!!!==",
    ] {
        let head = with("Sec-WebSocket-Key", key);
        cases.push(arena.ask(format!("key {key:?}"), &head, BAD_REQUEST)?);
    }
    for version in ["0", "7", "8", "12", "14", "255", "+13", "013", "13, 8", "x"] {
        let head = with("Sec-WebSocket-Version", version);
        let wanted = &[Ending::Status(426), Ending::Status(400)];
        cases.push(arena.ask(format!("version {version:?}"), &head, wanted)?);
    }
    let hixie = lines([
        "GET / HTTP/1.1",
        "Upgrade: WebSocket",
        "Connection: Upgrade",
        "Host: 127.0.0.1",
        "Origin: http://127.0.0.1",
        "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5",
        "Sec-WebSocket-Key2: 12998 5 Y3 1  .P00",
    ]);
    let hixie = [&*hixie, b"^n:ds[4U"].concat();
    cases.push(arena.ask("draft 76", &hixie, BAD_REQUEST)?);
    Ok(cases)
}

fn wrong_method(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let not_allowed = &[Ending::Status(405)][..];
    let version = &[Ending::Status(505)][..];
    let lines_and_endings = [
        ("POST / HTTP/1.1", not_allowed),
        ("HEAD / HTTP/1.1", not_allowed),
        ("PUT / HTTP/1.1", not_allowed),
        ("DELETE / HTTP/1.1", not_allowed),
        ("OPTIONS / HTTP/1.1", not_allowed),
        ("get / HTTP/1.1", not_allowed),
        ("GETGET / HTTP/1.1", not_allowed),
        ("GET / HTTP/1.0", version),
        ("GET / HTTP/2.0", version),
        ("GET / HTTP/9.9", version),
        ("GET /", BAD_REQUEST),
        ("GET  / HTTP/1.1", BAD_REQUEST),
        ("GET / HTTP/1.1 x", BAD_REQUEST),
        ("GET x HTTP/1.1", BAD_REQUEST),
        ("GET * HTTP/1.1", BAD_REQUEST),
    ];
    let cases = lines_and_endings.iter().map(|(line, wanted)| {
        let head = lines([*line].iter().chain(&FIELDS));
        arena.ask(*line, &head, wanted)
    });
    cases.collect()
}

fn odd_case(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let key = FIELDS[3];
    let heads = [
        [
            "host: 127.0.0.1",
            "upgrade: WEBSOCKET",
            "connection: upgrade",
            "sec-websocket-version: 13",
        ],
        [
            "HOST: 127.0.0.1",
            "UPGRADE: WebSocket",
            "CONNECTION: UPGRADE",
            "SEC-WEBSOCKET-VERSION: 13",
        ],
        [
            "Host: 127.0.0.1",
            "Upgrade: websocket",
            "Connection: keep-alive, Upgrade",
            "Sec-WebSocket-Version:13",
        ],
        [
            "Host: 127.0.0.1",
            "Upgrade: websocket",
            "Connection: Upgrade,x",
            "Sec-WebSocket-Version: \t13 ",
        ],
    ];
    let cases = heads.iter().map(|fields| {
        let head = lines(["GET / HTTP/1.1", key].iter().chain(fields));
        arena.ask(fields[2], &head, ACCEPTED)
    });
    cases.collect()
}

fn odd_extensions(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let field = "Sec-WebSocket-Extensions";
    let spaces = " ".repeat(12 * 1024);
    let escapes = r"\c".repeat(6 * 1024);
    let elements = "a, ".repeat(4 * 1024);
    let either = &[Ending::Status(101), Ending::Status(400)][..];
    let values = [
        (field, "constructor".to_owned(), ACCEPTED),
        (field, "__proto__; toString=1".to_owned(), ACCEPTED),
        (field, ",;x".to_owned(), BAD_REQUEST),
        (field, "a;b=\"".to_owned(), BAD_REQUEST),
        (field, format!("a;b=\"{escapes}"), BAD_REQUEST),
        (field, format!("a;{spaces}b=\"c"), BAD_REQUEST),
        (field, format!("a{spaces}"), ACCEPTED),
        (field, elements.clone(), either),
        ("Sec-WebSocket-Protocol", format!("a{spaces}, b"), ACCEPTED),
        ("Sec-WebSocket-Protocol", elements, either),
        ("Sec-WebSocket-Protocol", "a b".to_owned(), BAD_REQUEST),
    ];
    let cases = values.iter().map(|(field, value, wanted)| {
        let label = format!("{field}: {}", value.get(..16).unwrap_or(value));
        let case = arena.ask(label, &request(&[&format!("{field}: {value}")]), wanted)?;
        // Others have smaller limits.
        let is_long = value.len() > 4 * 1024;
        Ok(if is_long { case.or(REFUSED) } else { case })
    });
    cases.collect()
}

fn broken_lines(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let breaks = [
        ("folded", "X: a\r\n b"),
        ("space first", " X: a"),
        ("CR", "X: a\rY: b"),
        ("LF", "X: a\nY: b"),
        ("NUL", "X: a\0b"),
        ("NUL in the name", "X\0: a"),
        ("space before the colon", "X : a"),
        ("no colon", "X"),
        ("no name", ": a"),
        ("control character", "X: a\x01b"),
    ];
    let cases = breaks.iter().map(|(label, line)| {
        // Many parsers of HTTP take a bare LF for the end of a line, as they may
        // (RFC 9112 section 2.2).
        let wanted = match *label {
            "LF" => &[Ending::Status(400), Ending::Status(101)][..],
            _ => BAD_REQUEST,
        };
        arena.ask(*label, &request(&[line]), wanted)
    });
    cases.collect()
}

fn smuggled_request(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let inner = request(&[]);
    let chunk = format!("{:x}\r\n", inner.len());
    let bodies = [
        (format!("Content-Length: {}", inner.len()), inner.clone()),
        (
            "Transfer-Encoding: chunked".to_owned(),
            [chunk.as_bytes(), &inner, b"\r\n0\r\n\r\n"].concat(),
        ),
    ];
    let mut cases = Vec::new();
    for (field, body) in bodies {
        let mut peer = arena.connect()?;
        peer.send(&[request(&[&field]), body].concat());
        let mut seen = peer.status();
        // Two answers would mean that the body was taken for a request.
        if seen.is_refusal() && matches!(peer.status(), Ending::Status(_)) {
            seen = Ending::Wrong;
        }
        cases.push(Case::new(field, seen, BAD_REQUEST));
    }
    Ok(cases)
}

fn after_refusal(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let mut cases = Vec::new();
    for field in [
        "Sec-WebSocket-Version: 12",
        "Sec-WebSocket-Key: AAAA",
        "Connection: close",
    ] {
        let fields = FIELDS.iter().map(|line| {
            if name(line) == name(field) {
                &field
            } else {
                line
            }
        });
        let refused = lines(["GET / HTTP/1.1"].iter().chain(fields));
        let mut peer = arena.connect()?;
        peer.send(&[refused, request(&[])].concat());
        let first = peer.status();
        let seen = match first {
            // A body may follow; what matters is that no other answer does.
            Ending::Status(400..) => match peer.rest().contains("HTTP/1.1 101") {
                true => Ending::Wrong,
                false => peer.end_of_stream(),
            },
            other => other,
        };
        cases.push(Case::new(field, seen, &[Ending::Ended]));
    }
    Ok(cases)
}

fn no_http(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let either = &[Ending::Status(400), Ending::Status(505)][..];
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    let noise: Vec<u8> = (0..1024_u32)
        .map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[0])
        .collect();
    Ok(vec![
        arena.ask("TLS", &[&hello[..], &[0; 506]].concat(), either)?,
        arena.ask("SSH", b"SSH-2.0-OpenSSH_9.2\r\n", either)?,
        arena.ask("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", either)?,
        arena.ask("noise", &noise, either)?,
        arena.ask("NUL", &[0; 1024], either)?,
        arena.ask(
            "empty lines and no more",
            b"\r\n\r\n\r\n\r\n\r\n\r\nx: y\r\n\r\n",
            either,
        )?,
    ])
}

/// The name of a header field.
fn name(line: &str) -> &str {
    line.split_once(':').map_or(line, |(name, _)| name)
}
