//! Messages that are made once and sent by many connections.

use std::sync::{Arc, Mutex};

use futures_util::{FutureExt, join};
use tautline::{
    CloseCode, Config, Error, Message, Prepared, Role, SendError,
    driver::{Corked, Serve, WebSocket},
};

use crate::support::{
    Adapter, Pipe, connect, pair,
    raw::{self, TEXT},
    serve,
};

/// Copied into the output, and written from where it lies.
fn news() -> [(Message, Prepared); 2] {
    [Message::from("news"), Message::from(vec![7; LARGE])]
        .map(|message| (message.clone(), Prepared::new(message)))
}

const LARGE: usize = 100_000;

/// R6455-5.1-01, R6455-5.1-07, R6455-6.1-08: servers and clients, whole and in halves.
pub(crate) async fn one_message_is_sent_by_many_connections<A: Adapter>() {
    for (message, prepared) in news() {
        for _ in 0..3 {
            let (mut client, mut server) = pair::<A>().await;
            in_every_way::<A>(&mut client, &mut server, &prepared).await;
            in_every_way::<A>(&mut server, &mut client, &prepared).await;
            let (mut reader, _writer) = client.split();
            let (_reader, writer) = server.split();
            let (sent, received) = join!(writer.send_prepared(&prepared), reader.recv());
            sent.unwrap();
            assert!(received.unwrap().as_ref() == Some(&message));
            writer.feed_prepared(&prepared).await.unwrap();
            let (sent, received) = join!(writer.flush(), reader.recv());
            sent.unwrap();
            assert!(received.unwrap().as_ref() == Some(&message));
        }
        assert_eq!(*prepared.message(), message);
    }
}

async fn in_every_way<A: Adapter>(
    sender: &mut WebSocket<A::Transport>,
    receiver: &mut WebSocket<A::Transport>,
    prepared: &Prepared,
) {
    let message = prepared.message();
    let (sent, received) = join!(sender.send_prepared(prepared), receiver.recv());
    sent.unwrap();
    assert!(received.unwrap().as_ref() == Some(message));
    sender.feed_prepared(prepared).await.unwrap();
    let (sent, received) = join!(sender.flush(), receiver.recv());
    sent.unwrap();
    assert!(received.unwrap().as_ref() == Some(message));
    // As the answer to one that is lent.
    let reply = async {
        let mut received = sender.recv_ref().await.unwrap().unwrap();
        received.reply.send_prepared(prepared).unwrap();
        sender.flush().await.unwrap();
    };
    let ask = async {
        receiver.send("what is new?").await.unwrap();
        assert!(receiver.recv().await.unwrap().as_ref() == Some(message));
    };
    join!(reply, ask);
}

/// A message to one is told to all, by the handler and through its writing half.
pub(crate) async fn handlers_tell_everybody<A: Adapter>() {
    let everybody = Arc::new(Mutex::new(Vec::new()));
    let (uri, _server) = serve::<A, _>(|listener| {
        let handler = move |mut ws: Corked<A::Transport>| {
            let everybody = everybody.clone();
            async move {
                everybody.lock().unwrap().push(ws.writer());
                ws.send_prepared(&Prepared::new("welcome")).await?;
                while let Some(message) = ws.recv().await? {
                    let prepared = Prepared::new(message);
                    let writers = everybody.lock().unwrap().clone();
                    for writer in writers {
                        writer.send_prepared(&prepared).await?;
                    }
                }
                Ok::<_, Error>(())
            }
        };
        Serve::new(A::default(), listener, handler)
    });
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = connect::<A>(&uri).await.unwrap();
        assert_eq!(client.recv().await.unwrap(), Some("welcome".into()));
        clients.push(client);
    }
    for (message, _) in news() {
        clients[1].send(message.clone()).await.unwrap();
        for client in &mut clients {
            assert!(client.recv().await.unwrap().as_ref() == Some(&message));
        }
    }
}

/// The payload is not copied on its way.
pub(crate) async fn a_large_prepared_message_leaves_from_where_it_lies<A: Adapter>() {
    const HEADER: usize = 10;
    let [_, (_, prepared)] = news();
    for _ in 0..2 {
        let (mut ws, peer) = server::<A>(2 * LARGE, Config::new());
        ws.send_prepared(&prepared).await.unwrap();
        assert_eq!(peer.writes_of_the_other_end(), [[HEADER, LARGE]]);
    }
}

fn server<A: Adapter>(capacity: usize, config: Config) -> (WebSocket<A::Piped>, Pipe) {
    let (near, far) = Pipe::pair(capacity);
    let ws = WebSocket::from_handshake(near, Role::Server, Default::default(), config);
    (ws, far)
}

/// R6455-6.1-02: one that waits for room is dropped with its future, and leaves nothing behind.
pub(crate) async fn a_prepared_message_that_is_given_up_is_sent_whole_or_not_at_all<A: Adapter>() {
    let first = Prepared::new("first");
    let config = Config::new().high_water_mark(1);
    let (mut ws, far) = server::<A>(3, config);
    // Queued and sent in part.
    assert!(ws.send_prepared(&first).now_or_never().is_none());
    // These wait for the first.
    let second = Prepared::new("second");
    assert!(ws.send_prepared(&second).now_or_never().is_none());
    assert!(ws.feed_prepared(&second).now_or_never().is_none());
    let mut sent = far.take_quietly();
    while ws.flush().now_or_never().is_none() {
        sent.extend(far.take_quietly());
    }
    sent.extend(far.take_quietly());
    assert_eq!(sent, raw::plain(TEXT, b"first"));
}

/// R6455-5.5.1-07, R6455-6.1-02
pub(crate) async fn a_prepared_message_is_not_sent_after_a_close<A: Adapter>() {
    let (mut client, mut server) = pair::<A>().await;
    let (closed, end) = join!(client.close(CloseCode::NORMAL, ""), server.recv());
    closed.unwrap();
    assert_eq!(end.unwrap(), None);
    for ws in [&mut client, &mut server] {
        let prepared = Prepared::new("late");
        let error = ws.send_prepared(&prepared).await.unwrap_err();
        assert!(matches!(error, Error::Send(SendError::Closing)), "{error}");
        ws.feed_prepared(&prepared).await.unwrap_err();
    }
}
