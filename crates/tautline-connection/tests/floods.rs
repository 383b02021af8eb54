//! Many small frames cost what they carry, and not more (RFC 6455 section 10.4).

use bytes::{Buf, BytesMut};
use tautline_connection::{Event, Role, Violation};

use crate::support::{ROLES, frame, message, open, receive_all, to};

/// R6455-5.4-02, R6455-10.4-01, F4, F5: 4 MiB in fragments of 64 bytes, and twice as many of 32.
#[test]
fn a_message_of_many_fragments_passes() {
    for (count, size) in [(65_536, 64), (131_072, 32)] {
        let mut end = open(Role::Client);
        let mut input = BytesMut::new();
        for index in 0..count {
            let first = match index {
                0 => 0x02,
                last if last == count - 1 => 0x80,
                _ => 0x00,
            };
            input.extend_from_slice(&frame(first, &vec![index as u8; size]));
        }
        let (events, violation) = receive_all(&mut end, &mut input);
        assert_eq!(violation, None);
        let [Event::Message(message)] = &events[..] else {
            panic!("{} events", events.len());
        };
        assert_eq!(message.len(), count * size);
        let fragments = message.as_bytes().chunks(size).enumerate();
        assert!(
            fragments
                .into_iter()
                .all(|(index, part)| part[0] == index as u8)
        );
    }
}

/// R6455-10.4-01, F4: a million fragments of one byte are a message of a million bytes; a million
/// without any are too many.
#[test]
fn a_million_fragments_pass_if_they_carry_something() {
    for role in ROLES {
        for (payload, passes) in [(&b"a"[..], true), (b"", false)] {
            let mut end = open(role);
            let mut input = BytesMut::from(&to(role, &frame(0x01, b""))[..]);
            assert_eq!(end.receive(&mut input), Ok(None));
            let batch = to(role, &frame(0x00, payload).repeat(10_000));
            let mut violation = None;
            for _ in 0..100 {
                input.extend_from_slice(&batch);
                violation = violation.or(receive_all(&mut end, &mut input).1);
            }
            input.extend_from_slice(&to(role, b"\x80\x00"));
            let last = end.receive(&mut input);
            if passes {
                assert_eq!(violation, None);
                assert_eq!(last, Ok(Some(message("a".repeat(1_000_000)))));
            } else {
                assert_eq!(violation, Some(Violation::TooManyEmptyFragments));
                assert_eq!(last, Ok(None));
            }
        }
    }
}

/// R6455-10.4-01, F9: each call takes something off the input, or says that it needs more.
#[test]
fn every_call_makes_progress() {
    let frames = b"\x01\x01a\x00\x00\x89\x01p\x00\x02bc\x8a\x00\x80\x00\x82\x03abc\x88\x00";
    for role in ROLES {
        let mut end = open(role);
        let mut input = BytesMut::from(&to(role, frames)[..]);
        let mut left = input.len();
        while let Some(event) = end.receive(&mut input).unwrap() {
            assert!(input.remaining() < left, "{event:?}");
            left = input.remaining();
        }
        assert!(input.is_empty());
    }
}
