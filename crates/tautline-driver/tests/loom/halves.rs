//! Halves in threads of their own.

use std::pin::pin;

use loom::thread;

use super::{
    executor::{block_on, poll_once},
    model,
    wire::{CLOSE, Wire},
};
use crate::{CloseCode, Config, Error, SendError, Timeout};

/// R6455-5.1-07: whoever finds the transport ready writes for all, and all of them learn of it.
#[test]
fn writers_that_wait_for_the_transport_are_all_woken() {
    model(Some(5), || {
        let (wire, connection) = Wire::connection(Config::new());
        let (_reader, first) = connection.split();
        let second = first.clone();
        let writing = thread::spawn(move || block_on(first.send("1")).unwrap());
        let flushing = thread::spawn(move || block_on(second.send("2")).unwrap());
        wire.make_room();
        writing.join().unwrap();
        flushing.join().unwrap();
        let mut frames = wire.frames();
        frames.sort();
        assert_eq!(frames, [b"1", b"2"]);
    });
}

/// A task that gives up takes nobody's wake-up with it.
#[test]
fn a_writer_that_gives_up_leaves_the_others_waiting() {
    model(Some(3), || {
        let (wire, connection) = Wire::connection(Config::new());
        let (_reader, first) = connection.split();
        let (second, third) = (first.clone(), first.clone());
        let writing = thread::spawn(move || block_on(first.send("1")).unwrap());
        let waiting = thread::spawn(move || block_on(second.send("2")).unwrap());
        let giving_up = thread::spawn(move || poll_once(pin!(third.send("3"))).is_ready());
        wire.make_room();
        writing.join().unwrap();
        waiting.join().unwrap();
        let sent = giving_up.join().unwrap();
        let frames = wire.frames();
        let count = |payload: &[u8]| frames.iter().filter(|frame| *frame == payload).count();
        assert_eq!([count(b"1"), count(b"2")], [1, 1]);
        assert!(count(b"3") == 1 || !sent);
    });
}

/// A reader writes what a writer waits for, or the other way round.
#[test]
fn a_reader_and_a_writer_do_not_take_each_others_wake_ups() {
    model(Some(4), || {
        let (wire, connection) = Wire::connection(Config::new());
        let (mut reader, writer) = connection.split();
        let writing = thread::spawn(move || block_on(writer.send("out")));
        let reading = thread::spawn(move || block_on(reader.recv()));
        wire.make_room();
        wire.wait_for_frames(1);
        wire.end();
        // If the reader has written it, the connection may be lost before the writer looks.
        let sent = writing.join().unwrap();
        assert!(matches!(sent, Ok(()) | Err(Error::Lost(_))), "{sent:?}");
        let received = reading.join().unwrap();
        assert!(matches!(received, Err(Error::Lost(_))), "{received:?}");
    });
}

/// R6455-5.5.1-07: a message is in front of the Close frame, or it is refused.
#[test]
fn a_message_that_meets_a_close_is_sent_before_it_or_refused() {
    model(Some(2), || {
        let (wire, connection) = Wire::connection(Config::new());
        wire.make_room();
        let (mut reader, first) = connection.split();
        let second = first.clone();
        let sending = thread::spawn(move || block_on(first.send("1")));
        let closing = thread::spawn(move || block_on(second.close(CloseCode::NORMAL, "")));
        let reading = thread::spawn(move || block_on(reader.recv()));
        // Both may leave in one write, or only the Close frame.
        wire.wait_for_frames(1);
        wire.give(&CLOSE);
        wire.end();
        closing.join().unwrap().unwrap();
        assert_eq!(reading.join().unwrap().unwrap(), None);
        let frames = wire.frames();
        match sending.join().unwrap() {
            Ok(()) => assert_eq!(frames, [&b"1"[..], &CLOSE[6..]]),
            Err(Error::Send(SendError::Closing)) => assert_eq!(frames, [&CLOSE[6..]]),
            Err(error) => panic!("{error}"),
        }
    });
}

/// Whoever finds that nothing can be written tells all who wait.
#[test]
fn everyone_learns_that_writing_has_failed() {
    model(Some(5), || {
        let (wire, connection) = Wire::connection(Config::new());
        let (_reader, first) = connection.split();
        let second = first.clone();
        let writing = thread::spawn(move || block_on(first.send("1")));
        let flushing = thread::spawn(move || block_on(second.send("2")));
        wire.break_off();
        for failing in [writing, flushing] {
            let failed = failing.join().unwrap();
            assert!(matches!(failed, Err(Error::Io(_))), "{failed:?}");
        }
    });
}

/// R6455-7.1.2-03: the deadline of a Close that a writer has sent is minded by the reader that waits.
#[test]
fn a_reader_learns_that_the_time_for_a_close_is_over() {
    model(None, || {
        let (wire, connection) = Wire::connection(Config::new());
        wire.make_room();
        let (mut reader, writer) = connection.split();
        let reading = thread::spawn(move || block_on(reader.recv()));
        block_on(writer.close(CloseCode::NORMAL, "")).unwrap();
        wire.pass_time();
        let received = reading.join().unwrap();
        let late = matches!(received, Err(Error::Timeout(Timeout::Close)));
        assert!(late, "{received:?}");
    });
}
