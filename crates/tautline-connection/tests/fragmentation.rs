//! Messages in several frames (RFC 6455 section 5.4).

use bytes::BytesMut;
use tautline_connection::{Disposition, Event, Inbound, Role, Step, Violation};
use tautline_message::Limits;

use crate::support::{ROLES, close_body, control, frame, message, open, outcome, sent, to};

/// R6455-5.4-02, R6455-5.4-06, R6455-5.4-09, R6455-5.4-10, R6455-5.4-11, R6455-5.6-01,
/// R6455-6.2-03, R6455-6.2-04
#[test]
fn fragments_join_to_the_message_that_one_frame_would_be() {
    let cases: [(&[u8], &[Event]); 11] = [
        (b"\x81\x05Hello", &[message("Hello")]),
        (b"\x01\x03Hel\x00\x00\x80\x02lo", &[message("Hello")]),
        (b"\x01\x00\x00\x00\x80\x00", &[message("")]),
        (b"\x02\x00\x80\x00", &[message(b"")]),
        (b"\x01\x00\x80\x05Hello", &[message("Hello")]),
        (b"\x01\x05Hello\x80\x00", &[message("Hello")]),
        (b"\x02\x01\xff\x80\x01\xfe", &[message(b"\xff\xfe")]),
        (b"\x01\x01\xce\x80\x01\xba", &[message("κ")]),
        (
            b"\x01\x01\xf0\x00\x01\x9f\x00\x01\x8e\x80\x01\x89",
            &[message("🎉")],
        ),
        (
            b"\x01\x01a\x80\x01b\x82\x01c",
            &[message("ab"), message(b"c")],
        ),
        (
            b"\x02\x01a\x80\x01b\x01\x01c\x80\x01d\x81\x01e",
            &[message(b"ab"), message("cd"), message("e")],
        ),
    ];
    for (frames, events) in cases {
        for role in ROLES {
            let outcome = outcome(role, frames);
            assert_eq!(outcome.events, events, "{frames:02x?}");
            assert_eq!(outcome.violation, None);
            assert_eq!(outcome.sent, b"");
            assert_eq!(outcome.disposition, Disposition::Open);
        }
    }
}

/// Each byte of these sessions is followed by what is unfinished then: nothing, or the first,
/// second or third message that was.
#[test]
fn an_unfinished_message_has_a_number_of_its_own() {
    let cases: [(&[u8], &[u8]); 5] = [
        (b"\x81\x02ab\x82\x01c", b"\x00\x01\x01\x00\x00\x02\x00"),
        (
            b"\x01\x00\x00\x01a\x80\x00\x81\x01b",
            b"\x00\x01\x01\x01\x01\x01\x00\x00\x02\x00",
        ),
        // A control frame inside a message is no other one.
        (
            b"\x01\x01a\x89\x01b\x80\x00",
            b"\x00\x01\x01\x01\x01\x01\x01\x00",
        ),
        (b"\x89\x01a\x81\x01b", b"\x00\x01\x00\x00\x02\x00"),
        // Nothing is waited for after a Close, nor after a violation.
        (
            b"\x01\x01a\x88\x00\x80\x00",
            b"\x00\x01\x01\x01\x00\x00\x00",
        ),
    ];
    for (frames, unfinished) in cases {
        let mut inbound = Inbound::new(Role::Client, Limits::default());
        let mut input = Vec::new();
        for (byte, expected) in frames.iter().zip(unfinished) {
            input.push(*byte);
            while let Some(used) = step(&mut inbound, &mut input) {
                input.drain(..used);
            }
            let number = inbound.unfinished().unwrap_or_default();
            assert_eq!(number, u32::from(*expected), "{frames:02x?}");
        }
    }
}

/// How many bytes were used; `None` if more are needed.
fn step(inbound: &mut Inbound, input: &mut [u8]) -> Option<usize> {
    match inbound.locate(input).expect("the frames are good") {
        Step::More { .. } => None,
        Step::Message { head, len, .. } => Some(head + len),
        Step::Control { opcode, head, len } => {
            let control = inbound.control(opcode, &input[head..head + len]);
            assert!(control.is_ok());
            Some(head + len)
        }
        Step::Fragment { len } => Some(len),
        Step::Assembled { len } => {
            assert!(inbound.take_message().is_some());
            Some(len)
        }
    }
}

/// R6455-5.4-06
#[test]
fn a_hundred_fragments_arrive_in_order() {
    let mut frames = Vec::new();
    for index in 0..100 {
        let first = match index {
            0 => 0x02,
            99 => 0x80,
            _ => 0x00,
        };
        frames.extend(frame(first, &[index]));
    }
    let numbers: Vec<u8> = (0..100).collect();
    for role in ROLES {
        assert_eq!(outcome(role, &frames).events, [message(&numbers[..])]);
    }
}

/// R6455-5.4-12: a text cut in two at every byte, inside of its characters too.
#[test]
fn where_a_message_is_cut_means_nothing() {
    let text = "aä€🎉z";
    for cut in 0..=text.len() {
        let (head, tail) = text.as_bytes().split_at(cut);
        let frames = [frame(0x01, head), frame(0x80, tail)].concat();
        for role in ROLES {
            assert_eq!(outcome(role, &frames).events, [message(text)]);
        }
    }
}

