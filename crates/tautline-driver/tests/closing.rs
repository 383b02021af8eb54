//! The closing handshake: who says what, and who ends the stream when.

use std::time::Duration;

use tautline_driver::{CloseCode, Error, Initiator, Message, SendError};

use crate::support::{
    client,
    executor::{Task, block_on, join, now, poll_now},
    frames::{self, BINARY, CLOSE, PING, PONG, TEXT, close_body, masked, plain},
    pair, server, summary,
    wire::{Call, Side, Wire},
};

/// What an end did, but for flushing.
fn order(wire: &Wire, side: Side) -> Vec<&'static str> {
    let calls = wire.calls(side);
    calls
        .iter()
        .filter_map(|call| match call {
            Call::Read(0) => Some("end"),
            Call::Read(_) => Some("read"),
            Call::Write { .. } => Some("write"),
            Call::Flush => None,
            Call::Shutdown => Some("shutdown"),
        })
        .collect()
}

/// R6455-5.5.1-12, R6455-5.5.1-13, R6455-7.1.1-03, R6455-7.1.1-05, R6455-7.1.1-07
#[test]
fn a_server_answers_ends_the_stream_at_once_and_reads_to_the_end() {
    let (wire, mut ws) = server();
    wire.give(Side::Server, masked(CLOSE, close_body(1000, "bye")));
    let mut task = Task::new(ws.recv());
    task.run();
    assert_eq!(order(&wire, Side::Server), ["read", "write", "shutdown"]);
    assert_eq!(
        frames::parse(&wire.take(Side::Server)),
        [(CLOSE, close_body(1000, ""))]
    );
    wire.give_eof(Side::Server);
    assert_eq!(task.run().output().unwrap(), None);
    drop(task);
    assert_eq!(
        order(&wire, Side::Server),
        ["read", "write", "shutdown", "end"]
    );
    assert_eq!(
        summary(&ws.closed()),
        (Some(Initiator::Remote), 1000, "bye", true)
    );
    assert_eq!(now(ws.recv()).unwrap(), None);
}

/// R6455-5.5.1-14, R6455-7.1.1-06
#[test]
fn a_client_waits_for_the_server_to_end_the_stream() {
    let (wire, mut ws) = client();
    let mut task = Task::new(ws.close(CloseCode::NORMAL, ""));
    task.run();
    assert_eq!(
        frames::parse(&wire.take(Side::Client)),
        [(CLOSE, close_body(1000, ""))]
    );
    wire.give(Side::Client, plain(CLOSE, close_body(1000, "")));
    assert!(!task.run().is_done());
    wire.advance(Duration::from_secs(3));
    assert!(!task.run().is_done());
    assert_eq!(order(&wire, Side::Client), ["write", "read"]);
    wire.give_eof(Side::Client);
    let closed = task.run().output().unwrap();
    assert_eq!(summary(&closed), (Some(Initiator::Local), 1000, "", true));
    assert_eq!(
        order(&wire, Side::Client),
        ["write", "read", "end", "shutdown"]
    );
}

/// R6455-5.5.1-15, R6455-7.1.1-04
#[test]
fn a_client_waits_no_longer_than_the_close_timeout() {
    let (wire, mut ws) = client();
    wire.give(Side::Client, plain(CLOSE, close_body(1000, "")));
    let closed = block_on(&wire, ws.close(CloseCode::NORMAL, "")).unwrap();
    assert!(closed.is_clean());
    assert_eq!(wire.elapsed(), Duration::from_secs(5));
}

/// R6455-7.1.2-02, R6455-7.1.4-01, R6455-7.3-03
#[test]
fn two_ends_close_whoever_begins() {
    for beginner in [Side::Client, Side::Server] {
        let (wire, mut first, mut second) = pair();
        if beginner == Side::Server {
            std::mem::swap(&mut first, &mut second);
        }
        let (closed, end) = join(
            &wire,
            first.close(CloseCode::GOING_AWAY, "bye"),
            second.recv(),
        );
        assert_eq!(end.unwrap(), None);
        assert_eq!(
            summary(&closed.unwrap()),
            (Some(Initiator::Local), 1001, "", true)
        );
        assert_eq!(
            summary(&second.closed()),
            (Some(Initiator::Remote), 1001, "bye", true)
        );
        assert_eq!(wire.elapsed(), Duration::ZERO);
    }
}

/// R6455-5.5.1-16, R6455-7.1.5-01
#[test]
fn close_frames_that_cross_are_the_whole_handshake() {
    let (wire, mut client, mut server) = pair();
    let (at_client, at_server) = join(
        &wire,
        client.close(CloseCode::GOING_AWAY, "client"),
        server.close(CloseCode::NORMAL, "server"),
    );
    assert_eq!(
        summary(&at_client.unwrap()),
        (Some(Initiator::Local), 1000, "server", true)
    );
    assert_eq!(
        summary(&at_server.unwrap()),
        (Some(Initiator::Local), 1001, "client", true)
    );
    assert_eq!(
        (
            wire.writes(Side::Client).len(),
            wire.writes(Side::Server).len()
        ),
        (1, 1)
    );
    assert_eq!(wire.elapsed(), Duration::ZERO);
}

