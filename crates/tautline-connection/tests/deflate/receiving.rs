//! What an end makes of compressed messages (RFC 7692 sections 6 and 7.2.2).

use tautline_connection::{Event, Violation};
use tautline_frame::CloseCode;
use tautline_message::{Limits, Message};

use super::{HELLO, HELLO_AGAIN, NO_TAKEOVER, TAIL, TAKEOVER, replay, replay_with};
use crate::support::{control, frame, message};

/// R7692-6-01, R7692-6.1-05, R7692-6.2-01, R7692-7.2.1-02, R7692-7.2.1-03, R7692-7.2.1-04,
/// R7692-7.2.1-05, R7692-7.2.2-01, R7692-7.2.2-14, R7692-7.2.3-01, D-14, D-19: messages that need
/// no other one to be inflated.
#[test]
fn a_compressed_message_is_received_inflated() {
    let flushed = [HELLO, TAIL].concat();
    let text = Message::from;
    let cases: [(&str, Vec<u8>, Message); 17] = [
        ("one frame", frame(0xc1, HELLO), text("Hello")),
        ("binary", frame(0xc2, HELLO), Message::from(b"Hello")),
        (
            "two frames",
            [frame(0x41, &HELLO[..3]), frame(0x80, &HELLO[3..])].concat(),
            text("Hello"),
        ),
        (
            "binary in two frames",
            [frame(0x42, &HELLO[..3]), frame(0x80, &HELLO[3..])].concat(),
            Message::from(b"Hello"),
        ),
        (
            "stored",
            frame(0xc1, b"\x00\x05\x00\xfa\xffHello\x00"),
            text("Hello"),
        ),
        (
            "a final block",
            frame(0xc1, b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"),
            text("Hello"),
        ),
        (
            "a block behind a final one",
            frame(0xc1, &[b"\xf3\x48\xcd\xc9\xc9\x07\x00", HELLO].concat()),
            text("HelloHello"),
        ),
        (
            "a reference behind a final block",
            frame(
                0xc1,
                &[b"\xf3\x48\xcd\xc9\xc9\x07\x00", HELLO_AGAIN].concat(),
            ),
            text("HelloHello"),
        ),
        (
            "two blocks",
            frame(
                0xc1,
                b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
            ),
            text("Hello"),
        ),
        ("empty", frame(0xc1, b"\x00"), text("")),
        ("empty and binary", frame(0xc2, b"\x00"), Message::from(b"")),
        ("no payload", frame(0xc1, b""), text("")),
        (
            "no payload in two frames",
            [frame(0x41, b""), frame(0x80, b"")].concat(),
            text(""),
        ),
        (
            "no payload at first",
            [frame(0x41, b""), frame(0x80, HELLO)].concat(),
            text("Hello"),
        ),
        (
            "no payload at last",
            [frame(0x41, HELLO), frame(0x80, b"")].concat(),
            text("Hello"),
        ),
        (
            "an empty last fragment",
            [frame(0x41, &flushed), frame(0x80, b"\x00")].concat(),
            text("Hello"),
        ),
        (
            "a byte a frame",
            [
                frame(0x41, &HELLO[..1]),
                HELLO[1..6].iter().flat_map(|byte| [0, 1, *byte]).collect(),
                frame(0x80, &HELLO[6..]),
            ]
            .concat(),
            text("Hello"),
        ),
    ];
    for (name, frames, expected) in cases {
        for context in [TAKEOVER, NO_TAKEOVER] {
            let (events, violation) = replay(context, &frames);
            assert_eq!(events, [message(expected.clone())], "{name}");
            assert_eq!(violation, None, "{name}");
        }
        // Nothing of it is in the way of the next one, which refers to nothing.
        let (events, violation) = replay(TAKEOVER, &[frames, frame(0xc1, HELLO)].concat());
        assert_eq!(events, [message(expected), message("Hello")], "{name}");
        assert_eq!(violation, None, "{name}");
    }
}

/// R7692-6-02, R7692-6.2-02, R7692-7.1.1.2-04, R7692-7.2.1-04, R7692-7.2.2-03, R7692-7.2.2-05,
/// R7692-7.2.2-12, R7692-7.2.3-01, D-14, D-19: what comes between a word and the reference to it
/// leaves the window as it is.
#[test]
fn a_message_refers_to_the_last_compressed_one() {
    let cases: [(&str, Vec<u8>, Vec<Event>); 12] = [
        ("nothing", vec![], vec![]),
        ("text", frame(0x81, b"x"), vec![message("x")]),
        ("the word", frame(0x81, b"Hello"), vec![message("Hello")]),
        (
            "what looks compressed",
            frame(0x82, HELLO),
            vec![message(HELLO)],
        ),
        (
            "fragments",
            [frame(0x01, b"x"), frame(0x80, b"y")].concat(),
            vec![message("xy")],
        ),
        (
            "a large message",
            frame(0x82, &[7; 40_000]),
            vec![message(vec![7; 40_000])],
        ),
        (
            "nothing compressed",
            frame(0xc1, b"\x00"),
            vec![message("")],
        ),
        ("no payload", frame(0xc2, b""), vec![message(b"")]),
        (
            "no payload in two frames",
            [frame(0x41, b""), frame(0x80, b"")].concat(),
            vec![message("")],
        ),
        (
            "a ping",
            frame(0x89, b"p"),
            vec![Event::Ping(control(b"p"))],
        ),
        ("a pong", frame(0x8a, b""), vec![Event::Pong(control(b""))]),
        (
            "the word again",
            frame(0xc1, HELLO_AGAIN),
            vec![message("Hello")],
        ),
    ];
    let words = [
        frame(0xc1, HELLO),
        frame(0xc1, b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"),
        frame(0xc1, b"\x00\x05\x00\xfa\xffHello\x00"),
        [frame(0x42, &HELLO[..3]), frame(0x80, &HELLO[3..])].concat(),
    ];
    for (name, between, happens) in cases {
        for word in &words {
            let frames = [&word[..], &between, &frame(0xc1, HELLO_AGAIN)].concat();
            let (events, violation) = replay(TAKEOVER, &frames);
            assert_eq!(violation, None, "{name}");
            assert_eq!(events[1..=happens.len()], happens, "{name}");
            assert_eq!(events[happens.len() + 1..], [message("Hello")], "{name}");

            // Without takeover there is nothing to refer to.
            let (events, violation) = replay(NO_TAKEOVER, &frames);
            assert_eq!(violation, Some(Violation::CorruptDeflate), "{name}");
            let until = if name == "the word again" {
                1
            } else {
                events.len()
            };
            assert_eq!(events.len(), until, "{name}");
        }
    }
}

/// R7692-6.2-01: what is between the fragments is no part of the data, and comes first.
#[test]
fn control_frames_come_between_compressed_fragments() {
    let frames = [
        frame(0x41, &HELLO[..1]),
        frame(0x89, b"\xf2"),
        frame(0x00, &HELLO[1..3]),
        frame(0x8a, HELLO),
        frame(0x89, b""),
        frame(0x80, &HELLO[3..]),
        frame(0xc1, HELLO_AGAIN),
        frame(0x41, &HELLO[..3]),
        frame(0x88, b"\x03\xe8"),
    ];
    let (events, violation) = replay(TAKEOVER, &frames.concat());
    assert_eq!(violation, None);
    let [before @ .., last] = &events[..] else {
        panic!("no event");
    };
    assert_eq!(
        *before,
        [
            Event::Ping(control(b"\xf2")),
            Event::Pong(control(HELLO)),
            Event::Ping(control(b"")),
            message("Hello"),
            message("Hello"),
        ]
    );
    assert!(matches!(last, Event::Close(Some(frame)) if frame.code == CloseCode::NORMAL));
}

/// R7692-6.1-04, R6455-5.2-02, R6455-5.4-03, R6455-5.4-07
#[test]
fn rsv1_is_for_the_first_frame_of_a_message_only() {
    let begun = frame(0x41, &HELLO[..3]);
    let plain = frame(0x01, b"a");
    let mut cases = Vec::new();
    for before in [vec![], begun.clone(), plain.clone()] {
        for bad in [
            frame(0xc9, b""),
            frame(0xca, b"p"),
            frame(0xc8, b"\x03\xe8"),
        ] {
            cases.push(([&before[..], &bad].concat(), Violation::ReservedBit));
        }
        // RSV2 and RSV3 still mean nothing.
        for bad in [frame(0xe1, HELLO), frame(0xd1, HELLO), frame(0xa1, b"")] {
            cases.push(([&before[..], &bad].concat(), Violation::ReservedBit));
        }
    }
    for before in [begun, plain] {
        for bad in [0xc0, 0x40] {
            let bad = frame(bad, &HELLO[3..]);
            cases.push(([&before[..], &bad].concat(), Violation::ReservedBit));
        }
        for bad in [0xc1, 0x42, 0x81] {
            let bad = frame(bad, HELLO);
            cases.push((
                [&before[..], &bad].concat(),
                Violation::ExpectedContinuation,
            ));
        }
    }
    cases.push((frame(0xc0, HELLO), Violation::ReservedBit));
    cases.push((frame(0x80, HELLO), Violation::UnexpectedContinuation));
    for (frames, expected) in cases {
        for context in [TAKEOVER, NO_TAKEOVER] {
            let (events, violation) = replay(context, &frames);
            assert_eq!(events, [], "{frames:02x?}");
            assert_eq!(violation, Some(expected), "{frames:02x?}");
            assert_eq!(expected.close_code(), CloseCode::PROTOCOL_ERROR);
        }
    }
}

/// R6455-5.2-02, R7692-6.1-04
#[test]
fn rsv1_without_agreement_fails_the_connection() {
    for first in [0xc1, 0xc2, 0x41, 0xc0, 0xc9] {
        let frames = [frame(0x81, b"a"), frame(first, HELLO)].concat();
        let (events, violation) = replay_with(None, Limits::default(), &frames);
        assert_eq!(events, [message("a")]);
        assert_eq!(violation, Some(Violation::ReservedBit), "{first:02x}");
    }
}