/// R6455-5.4-03, R6455-5.4-07: what was complete before is delivered.
#[test]
fn frames_out_of_sequence_are_refused() {
    use Violation::{ExpectedContinuation, UnexpectedContinuation};
    let a = || message("a");
    let cases: [(&[u8], Vec<Event>, Violation); 8] = [
        (b"\x80\x01a", vec![], UnexpectedContinuation),
        (b"\x00\x01a", vec![], UnexpectedContinuation),
        (b"\x81\x01a\x80\x01b", vec![a()], UnexpectedContinuation),
        (
            b"\x01\x01a\x80\x00\x00\x01b",
            vec![a()],
            UnexpectedContinuation,
        ),
        (b"\x01\x01a\x81\x01b", vec![], ExpectedContinuation),
        (b"\x01\x01a\x02\x01b", vec![], ExpectedContinuation),
        (b"\x01\x01a\x00\x01b\x01\x01c", vec![], ExpectedContinuation),
        (b"\x02\x00\x82\x00", vec![], ExpectedContinuation),
    ];
    for (frames, events, violation) in cases {
        for role in ROLES {
            let outcome = outcome(role, frames);
            assert_eq!(outcome.events, events, "{frames:02x?}");
            assert_eq!(outcome.violation, Some(violation), "{frames:02x?}");
            assert_eq!(outcome.sent[2..4], *b"\x03\xea");
        }
    }
}

/// R6455-5.4-05
#[test]
fn control_frames_in_pieces_are_refused() {
    let close = [&b"\x08\x02"[..], &close_body(1000, b"")].concat();
    let cases: [&[u8]; 4] = [
        b"\x09\x00\x80\x00",
        b"\x0a\x00",
        &close,
        b"\x01\x00\x09\x00",
    ];
    for frames in cases {
        for role in ROLES {
            let outcome = outcome(role, frames);
            assert_eq!(outcome.violation, Some(Violation::FragmentedControl));
            assert_eq!(outcome.events, []);
        }
    }
}

/// R6455-5.4-08, R6455-6.2-02: the Pong is queued before the message is complete.
#[test]
fn a_ping_between_fragments_is_answered_at_once() {
    for role in ROLES {
        let mut end = open(role);
        let mut input = BytesMut::from(&to(role, b"\x01\x03Hel\x89\x01p")[..]);
        assert_eq!(
            end.receive(&mut input),
            Ok(Some(Event::Ping(control(b"p"))))
        );
        assert_eq!(sent(role, &mut end), b"\x8a\x01p");
        input.extend_from_slice(&to(role, b"\x80\x02lo"));
        assert_eq!(end.receive(&mut input), Ok(Some(message("Hello"))));

        let all = outcome(role, b"\x01\x03Hel\x89\x01p\x80\x02lo");
        assert_eq!(all.events, [Event::Ping(control(b"p")), message("Hello")]);
        assert_eq!(all.sent, b"\x8a\x01p");
    }
}

/// F13, R6455-5.4-08: control frames at every boundary leave the message as it is.
#[test]
fn control_frames_between_all_fragments_change_nothing() {
    for fragments in [2, 3, 9] {
        let mut frames = Vec::new();
        let mut pongs = Vec::new();
        for index in 0..fragments {
            let opcode = u8::from(index == 0);
            let fin = if index + 1 == fragments { 0x80 } else { 0 };
            frames.extend(frame(fin | opcode, "é".as_bytes()));
            if fin == 0 {
                frames.extend(frame(0x89, &[index; 3]));
                frames.extend(frame(0x8a, b"unasked"));
                pongs.extend(frame(0x8a, &[index; 3]));
            }
        }
        for role in ROLES {
            let outcome = outcome(role, &frames);
            let count = usize::from(fragments);
            assert_eq!(outcome.events.len(), 2 * (count - 1) + 1);
            assert_eq!(outcome.events.last(), Some(&message("é".repeat(count))));
            assert_eq!(outcome.sent, pongs);
        }
    }
}

/// R6455-5.5.1-18: a Close inside of a fragmented message is an orderly end, and the fragments are
/// dropped.
#[test]
fn a_close_between_fragments_ends_the_connection_cleanly() {
    let frames = [b"\x01\x01a", &frame(0x88, &close_body(1000, b""))[..]].concat();
    for role in ROLES {
        let outcome = outcome(role, &frames);
        let [Event::Close(Some(close))] = &outcome.events[..] else {
            panic!("{:?}", outcome.events);
        };
        assert_eq!(close.code.get(), 1000);
        assert_eq!(outcome.sent, b"\x88\x02\x03\xe8");
        assert!(outcome.closed.is_clean());
        let disposition = match role {
            Role::Client => Disposition::AwaitEof,
            Role::Server => Disposition::Shutdown,
        };
        assert_eq!(outcome.disposition, disposition);
    }
}
