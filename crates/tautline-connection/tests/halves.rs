//! The halves used apart: positions in the caller's own bytes.

use bytes::{Buf, BytesMut};
use tautline_connection::{
    CloseFrame, Control, Disposition, Inbound, Initiator, NoKeys, Outbound, Role, Step, Violation,
};
use tautline_frame::{CloseCode, OpCode};
use tautline_message::{Kind, Limits, Message};

use crate::support::{ROLES, control, frame, open, to};

/// R6455-5.2-12: what is missing is said as soon as the length is known, and the bytes may move to
/// another place meanwhile.
#[test]
fn more_says_how_many_bytes_the_frame_lacks() {
    for role in ROLES {
        for (first, len) in [(0x82, 5), (0x81, 300), (0x82, 70_000), (0x89, 100)] {
            let payload = vec![b'a'; len];
            let input = to(role, &frame(first, &payload));
            let head = input.len() - len;
            let mut inbound = Inbound::new(role, Limits::default());
            let mut received: Vec<u8> = Vec::new();
            for (index, byte) in input.iter().enumerate().take(head + len.min(400) - 1) {
                received.push(*byte);
                received = received.clone();
                let present = index + 1;
                let want = if present < head {
                    0
                } else {
                    input.len() - present
                };
                let step = inbound.locate(&mut received);
                assert_eq!(step, Ok(Step::More { want }), "{present} bytes of {len}");
            }
            received.extend(&input[received.len()..]);
            let step = inbound.locate(&mut received).unwrap();
            // What has arrived in pieces was unmasked meanwhile.
            let key = None;
            assert_eq!(step, whole(first, head, len, key));
            assert_eq!(received[head..], payload);
        }
    }
}

/// R6455-5.3-05: a frame that is there as a whole is unmasked when its payload is asked for.
#[test]
fn a_whole_frame_is_found_without_a_look_at_its_payload() {
    for role in ROLES {
        for len in [0, 5, 125, 126, 127, 300, 65_535, 65_536] {
            for first in [0x81, 0x82] {
                let payload = vec![b'a'; len];
                let input = to(role, &frame(first, &payload));
                let head = input.len() - len;
                let mut received = input.clone();
                let mut inbound = Inbound::new(role, Limits::default());
                let key = match role {
                    Role::Server => Some(*input[..head].last_chunk().unwrap()),
                    Role::Client => None,
                };
                for _ in 0..2 {
                    let step = inbound.locate(&mut received);
                    assert_eq!(step, Ok(whole(first, head, len, key)));
                    assert_eq!(received, input);
                }
                let found = &mut received[head..];
                match first {
                    0x81 => assert_eq!(Inbound::text(found, key).unwrap().as_bytes(), payload),
                    _ => assert_eq!(Inbound::binary(found, key), payload),
                }
            }
        }
    }
}

fn whole(first: u8, head: usize, len: usize, key: Option<[u8; 4]>) -> Step {
    let kind = match first {
        0x81 => Kind::Text,
        0x82 => Kind::Binary,
        _ => {
            let opcode = OpCode::Ping;
            return Step::Control { opcode, head, len };
        }
    };
    Step::Message {
        kind,
        head,
        len,
        key,
    }
}

/// R6455-5.4-08: steps for fragments, which are stored at once, with a Ping between.
#[test]
fn fragments_are_taken_piece_by_piece() {
    let mut inbound = Inbound::new(Role::Client, Limits::default());
    let mut locate = |bytes: &[u8]| inbound.locate(&mut bytes.to_vec()).unwrap();
    assert_eq!(locate(b"\x01"), Step::More { want: 0 });
    assert_eq!(locate(b"\x01\x03"), Step::Fragment { len: 2 });
    assert_eq!(locate(b""), Step::More { want: 0 });
    assert_eq!(locate(b"He"), Step::Fragment { len: 2 });
    assert_eq!(locate(b"l\x89\x00"), Step::Fragment { len: 1 });
    let ping = Step::Control {
        opcode: OpCode::Ping,
        head: 2,
        len: 0,
    };
    assert_eq!(locate(b"\x89\x00\x80\x02"), ping);
    assert_eq!(locate(b"\x80\x02lo\x81"), Step::Assembled { len: 4 });
    assert_eq!(inbound.take_message(), Some(Message::from("Hello")));
    assert_eq!(inbound.take_message(), None);
}

/// R6455-7.1.7-07, R6455-5.5.1-17: the receiving half stops by itself.
#[test]
fn nothing_is_found_after_a_close_or_a_violation() {
    let mut good = b"\x81\x01a".to_vec();
    let more = Ok(Step::More { want: 0 });

    let mut closed = Inbound::new(Role::Client, Limits::default());
    let frame = closed.control(OpCode::Close, b"\x03\xe8bye");
    let close = CloseFrame::new(CloseCode::NORMAL, "bye");
    assert_eq!(frame, Ok(Control::Close(Some(close))));
    assert_eq!(closed.locate(&mut good), more);

    let mut failed = Inbound::new(Role::Client, Limits::default());
    assert_eq!(failed.locate(&mut [0x83]), Err(Violation::ReservedOpCode));
    assert_eq!(failed.locate(&mut good), more);

    let mut bad_body = Inbound::new(Role::Client, Limits::default());
    let frame = bad_body.control(OpCode::Close, b"\x03");
    assert_eq!(frame, Err(Violation::TruncatedClose));
    assert_eq!(bad_body.locate(&mut good), more);

    let mut stopped = Inbound::new(Role::Client, Limits::default());
    assert_eq!(
        stopped.locate(&mut [0x01, 0x05, b'a']),
        Ok(Step::Fragment { len: 3 })
    );
    stopped.stop();
    assert_eq!(stopped.locate(&mut good), more);
    assert_eq!(stopped.take_message(), None);
}

