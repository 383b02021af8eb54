//! Ping and Pong (RFC 6455 sections 5.5, 5.5.2, 5.5.3).

use bytes::{Buf, BytesMut};
use tautline_connection::{Disposition, Event, SendError};

use crate::support::{
    ROLES, close_body, control, drain, frame, message, open, outcome, parse, receive_all,
    replay_from, sent, to,
};

/// R6455-5.5-01, R6455-5.5.2-01, R6455-5.5.2-05
#[test]
fn a_ping_carries_up_to_125_bytes() {
    for role in ROLES {
        let mut end = open(role);
        for payload in [&b""[..], b"x", &[0xfe; 125]] {
            end.ping(payload).unwrap();
            assert_eq!(sent(role, &mut end), frame(0x89, payload));
            end.pong(payload).unwrap();
            assert_eq!(sent(role, &mut end), frame(0x8a, payload));
        }
        assert_eq!(end.ping(&[0; 126]), Err(SendError::ControlTooLong));
        assert_eq!(end.pong(&[0; 126]), Err(SendError::ControlTooLong));
        assert!(!end.output().has_remaining(), "nothing was queued");
    }
}

/// R6455-5.5.2-02, R6455-5.5.3-01, R6455-6.2-02
#[test]
fn a_ping_is_answered_with_its_payload() {
    let random: Vec<u8> = (0..125_u8).map(|byte| byte.wrapping_mul(151)).collect();
    for role in ROLES {
        for payload in [&b""[..], b"a", b"Hello", &random] {
            let outcome = outcome(role, &frame(0x89, payload));
            assert_eq!(outcome.events, [Event::Ping(control(payload))]);
            assert_eq!(outcome.sent, frame(0x8a, payload));
            assert_eq!(outcome.disposition, Disposition::Open);
        }
    }
}

/// R6455-5.5.3-02, F7: when the peer reads, all of them are answered and in order.
#[test]
fn ten_pings_in_one_segment_are_all_answered_in_order() {
    let pings: Vec<u8> = (0..10).flat_map(|number| frame(0x89, &[number])).collect();
    let pongs: Vec<u8> = (0..10).flat_map(|number| frame(0x8a, &[number])).collect();
    for role in ROLES {
        assert_eq!(outcome(role, &pings).sent, pongs);
    }
}

/// R6455-5.5.3-03
#[test]
fn a_pong_that_nobody_asked_for_gets_no_answer() {
    for role in ROLES {
        let outcome = outcome(role, b"\x8a\x00\x8a\x02hi\x81\x01a");
        assert_eq!(
            outcome.events,
            [
                Event::Pong(control(b"")),
                Event::Pong(control(b"hi")),
                message("a")
            ]
        );
        assert_eq!(outcome.sent, b"");
        assert_eq!(outcome.disposition, Disposition::Open);

        let mut end = open(role);
        end.pong(b"hb").unwrap();
        assert_eq!(sent(role, &mut end), b"\x8a\x02hb");
    }
}

/// R6455-5.5.2-02: not after the peer's Close.
#[test]
fn a_ping_behind_a_close_is_not_answered() {
    let frames = [frame(0x88, &close_body(1000, b"")), frame(0x89, b"late")].concat();
    for role in ROLES {
        let outcome = outcome(role, &frames);
        assert_eq!(outcome.sent, b"\x88\x02\x03\xe8");
        assert_eq!(outcome.events.len(), 1);
    }
}

/// R6455-5.5.2-03, R6455-5.5.1-07: a Close that was sent ends the data, not the duty to answer
/// pings (D-02).
#[test]
fn a_ping_is_answered_after_this_ends_close() {
    let frames = [
        frame(0x89, b"a"),
        frame(0x81, b"still under way"),
        frame(0x89, b"b"),
        frame(0x88, &close_body(1000, b"")),
        frame(0x89, b"c"),
    ]
    .concat();
    for role in ROLES {
        let outcome = replay_from(role, &to(role, &frames), || {
            let mut end = open(role);
            end.close(None).unwrap();
            end
        });
        assert_eq!(outcome.sent, b"\x88\x00\x8a\x01a\x8a\x01b");
        assert!(outcome.closed.is_clean());
        let data = outcome
            .events
            .iter()
            .filter(|event| matches!(event, Event::Message(_)));
        assert_eq!(data.count(), 1, "what was under way is delivered");
    }
}

