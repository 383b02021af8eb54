//! A corked handler, its runner, and writers in other threads.
//!
//! The flag that says whether the handler is being polled is relaxed; what is said there of why that is
//! enough holds if nothing stays queued here.

use std::pin::pin;

use loom::thread;

use super::{
    executor::{Door, block_on, poll_once},
    model,
    wire::{CLOSE, Memory, Wire},
};
use crate::{Config, Corked, Error, SendError};

/// A handler that waits for the end of the stream.
async fn wait(mut corked: Corked<Memory>) {
    let _ = corked.recv().await;
}

#[test]
fn what_is_queued_beside_a_handler_is_written() {
    model(Some(4), || {
        let (wire, connection) = Wire::connection(Config::new());
        wire.make_room();
        let cork = connection.cork(wait);
        let outside = cork.writer();
        let running = thread::spawn(move || block_on(cork));
        let sending = thread::spawn(move || block_on(outside.send("1")).unwrap());
        wire.wait_for_frames(1);
        wire.end();
        sending.join().unwrap();
        running.join().unwrap();
    });
}

#[test]
fn what_is_queued_inside_and_beside_a_handler_is_written() {
    model(None, || {
        let (wire, connection) = Wire::connection(Config::new());
        wire.make_room();
        let cork = connection.cork(|corked: Corked<Memory>| async move {
            corked.send("1").await.unwrap();
            wait(corked).await;
        });
        let outside = cork.writer();
        let running = thread::spawn(move || block_on(cork));
        block_on(outside.send("2")).unwrap();
        wire.wait_for_frames(2);
        wire.end();
        running.join().unwrap();
    });
}

/// The runner looks at the queue for a handler that does not.
#[test]
fn what_is_queued_beside_a_handler_that_waits_for_something_else_is_written() {
    model(Some(4), || {
        let (wire, connection) = Wire::connection(Config::new());
        wire.make_room();
        let door = Door::default();
        let opened = door.clone().opened();
        let cork = connection.cork(async |corked| {
            opened.await;
            drop(corked);
        });
        let outside = cork.writer();
        let running = thread::spawn(move || block_on(cork));
        let sending = thread::spawn(move || block_on(outside.send("1")).unwrap());
        wire.wait_for_frames(1);
        wire.end();
        door.open();
        sending.join().unwrap();
        running.join().unwrap();
    });
}

/// Who polls a runner last is woken, and not who polled it before.
#[test]
fn a_runner_that_moves_to_another_task_is_woken_there() {
    model(Some(4), || {
        let (wire, connection) = Wire::connection(Config::new());
        wire.make_room();
        let mut cork = connection.cork(wait);
        let outside = cork.writer();
        let sending = thread::spawn(move || block_on(outside.send("1")).unwrap());
        assert!(poll_once(pin!(&mut cork)).is_pending());
        let running = thread::spawn(move || block_on(cork));
        wire.wait_for_frames(1);
        wire.end();
        sending.join().unwrap();
        running.join().unwrap();
    });
}

/// A writer that waits for room, and a runner that waits for the transport.
#[test]
fn a_writer_that_waits_for_room_and_the_runner_are_both_woken() {
    model(Some(3), || {
        let (wire, connection) = Wire::connection(Config::new().high_water_mark(0));
        let cork = connection.cork(wait);
        let outside = cork.writer();
        let running = thread::spawn(move || block_on(cork));
        let feeding = thread::spawn(move || {
            block_on(outside.feed("1")).unwrap();
            block_on(outside.feed("2")).unwrap();
        });
        wire.make_room();
        feeding.join().unwrap();
        wire.wait_for_frames(2);
        wire.end();
        running.join().unwrap();
        assert_eq!(wire.frames(), [b"1", b"2"]);
    });
}

/// A handler that returns closes; what came before the Close frame is written before it.
#[test]
fn a_message_that_meets_the_end_of_a_handler_is_written_or_refused() {
    model(Some(3), || {
        let (wire, connection) = Wire::connection(Config::new());
        wire.make_room();
        let cork = connection.cork(async |corked| drop(corked));
        let outside = cork.writer();
        let running = thread::spawn(move || block_on(cork));
        let sending = thread::spawn(move || block_on(outside.send("1")));
        wire.wait_for_frames(1);
        wire.give(&CLOSE);
        wire.end();
        running.join().unwrap();
        let frames = wire.frames();
        match sending.join().unwrap() {
            Ok(()) => assert_eq!(frames, [&b"1"[..], &CLOSE[6..]]),
            Err(Error::Send(SendError::Closing)) => assert_eq!(frames, [&CLOSE[6..]]),
            Err(error) => panic!("{error}"),
        }
    });
}