/// A caller's mistake in using `control` is an error, too, and no panic.
#[test]
fn control_takes_control_frames_of_125_bytes_only() {
    let mut inbound = Inbound::new(Role::Client, Limits::default());
    assert_eq!(
        inbound.control(OpCode::Ping, b"a"),
        Ok(Control::Ping(control(b"a")))
    );
    assert_eq!(
        inbound.control(OpCode::Pong, b"b"),
        Ok(Control::Pong(control(b"b")))
    );
    let long = inbound.control(OpCode::Ping, &[0; 126]);
    assert_eq!(long, Err(Violation::LongControl));
    let data = inbound.control(OpCode::Text, b"a");
    assert_eq!(data, Err(Violation::ReservedOpCode));
}

/// R6455-8.1-01: text that arrived whole is checked when it is asked for.
#[test]
fn text_is_checked() {
    let zero = [0; 4];
    for key in [None, Some(zero)] {
        for kind in [Kind::Text, Kind::Binary] {
            let message = |bytes: &[u8]| Inbound::message(kind, BytesMut::from(bytes), key);
            assert_eq!(message("κ".as_bytes()).unwrap().as_bytes(), "κ".as_bytes());
            let bad = message(b"\xed\xa0\x80").map(|message| message.kind());
            assert_eq!(bad.ok(), (kind == Kind::Binary).then_some(kind));
        }
        let mut good = "κ".as_bytes().to_vec();
        assert_eq!(Inbound::text(&mut good, key), Ok("κ"));
        let mut bad = b"\xed\xa0\x80".to_vec();
        assert_eq!(Inbound::text(&mut bad, key), Err(Violation::InvalidUtf8));
    }
    let mut masked = [0x80 ^ b'a'; 300];
    assert_eq!(
        Inbound::text(&mut masked, Some([0x80; 4])),
        Ok(&*"a".repeat(300))
    );
    assert!(Inbound::text(&mut masked, Some([0x80; 4])).is_err());
}

/// R6455-7.1.3-01, R6455-7.1.4-01: the sending half knows where the closing handshake stands.
#[test]
fn the_sending_half_keeps_the_state_of_the_closing_handshake() {
    let mut server = Outbound::new(Role::Server, NoKeys);
    assert!(server.is_open() && !server.awaits_close());
    assert_eq!(server.closed().initiator, None);
    server.close(None).unwrap();
    assert!(!server.is_open() && server.awaits_close());
    assert_eq!(server.violation(), None);
    server.answer(&Control::Close(None));
    assert!(!server.awaits_close());
    assert_eq!(server.disposition(), Disposition::Shutdown);
    // Whatever comes now is too late.
    server.fail(Violation::Unmasked);
    server.answer(&Control::Close(None));
    server.answer(&Control::Ping(control(b"late")));
    assert_eq!(server.violation(), None);
    assert!(server.closed().is_clean());
    assert_eq!(server.output().chunk(), b"\x88\x00");

    let mut failed = Outbound::new(Role::Server, NoKeys);
    failed.fail(Violation::Unmasked);
    failed.fail(Violation::InvalidUtf8);
    failed.answer(&Control::Close(None));
    assert_eq!(failed.violation(), Some(Violation::Unmasked));
    assert_eq!(failed.closed().initiator, Some(Initiator::Local));
    assert_eq!(failed.closed().received, None);
}

/// R6455-7.1.4-01: a Close frame is sent when its last byte is written, whatever is in front of it or behind.
#[test]
fn the_sending_half_knows_whether_its_close_frame_is_written() {
    let mut server = Outbound::new(Role::Server, NoKeys);
    server.send(Message::from("in front")).unwrap();
    assert!(!server.close_is_queued());
    server.close(None).unwrap();
    // More of them than can be unsent at once: they are written in between.
    for _ in 0..1000 {
        server.answer(&Control::Ping(control(&[0; 125])));
    }
    let in_front = 2 + "in front".len();
    server.output().advance(in_front + 1);
    assert!(server.close_is_queued());
    server.output().advance(1);
    assert!(!server.close_is_queued());
    for _ in 0..1000 {
        let queued = server.queued();
        server.output().advance(queued);
        server.answer(&Control::Ping(control(&[0; 125])));
        assert!(!server.close_is_queued());
    }
}

/// Both halves go on where the connection was.
#[test]
fn a_connection_can_be_split() {
    let mut server = open(Role::Server);
    let mut input = BytesMut::from(&to(Role::Server, b"\x01\x01a")[..]);
    assert_eq!(server.receive(&mut input), Ok(None));
    server.send("queued").unwrap();
    let (mut inbound, mut outbound) = server.split();
    let mut rest = to(Role::Server, b"\x80\x01b");
    assert_eq!(inbound.locate(&mut rest), Ok(Step::Assembled { len: 7 }));
    assert_eq!(inbound.take_message(), Some(Message::from("ab")));
    assert_eq!(outbound.output().chunk(), b"\x81\x06queued");
}