/// R6455-5.5-02: a long control frame fails even though its header came alone, and 125 pass.
#[test]
fn a_control_frame_of_125_bytes_is_received() {
    for role in ROLES {
        let ping = outcome(role, &frame(0x89, &[b'x'; 125]));
        assert_eq!(ping.events, [Event::Ping(control(&[b'x'; 125]))]);
        let close = outcome(role, &frame(0x88, &close_body(1000, &[b'x'; 123])));
        assert_eq!(close.closed.reason(), "x".repeat(123));
    }
}

/// R6455-5.5.3-02, F7: a peer that sends pings and takes nothing gets a bounded number of answers
/// queued. Once it reads, the last answer is to its newest ping.
#[test]
fn a_flood_of_pings_without_reading_queues_little_and_the_newest_is_answered_last() {
    const BOUND: usize = 17 * 1024;
    for role in ROLES {
        for size in [0, 4, 125] {
            let mut end = open(role);
            let mut payload = vec![0; size];
            for number in 0..20_000_u32 {
                let digits = number.to_be_bytes();
                payload[..size.min(4)].copy_from_slice(&digits[..size.min(4)]);
                let mut input = BytesMut::from(&to(role, &frame(0x89, &payload))[..]);
                assert_eq!(receive_all(&mut end, &mut input).1, None);
                assert!(end.output().remaining() <= BOUND);
            }
            let pongs = sent(role, &mut end);
            assert!(pongs.len() <= BOUND + 131);
            assert!(pongs.ends_with(&frame(0x8a, &payload)), "{size}");
            // All is forgotten: the next ones are answered one by one.
            let mut input = BytesMut::from(&to(role, b"\x89\x01a\x89\x01b")[..]);
            assert_eq!(receive_all(&mut end, &mut input).1, None);
            assert_eq!(sent(role, &mut end), b"\x8a\x01a\x8a\x01b");
        }
    }
}

/// R6455-5.5.2-02: a queue that is never quite empty, because this end has more to send, does not
/// make a reading peer a flooding one.
#[test]
fn a_peer_that_reads_gets_every_answer_though_the_queue_is_never_empty() {
    for role in ROLES {
        let mut end = open(role);
        let mut wire = Vec::new();
        let mut pings = 0_u32;
        for _ in 0..2_000 {
            let ping = frame(0x89, &pings.to_be_bytes().repeat(8));
            let mut input = BytesMut::from(&to(role, &ping)[..]);
            assert_eq!(receive_all(&mut end, &mut input).1, None);
            pings += 1;
            end.send(vec![0; 100]).unwrap();
            while end.output().remaining() > 50 {
                wire.push(end.output().get_u8());
            }
        }
        wire.extend(drain(&mut end));
        let frames = parse(role, &wire);
        let answers = frames.iter().filter(|frame| frame.first == 0x8a);
        let answered: Vec<u32> = answers
            .map(|frame| {
                let number = frame.payload.first_chunk().expect("32 bytes");
                u32::from_be_bytes(*number)
            })
            .collect();
        assert_eq!(answered, (0..pings).collect::<Vec<_>>());
    }
}

/// R6455-5.5.2-02, R6455-5.5.1-08: an answer that had to wait does not follow the answer to a
/// Close.
#[test]
fn a_deferred_pong_is_dropped_when_the_peer_closes() {
    for role in ROLES {
        let mut end = open(role);
        let flood = to(role, &frame(0x89, &[1; 125]).repeat(1_000));
        let mut input = BytesMut::from(&flood[..]);
        assert_eq!(receive_all(&mut end, &mut input).1, None);
        input.extend_from_slice(&to(role, b"\x88\x00"));
        assert_eq!(end.receive(&mut input), Ok(Some(Event::Close(None))));
        assert!(sent(role, &mut end).ends_with(b"\x88\x00"));
    }
}
