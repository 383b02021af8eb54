//! Failing the connection (RFC 6455 section 7.1.7).

use std::error::Error;

use bytes::{Buf, BytesMut};
use tautline_connection::{
    Connection, ConnectionLost, Disposition, Event, Fin, Initiator, Role, SendError, Violation,
};
use tautline_message::Limits;

use crate::support::{
    Keys, ROLES, close_body, frame, message, open, outcome, receive_all, replay, replay_from, sent,
    to,
};

/// One input for each violation that both roles know, with its close code. Two more are about the
/// mask, and are in `framing`.
const VIOLATIONS: [(&[u8], Violation, u16); 14] = [
    (b"\xc1\x00", Violation::ReservedBit, 1002),
    (b"\x83\x00", Violation::ReservedOpCode, 1002),
    (b"\x09\x00", Violation::FragmentedControl, 1002),
    (b"\x89\x7e\x00\x7e", Violation::LongControl, 1002),
    (b"\x82\x7e\x00\x01", Violation::NonMinimalLength, 1002),
    (
        b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff",
        Violation::LengthHighBit,
        1002,
    ),
    (b"\x80\x00", Violation::UnexpectedContinuation, 1002),
    (b"\x01\x00\x81\x00", Violation::ExpectedContinuation, 1002),
    (b"\x81\x01\xff", Violation::InvalidUtf8, 1007),
    (b"\x88\x01\x03", Violation::TruncatedClose, 1002),
    (b"\x88\x02\x03\xed", Violation::InvalidCloseCode, 1002),
    (b"\x82\x0b", Violation::FrameTooBig, 1009),
    (b"\x02\x08abcdefgh\x00\x07", Violation::MessageTooBig, 1009),
    (
        b"\x02\x00\x00\x00\x00\x00",
        Violation::TooManyEmptyFragments,
        1008,
    ),
];

fn limits() -> Limits {
    Limits::default()
        .with_max_frame_size(10)
        .with_max_message_size(14)
        .with_max_empty_fragments(2)
}

fn small(role: Role) -> Connection<Keys> {
    Connection::with_limits(role, Keys::new(), limits())
}

/// R6455-7.1.7-02, R6455-7.1.7-05, R6455-7.4.1-04, R6455-7.4.1-09, R6455-7.4.1-10,
/// R6455-7.4.1-11: one Close frame with the code that fits, and a reason for its reader.
#[test]
fn each_violation_is_told_to_the_peer_and_to_the_caller() {
    for (frames, violation, code) in VIOLATIONS {
        for role in ROLES {
            let outcome = replay(role, limits(), &to(role, frames));
            assert_eq!(outcome.violation, Some(violation));
            let reason = violation.to_string();
            let close = frame(0x88, &close_body(code, reason.as_bytes()));
            assert_eq!(outcome.sent, close);
            assert_eq!(violation.close_code().get(), code);
            assert_eq!(outcome.disposition, Disposition::Shutdown);
            assert_eq!(outcome.closed.initiator, Some(Initiator::Local));
            assert_eq!(outcome.closed.code(), 1006);
            assert!(!outcome.closed.is_clean());
        }
    }
}

/// R6455-7.1.7-07: no Pong, no message, no second Close frame, whatever is behind; and the result
/// stays this end's own.
#[test]
fn nothing_is_processed_after_a_violation() {
    let behind = [
        frame(0x89, b"ping"),
        frame(0x81, b"text"),
        frame(0x88, &close_body(1000, b"")),
        frame(0x83, b"worse"),
    ]
    .concat();
    for (frames, violation, _) in VIOLATIONS {
        for role in ROLES {
            let input = [to(role, frames), to(role, &behind)].concat();
            let alone = replay(role, limits(), &to(role, frames));
            let outcome = replay(role, limits(), &input);
            assert_eq!(outcome.violation, Some(violation));
            assert_eq!(outcome, alone);
        }
    }
}

