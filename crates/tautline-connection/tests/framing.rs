//! Headers: what is refused, when, and what lengths look like (RFC 6455 sections 5.1, 5.2, 6.2).

use core::slice;

use bytes::{Buf, Bytes};
use tautline_connection::{Disposition, Event, Role, Violation};
use tautline_message::{Limits, Message};

use crate::support::{
    Frame, ROLES, control, drain, failed_at, frame, message, open, outcome, parse, replay, sent, to,
};

/// R6455-5.2-01, R6455-5.2-05, R6455-5.2-11, R6455-6.2-03
#[test]
fn opcodes_mean_what_they_mean() {
    let cases: [(&[u8], Event); 6] = [
        (b"\x81\x02hi", message("hi")),
        (b"\x82\x02hi", message(b"hi")),
        (b"\x02\x01\x00\x80\x01\x01", message(b"\x00\x01")),
        (b"\x89\x01a", Event::Ping(control(b"a"))),
        (b"\x8a\x01a", Event::Pong(control(b"a"))),
        (b"\x88\x00", Event::Close(None)),
    ];
    for (frames, event) in cases {
        for role in ROLES {
            let outcome = outcome(role, frames);
            assert_eq!(outcome.events, slice::from_ref(&event), "{frames:?}");
        }
    }
}

/// R6455-5.2-02, R6455-5.2-05, R6455-6.1-03, R6455-6.1-05: `parse` judges the reserved bits.
#[test]
fn what_is_sent_has_its_opcode_and_no_reserved_bits() {
    for role in ROLES {
        let mut end = open(role);
        end.send("t").unwrap();
        end.send(b"abc").unwrap();
        end.ping(b"i").unwrap();
        end.pong(b"o").unwrap();
        end.close(None).unwrap();
        assert_eq!(
            sent(role, &mut end),
            b"\x81\x01t\x82\x03abc\x89\x01i\x8a\x01o\x88\x00"
        );
    }
}

