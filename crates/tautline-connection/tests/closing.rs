//! The closing handshake (RFC 6455 sections 5.5.1, 7.1).

use bytes::{Buf, BytesMut};
use tautline_connection::{
    CloseFrame, ConnectionLost, Disposition, Event, Fin, Initiator, Role, SendError,
};
use tautline_frame::CloseCode;

use crate::support::{ROLES, close_body, frame, open, outcome, receive_all, replay_from, sent, to};

/// R6455-5.5.1-01, R6455-5.5.1-02, R6455-7.1.2-01, R6455-7.4-01, R6455-7.4.1-02, R6455-7.4.1-03
#[test]
fn a_close_frame_has_the_code_and_the_reason_that_were_given() {
    let cases: [(Option<CloseFrame>, &[u8]); 4] = [
        (None, b"\x88\x00"),
        (
            Some(CloseFrame::new(CloseCode::NORMAL, "")),
            b"\x88\x02\x03\xe8",
        ),
        (
            Some(CloseFrame::new(CloseCode::GOING_AWAY, "bye")),
            b"\x88\x05\x03\xe9bye",
        ),
        (
            Some(CloseFrame::new(CloseCode::GOING_AWAY, "é")),
            b"\x88\x04\x03\xe9\xc3\xa9",
        ),
    ];
    for (close, bytes) in cases {
        for role in ROLES {
            let mut end = open(role);
            end.close(close.clone()).unwrap();
            assert_eq!(sent(role, &mut end), bytes);
            assert_eq!(end.closed().sent, Some(close.clone()));
            assert_eq!(end.closed().initiator, Some(Initiator::Local));
        }
    }
}

/// R6455-5.5-01, R6455-5.5.1-02, L3: 123 bytes fit, 124 do not, and nothing is queued then.
#[test]
fn a_reason_has_at_most_123_bytes() {
    for role in ROLES {
        let mut end = open(role);
        for long in ["x".repeat(124), "é".repeat(62)] {
            let close = CloseFrame::new(CloseCode::NORMAL, long);
            assert_eq!(end.close(Some(close)), Err(SendError::ControlTooLong));
        }
        assert!(!end.output().has_remaining());
        assert_eq!(end.send("still open"), Ok(()));

        let fits = "x".repeat(123);
        let close = CloseFrame::new(CloseCode::NORMAL, fits.as_str());
        end.close(Some(close)).unwrap();
        let close = frame(0x88, &close_body(1000, fits.as_bytes()));
        assert!(sent(role, &mut end).ends_with(&close));
    }
}

/// R6455-5.5.1-03, R6455-5.5.1-08, R6455-5.5.1-09, R6455-7.1.3-01, R6455-7.1.5-01,
/// R6455-7.1.5-02, R6455-7.1.6-01
#[test]
fn a_close_is_answered_with_its_own_code() {
    let cases: [(&[u8], u16, &str, &[u8]); 5] = [
        (b"", 1005, "", b"\x88\x00"),
        (b"\x03\xe8", 1000, "", b"\x88\x02\x03\xe8"),
        (b"\x03\xe8hello", 1000, "hello", b"\x88\x02\x03\xe8"),
        (b"\x0f\xa1bye", 4001, "bye", b"\x88\x02\x0f\xa1"),
        (b"\x03\xe8\xc3\xa9", 1000, "é", b"\x88\x02\x03\xe8"),
    ];
    for (body, code, reason, answer) in cases {
        for role in ROLES {
            let outcome = outcome(role, &frame(0x88, body));
            let [Event::Close(close)] = &outcome.events[..] else {
                panic!("{:?}", outcome.events);
            };
            assert_eq!(outcome.closed.received.as_ref(), Some(close));
            assert_eq!(outcome.closed.code(), code);
            assert_eq!(outcome.closed.reason(), reason);
            assert_eq!(outcome.closed.initiator, Some(Initiator::Remote));
            assert!(outcome.closed.is_clean());
            assert_eq!(outcome.sent, answer);
        }
    }
}

/// R6455-5.5.1-12, R6455-5.5.1-13, R6455-5.5.1-14, R6455-7.1.1-05, R6455-7.1.1-06, R6455-7.1.2-02,
/// R6455-7.1.4-01: when both frames have gone their ways a server closes the transport and a client
/// waits for it, whoever began.
#[test]
fn the_server_closes_the_transport_and_the_client_waits() {
    let after = |role| match role {
        Role::Server => Disposition::Shutdown,
        Role::Client => Disposition::AwaitEof,
    };
    for role in ROLES {
        let answered = outcome(role, b"\x88\x00");
        assert_eq!(answered.disposition, after(role));

        let mut end = open(role);
        end.close(None).unwrap();
        assert_eq!(end.disposition(), Disposition::Open);
        let mut input = BytesMut::from(&to(role, b"\x88\x00")[..]);
        assert_eq!(end.receive(&mut input), Ok(Some(Event::Close(None))));
        assert_eq!(end.disposition(), after(role));
        assert_eq!(end.receive_eof(), Ok(()));
        assert!(end.closed().is_clean());
    }
}