/// R6455-7.1.7-05, R6455-7.1.7-07: what was good before is delivered, and can be answered before
/// the violation is seen; the Close frame is behind the answer.
#[test]
fn a_good_message_before_a_bad_frame_is_answered_first() {
    let good = b"\x89\x01p\x81\x04good";
    for (frames, violation, code) in VIOLATIONS {
        for role in ROLES {
            let mut end = small(role);
            let input = [&good[..], frames].concat();
            let mut input = BytesMut::from(&to(role, &input)[..]);
            assert!(matches!(end.receive(&mut input), Ok(Some(Event::Ping(_)))));
            assert_eq!(end.receive(&mut input), Ok(Some(message("good"))));
            end.send("answer").unwrap();
            assert_eq!(receive_all(&mut end, &mut input).1, Some(violation));
            assert!(input.is_empty(), "nothing is kept");

            let reason = violation.to_string();
            let close = frame(0x88, &close_body(code, reason.as_bytes()));
            let expected = [&b"\x8a\x01p\x81\x06answer"[..], &close].concat();
            assert_eq!(sent(role, &mut end), expected);
        }
    }
}

/// R6455-5.5.1-07, R6455-5.5.1-08, R6455-7.1.7-07: this end's Close frame was the only one.
#[test]
fn a_violation_after_a_close_sends_no_second_close() {
    for (frames, violation, _) in VIOLATIONS {
        for role in ROLES {
            let outcome = replay_from(role, &to(role, frames), || {
                let mut end = small(role);
                end.close(None).unwrap();
                end
            });
            assert_eq!(outcome.violation, Some(violation));
            assert_eq!(outcome.sent, b"\x88\x00");
            assert_eq!(outcome.disposition, Disposition::Shutdown);
            assert_eq!(outcome.closed.sent, Some(None));
            assert!(!outcome.closed.is_clean());
        }
    }
}

/// R6455-6.1-02, R6455-7.1.7-05: the Close frame is the last one.
#[test]
fn nothing_can_be_sent_after_a_violation() {
    for role in ROLES {
        let mut end = open(role);
        end.send_fragment("a", Fin::More).unwrap();
        // Answers that had to wait are not sent behind the Close frame.
        let flood = frame(0x89, &[0; 125]).repeat(200);
        let mut input = BytesMut::from(&to(role, &[&flood, &b"\x83\x00"[..]].concat())[..]);
        let (_, violation) = receive_all(&mut end, &mut input);
        assert_eq!(violation, Some(Violation::ReservedOpCode));

        assert_eq!(end.send("b"), Err(SendError::Closing));
        assert_eq!(end.send_fragment("b", Fin::Last), Err(SendError::Closing));
        assert_eq!(end.ping(b""), Err(SendError::Closing));
        assert_eq!(end.pong(b""), Err(SendError::Closing));
        assert_eq!(end.close(None), Ok(()));
        assert_eq!(end.receive_eof(), Err(ConnectionLost::new()));

        let close = frame(0x88, &close_body(1002, b"reserved opcode"));
        assert!(sent(role, &mut end).ends_with(&close));
        assert!(!end.output().has_remaining());
    }
}

/// R6455-7.1.7-08, R6455-7.3-02: whatever a peer may do, and doing nothing, is no reason to close.
#[test]
fn an_end_does_not_close_by_itself() {
    for role in ROLES {
        let good = outcome(role, b"\x81\x00\x8a\x00\x89\x00\x02\x00\x00\x00\x80\x00");
        assert_eq!(good.disposition, Disposition::Open);
        assert_eq!(good.sent, b"\x8a\x00");
        assert_eq!(good.closed.sent, None);
    }
}

/// R6455-7.1.7-02, R6455-5.5.1-05, R6455-5.5.1-19, F12: faults are values with a message of this library's own; the
/// peer's words are in none.
#[test]
fn violations_are_errors_with_a_message() {
    for (_, violation, _) in VIOLATIONS {
        let error: &dyn Error = &violation;
        let message = error.to_string();
        assert!(message.len() <= 123 && message.is_ascii());
        assert!(!message.ends_with('.') && error.source().is_none());
    }
}
