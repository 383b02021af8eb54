//! Messages that begin to arrive and take their time, or never end.

use std::time::Duration;

use tautline_driver::{CloseCode, Config, Error, Keepalive, Message, Timeout, WebSocket};

use crate::support::{
    executor::{Task, block_on, now, poll_now},
    frames::{self, BINARY, CLOSE, PING, PONG, TEXT, close_body, masked},
    server, server_with,
    wire::{Memory, Side, Wire},
};

const LIMIT: Duration = Duration::from_secs(120);
const MOMENT: Duration = Duration::from_millis(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Receives once, and owns the connection so that the future needs no borrow.
async fn recv(mut ws: WebSocket<Memory>) -> (Result<Option<Message>, Error>, WebSocket<Memory>) {
    (ws.recv().await, ws)
}

/// A message in two fragments whose second one, complete with its header, is missing.
fn fragmented() -> (Vec<u8>, Vec<u8>) {
    (masked(0x01, "sl"), masked(0x80, "ow"))
}

/// A message in one frame, cut inside its payload.
fn cut() -> (Vec<u8>, Vec<u8>) {
    let frame = masked(TEXT, "slow");
    (frame[..8].to_vec(), frame[8..].to_vec())
}

/// A fragmented message, cut inside the payload of its first frame.
fn cut_fragment() -> (Vec<u8>, Vec<u8>) {
    let frame = masked(0x01, "slow");
    let rest = [&frame[8..], &masked(0x80, "")].concat();
    (frame[..8].to_vec(), rest)
}

/// R6455-10.4-01: the documented default is two minutes, and the peer is told.
#[test]
fn a_message_that_is_not_finished_in_time_ends_the_connection_with_1008() {
    for (begin, _) in [fragmented(), cut(), cut_fragment()] {
        let (wire, ws) = server();
        let mut task = Task::new(recv(ws));
        task.run();
        wire.advance(DAY);
        assert!(!task.run().is_done(), "nothing has begun");
        wire.give(Side::Server, begin);
        task.run();
        wire.advance(LIMIT - MOMENT);
        assert!(!task.run().is_done());
        assert_eq!(wire.take(Side::Server), []);
        wire.advance(MOMENT);
        task.run();
        let told = close_body(1008, "message took too long");
        assert_eq!(
            frames::parse(&wire.take(Side::Server)),
            [(CLOSE, told)],
            "before anything else is awaited"
        );
        wire.give_eof(Side::Server);
        let (error, mut ws) = task.run().output();
        assert!(matches!(error, Err(Error::Timeout(Timeout::Message))));
        assert!(matches!(
            now(ws.send("x")),
            Err(Error::Timeout(Timeout::Message))
        ));
        assert_eq!(ws.closed().code(), 1006);
    }
}

/// R6455-10.4-01: and then the connection waits for as long as it takes, as before.
#[test]
fn a_message_that_is_finished_just_in_time_is_received() {
    for (begin, rest) in [fragmented(), cut(), cut_fragment()] {
        let (wire, ws) = server();
        wire.give(Side::Server, begin);
        let mut task = Task::new(recv(ws));
        task.run();
        wire.advance(LIMIT - MOMENT);
        assert!(!task.run().is_done());
        wire.give(Side::Server, rest);
        let (message, ws) = task.run().output();
        assert_eq!(message.unwrap(), Some(Message::from("slow")));
        let mut task = Task::new(recv(ws));
        task.run();
        wire.advance(DAY);
        assert!(!task.run().is_done());
    }
}

/// R6455-10.4-01: neither bytes one by one nor control frames buy more time.
#[test]
fn a_peer_that_dribbles_gets_no_more_time() {
    let payload = vec![b'a'; 1000];
    let bytes = masked(TEXT, &payload);
    let pings = [masked(0x02, "begun"), masked(PING, "").repeat(1000)].concat();
    for bytes in [bytes, pings] {
        let (wire, ws) = server();
        let mut task = Task::new(recv(ws));
        let mut bytes = bytes.chunks(1);
        while !task.run().is_done() {
            wire.give(Side::Server, bytes.next().unwrap());
            wire.advance(Duration::from_secs(1));
            if wire.elapsed() > LIMIT + Duration::from_secs(30) {
                wire.give_eof(Side::Server);
            }
        }
        let (error, _) = task.output();
        assert!(matches!(error, Err(Error::Timeout(Timeout::Message))));
    }
}

/// One message after another, with never a moment between them.
#[test]
fn every_message_has_a_time_of_its_own() {
    for (begin, rest) in [fragmented(), cut(), cut_fragment()] {
        let (wire, mut ws) = server();
        wire.give(Side::Server, &begin);
        for _ in 0..5 {
            let mut task = Task::new(recv(ws));
            task.run();
            wire.advance(LIMIT - MOMENT);
            assert!(!task.run().is_done());
            wire.give(Side::Server, [&rest[..], &begin].concat());
            let (message, same) = task.run().output();
            assert_eq!(message.unwrap(), Some(Message::from("slow")));
            ws = same;
        }
    }
}

/// What has come is no fault of the peer's, however late it is read.
#[test]
fn a_message_that_nobody_reads_is_not_overdue() {
    let (wire, mut ws) = server();
    let (begin, rest) = cut();
    wire.give(Side::Server, begin);
    assert!(poll_now(ws.recv()).is_pending());
    wire.give(Side::Server, rest);
    wire.set(Side::Client, |end| end.room = 1000);
    let mut task = Task::new(ws.send(vec![0; 5000]));
    task.run();
    wire.advance(2 * LIMIT);
    assert!(!task.run().is_done());
    wire.set(Side::Client, |end| end.room = 1_000_000);
    task.run().output().unwrap();
    drop(task);
    assert_eq!(now(ws.recv()).unwrap(), Some(Message::from("slow")));
}

/// Whichever half polled last, the reader notices, and both are told.
#[test]
fn a_reader_gives_a_message_up_while_the_writer_waits() {
    for writer_last in [false, true] {
        let (wire, ws) = server();
        wire.set(Side::Client, |end| end.room = 1000);
        wire.give(Side::Server, cut().0);
        let (mut reader, writer) = ws.split();
        let mut reading = Task::new(async move { reader.recv().await });
        let mut writing = Task::new(async move { writer.send(vec![0; 5000]).await });
        reading.run();
        writing.run();
        if !writer_last {
            wire.give(Side::Server, "s");
            reading.run();
        }
        wire.advance(LIMIT);
        while reading.poll() | writing.poll() {}
        wire.set(Side::Client, |end| end.room = 1_000_000);
        wire.give_eof(Side::Server);
        while reading.poll() | writing.poll() {}
        assert!(matches!(
            reading.output(),
            Err(Error::Timeout(Timeout::Message))
        ));
        assert!(writing.is_done());
    }
}

/// R6455-10.4-01
#[test]
fn the_time_for_a_message_can_be_set_and_unset() {
    for limit in [Some(Duration::from_secs(1)), Some(Duration::MAX), None] {
        let (wire, ws) = server_with(Config::new().message_timeout(limit));
        wire.give(Side::Server, cut().0);
        let mut task = Task::new(recv(ws));
        task.run();
        wire.advance(Duration::from_secs(1) - MOMENT);
        task.run();
        assert_eq!(wire.take(Side::Server), []);
        wire.advance(DAY);
        task.run();
        let closes = !wire.take(Side::Server).is_empty();
        assert_eq!(closes, limit == Some(Duration::from_secs(1)));
    }
}

/// A Pong cannot overtake the rest of its own end's frame.
#[test]
fn a_peer_whose_pong_waits_behind_its_large_message_is_alive() {
    let (wire, ws) = server_with(slow_link());
    let payload = vec![7; 100];
    let frame = masked(BINARY, &payload);
    let mut task = Task::new(recv(ws));
    for piece in frame.chunks(1) {
        assert!(!task.run().is_done());
        wire.give(Side::Server, piece);
        task.run();
        wire.advance(Duration::from_secs(5));
    }
    let (message, ws) = task.run().output();
    assert_eq!(message.unwrap(), Some(Message::from(payload)));
    let pings = frames::parse(&wire.take(Side::Server));
    let [(PING, ping)] = &pings[..] else {
        panic!("{pings:?}")
    };
    wire.give(Side::Server, masked(PONG, ping));
    let mut task = Task::new(recv(ws));
    task.run();
    assert!(wire.advance_to_deadline());
    assert!(!task.run().is_done());
    assert_eq!(frames::parse(&wire.take(Side::Server))[0].0, PING);
}

#[test]
fn a_peer_that_falls_silent_in_a_message_is_given_up_by_keepalive() {
    let (wire, mut ws) = server_with(slow_link());
    wire.give(Side::Server, cut().0);
    let error = block_on(&wire, ws.recv()).unwrap_err();
    assert!(matches!(error, Error::Timeout(Timeout::Keepalive)));
    assert!(wire.elapsed() <= Duration::from_secs(60));
}

/// A closing handshake has one deadline for everything.
#[test]
fn the_time_for_a_message_does_not_cut_a_close_short() {
    let (wire, mut ws) = server_with(Config::new().message_timeout(Some(MOMENT)));
    wire.give(Side::Server, cut().0);
    let mut task = Task::new(async move { ws.close(CloseCode::NORMAL, "").await });
    task.run();
    wire.advance(Duration::from_secs(4));
    assert!(!task.run().is_done());
    answer_close(&wire);
    assert!(task.run().output().unwrap().is_clean());
}

/// Keepalive, and no other deadline for messages.
fn slow_link() -> Config {
    Config::new()
        .keepalive(Keepalive::default())
        .message_timeout(None)
}

/// Finishes what [`cut`] began, and answers the Close frame.
fn answer_close(wire: &Wire) {
    let close = masked(CLOSE, close_body(1000, ""));
    wire.give(Side::Server, [cut().1, close].concat());
    wire.give_eof(Side::Server);
}