/// R6455-5.5.1-08, R6455-5.5.1-17, R6455-7.1.5-01: of several Close frames the first one counts,
/// and nothing behind it.
#[test]
fn whatever_follows_the_peers_close_is_discarded() {
    let first = frame(0x88, &close_body(4000, b"one"));
    let cases: [&[u8]; 6] = [
        &frame(0x88, &close_body(4001, b"two")),
        b"\x81\x02hi",
        b"\x89\x00",
        b"\x83\x00",
        b"\xff\xff\xff\xff\xff",
        b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff",
    ];
    for behind in cases {
        for role in ROLES {
            let outcome = outcome(role, &[&first, behind].concat());
            assert_eq!(outcome.events.len(), 1, "{behind:02x?}");
            assert_eq!(outcome.violation, None, "{behind:02x?}");
            assert_eq!(outcome.closed.code(), 4000);
            assert_eq!(outcome.closed.reason(), "one");
            assert_eq!(outcome.sent, b"\x88\x02\x0f\xa0");

            let mut input = BytesMut::from(&to(role, &[&first, behind].concat())[..]);
            assert!(open(role).receive(&mut input).is_ok());
            assert!(input.is_empty(), "it is gone with the close itself");
        }
    }
}

/// R6455-5.5.1-08, R6455-5.5.1-16, R6455-7.1.5-01: crossing Close frames complete the handshake;
/// each side learns the other's code, and none sends a second frame.
#[test]
fn a_close_that_crosses_this_ends_own_is_not_answered() {
    for role in ROLES {
        let close = frame(0x88, &close_body(4001, b"theirs"));
        let outcome = replay_from(role, &to(role, &close), || {
            let mut end = open(role);
            let own = CloseFrame::new(CloseCode::NORMAL, "ours");
            end.close(Some(own)).unwrap();
            end
        });
        assert_eq!(outcome.sent, b"\x88\x06\x03\xe8ours");
        assert_eq!(outcome.closed.code(), 4001);
        assert_eq!(outcome.closed.reason(), "theirs");
        assert_eq!(outcome.closed.initiator, Some(Initiator::Local));
        let own = CloseFrame::new(CloseCode::NORMAL, "ours");
        assert_eq!(outcome.closed.sent, Some(Some(own)));
        assert!(outcome.closed.is_clean());
    }
}

/// R6455-5.5.1-07, R6455-6.1-02, R6455-7.1.3-01, L2: whichever side began, nothing but Pong frames
/// can be sent, and a second `close` changes nothing.
#[test]
fn nothing_is_sent_after_a_close() {
    for initiator in [Initiator::Local, Initiator::Remote] {
        for role in ROLES {
            let mut end = open(role);
            end.send_fragment("a", Fin::More).unwrap();
            match initiator {
                Initiator::Local => end.close(None).unwrap(),
                Initiator::Remote => {
                    let mut input = BytesMut::from(&to(role, b"\x88\x00")[..]);
                    assert_eq!(end.receive(&mut input), Ok(Some(Event::Close(None))));
                }
            }
            assert_eq!(end.send("x"), Err(SendError::Closing));
            assert_eq!(end.send_fragment("b", Fin::Last), Err(SendError::Closing));
            assert_eq!(end.ping(b""), Err(SendError::Closing));
            assert_eq!(end.pong(b""), Err(SendError::Closing));
            let again = CloseFrame::new(CloseCode::GOING_AWAY, "again");
            assert_eq!(end.close(Some(again)), Ok(()));
            assert_eq!(sent(role, &mut end), b"\x01\x01a\x88\x00");
            assert_eq!(end.closed().sent, Some(None));
        }
    }
}

/// R6455-5.5.1-11: a Close in the middle of a message that this end sends aborts the message.
#[test]
fn the_answer_to_a_close_may_cut_off_a_fragmented_message() {
    for role in ROLES {
        let mut end = open(role);
        end.send_fragment("a", Fin::More).unwrap();
        let close = frame(0x88, &close_body(1001, b""));
        let mut input = BytesMut::from(&to(role, &close)[..]);
        receive_all(&mut end, &mut input);
        assert_eq!(end.send_fragment("b", Fin::Last), Err(SendError::Closing));
        assert_eq!(sent(role, &mut end), b"\x01\x01a\x88\x02\x03\xe9");
        assert!(end.closed().is_clean());
    }
}

/// R6455-7.1.4-01, R6455-7.1.5-03, R6455-7.2.1-02: the end of the stream before the closing
/// handshake is complete is a loss, and reads as code 1006.
#[test]
fn the_end_of_the_stream_without_a_close_is_a_loss() {
    let cases: [(&[u8], bool); 5] = [
        (b"", false),
        (b"\x81\x01a", false),
        (b"\x01\x01a", false),
        (b"\x81", false),
        (b"", true),
    ];
    for (frames, closes) in cases {
        for role in ROLES {
            let mut end = open(role);
            if closes {
                end.close(None).unwrap();
            }
            let mut input = BytesMut::from(&to(role, frames)[..]);
            receive_all(&mut end, &mut input);
            assert_eq!(end.receive_eof(), Err(ConnectionLost::new()));
            assert_eq!(end.closed().code(), 1006);
            assert_eq!(end.closed().reason(), "");
            assert!(!end.closed().is_clean());
            input.extend_from_slice(&to(role, b"\x81\x01b"));
            assert_eq!(
                end.receive(&mut input),
                Ok(None),
                "nothing comes after the end"
            );
        }
    }
}

/// R6455-5.5.1-05: the reason is in the value and shown escaped, never raw.
#[test]
fn a_reason_is_shown_without_its_control_characters() {
    let shown = |reason: &str| CloseFrame::new(CloseCode::NORMAL, reason).to_string();
    assert_eq!(shown(""), "1000 (normal closure)");
    assert_eq!(shown("bye"), "1000 (normal closure): bye");
    let escaped = shown("\u{1b}[2J\r\nfake line\0");
    assert!(!escaped.contains(char::is_control), "{escaped}");
    assert_eq!(
        ConnectionLost::default().to_string(),
        "connection lost without a closing handshake"
    );
}
