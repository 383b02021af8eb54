//! When what was queued leaves, in how many writes, and who waits for whom if it cannot.

use std::{cell::Cell, task::Poll};

use bytes::Bytes;
use tautline_driver::{Config, Error, Message};

use crate::support::{
    client,
    executor::{Task, block_on, join, now, poll_now},
    frames::{self, BINARY, PING, PONG, TEXT, masked},
    open, server, server_with,
    wire::{Call, Side, Wire},
};

const BURST: usize = 16;

/// A burst of messages that arrives at once, and its echo.
fn burst() -> (Vec<u8>, Vec<Vec<u8>>) {
    let texts: Vec<_> = (0..BURST)
        .map(|number| format!("message {number}").into_bytes())
        .collect();
    let bytes = texts.iter().flat_map(|text| masked(TEXT, text)).collect();
    (bytes, texts)
}

/// A future that is ready when the test says so.
#[derive(Default)]
struct Gate(Cell<bool>, Cell<Option<std::task::Waker>>);

impl Gate {
    async fn pass(&self) {
        std::future::poll_fn(|cx| {
            if self.0.take() {
                return Poll::Ready(());
            }
            self.1.set(Some(cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }

    fn open(&self) {
        self.0.set(true);
        self.1.take().into_iter().for_each(std::task::Waker::wake);
    }
}

#[test]
fn a_burst_is_answered_in_one_write_with_feed() {
    let (bytes, texts) = burst();
    let (wire, mut ws) = server();
    wire.give(Side::Server, bytes);
    Task::new(async {
        while let Some(message) = ws.recv().await.unwrap() {
            ws.feed(message).await.unwrap();
        }
    })
    .run();
    assert_eq!(wire.writes(Side::Server).len(), 1);
    assert_eq!(frames::payloads(&wire.take(Side::Server)), texts);
}

#[test]
fn a_burst_is_answered_in_one_write_with_lent_messages() {
    let (bytes, texts) = burst();
    let (wire, mut ws) = server();
    wire.give(Side::Server, bytes);
    Task::new(async {
        while let Some(mut received) = ws.recv_ref().await.unwrap() {
            received.reply.echo(received.message).unwrap();
        }
    })
    .run();
    assert_eq!(wire.writes(Side::Server).len(), 1);
    assert_eq!(frames::payloads(&wire.take(Side::Server)), texts);
}

#[test]
fn a_burst_is_answered_in_one_write_by_a_corked_handler_that_sends() {
    let (bytes, texts) = burst();
    let (wire, ws) = server();
    wire.give(Side::Server, bytes);
    Task::new(ws.cork(async |mut ws| {
        while let Some(message) = ws.recv().await? {
            ws.send(message).await?;
        }
        Ok::<(), Error>(())
    }))
    .run();
    assert_eq!(wire.writes(Side::Server).len(), 1);
    assert_eq!(frames::payloads(&wire.take(Side::Server)), texts);
}

/// R6455-6.1-08: when `send` returns, the message is with the transport.
#[test]
fn each_send_outside_a_cork_is_a_write_and_a_flush() {
    let (bytes, texts) = burst();
    let (wire, mut ws) = server();
    wire.give(Side::Server, bytes);
    for (number, text) in texts.iter().enumerate() {
        let message = now(ws.recv()).unwrap().unwrap();
        now(ws.send(message)).unwrap();
        assert_eq!(wire.writes(Side::Server).len(), number + 1);
        assert_eq!(wire.calls(Side::Server).last(), Some(&Call::Flush));
        assert_eq!(
            frames::payloads(&wire.take(Side::Server)),
            std::slice::from_ref(text)
        );
    }
}

#[test]
fn a_reply_leaves_before_a_corked_handler_waits_for_anything() {
    let (bytes, texts) = burst();
    let (wire, ws) = server();
    wire.give(Side::Server, bytes);
    let gate = Gate::default();
    let mut task = Task::new(ws.cork(async |mut ws| {
        while let Some(message) = ws.recv().await.unwrap() {
            ws.send(message).await.unwrap();
            gate.pass().await;
        }
    }));
    for text in texts {
        task.run();
        assert_eq!(frames::payloads(&wire.take(Side::Server)), [text]);
        gate.open();
    }
}

#[test]
fn what_another_task_queues_leaves_while_a_corked_handler_waits_for_something_else() {
    let (wire, ws) = server();
    let gate = Gate::default();
    let cork = ws.cork(async |ws| {
        gate.pass().await;
        drop(ws);
    });
    let writer = cork.writer();
    let mut task = Task::new(cork);
    task.run();
    now(writer.send("one")).unwrap();
    now(writer.feed("two")).unwrap();
    assert_eq!(
        wire.take(Side::Server),
        [],
        "sends of a corked connection are queued"
    );
    assert!(task.is_woken());
    task.run();
    assert_eq!(wire.writes(Side::Server).len(), 1);
    assert_eq!(
        frames::payloads(&wire.take(Side::Server)),
        ["one", "two"].map(Vec::from)
    );
}

#[test]
fn recv_writes_what_is_queued_before_it_reads() {
    let (wire, mut ws) = server();
    now(ws.feed("queued")).unwrap();
    assert_eq!(wire.calls(Side::Server), []);
    wire.give(Side::Server, masked(TEXT, "came"));
    now(ws.recv()).unwrap();
    assert!(matches!(
        &wire.calls(Side::Server)[..],
        [Call::Write { .. }, Call::Flush, Call::Read(_)]
    ));
}

/// Pings are answered with what leaves next, without a call of the application's
/// (R6455-5.5.2-02).
#[test]
fn pings_of_a_burst_are_answered_in_one_write() {
    let (wire, mut ws) = server();
    wire.give(
        Side::Server,
        (0..10u8)
            .flat_map(|n| masked(PING, [n]))
            .collect::<Vec<_>>(),
    );
    assert!(poll_now(ws.recv()).is_pending());
    assert_eq!(wire.writes(Side::Server).len(), 1);
    let expected: Vec<_> = (0..10u8).map(|n| (PONG, vec![n])).collect();
    assert_eq!(frames::parse(&wire.take(Side::Server)), expected);
}

#[test]
fn a_large_payload_is_written_from_where_it_is() {
    let payload = Bytes::from(vec![1; 100_000]);
    let at = payload.as_ptr() as usize;
    let (wire, mut ws) = server_with(Config::new().high_water_mark(200_000));
    now(ws.feed("before")).unwrap();
    now(ws.feed(payload.clone())).unwrap();
    now(ws.send("behind")).unwrap();
    let Some(Call::Write { slices, .. }) = wire.calls(Side::Server).into_iter().next() else {
        panic!("nothing was written");
    };
    assert_eq!(slices.len(), 3);
    assert_eq!(slices[1], (at, 100_000));
    let sent = frames::payloads(&wire.take(Side::Server));
    assert_eq!(sent, [&b"before"[..], &payload, b"behind"].map(Vec::from));
}

#[test]
fn a_client_masks_a_large_payload_of_its_own_where_it_is() {
    let payload = Bytes::from(vec![1; 100_000]);
    let at = payload.as_ptr() as usize;
    let (wire, mut ws) = client();
    now(ws.send(payload)).unwrap();
    let calls = wire.calls(Side::Client);
    let Some(Call::Write { slices, .. }) = calls.first() else {
        panic!("nothing was written")
    };
    assert_eq!(slices[1], (at, 100_000));
    assert_eq!(
        frames::payloads(&wire.take(Side::Client)),
        [vec![1; 100_000]]
    );
}

#[test]
fn bytes_leave_in_order_when_a_write_takes_any_number_of_them() {
    let messages: Vec<Vec<u8>> = [10, 3000, 0, 2047, 2048, 70_000, 1]
        .map(|len| (0..len).map(|at| at as u8).collect())
        .into();
    for max_write in [1, 2, 3, 7, 1000, 2049, 65_536] {
        let (wire, mut ws) = server();
        wire.set(Side::Server, |end| end.max_write = max_write);
        block_on(&wire, async {
            for message in &messages {
                ws.feed(message.clone()).await.unwrap();
            }
            ws.flush().await.unwrap();
        });
        assert_eq!(frames::payloads(&wire.take(Side::Server)), messages);
    }
}

/// `feed`, and `send` in a corked handler, wait for the peer once more than the mark is queued, and
/// go on when it reads.
#[test]
fn senders_wait_above_the_high_water_mark_and_go_on_below_it() {
    let config = || Config::new().high_water_mark(1000);
    let message = || vec![0; 600];
    let (wire, mut ws) = server_with(config());
    wire.set(Side::Client, |end| end.room = 0);
    now(ws.feed(message())).unwrap();
    now(ws.feed(message())).unwrap();
    let mut third = Task::new(ws.feed(message()));
    assert!(!third.run().is_done());
    wire.set(Side::Client, |end| end.room = 100);
    assert!(!third.run().is_done(), "1,108 bytes are still queued");
    wire.set(Side::Client, |end| end.room = 300);
    assert!(third.run().is_done());
    drop(third);
    wire.set(Side::Client, |end| end.room = usize::MAX);
    now(ws.flush()).unwrap();
    assert_eq!(
        frames::payloads(&wire.take(Side::Server)),
        vec![message(); 3]
    );

    let (wire, ws) = server_with(config());
    wire.set(Side::Client, |end| end.room = 0);
    let count = Cell::new(0);
    let mut task = Task::new(ws.cork(async |ws| {
        for _ in 0..10 {
            ws.send(message()).await.unwrap();
            count.set(count.get() + 1);
        }
    }));
    task.run();
    assert_eq!(count.get(), 2);
    wire.set(Side::Client, |end| end.room = usize::MAX);
    task.run();
    assert_eq!(count.get(), 10);
}

/// A peer that floods and does not read gets only so much queued for it.
#[test]
fn replies_to_a_peer_that_does_not_read_are_bounded() {
    let (wire, mut ws) = server();
    wire.set(Side::Client, |end| end.room = 0);
    let one = masked(BINARY, vec![0; 1000]);
    wire.give(Side::Server, one.repeat(1000));
    let mut task = Task::new(async {
        let mut most = 0;
        while let Some(mut received) = ws.recv_ref().await.unwrap() {
            received.reply.echo(received.message).unwrap();
            most = most.max(received.reply.queued());
            assert!(most < 200_000, "the queue grows with what the peer sends");
        }
    });
    assert!(!task.run().is_done());
    wire.set(Side::Client, |end| end.room = usize::MAX);
    task.run();
    assert_eq!(frames::parse(&wire.take(Side::Server)).len(), 1000);
}

/// Two ends that both have more to say than the wire takes, and both listen.
#[test]
fn two_ends_with_full_queues_that_receive_hear_each_other() {
    let wire = Wire::new();
    let mut ends = [Side::Client, Side::Server].map(|side| {
        wire.set(side, |end| end.room = 1000);
        open(&wire, side, Config::new())
    });
    let [client, server] = &mut ends;
    let (heard, also) = join(
        &wire,
        async {
            client.feed(vec![1; 300_000]).await.unwrap();
            client.recv().await.unwrap().unwrap()
        },
        async {
            server.feed(vec![2; 300_000]).await.unwrap();
            let message = server.recv().await.unwrap().unwrap();
            server.flush().await.unwrap();
            message
        },
    );
    assert_eq!(
        (heard, also),
        (
            Message::from(vec![2; 300_000]),
            Message::from(vec![1; 300_000])
        )
    );
}

#[test]
fn two_ends_that_send_at_once_hear_each_other_with_split_halves() {
    let wire = Wire::new();
    let ends = [Side::Client, Side::Server].map(|side| {
        wire.set(side, |end| end.room = 1000);
        open(&wire, side, Config::new()).split()
    });
    let [(mut client, client_writer), (mut server, server_writer)] = ends;
    let send = async |writer: tautline_driver::WriteHalf<_>| {
        writer.send(vec![1; 300_000]).await.unwrap();
    };
    let (heard, _) = join(
        &wire,
        async { join_now(client.recv(), server.recv()).await },
        async { join_now(send(client_writer), send(server_writer)).await },
    );
    assert_eq!(heard.0.unwrap(), Some(Message::from(vec![1; 300_000])));
    assert_eq!(heard.1.unwrap(), Some(Message::from(vec![1; 300_000])));
}

async fn join_now<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (std::pin::pin!(a), std::pin::pin!(b));
    let (mut first, mut second) = (None, None);
    std::future::poll_fn(|cx| {
        if first.is_none()
            && let Poll::Ready(output) = a.as_mut().poll(cx)
        {
            first = Some(output);
        }
        if second.is_none()
            && let Poll::Ready(output) = b.as_mut().poll(cx)
        {
            second = Some(output);
        }
        if first.is_some() && second.is_some() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    (first.unwrap(), second.unwrap())
}

/// A TLS stream takes bytes and may keep them until it is flushed, which may have to wait, too.
#[test]
fn what_the_transport_holds_back_is_flushed_while_recv_waits() {
    let flushes = |wire: &Wire| {
        wire.calls(Side::Server)
            .into_iter()
            .filter(|call| *call == Call::Flush)
            .count()
    };
    let (wire, mut ws) = server();
    wire.set(Side::Server, |end| end.hold_flush = true);
    now(ws.feed("a")).unwrap();
    let mut task = Task::new(ws.recv());
    task.run();
    assert_eq!(flushes(&wire), 0);
    wire.set(Side::Server, |end| end.hold_flush = false);
    task.run();
    assert_eq!(flushes(&wire), 1);

    let (wire, ws) = server();
    wire.set(Side::Server, |end| end.hold_flush = true);
    let (mut reader, writer) = ws.split();
    now(writer.feed("a")).unwrap();
    let mut task = Task::new(reader.recv());
    task.run();
    wire.set(Side::Server, |end| end.hold_flush = false);
    task.run();
    assert_eq!(flushes(&wire), 1);

    let (wire, ws) = server();
    wire.set(Side::Server, |end| end.hold_flush = true);
    let gate = Gate::default();
    let mut task = Task::new(ws.cork(async |ws| {
        ws.send("a").await.unwrap();
        gate.pass().await;
    }));
    task.run();
    wire.set(Side::Server, |end| end.hold_flush = false);
    task.run();
    assert_eq!(flushes(&wire), 1);
}

/// A handler that only sends learns that nobody takes it any more.
#[test]
fn a_corked_handler_that_only_sends_is_told_that_writing_failed() {
    let (wire, ws) = server();
    wire.set(Side::Server, |end| {
        end.fail_at = Some((3, std::io::ErrorKind::ConnectionReset));
    });
    wire.give_eof(Side::Server);
    let gate = Gate::default();
    let mut task = Task::new(ws.cork(async |ws| {
        loop {
            ws.send("tick").await?;
            gate.pass().await;
        }
        #[expect(unreachable_code, reason = "names the type of the error")]
        Ok::<(), Error>(())
    }));
    for _ in 0..4 {
        task.run();
        gate.open();
    }
    assert!(matches!(task.output(), Err(Error::Io(error))
        if error.kind() == std::io::ErrorKind::ConnectionReset));
}
