//! Ends that the other end has not agreed on: violations, lost streams, and peers that never stop or
//! never answer.

use std::{io, time::Duration};

use tautline_driver::{CloseCode, Config, Error, Initiator, Message, Timeout, Violation};

use crate::support::{
    client,
    executor::{Task, block_on, now},
    frames::{self, BINARY, CLOSE, PING, TEXT, close_body, header, masked},
    pair, server, server_with, summary,
    wire::{Call, Side},
};

/// R6455-7.1.2-03
#[test]
fn a_peer_that_does_not_answer_is_waited_for_no_longer_than_the_close_timeout() {
    let timeout = Duration::from_millis(1500);
    let (wire, mut ws) = server_with(Config::new().close_timeout(timeout));
    let closed = block_on(&wire, ws.close(CloseCode::NORMAL, "")).unwrap();
    assert_eq!(summary(&closed), (Some(Initiator::Local), 1006, "", false));
    assert_eq!(wire.elapsed(), timeout);
    assert!(matches!(
        now(ws.recv()),
        Err(Error::Timeout(Timeout::Close))
    ));
    drop(ws);
    assert!(wire.is_gone(Side::Server));
}

/// R6455-7.1.2-03: the default is five seconds.
#[test]
fn a_close_that_is_answered_just_in_time_is_clean() {
    let (wire, mut ws) = server();
    let mut task = Task::new(ws.close(CloseCode::NORMAL, ""));
    task.run();
    wire.advance(Duration::from_secs(5) - Duration::from_millis(1));
    assert!(!task.run().is_done());
    wire.give(Side::Server, masked(CLOSE, close_body(1000, "")));
    wire.give_eof(Side::Server);
    assert!(task.run().output().unwrap().is_clean());
}

/// R6455-7.1.2-03: not even the Close frame can be written.
#[test]
fn a_peer_that_reads_nothing_is_waited_for_no_longer_than_the_close_timeout() {
    let (wire, mut ws) = server();
    wire.set(Side::Client, |end| end.room = 0);
    let closed = block_on(&wire, ws.close(CloseCode::NORMAL, "")).unwrap();
    assert!(!closed.is_clean());
    assert_eq!(wire.elapsed(), Duration::from_secs(5));
    assert!(matches!(
        now(ws.flush()),
        Err(Error::Timeout(Timeout::Close))
    ));
}

/// R6455-7.1.4-01: the peer has closed, and does not take the answer.
#[test]
fn an_answer_to_a_close_that_cannot_be_written_is_not_told_of_as_sent() {
    for room in [0, 3] {
        let (wire, mut ws) = server();
        wire.set(Side::Client, |end| end.room = room);
        wire.give(Side::Server, masked(CLOSE, close_body(4000, "bye")));
        let closed = block_on(&wire, ws.close(CloseCode::NORMAL, "")).unwrap();
        assert_eq!(closed.sent, None);
        let told = (Some(Initiator::Remote), 4000, "bye", false);
        assert_eq!(summary(&closed), told);
        let received = now(ws.recv());
        assert!(matches!(received, Err(Error::Timeout(Timeout::Close))));
    }
}

/// R6455-7.1.2-03: the peer sends so fast that a read is never pending.
#[test]
fn a_flood_does_not_put_off_the_end() {
    let floods = [
        ("messages", masked(BINARY, vec![0; 1000]).repeat(50)),
        ("pings", masked(PING, [0; 100]).repeat(500)),
        (
            "one message that never ends",
            masked(0x00, vec![0; 1000]).repeat(50),
        ),
    ];
    for (name, flood) in floods {
        let (wire, mut ws) = server();
        if name.starts_with("one") {
            wire.give(Side::Server, masked(0x02, ""));
        }
        wire.set(Side::Server, |end| {
            end.flood = flood;
            end.tick = Duration::from_millis(20);
        });
        let closed = block_on(&wire, ws.close(CloseCode::NORMAL, "")).unwrap();
        assert!(!closed.is_clean(), "{name}");
        assert!(
            wire.elapsed() < Duration::from_secs(6),
            "{name}: {:?}",
            wire.elapsed()
        );
    }
}

