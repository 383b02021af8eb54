//! Every `async fn` is dropped at each point where it can be pending. What it was doing must then
//! be undone, done, or go on with the next call, as its documentation says.

use std::{future::poll_fn, pin::pin};

use tautline_driver::{CloseCode, Config, Fin, Message, ReadHalf, WebSocket, WriteHalf};

use crate::support::{
    executor::{Task, block_on, give_up_after, join, poll_now, yield_now},
    frames::{self, BINARY, CLOSE, PING, PONG, TEXT, close_body, masked},
    server, server_with,
    wire::{Memory, Side, Wire},
};

/// More often than this no operation below is pending.
const MOST_PENDING: usize = 12;

const TEXTS: [&str; 3] = ["one", "two", "three"];

/// What the receivers below are given, and what they must make of it.
fn incoming() -> (Vec<u8>, Vec<Message>) {
    let bytes = [
        masked(TEXT, "first"),
        masked(PING, "are you there"),
        masked(BINARY, vec![7; 5000]),
        masked(0x01, "in "),
        masked(PING, "now?"),
        masked(0x80, "pieces"),
        masked(TEXT, ""),
        masked(BINARY, "last"),
    ]
    .concat();
    let messages = vec![
        Message::from("first"),
        Message::from(vec![7; 5000]),
        Message::from("in pieces"),
        Message::from(""),
        Message::from(&b"last"[..]),
    ];
    (bytes, messages)
}

/// A server on which every operation is pending first and goes a few bytes at a time.
fn hesitant() -> (Wire, WebSocket<Memory>) {
    let (wire, ws) = server();
    hesitate(&wire);
    (wire, ws)
}

fn hesitate(wire: &Wire) {
    wire.set(Side::Server, |end| {
        end.stutter = true;
        end.max_read = 3;
        end.max_write = 3;
    });
}

/// What the server sent: the payloads of its data frames, and those of its Pongs.
fn sent(wire: &Wire) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let (pongs, data): (Vec<_>, Vec<_>) = frames::parse(&wire.take(Side::Server))
        .into_iter()
        .partition(|(first, _)| *first == PONG);
    let payloads =
        |frames: Vec<(u8, Vec<u8>)>| frames.into_iter().map(|(_, bytes)| bytes).collect();
    (payloads(data), payloads(pongs))
}

fn pongs() -> Vec<Vec<u8>> {
    vec![b"are you there".to_vec(), b"now?".to_vec()]
}

/// Receives until there are so many messages, giving up each time it has been pending often enough.
macro_rules! receive_all {
    ($count:expr, $pending:expr, $recv:expr) => {{
        let mut messages = Vec::new();
        while messages.len() < $count {
            if let Some(message) = give_up_after($pending, $recv).await {
                messages.push(message.unwrap().unwrap());
            }
        }
        messages
    }};
}

#[test]
fn recv_loses_and_repeats_nothing() {
    let (bytes, expected) = incoming();
    for pending in 0..MOST_PENDING {
        let (wire, mut ws) = hesitant();
        wire.give(Side::Server, &bytes);
        let messages = block_on(&wire, async {
            let messages = receive_all!(expected.len(), pending, ws.recv());
            ws.flush().await.unwrap();
            messages
        });
        assert_eq!(messages, expected, "given up when pending {pending} times");
        assert_eq!(sent(&wire), (vec![], pongs()));
    }
}

#[test]
fn recv_ref_loses_and_repeats_nothing_and_neither_do_its_replies() {
    let (bytes, expected) = incoming();
    for pending in 0..MOST_PENDING {
        let (wire, mut ws) = hesitant();
        wire.give(Side::Server, &bytes);
        block_on(&wire, async {
            let mut count = 0;
            while count < expected.len() {
                if let Some(received) = give_up_after(pending, ws.recv_ref()).await {
                    let mut received = received.unwrap().unwrap();
                    received.reply.echo(received.message).unwrap();
                    count += 1;
                }
            }
            ws.flush().await.unwrap();
        });
        let echoes: Vec<_> = expected
            .iter()
            .map(|message| message.as_bytes().to_vec())
            .collect();
        assert_eq!(
            sent(&wire),
            (echoes, pongs()),
            "given up when pending {pending} times"
        );
    }
}