/// R6455-5.5.1-08, R6455-5.5.1-17: also what came in the same read.
#[test]
fn nothing_behind_the_peers_close_is_looked_at() {
    let (wire, mut ws) = server();
    let first = masked(CLOSE, close_body(4000, ""));
    let second = masked(CLOSE, close_body(4001, ""));
    wire.give(
        Side::Server,
        [first, masked(TEXT, "hi"), masked(PING, ""), second].concat(),
    );
    wire.give_eof(Side::Server);
    assert_eq!(now(ws.recv()).unwrap(), None);
    assert_eq!(
        frames::parse(&wire.take(Side::Server)),
        [(CLOSE, close_body(4000, ""))]
    );
    assert_eq!(ws.closed().code(), 4000);
}

/// R6455-5.5.2-03: a Ping is still answered while the peer's Close is awaited.
#[test]
fn messages_are_discarded_and_pings_answered_while_close_waits() {
    let (wire, mut ws) = server();
    let big = masked(BINARY, vec![0; 70_000]);
    let bytes = [
        masked(TEXT, "late"),
        masked(PING, "p"),
        big,
        masked(CLOSE, ""),
    ];
    wire.give(Side::Server, bytes.concat());
    wire.give_eof(Side::Server);
    let closed = now(ws.close(CloseCode::NORMAL, "")).unwrap();
    assert_eq!(summary(&closed), (Some(Initiator::Local), 1005, "", true));
    let sent = frames::parse(&wire.take(Side::Server));
    assert_eq!(sent, [(CLOSE, close_body(1000, "")), (PONG, b"p".to_vec())]);
}

/// R6455-5.5.1-09, R6455-7.1.5-02
#[test]
fn a_close_without_a_body_is_answered_in_kind() {
    let (wire, mut ws) = server();
    wire.give(Side::Server, masked(CLOSE, ""));
    wire.give_eof(Side::Server);
    assert_eq!(now(ws.recv()).unwrap(), None);
    assert_eq!(wire.take(Side::Server), [0x88, 0x00]);
    assert_eq!(
        summary(&ws.closed()),
        (Some(Initiator::Remote), 1005, "", true)
    );
}

/// R6455-5.5.1-18
#[test]
fn a_close_ends_a_message_in_pieces() {
    let (wire, mut ws) = server();
    wire.give(
        Side::Server,
        [masked(0x01, "a"), masked(CLOSE, close_body(1000, ""))].concat(),
    );
    wire.give_eof(Side::Server);
    assert_eq!(now(ws.recv()).unwrap(), None);
    assert!(ws.closed().is_clean());
}

/// R6455-5.5.1-07, R6455-6.1-02
#[test]
fn nothing_is_sent_behind_a_close() {
    let (wire, mut ws) = server();
    assert!(poll_now(ws.close(CloseCode::NORMAL, "")).is_pending());
    wire.take(Side::Server);
    assert!(matches!(
        now(ws.send("x")),
        Err(Error::Send(SendError::Closing))
    ));
    assert!(matches!(
        now(ws.feed("x")),
        Err(Error::Send(SendError::Closing))
    ));
    assert!(matches!(
        now(ws.ping("x")),
        Err(Error::Send(SendError::Closing))
    ));
    assert!(poll_now(ws.close(CloseCode::GOING_AWAY, "again")).is_pending());
    assert!(poll_now(ws.recv()).is_pending());
    assert_eq!(wire.take(Side::Server), []);
}

/// R6455-5.5-01, R6455-7.4.1-12: a Close that may not be sent changes nothing.
#[test]
fn a_close_that_is_refused_leaves_the_connection_open() {
    let (wire, mut ws) = server();
    let too_long = "x".repeat(124);
    let refused = now(ws.close(CloseCode::NORMAL, &too_long));
    assert!(matches!(
        refused,
        Err(Error::Send(SendError::ControlTooLong))
    ));
    let refused = now(ws.close(CloseCode::MANDATORY_EXTENSION, ""));
    assert!(matches!(
        refused,
        Err(Error::Send(SendError::ClientOnlyCode))
    ));
    now(ws.send("open")).unwrap();
    assert_eq!(
        frames::parse(&wire.take(Side::Server)),
        [(TEXT, b"open".to_vec())]
    );
}

/// R6455-7.1.7-08, R6455-7.3-02: without settings no deadline is waited for.
#[test]
fn an_idle_connection_stays_open() {
    let (wire, mut ws) = client();
    let mut task = Task::new(ws.recv());
    task.run();
    assert!(!wire.advance_to_deadline());
    wire.advance(Duration::from_secs(600));
    assert!(!task.run().is_done());
    wire.give(Side::Client, plain(TEXT, "still there"));
    assert_eq!(
        task.run().output().unwrap(),
        Some(Message::from("still there"))
    );
}