/// R6455-5.5.1-17, R6455-7.1.1-01: what follows the peer's Close is read and thrown away, within
/// the close timeout and in bounded memory.
#[test]
fn a_flood_after_the_peers_close_is_discarded() {
    let (wire, mut ws) = server();
    wire.give(Side::Server, masked(CLOSE, close_body(1000, "")));
    wire.set(Side::Server, |end| {
        end.flood = masked(BINARY, vec![0; 60_000]);
        end.tick = Duration::from_millis(20);
    });
    let info = allocation_counter::measure(|| {
        assert_eq!(block_on(&wire, ws.recv()).unwrap(), None);
    });
    assert!(wire.elapsed() < Duration::from_secs(6));
    assert!(ws.closed().is_clean());
    assert!(info.bytes_max < 500_000, "{} bytes", info.bytes_max);
}

/// R6455-7.1.7-03, R6455-7.1.7-05, R6455-7.1.7-07: the Close frame that says why is the last thing
/// written, the stream is ended and read to its end, and the error stays.
#[test]
fn a_violation_is_told_to_the_peer_and_then_to_the_caller() {
    type Case = (&'static str, Vec<u8>, Violation, u16);
    let cases: [Case; 6] = [
        (
            "reserved opcode",
            masked(0x83, ""),
            Violation::ReservedOpCode,
            1002,
        ),
        (
            "small text",
            masked(TEXT, [0xff]),
            Violation::InvalidUtf8,
            1007,
        ),
        (
            "large text",
            masked(TEXT, [0xff; 9000]),
            Violation::InvalidUtf8,
            1007,
        ),
        (
            "text in pieces",
            masked(0x01, [0xff]),
            Violation::InvalidUtf8,
            1007,
        ),
        ("close", masked(CLOSE, [3]), Violation::TruncatedClose, 1002),
        (
            "too big",
            header(BINARY, 0x80, 20_000_000),
            Violation::FrameTooBig,
            1009,
        ),
    ];
    for lending in [false, true] {
        for (name, bytes, violation, code) in &cases {
            let (wire, mut ws) = server();
            wire.give(
                Side::Server,
                [masked(TEXT, "before"), bytes.clone()].concat(),
            );
            wire.give(Side::Server, [masked(PING, ""), masked(CLOSE, "")].concat());
            assert_eq!(now(ws.recv()).unwrap(), Some(Message::from("before")));
            let mut task = Task::new(async {
                if lending {
                    ws.recv_ref().await.map(drop)
                } else {
                    ws.recv().await.map(drop)
                }
            });
            assert!(
                !task.run().is_done(),
                "{name}: the peer has not ended the stream"
            );
            let sent = frames::parse(&wire.take(Side::Server));
            let [(CLOSE, body)] = &sent[..] else {
                panic!("{name}: {sent:?}")
            };
            assert_eq!(body[..2], code.to_be_bytes(), "{name}");
            assert!(wire.is_shut_down(Side::Server), "{name}");
            wire.give(Side::Server, masked(TEXT, "more"));
            assert!(!task.run().is_done(), "{name}");
            wire.give_eof(Side::Server);
            let error = task.run().output().unwrap_err();
            drop(task);
            assert!(
                matches!(error, Error::Violation(found) if found == *violation),
                "{name}"
            );
            let again = now(ws.recv()).unwrap_err();
            assert!(
                matches!(again, Error::Violation(found) if found == *violation),
                "{name}"
            );
            assert!(matches!(
                now(ws.send("x")),
                Err(Error::Violation(_) | Error::Send(_))
            ));
            assert!(!ws.closed().is_clean(), "{name}");
        }
    }
}

/// R6455-7.1.7-01: a client that fails the connection waits for the server no longer than bounded.
#[test]
fn a_client_that_fails_the_connection_is_done_within_the_close_timeout() {
    let (wire, mut ws) = client();
    wire.give(Side::Client, masked(TEXT, "servers do not mask"));
    let error = block_on(&wire, ws.recv()).unwrap_err();
    assert!(matches!(error, Error::Violation(Violation::Masked)));
    assert_eq!(wire.elapsed(), Duration::from_secs(5));
}

/// R6455-7.1.4-01, R6455-7.1.5-03, R6455-7.2.1-02
#[test]
fn a_stream_that_ends_without_a_close_is_lost() {
    let kinds = [
        None,
        Some(io::ErrorKind::UnexpectedEof),
        Some(io::ErrorKind::ConnectionReset),
    ];
    for kind in kinds {
        let (wire, mut ws) = server();
        wire.give(
            Side::Server,
            [masked(TEXT, "before"), masked(TEXT, "cut")[..4].to_vec()].concat(),
        );
        assert_eq!(now(ws.recv()).unwrap(), Some(Message::from("before")));
        match kind {
            None => wire.give_eof(Side::Server),
            Some(kind) => {
                wire.set(Side::Server, |end| {
                    end.fail_at = Some((end.operations + 1, kind));
                });
                wire.give(Side::Server, [0]);
            }
        }
        for _ in 0..2 {
            let error = now(ws.recv()).unwrap_err();
            assert!(match kind {
                Some(io::ErrorKind::ConnectionReset) =>
                    matches!(error, Error::Io(error) if Some(error.kind()) == kind),
                _ => matches!(error, Error::Lost(_)),
            });
        }
        let closed = now(ws.close(CloseCode::NORMAL, "")).unwrap();
        assert_eq!(summary(&closed), (None, 1006, "", false));
        assert_eq!(
            closed.sent, None,
            "a Close frame that cannot be sent is not told of as sent"
        );
        assert!(matches!(
            now(ws.send("x")),
            Err(Error::Io(_) | Error::Lost(_))
        ));
        assert!(matches!(
            now(ws.feed("x")),
            Err(Error::Io(_) | Error::Lost(_))
        ));
        assert_eq!(
            wire.take(Side::Server),
            [],
            "nothing is written to a stream that is over"
        );
        let shut_down = wire.calls(Side::Server).contains(&Call::Shutdown);
        let is_reset = kind == Some(io::ErrorKind::ConnectionReset);
        assert_eq!(shut_down, !is_reset, "{kind:?}");
    }
}

/// R6455-7.1.1-02
#[test]
fn a_connection_that_is_dropped_ends_without_a_word() {
    let (wire, client, mut server) = pair();
    drop(client);
    assert!(wire.is_gone(Side::Client));
    assert!(matches!(now(server.recv()), Err(Error::Lost(_))));
    assert_eq!(wire.calls(Side::Client), []);
}

/// Somebody else has the thread in between.
#[test]
fn a_flood_is_discarded_in_turns() {
    let floods = [
        masked(BINARY, "message").repeat(100),
        masked(PING, "ping").repeat(100),
        [masked(0x02, "begin"), masked(0x80, "end")].concat(),
    ];
    for flood in floods {
        let (wire, mut ws) = server();
        wire.set(Side::Server, |end| end.flood = flood);
        let mut closing = Task::new(ws.close(CloseCode::NORMAL, ""));
        assert!(closing.poll());
        assert!(closing.is_woken() && !closing.is_done());
    }
    let (wire, mut ws) = server();
    wire.give(Side::Server, masked(0x83, "a violation"));
    wire.set(Side::Server, |end| end.flood = vec![0; 1000]);
    let mut failing = Task::new(ws.recv());
    assert!(failing.poll());
    assert!(failing.is_woken() && !failing.is_done());
}

/// The stream that ends is the consequence; that nothing could be written is the cause, told when
/// all that came was received.
#[test]
fn a_failure_to_write_is_why_the_connection_ended() {
    let (wire, mut ws) = server();
    wire.set(Side::Server, |end| {
        end.fail_at = Some((1, io::ErrorKind::BrokenPipe));
    });
    now(ws.feed("lost")).unwrap();
    wire.give(Side::Server, masked(TEXT, "last words"));
    wire.give_eof(Side::Server);
    assert_eq!(now(ws.recv()).unwrap(), Some(Message::from("last words")));
    let error = now(ws.recv()).unwrap_err();
    assert!(matches!(error, Error::Io(error) if error.kind() == io::ErrorKind::BrokenPipe));
}
