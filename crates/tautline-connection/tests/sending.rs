//! Sending: frames, fragments, and what cannot be sent (RFC 6455 sections 5.4, 5.5, 6.1).

use core::num::NonZeroUsize;

use bytes::Buf;
use tautline_connection::{CloseFrame, Fin, Outbound, OutputBuffer, Role, SendError};
use tautline_frame::CloseCode;
use tautline_message::{Limits, Message, MessageRef};

use crate::support::{Keys, ROLES, drain, message, open, parse, replay, sent, unmasked};

/// R6455-5.4-09, R6455-6.1-01, R6455-6.1-04, R6455-6.1-05, R6455-6.1-06
#[test]
fn messages_are_cut_to_the_fragment_size() {
    let cases: [(usize, &str, &[u8]); 7] = [
        (1, "abc", b"\x01\x01a\x00\x01b\x80\x01c"),
        (1, "é", b"\x01\x01\xc3\x80\x01\xa9"),
        (2, "abc", b"\x01\x02ab\x80\x01c"),
        (2, "abcd", b"\x01\x02ab\x80\x02cd"),
        (3, "abc", b"\x81\x03abc"),
        (4, "abc", b"\x81\x03abc"),
        (1, "", b"\x81\x00"),
    ];
    for (size, text, frames) in cases {
        for role in ROLES {
            let mut end = open(role);
            end.set_fragment_size(NonZeroUsize::new(size));
            end.send(text).unwrap();
            assert_eq!(sent(role, &mut end), frames);
            end.set_fragment_size(None);
            end.send(text).unwrap();
            assert_eq!(parse(role, &drain(&mut end)).len(), 1);

            let mut borrowing = Outbound::new(role, Keys::new());
            borrowing.set_fragment_size(NonZeroUsize::new(size));
            borrowing.send_ref(MessageRef::Text(text)).unwrap();
            let output = borrowing.output();
            let bytes = output.copy_to_bytes(output.remaining());
            assert_eq!(unmasked(role, &bytes), frames);
        }
    }
}

/// R6455-6.1-04, R6455-5.4-10: pieces above and below the size from which they are not copied.
#[test]
fn a_large_message_in_fragments_is_received_as_it_was() {
    let payload: Vec<u8> = (0..100_000).map(|index| (index % 251) as u8).collect();
    for role in ROLES {
        for size in [777, 2_047, 2_048, 40_000, 99_999] {
            let mut end = open(role);
            end.set_fragment_size(NonZeroUsize::new(size));
            end.send(&payload[..]).unwrap();
            let bytes = drain(&mut end);
            let frames = parse(role, &bytes);
            assert_eq!(frames.len(), payload.len().div_ceil(size));
            assert!(frames.iter().all(|frame| frame.payload.len() <= size));
            let received = replay(other(role), Limits::default(), &bytes);
            assert_eq!(received.events, [message(&payload[..])]);
        }
    }
}

/// R6455-5.4-04, R6455-6.1-04, R6455-6.1-05, R6455-6.1-06
#[test]
fn fragments_are_sent_one_by_one_with_control_frames_between() {
    for role in ROLES {
        let mut end = open(role);
        end.send_fragment("Hel", Fin::More).unwrap();
        end.ping(b"p").unwrap();
        end.send_fragment("", Fin::More).unwrap();
        end.pong(b"q").unwrap();
        end.send_fragment("lo", Fin::Last).unwrap();
        end.send_fragment(b"\x00", Fin::Last).unwrap();
        end.send_fragment(b"\x01", Fin::More).unwrap();
        end.close(None).unwrap();
        assert_eq!(
            sent(role, &mut end),
            b"\x01\x03Hel\x89\x01p\x00\x00\x8a\x01q\x80\x02lo\x82\x01\x00\x02\x01\x01\x88\x00"
        );
    }
}

/// R6455-5.4-07, R6455-5.4-11: misuse is refused, queues nothing, and changes nothing.
#[test]
fn messages_do_not_mix() {
    for role in ROLES {
        let mut end = open(role);
        end.send_fragment("a", Fin::More).unwrap();
        assert_eq!(end.send("b"), Err(SendError::UnfinishedMessage));
        assert_eq!(end.send(vec![0; 5_000]), Err(SendError::UnfinishedMessage));
        assert_eq!(
            end.send_fragment(b"b", Fin::More),
            Err(SendError::KindMismatch)
        );
        assert_eq!(
            end.send_fragment(b"b", Fin::Last),
            Err(SendError::KindMismatch)
        );
        end.send_fragment("c", Fin::Last).unwrap();
        end.send("d").unwrap();
        assert_eq!(sent(role, &mut end), b"\x01\x01a\x80\x01c\x81\x01d");

        let mut borrowing = Outbound::new(role, Keys::new());
        let fragment = Message::from("a");
        borrowing.send_fragment(fragment, Fin::More).unwrap();
        let refused = borrowing.send_ref(MessageRef::Text("b"));
        assert_eq!(refused, Err(SendError::UnfinishedMessage));
    }
}

/// R6455-5.5-01, R6455-5.5.1-07, R6455-7.4.1-12: each kind of misuse is its own value.
#[test]
fn every_misuse_has_its_error() {
    let mut end = open(Role::Server);
    let close = |code, reason: &str| Some(CloseFrame::new(code, reason));
    let mut errors = vec![
        end.ping(&[0; 126]),
        end.close(close(CloseCode::MANDATORY_EXTENSION, "")),
    ];
    end.send_fragment("a", Fin::More).unwrap();
    errors.push(end.send("b"));
    errors.push(end.send_fragment(b"b", Fin::More));
    end.close(None).unwrap();
    errors.push(end.send("c"));
    let expected = [
        (SendError::ControlTooLong, "125"),
        (SendError::ClientOnlyCode, "1010"),
        (SendError::UnfinishedMessage, "unfinished"),
        (SendError::KindMismatch, "kind"),
        (SendError::Closing, "closing"),
    ];
    assert_eq!(errors.len(), expected.len());
    for (error, (expected, word)) in errors.into_iter().zip(expected) {
        assert_eq!(error, Err(expected));
        assert!(expected.to_string().contains(word));
    }
}

/// R6455-5.6-01, R6455-6.1-05: text can only be made of a `str`; its opcode follows from its type.
#[test]
fn the_kind_of_a_message_is_its_opcode() {
    for role in ROLES {
        let mut end = open(role);
        end.send(String::from("é")).unwrap();
        end.send("é".as_bytes()).unwrap();
        assert_eq!(sent(role, &mut end), b"\x81\x02\xc3\xa9\x82\x02\xc3\xa9");
    }
}

const fn other(role: Role) -> Role {
    match role {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    }
}

/// The buffer that a thread lends to its connections does not grow to the size of the largest
/// message, whoever owns that.
#[test]
fn a_large_borrowed_message_does_not_grow_the_output_buffer() {
    let payload = vec![b'a'; 1024 * 1024];
    for role in ROLES {
        let mut end = Outbound::new(role, Keys::new());
        end.output()
            .lend(Box::new(OutputBuffer::with_capacity(4096)));
        end.send_ref(MessageRef::Binary(&payload)).unwrap();
        let output = end.output();
        let frame = output.copy_to_bytes(output.remaining());
        assert_eq!(parse(role, &frame).len(), 1);
        assert_eq!(end.output().reclaim().unwrap().capacity(), 4096);
    }
}