#[test]
fn recv_of_a_half_loses_and_repeats_nothing() {
    let (bytes, expected) = incoming();
    for pending in 0..MOST_PENDING {
        let (wire, ws) = hesitant();
        let (mut reader, writer) = ws.split();
        wire.give(Side::Server, &bytes);
        let messages = block_on(&wire, async {
            let messages = receive_all!(expected.len(), pending, reader.recv());
            writer.flush().await.unwrap();
            messages
        });
        assert_eq!(messages, expected, "given up when pending {pending} times");
        assert_eq!(sent(&wire), (vec![], pongs()));
    }
}

#[test]
fn recv_of_a_corked_handler_loses_and_repeats_nothing() {
    let (bytes, expected) = incoming();
    for pending in 0..MOST_PENDING {
        let (wire, ws) = hesitant();
        wire.give(
            Side::Server,
            [&bytes, &masked(CLOSE, close_body(1000, ""))[..]].concat(),
        );
        wire.give_eof(Side::Server);
        block_on(
            &wire,
            ws.cork(async |mut ws| {
                let messages = receive_all!(expected.len(), pending, ws.recv());
                assert_eq!(messages, expected, "given up when pending {pending} times");
            }),
        );
        let (data, answers) = sent(&wire);
        assert_eq!(answers, pongs());
        assert_eq!(data, [close_body(1000, "")]);
    }
}

/// A message of which the first poll queued all is sent, once and whole, whatever becomes of the
/// future.
#[test]
fn send_and_feed_send_a_queued_message_once() {
    for pending in 0..MOST_PENDING {
        let (wire, mut ws) = hesitant();
        block_on(&wire, async {
            for text in TEXTS {
                give_up_after(pending, ws.send(text)).await;
                give_up_after(pending, ws.feed(text)).await;
            }
            ws.flush().await.unwrap();
        });
        assert_eq!(
            sent(&wire).0,
            ["one", "one", "two", "two", "three", "three"].map(Vec::from)
        );

        let (wire, ws) = hesitant();
        let (_reader, writer) = ws.split();
        block_on(&wire, async {
            for text in TEXTS {
                give_up_after(pending, writer.send(text)).await;
                give_up_after(pending, writer.feed(text)).await;
            }
            writer.flush().await.unwrap();
        });
        assert_eq!(
            sent(&wire).0,
            ["one", "one", "two", "two", "three", "three"].map(Vec::from)
        );
    }
}

#[test]
fn send_of_a_corked_handler_sends_a_queued_message_once() {
    for pending in 0..MOST_PENDING {
        let (wire, ws) = hesitant();
        wire.give(Side::Server, masked(CLOSE, close_body(1000, "")));
        wire.give_eof(Side::Server);
        block_on(
            &wire,
            ws.cork(async |ws| {
                for text in TEXTS {
                    give_up_after(pending, ws.send(text)).await;
                    give_up_after(pending, ws.flush()).await;
                }
            }),
        );
        assert_eq!(sent(&wire).0[..3], TEXTS.map(Vec::from));
    }
}

/// Dropped while the queue is full, a message is dropped with its future, and all of it.
#[test]
fn a_message_without_room_in_the_queue_goes_with_its_future() {
    let full = || {
        let (wire, ws) = server_with(Config::new().high_water_mark(0));
        wire.set(Side::Client, |end| end.room = 0);
        (wire, ws)
    };
    for method in 0..3 {
        let (wire, mut ws) = full();
        assert!(poll_now(ws.send("kept")).is_pending());
        assert!(match method {
            0 => poll_now(ws.send("dropped")).is_pending(),
            1 => poll_now(ws.feed("dropped")).is_pending(),
            _ => poll_now(ws.send_fragment("dropped", Fin::More)).is_pending(),
        });
        wire.set(Side::Client, |end| end.room = usize::MAX);
        block_on(&wire, ws.send("next")).unwrap();
        assert_eq!(
            frames::payloads(&wire.take(Side::Server)),
            ["kept", "next"].map(Vec::from)
        );

        let (wire, ws) = full();
        let (_reader, writer) = ws.split();
        assert!(poll_now(writer.send("kept")).is_pending());
        assert!(match method {
            0 => poll_now(writer.send("dropped")).is_pending(),
            1 => poll_now(writer.feed("dropped")).is_pending(),
            _ => poll_now(writer.send_fragment("dropped", Fin::More)).is_pending(),
        });
        wire.set(Side::Client, |end| end.room = usize::MAX);
        block_on(&wire, writer.send("next")).unwrap();
        assert_eq!(
            frames::payloads(&wire.take(Side::Server)),
            ["kept", "next"].map(Vec::from)
        );
    }
}

