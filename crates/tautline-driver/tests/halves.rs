//! Halves of one connection in different tasks: nobody blocks the other, and nobody sleeps through
//! what the other does.

use std::{io, time::Duration};

use tautline_driver::{CloseCode, Config, Error, Keepalive, Message, SendError, Timeout};

use crate::support::{
    executor::{Task, now, poll_now},
    frames::{self, CLOSE, PING, PONG, TEXT, close_body, masked},
    server, server_with,
    wire::{Call, Side},
};

#[test]
fn a_reader_that_waits_does_not_block_the_writer() {
    let (wire, ws) = server();
    let (mut reader, writer) = ws.split();
    let mut reading = Task::new(reader.recv());
    assert!(!reading.run().is_done());
    now(writer.send("hello")).unwrap();
    assert_eq!(frames::payloads(&wire.take(Side::Server)), [b"hello"]);
    wire.give(Side::Server, masked(TEXT, "hi"));
    assert_eq!(reading.run().output().unwrap(), Some(Message::from("hi")));
}

#[test]
fn a_writer_that_waits_does_not_block_the_reader_and_pings_are_answered_when_there_is_room() {
    let (wire, ws) = server();
    let (mut reader, writer) = ws.split();
    wire.set(Side::Client, |end| end.room = 10);
    let mut writing = Task::new(writer.send(vec![1; 200_000]));
    assert!(!writing.run().is_done());
    wire.give(
        Side::Server,
        [masked(PING, "ping"), masked(TEXT, "hi")].concat(),
    );
    assert_eq!(now(reader.recv()).unwrap(), Some(Message::from("hi")));
    let mut reading = Task::new(reader.recv());
    assert!(!reading.run().is_done());
    wire.set(Side::Client, |end| end.room = usize::MAX);
    writing.run().output().unwrap();
    reading.run();
    let sent = frames::parse(&wire.take(Side::Server));
    assert_eq!(sent[0].1.len(), 200_000);
    assert_eq!(sent[1], (PONG, b"ping".to_vec()));
    assert_eq!(sent.len(), 2);
}

#[test]
fn every_task_that_waits_for_room_is_woken() {
    let (wire, ws) = server_with(Config::new().high_water_mark(0));
    let (mut reader, writer) = ws.split();
    wire.set(Side::Client, |end| end.room = 0);
    let writers: Vec<_> = (0..5).map(|_| writer.clone()).collect();
    let mut tasks: Vec<_> = writers
        .iter()
        .enumerate()
        .map(|(number, writer)| {
            Task::new(async move {
                match number {
                    0 => writer.flush().await,
                    1 => writer.ping("p").await,
                    2 => writer.feed("f").await,
                    _ => writer.send("s").await,
                }
            })
        })
        .collect();
    assert!(poll_now(writer.send("first")).is_pending());
    let mut reading = Task::new(reader.recv());
    reading.run();
    for task in &mut tasks {
        assert!(!task.run().is_done());
    }
    // The reader writes what is queued as it looks for input; the others must learn of it.
    wire.set(Side::Client, |end| end.room = usize::MAX);
    reading.run();
    for task in &mut tasks {
        task.run().output().unwrap();
    }
    reading.run();
    now(writer.flush()).unwrap();
    assert_eq!(frames::parse(&wire.take(Side::Server)).len(), 5);
}

/// R6455-7.2.1-02
#[test]
fn writers_that_wait_learn_that_the_connection_is_lost() {
    let (wire, ws) = server_with(Config::new().high_water_mark(0));
    let (mut reader, writer) = ws.split();
    wire.set(Side::Client, |end| end.room = 0);
    let mut sending = Task::new(writer.send("first"));
    let mut queueing = Task::new(writer.send("second"));
    let mut reading = Task::new(reader.recv());
    assert!(!sending.run().is_done());
    assert!(!queueing.run().is_done());
    assert!(!reading.run().is_done());
    wire.give_eof(Side::Server);
    assert!(matches!(reading.run().output(), Err(Error::Lost(_))));
    assert!(matches!(sending.run().output(), Err(Error::Lost(_))));
    assert!(matches!(queueing.run().output(), Err(Error::Lost(_))));
    assert!(matches!(now(writer.send("later")), Err(Error::Lost(_))));
    assert!(matches!(now(writer.feed("later")), Err(Error::Lost(_))));
    assert_eq!(wire.take(Side::Server), []);
}

#[test]
fn a_failure_to_write_that_the_reader_meets_reaches_the_writers_that_wait() {
    let (wire, ws) = server();
    let (mut reader, writer) = ws.split();
    wire.set(Side::Client, |end| end.room = 0);
    let mut sending = Task::new(writer.send("first"));
    assert!(!sending.run().is_done());
    wire.set_quietly(Side::Server, |end| {
        end.fail_at = Some((1, io::ErrorKind::BrokenPipe));
    });
    wire.set_quietly(Side::Client, |end| end.room = 1);
    assert!(!sending.is_woken());
    assert!(poll_now(reader.recv()).is_pending());
    assert!(matches!(sending.run().output(), Err(Error::Io(error))
        if error.kind() == io::ErrorKind::BrokenPipe));
}

/// R6455-7.1.2-03: the reader was waiting already, and for no deadline, when the writer closed.
#[test]
fn a_peer_that_ignores_the_close_of_the_writer_does_not_hold_the_reader() {
    let (wire, ws) = server();
    let (mut reader, writer) = ws.split();
    let mut reading = Task::new(reader.recv());
    assert!(!reading.run().is_done());
    now(writer.close(CloseCode::NORMAL, "")).unwrap();
    assert!(!reading.run().is_done());
    assert!(wire.advance_to_deadline(), "nobody minds the close timeout");
    assert!(matches!(
        reading.run().output(),
        Err(Error::Timeout(Timeout::Close))
    ));
    assert_eq!(wire.elapsed(), Duration::from_secs(5));
    assert_eq!(writer.closed().code(), 1006);
}