/// R6455-5.2-06, R6455-5.2-10, R6455-5.2-11, R6455-5.3-06
#[test]
fn every_form_of_a_length_goes_both_ways() {
    let cases: [(usize, &[u8]); 6] = [
        (0, b"\x82\x00"),
        (125, b"\x82\x7d"),
        (126, b"\x82\x7e\x00\x7e"),
        (65_535, b"\x82\x7e\xff\xff"),
        (65_536, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
        (70_001, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x11\x71"),
    ];
    for (len, header) in cases {
        let payload: Vec<u8> = (0..len).map(|index| index as u8).collect();
        let sent_message = Message::from(payload.clone());

        let mut server = open(Role::Server);
        server.send(sent_message.clone()).unwrap();
        let from_server = drain(&mut server);
        assert_eq!(from_server, [header, &payload].concat());

        let mut client = open(Role::Client);
        client.send(sent_message.clone()).unwrap();
        let from_client = drain(&mut client);
        assert_eq!(from_client[1], header[1] | 0x80);
        assert_eq!(from_client[2..header.len()], header[2..]);
        assert_eq!(from_client.len(), header.len() + 4 + len);

        for (role, bytes) in [(Role::Client, from_server), (Role::Server, from_client)] {
            let outcome = replay(role, Limits::default(), &bytes);
            assert_eq!(outcome.events, [message(sent_message.clone())]);
        }
    }
}

/// R6455-5.2-08: the sizes around each boundary for a client, which copies while it masks, and
/// every single size for a server.
#[test]
fn the_shortest_form_of_a_length_is_sent() {
    let header_len = |len| match len {
        ..=125 => 2,
        126..=65_535 => 4,
        _ => 10,
    };
    let payload = Bytes::from(vec![0; 70_000]);
    let mut server = open(Role::Server);
    for len in 0..=payload.len() {
        server.send(payload.slice(..len)).unwrap();
        let output = server.output();
        assert_eq!(output.remaining(), header_len(len) + len, "{len}");
        output.advance(output.remaining());
    }
    let mut client = open(Role::Client);
    for len in (0..=300).chain(65_400..=65_700) {
        client.send(payload.slice(..len)).unwrap();
        let output = client.output();
        assert_eq!(output.remaining(), header_len(len) + 4 + len, "{len}");
        output.advance(output.remaining());
    }
}

/// R6455-5.2-10, R6455-6.2-06
#[test]
fn the_key_stands_behind_the_length() {
    let key = [0x11, 0x22, 0x33, 0x44];
    let mut input = b"\x82\xfe\x01\x00\x11\x22\x33\x44".to_vec();
    input.extend(key.iter().cycle().take(256));
    let received = replay(Role::Server, Limits::default(), &input);
    assert_eq!(received.events, [message(vec![0; 256])]);

    let hello = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    let received = replay(Role::Server, Limits::default(), hello);
    assert_eq!(received.events, [message("Hello")]);
}

/// Headers that are refused whatever the role: without masks, and how many bytes of the header
/// must be there to refuse it. No payload follows any of them, so none is waited for (F3).
///
/// R6455-5.2-03, R6455-5.2-04, R6455-5.2-07, R6455-5.2-09, R6455-5.4-03, R6455-5.4-05,
/// R6455-5.5-02, R6455-5.8-01, R6455-6.2-01, R6455-10.4-01
#[test]
fn a_bad_header_is_refused_before_its_payload() {
    use Violation::{
        FragmentedControl, FrameTooBig, LengthHighBit, LongControl, NonMinimalLength, ReservedBit,
        ReservedOpCode, UnexpectedContinuation,
    };
    let long = |first: u8, len: u64| [&[first, 127], &len.to_be_bytes()[..]].concat();
    let cases: Vec<(Vec<u8>, Violation)> = [
        // A reserved bit, on data frames and on control frames.
        (&b"\xc1\x02"[..], ReservedBit),
        (b"\xa1\x02", ReservedBit),
        (b"\x91\x02", ReservedBit),
        (b"\xc2\x00", ReservedBit),
        (b"\x41\x01", ReservedBit),
        (b"\xc9\x00", ReservedBit),
        (b"\xf8\x00", ReservedBit),
        (b"\xc0\x01", ReservedBit),
        // No extension lends the 64-bit length of a compressed frame any credit.
        (b"\xc1\x7e\x10\x00", ReservedBit),
        // Opcodes without a meaning, with and without payload, with and without FIN.
        (b"\x83\x00", ReservedOpCode),
        (b"\x84\x05", ReservedOpCode),
        (b"\x85\x7e\xff\xff", ReservedOpCode),
        (b"\x06\x00", ReservedOpCode),
        (b"\x87\x00", ReservedOpCode),
        (b"\x8b\x00", ReservedOpCode),
        (b"\x8c\x7d", ReservedOpCode),
        (b"\x8d\x00", ReservedOpCode),
        (b"\x0e\x00", ReservedOpCode),
        (b"\x8f\x00", ReservedOpCode),
        (b"\x03\x7f\x40\x00\x00\x00\x00\x00\x00\x00", ReservedOpCode),
        // A length in a longer form than it needs.
        (b"\x82\x7e\x00\x7d", NonMinimalLength),
        (b"\x82\x7e\x00\x00", NonMinimalLength),
        (b"\x01\x7e\x00\x01", NonMinimalLength),
        (
            b"\x80\x7f\x00\x00\x00\x00\x00\x00\xff\xff",
            NonMinimalLength,
        ),
        (
            b"\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x00",
            NonMinimalLength,
        ),
        // Control frames that are too long or cut in pieces.
        (b"\x89\x7e\x00\x7e", LongControl),
        (b"\x89\x7e\x00\x04", LongControl),
        (b"\x88\x7e\x00\x80", LongControl),
        (b"\x8a\x7f\x00\x00\x00\x00\x00\x01\x00\x00", LongControl),
        (b"\x09\x00", FragmentedControl),
        (b"\x08\x02", FragmentedControl),
        (b"\x0a\x7d", FragmentedControl),
        // Nothing to continue.
        (b"\x80\x01", UnexpectedContinuation),
        (b"\x00\x01", UnexpectedContinuation),
        (b"\x80\x00", UnexpectedContinuation),
    ]
    .into_iter()
    .map(|(header, violation)| (header.to_vec(), violation))
    // Lengths at which other implementations wrapped around (F1).
    .chain([
        (long(0x82, 1 << 31), FrameTooBig),
        (long(0x82, 1 << 32), FrameTooBig),
        (long(0x82, (1 << 32) + 1), FrameTooBig),
        (long(0x81, 1 << 60), FrameTooBig),
        (long(0x02, (1 << 63) - 1), FrameTooBig),
        (long(0x82, 0x0080_0000_0000_0001), FrameTooBig),
        (long(0x82, 1 << 63), LengthHighBit),
        (long(0x01, (1 << 63) + 1), LengthHighBit),
        (long(0x81, u64::MAX), LengthHighBit),
    ])
    .collect();
    for (header, violation) in cases {
        for role in ROLES {
            let input = to(role, &header);
            let outcome = replay(role, Limits::default(), &input);
            assert_eq!(outcome.violation, Some(violation), "{header:02x?}");
            assert_eq!(outcome.events, []);
            let code = violation.close_code().get();
            assert_eq!(outcome.sent[2..4], code.to_be_bytes(), "{header:02x?}");
            assert_eq!(outcome.disposition, Disposition::Shutdown);
        }
    }
}

/// R6455-5.2-04, R6455-5.2-07, R6455-5.5-02: not a byte later than it shows.
#[test]
fn a_bad_header_is_refused_at_the_byte_that_shows_it() {
    let cases: [(&[u8], usize); 6] = [
        (b"\x83\x00", 1),
        (b"\xa1\x00", 1),
        (b"\x09\x00", 1),
        (b"\x89\x7e\x00\x7e", 2),
        (b"\x82\x7e\x00\x7d", 4),
        (b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", 10),
    ];
    for (header, at) in cases {
        for role in ROLES {
            let input = to(role, &[header, b"payload"].concat());
            assert_eq!(failed_at(role, Limits::default(), &input), Some(at));
        }
    }
}

/// R6455-5.1-02, R6455-5.1-03, R6455-5.1-05, R6455-5.1-06, F10
#[test]
fn frames_with_the_wrong_direction_of_the_mask_are_refused() {
    let to_server: [&[u8]; 6] = [
        b"\x81\x05Hello",
        b"\x89\x00",
        b"\x88\x00",
        b"\x8a\x01a",
        b"\x80\x00",
        b"\x02\x7e\x01\x00",
    ];
    let to_client: [&[u8]; 5] = [
        b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
        b"\x8a\x80\x00\x00\x00\x00",
        b"\x89\x81\x00\x00\x00\x00a",
        b"\x88\x82\x00\x00\x00\x00\x03\xe8",
        b"\x02\xfe\x01\x00\x01\x02\x03\x04",
    ];
    let cases = to_server
        .map(|bytes| (Role::Server, bytes, Violation::Unmasked))
        .into_iter()
        .chain(to_client.map(|bytes| (Role::Client, bytes, Violation::Masked)));
    for (role, bytes, violation) in cases {
        let outcome = replay(role, Limits::default(), bytes);
        assert_eq!(outcome.violation, Some(violation), "{bytes:02x?}");
        assert_eq!(outcome.events, []);
        assert_eq!(outcome.sent[..1], *b"\x88");
        assert_eq!(outcome.sent[2..4], *b"\x03\xea");
    }
}

/// R6455-6.2-01, F12
#[test]
fn garbage_is_refused() {
    let cases: [&[u8]; 4] = [
        b"\xff\xff\xff\xff",
        b"GET / HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"\x00\x00\x00\x00",
    ];
    for bytes in cases {
        for role in ROLES {
            let outcome = replay(role, Limits::default(), bytes);
            let code = outcome.violation.map(|violation| violation.close_code());
            assert_eq!(code.map(|code| code.get()), Some(1002), "{bytes:02x?}");
        }
    }
}

/// R6455-5.1-07, R6455-6.2-04
#[test]
fn frames_behind_each_other_are_all_received_in_order() {
    let frames = b"\x01\x01a\x80\x01b\x82\x01c\x89\x00\x81\x00\x8a\x01d\x82\x7e\x00\x7e";
    let payload = [7; 126];
    for role in ROLES {
        let outcome = outcome(role, &[&frames[..], &payload].concat());
        assert_eq!(
            outcome.events,
            [
                message("ab"),
                message(b"c"),
                Event::Ping(control(b"")),
                message(""),
                Event::Pong(control(b"d")),
                message(&payload),
            ]
        );
        assert_eq!(outcome.sent, b"\x8a\x00");
        assert_eq!(outcome.disposition, Disposition::Open);
    }
}

/// R6455-5.4-01: no size is cut unless it is asked for.
#[test]
fn a_message_is_one_frame() {
    for role in ROLES {
        for len in [0, 1, 126, 5_000, 70_000, 1_000_000] {
            let mut end = open(role);
            end.send("x".repeat(len)).unwrap();
            let bytes = drain(&mut end);
            let [Frame { first, payload, .. }] = &parse(role, &bytes)[..] else {
                panic!("{len} bytes in several frames");
            };
            assert_eq!((*first, payload.len()), (0x81, len));
            assert_eq!(bytes.len(), frame(*first, payload).len() + mask_len(role));
        }
    }
}

const fn mask_len(role: Role) -> usize {
    match role {
        Role::Client => 4,
        Role::Server => 0,
    }
}