/// R6455-6.1-05, R6455-6.1-06
#[test]
fn send_fragment_keeps_the_message_whole() {
    let expected = [
        (0x01, b"one".to_vec()),
        (0x00, b"two".to_vec()),
        (0x80, b"three".to_vec()),
    ];
    for pending in 0..MOST_PENDING {
        let (wire, mut ws) = hesitant();
        block_on(&wire, async {
            for (text, fin) in TEXTS.into_iter().zip([Fin::More, Fin::More, Fin::Last]) {
                give_up_after(pending, ws.send_fragment(text, fin)).await;
            }
            ws.flush().await.unwrap();
        });
        assert_eq!(frames::parse(&wire.take(Side::Server)), expected);

        let (wire, ws) = hesitant();
        let (_reader, writer) = ws.split();
        block_on(&wire, async {
            for (text, fin) in TEXTS.into_iter().zip([Fin::More, Fin::More, Fin::Last]) {
                give_up_after(pending, writer.send_fragment(text, fin)).await;
            }
            writer.flush().await.unwrap();
        });
        assert_eq!(frames::parse(&wire.take(Side::Server)), expected);
    }
}

#[test]
fn flush_goes_on_where_it_was() {
    for pending in 0..MOST_PENDING {
        let (wire, mut ws) = hesitant();
        block_on(&wire, async {
            for text in TEXTS {
                ws.feed(text).await.unwrap();
            }
            while give_up_after(pending, ws.flush()).await.is_none() {}
        });
        assert_eq!(sent(&wire).0, TEXTS.map(Vec::from));

        let (wire, ws) = hesitant();
        let (_reader, writer) = ws.split();
        block_on(&wire, async {
            for text in TEXTS {
                writer.feed(text).await.unwrap();
            }
            while give_up_after(pending, writer.flush()).await.is_none() {}
        });
        assert_eq!(sent(&wire).0, TEXTS.map(Vec::from));
    }
}

#[test]
fn ping_sends_one_ping() {
    for pending in 0..MOST_PENDING {
        let (wire, mut ws) = hesitant();
        block_on(&wire, async {
            give_up_after(pending, ws.ping("a")).await;
            ws.flush().await.unwrap();
        });
        assert_eq!(
            frames::parse(&wire.take(Side::Server)),
            [(PING, b"a".to_vec())]
        );

        let (wire, ws) = hesitant();
        let (_reader, writer) = ws.split();
        block_on(&wire, async {
            give_up_after(pending, writer.ping("a")).await;
            writer.flush().await.unwrap();
        });
        assert_eq!(
            frames::parse(&wire.take(Side::Server)),
            [(PING, b"a".to_vec())]
        );

        let (wire, ws) = hesitant();
        wire.give(Side::Server, masked(CLOSE, ""));
        wire.give_eof(Side::Server);
        block_on(
            &wire,
            ws.cork(async |ws| {
                give_up_after(pending, ws.ping("a")).await;
            }),
        );
        assert_eq!(
            frames::parse(&wire.take(Side::Server))[0],
            (PING, b"a".to_vec())
        );
    }
}

/// Answers a Close frame as a client does that then waits for the server.
async fn answer_close(wire: &Wire) {
    let mut seen = Vec::new();
    while seen.len() < 2 + close_body(1001, "bye").len() {
        seen.extend(wire.take(Side::Server));
        yield_now().await;
    }
    assert_eq!(frames::parse(&seen), [(CLOSE, close_body(1001, "bye"))]);
    wire.give(Side::Server, masked(TEXT, "too late"));
    wire.give(Side::Server, masked(CLOSE, close_body(1001, "")));
    while !wire.is_shut_down(Side::Server) {
        yield_now().await;
    }
    wire.give_eof(Side::Server);
    assert_eq!(wire.take(Side::Server), [], "one Close frame is enough");
}