/// A writer that waits when the closing handshake begins is not left behind by its end.
#[test]
fn a_writer_that_waits_ends_with_the_closing_handshake() {
    let (wire, ws) = server();
    let (mut reader, writer) = ws.split();
    wire.set(Side::Client, |end| end.room = 3);
    let mut sending = Task::new(writer.send("much too long for the room there is"));
    assert!(!sending.run().is_done());
    wire.give(Side::Server, masked(CLOSE, close_body(1000, "")));
    let mut reading = Task::new(reader.recv());
    assert!(!reading.run().is_done(), "the answer waits for room");
    assert!(!sending.run().is_done());
    assert!(wire.advance_to_deadline());
    assert!(matches!(
        sending.run().output(),
        Err(Error::Timeout(Timeout::Close))
    ));
    assert!(matches!(
        reading.run().output(),
        Err(Error::Timeout(Timeout::Close))
    ));
    assert!(matches!(
        now(writer.flush()),
        Err(Error::Timeout(Timeout::Close))
    ));
    assert!(matches!(
        now(writer.send("later")),
        Err(Error::Timeout(Timeout::Close))
    ));
}

#[test]
fn a_writer_closes_and_the_reader_sees_it_through() {
    let (wire, ws) = server();
    let (mut reader, writer) = ws.split();
    let mut reading = Task::new(reader.recv());
    reading.run();
    now(writer.close(CloseCode::GOING_AWAY, "bye")).unwrap();
    assert!(matches!(
        now(writer.send("x")),
        Err(Error::Send(SendError::Closing))
    ));
    assert_eq!(
        frames::parse(&wire.take(Side::Server)),
        [(CLOSE, close_body(1001, "bye"))]
    );
    wire.give(Side::Server, masked(CLOSE, close_body(1001, "")));
    reading.run();
    assert!(wire.is_shut_down(Side::Server));
    wire.give_eof(Side::Server);
    assert_eq!(reading.run().output().unwrap(), None);
    drop(reading);
    assert!(reader.closed().is_clean());
    assert_eq!(writer.closed(), reader.closed());
    assert_eq!(wire.calls(Side::Server).last(), Some(&Call::Read(0)));
}

#[test]
fn the_peers_close_reaches_both_halves() {
    let (wire, ws) = server();
    let (mut reader, writer) = ws.split();
    wire.give(Side::Server, masked(CLOSE, close_body(4000, "enough")));
    wire.give_eof(Side::Server);
    assert_eq!(now(reader.recv()).unwrap(), None);
    assert_eq!(
        (writer.closed().code(), writer.closed().reason()),
        (4000, "enough")
    );
    assert!(matches!(
        now(writer.send("x")),
        Err(Error::Send(SendError::Closing))
    ));
    now(writer.close(CloseCode::NORMAL, "")).unwrap();
    assert_eq!(
        frames::parse(&wire.take(Side::Server)),
        [(CLOSE, close_body(4000, ""))]
    );
}

#[test]
fn a_reader_learns_of_the_deadline_that_a_writer_met() {
    let keepalive = Keepalive::new(Duration::from_secs(10), Duration::from_secs(10));
    let (wire, ws) = server_with(Config::new().keepalive(keepalive));
    let (mut reader, writer) = ws.split();
    wire.set(Side::Client, |end| end.room = 0);
    let mut reading = Task::new(reader.recv());
    let mut sending = Task::new(writer.send("x"));
    for _ in 0..2 {
        reading.run();
        sending.run();
        assert!(wire.advance_to_deadline());
    }
    assert!(matches!(
        sending.run().output(),
        Err(Error::Timeout(Timeout::Keepalive))
    ));
    assert!(matches!(
        reading.run().output(),
        Err(Error::Timeout(Timeout::Keepalive))
    ));
}

/// A peer that never reads must not make an endless list of those that gave up waiting for it.
#[test]
fn a_task_that_gave_up_waiting_is_let_go() {
    let (wire, ws) = server_with(Config::new().high_water_mark(0));
    let (_reader, writer) = ws.split();
    wire.set(Side::Client, |end| end.room = 0);
    assert!(poll_now(writer.send("first")).is_pending());
    for _ in 0..100 {
        let mut sending = Task::new(writer.send("more"));
        let trace = sending.run().trace();
        drop(sending);
        assert!(trace.upgrade().is_none(), "its waker is still held");
    }
}

#[test]
fn dropping_the_reader_leaves_the_writer_at_work_and_the_reverse() {
    let (wire, ws) = server();
    let (reader, writer) = ws.split();
    drop(reader);
    now(writer.send("still here")).unwrap();
    assert_eq!(frames::payloads(&wire.take(Side::Server)), [b"still here"]);
    assert!(!wire.is_gone(Side::Server));
    drop(writer);
    assert!(wire.is_gone(Side::Server));

    let (wire, ws) = server();
    let (mut reader, _) = ws.split();
    wire.give(
        Side::Server,
        [masked(PING, "p"), masked(TEXT, "hi")].concat(),
    );
    assert_eq!(now(reader.recv()).unwrap(), Some(Message::from("hi")));
    assert!(poll_now(reader.recv()).is_pending());
    assert_eq!(
        frames::parse(&wire.take(Side::Server)),
        [(PONG, b"p".to_vec())]
    );
}
