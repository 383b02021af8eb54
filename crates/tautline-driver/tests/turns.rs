//! Several tasks that send over one connection: none of them keeps another waiting for ever.

use tautline_driver::{Config, Corked, Error, Message, WriteHalf};

use crate::support::{
    executor::{Task, now, poll_now},
    frames, server, server_with,
    wire::{Memory, Side, Wire},
};

/// Longer than the queue may get, and than what the peer takes at once.
const LONG: usize = 200_000;

/// What the peer takes at once: half of such a frame, header and all. So either more is queued than may
/// be, or nothing, and then it is the one who has just written it that finds the room.
const ROOM: usize = (LONG + 10) / 2;

/// A task that sends without pause, and is polled first each time, beside one that sends three messages
/// of eight bytes, while the peer takes a little at a time. Returns the lengths of all messages in order.
fn lengths_beside(mut greedy: Task<'_, ()>, wire: &Wire, writer: &WriteHalf<Memory>) -> Vec<usize> {
    let mut modest = Task::new(async {
        for number in 0..3 {
            writer.send(format!("modest {number}")).await.unwrap();
        }
    });
    let mut taken = Vec::new();
    for _ in 0..40 {
        taken.extend(wire.take(Side::Server));
        while greedy.poll() | modest.poll() {}
    }
    assert!(modest.is_done());
    drop(greedy);
    wire.set(Side::Client, |end| end.room = usize::MAX);
    now(writer.flush()).unwrap();
    taken.extend(wire.take(Side::Server));
    frames::payloads(&taken).iter().map(Vec::len).collect()
}

/// It finds room each time: it has just written all of what it sent before.
#[test]
fn a_task_that_sends_without_pause_leaves_room_for_others() {
    let (wire, ws) = server();
    let (_reader, writer) = ws.split();
    wire.set(Side::Client, |end| end.room = ROOM);
    let greedy = Task::new(async { while writer.send(vec![0; LONG]).await.is_ok() {} });
    let lengths = lengths_beside(greedy, &wire, &writer);
    assert_eq!(lengths[..6], [LONG, 8, LONG, 8, LONG, 8], "{lengths:?}");
    assert!(lengths.len() > 8, "the other one goes on");
}

/// So does a handler.
#[test]
fn a_corked_handler_that_sends_without_pause_leaves_room_for_others() {
    let (wire, ws) = server();
    wire.set(Side::Client, |end| end.room = ROOM);
    let cork = ws.cork(
        async |ws: Corked<Memory>| {
            while ws.send(vec![0; LONG]).await.is_ok() {}
        },
    );
    let writer = cork.writer();
    let lengths = lengths_beside(Task::new(cork), &wire, &writer);
    let modest = lengths.iter().filter(|&&len| len == 8).count();
    assert_eq!(modest, 3, "{lengths:?}");
    assert!(lengths.len() > 5, "the handler goes on");
}

/// What comes behind it is no reason to wait.
#[test]
fn a_message_is_sent_when_it_is_written_and_not_when_everything_is() {
    type Wait = fn(WriteHalf<Memory>) -> Task<'static, Result<(), Error>>;
    let waits: [Wait; 3] = [
        |writer| Task::new(async move { writer.send("sent").await }),
        |writer| Task::new(async move { writer.ping("sent").await }),
        |writer| {
            Task::new(async move {
                writer.feed("sent").await?;
                writer.flush().await
            })
        },
    ];
    for wait in waits {
        let (wire, ws) = server();
        let (_reader, writer) = ws.split();
        wire.set(Side::Client, |end| end.room = 4);
        let mut waits = wait(writer.clone());
        assert!(!waits.run().is_done());
        let mut greedy = Task::new(writer.send(vec![0; LONG]));
        assert!(!greedy.run().is_done());
        // With this there is room for the rest of the first frame, and for less than the second one.
        let mut taken = wire.take(Side::Server);
        while greedy.poll() {}
        waits.run().output().unwrap();
        taken.extend(wire.take(Side::Server));
        assert_eq!(taken[2..6], *b"sent");
        assert!(!greedy.is_done());
    }
}

/// To let somebody go first who is never polled again would be to wait for ever.
#[test]
fn a_task_that_waits_for_room_and_is_not_polled_holds_nobody_up() {
    let (wire, ws) = server_with(Config::new().high_water_mark(0));
    let (_reader, writer) = ws.split();
    wire.set(Side::Client, |end| end.room = 0);
    assert!(poll_now(writer.send("first")).is_pending());
    let mut forgotten = Task::new(writer.send("forgotten"));
    assert!(!forgotten.run().is_done());
    wire.set(Side::Client, |end| end.room = usize::MAX);
    for number in 0..3 {
        let mut sending = Task::new(writer.send(Message::from(format!("{number}"))));
        sending.run().output().unwrap();
    }
    assert_eq!(
        frames::payloads(&wire.take(Side::Server)),
        [&b"first"[..], b"0", b"1", b"2"]
    );
    forgotten.run().output().unwrap();
}

/// Nor is anybody let go first who has given up waiting.
#[test]
fn a_task_that_gave_up_waiting_for_room_is_not_waited_for() {
    let (wire, ws) = server_with(Config::new().high_water_mark(0));
    let (_reader, writer) = ws.split();
    wire.set(Side::Client, |end| end.room = 0);
    assert!(poll_now(writer.send("first")).is_pending());
    for _ in 0..3 {
        assert!(poll_now(writer.send("given up")).is_pending());
        assert!(poll_now(writer.feed("given up")).is_pending());
        assert!(poll_now(writer.ping("given up")).is_pending());
    }
    wire.set(Side::Client, |end| end.room = usize::MAX);
    now(writer.send("second")).unwrap();
    assert_eq!(
        frames::payloads(&wire.take(Side::Server)),
        [b"first".to_vec(), b"second".to_vec()]
    );
}