#[test]
fn close_goes_on_where_it_was_and_sends_one_frame() {
    for pending in 0..MOST_PENDING {
        let (wire, mut ws) = hesitant();
        let (closed, ()) = join(
            &wire,
            async {
                loop {
                    let close = ws.close(CloseCode::GOING_AWAY, "bye");
                    if let Some(closed) = give_up_after(pending, close).await {
                        return closed.unwrap();
                    }
                    yield_now().await;
                }
            },
            answer_close(&wire),
        );
        assert!(closed.is_clean());
        assert_eq!(closed.code(), 1001);
        assert_eq!(wire.elapsed().as_secs(), 0);
    }
}

#[test]
fn close_of_a_half_sends_one_frame_and_the_other_half_goes_on() {
    async fn close(pending: usize, mut reader: ReadHalf<Memory>, writer: WriteHalf<Memory>) {
        while give_up_after(pending, writer.close(CloseCode::GOING_AWAY, "bye"))
            .await
            .is_none()
        {
            yield_now().await;
        }
        loop {
            match give_up_after(pending, reader.recv()).await {
                Some(Ok(None)) => return,
                Some(Ok(Some(message))) => assert_eq!(message, Message::from("too late")),
                Some(Err(error)) => panic!("{error:?}"),
                None => yield_now().await,
            }
        }
    }
    for pending in 0..MOST_PENDING {
        let (wire, ws) = hesitant();
        let (reader, writer) = ws.split();
        join(
            &wire,
            close(pending, reader, writer.clone()),
            answer_close(&wire),
        );
        assert!(writer.closed().is_clean());
        assert_eq!(wire.elapsed().as_secs(), 0);
    }
}

#[test]
fn close_of_a_corked_handler_goes_on_with_the_handlers_end() {
    for pending in 0..MOST_PENDING {
        let (wire, ws) = hesitant();
        let cork = ws.cork(async |mut ws| {
            give_up_after(pending, ws.close(CloseCode::GOING_AWAY, "bye")).await;
        });
        let writer = cork.writer();
        join(&wire, cork, answer_close(&wire));
        assert!(writer.closed().is_clean());
        assert_eq!(wire.elapsed().as_secs(), 0);
    }
}

/// One of two that wait for room gives up; the other is woken all the same.
#[test]
fn a_sender_that_gives_up_takes_no_wake_up_from_another() {
    let (wire, ws) = server_with(Config::new().high_water_mark(0));
    wire.set(Side::Client, |end| end.room = 0);
    let (_reader, writer) = ws.split();
    assert!(poll_now(writer.send("first")).is_pending());
    let mut gives_up = Task::new(writer.send("second"));
    let mut waits = Task::new(writer.send("third"));
    gives_up.run();
    waits.run();
    drop(gives_up);
    waits.run();
    assert!(!waits.is_done());
    wire.set(Side::Client, |end| end.room = usize::MAX);
    waits.run().output().unwrap();
    assert_eq!(
        frames::payloads(&wire.take(Side::Server)),
        ["first", "third"].map(Vec::from)
    );
}

/// The one that gives up shares its task with one that goes on waiting.
#[test]
fn a_sender_that_gives_up_takes_no_wake_up_from_its_own_task() {
    let (wire, ws) = server_with(Config::new().high_water_mark(0));
    wire.set(Side::Client, |end| end.room = 0);
    let (_reader, writer) = ws.split();
    assert!(poll_now(writer.send("first")).is_pending());
    let mut gives_up = Some(Box::pin(writer.send("second")));
    let mut waits = pin!(writer.send("third"));
    let mut task = Task::new(poll_fn(|cx| {
        let sent = waits.as_mut().poll(cx);
        if let Some(mut sending) = gives_up.take() {
            assert!(sending.as_mut().poll(cx).is_pending());
        }
        sent
    }));
    assert!(!task.run().is_done());
    wire.set(Side::Client, |end| end.room = usize::MAX);
    task.run().output().unwrap();
}
