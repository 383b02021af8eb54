//! Futures that are given up while they wait, and what goes on as if nothing had happened.

use std::{future::poll_fn, net::TcpStream, pin::pin, task::Poll};

use async_io::Async;
use futures_util::{AsyncReadExt, AsyncWriteExt, FutureExt, join};
use tautline::{
    CloseCode, Config, Message, Role,
    driver::{Upgrade, WebSocket},
};

use crate::support::{
    Adapter, Pipe, client_and_peer, connect, listen,
    raw::{self, CLOSE, PING, PONG, TEXT},
    settle, spawn,
};

fn client<A: Adapter>(capacity: usize) -> (WebSocket<A::Piped>, Pipe) {
    let (near, far) = Pipe::pair(capacity);
    let ws = WebSocket::from_handshake(near, Role::Client, Default::default(), Config::new());
    (ws, far)
}

/// The output of a future, unless it is still waiting when it has been polled so often.
async fn give_up_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(cx).map(Some)
    })
    .await
}

/// Given up after every byte that arrives.
pub(crate) async fn nothing_is_lost_by_receiving_that_is_given_up<A: Adapter>() {
    let (mut ws, mut peer) = client::<A>(1024);
    for round in 0..3 {
        let text = format!("message {round}");
        let ping = raw::plain(PING, b"p");
        let frames = [ping, raw::plain(TEXT, text.as_bytes())].concat();
        let (last, others) = frames.split_last().unwrap();
        for byte in others {
            raw::send(&mut peer, [*byte]).await;
            assert!(ws.recv().now_or_never().is_none());
        }
        raw::send(&mut peer, [*last]).await;
        assert_eq!(ws.recv().await.unwrap(), Some(text.into()));
        // Answered, and once.
        assert_eq!(raw::read_frame(&mut peer).await, (PONG, b"p".to_vec()));
        assert!(peer.read(&mut [0]).now_or_never().is_none());
    }
}

/// What was begun is sent as a whole, what had no room is not sent at all, and nothing mixes.
pub(crate) async fn sending_that_is_given_up_sends_a_message_whole_or_not_at_all<A: Adapter>() {
    let (near, mut peer) = Pipe::pair(8);
    let config = Config::new().high_water_mark(10);
    let mut ws =
        WebSocket::<A::Piped>::from_handshake(near, Role::Server, Default::default(), config);
    // It fills the pipe, and what is left fills the queue.
    assert!(ws.send("a".repeat(50)).now_or_never().is_none());
    for _ in 0..3 {
        assert!(ws.send("dropped").now_or_never().is_none());
    }
    let (sent, ()) = join!(ws.send("last"), async {
        let (opcode, payload) = raw::read_frame(&mut peer).await;
        assert_eq!((opcode, payload), (TEXT, vec![b'a'; 50]));
        let last = raw::read_frame(&mut peer).await;
        assert_eq!(last, (TEXT, b"last".to_vec()));
    });
    sent.unwrap();
    assert!(peer.read(&mut [0]).now_or_never().is_none());
}

/// Of two tasks that wait to send, one gives up; the other still gets its turn.
pub(crate) async fn a_task_that_gives_up_sending_takes_no_turn_away<A: Adapter>() {
    let (ws, mut peer) = client::<A>(8);
    let (mut reader, writer) = ws.split();
    let other_writer = writer.clone();
    let sending = spawn::<A, _>(async move { other_writer.send("x".repeat(100)).await });
    settle().await;
    assert!(writer.send("y".repeat(100)).now_or_never().is_none());
    // The reader has looked as well, and gives up.
    assert!(reader.recv().now_or_never().is_none());
    let (flushed, ()) = join!(writer.flush(), async {
        for letter in [b'x', b'y'] {
            let frame = raw::read_frame(&mut peer).await;
            assert_eq!(frame, (TEXT, vec![letter; 100]));
        }
    });
    flushed.unwrap();
    sending.await.unwrap();
}

/// Given up at every step, and taken up by `recv`.
///
/// R6455-5.5.1-16
pub(crate) async fn a_close_that_is_given_up_goes_on<A: Adapter>() {
    let (mut client, mut peer) = client_and_peer(&A::default(), Config::new()).await;
    for _ in 0..3 {
        assert!(
            client
                .close(CloseCode::NORMAL, "bye")
                .now_or_never()
                .is_none()
        );
    }
    let close = raw::read_frame(&mut peer).await;
    assert_eq!(close, (CLOSE, raw::close_body(1000, "bye")));
    raw::send(&mut peer, raw::plain(CLOSE, &close.1)).await;
    raw::end(&peer);
    assert_eq!(client.recv().await.unwrap(), None);
    assert!(client.closed().is_clean());
    // One Close frame was all.
    assert_eq!(raw::read_to_end(&mut peer).await, b"");
}

/// Given up at every point where it waits: the server, which takes one after the other, sees the
/// end of the stream, and the next attempt does not have to wait for this one.
pub(crate) async fn connecting_that_is_given_up_leaves_nothing_behind<A: Adapter>() {
    let (listener, uri) = raw::listen();
    let _server = spawn::<A, _>(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            answer_if_asked(stream).await;
        }
    });
    let mut polls = 1;
    let client = loop {
        if let Some(connected) = give_up_after(polls, connect::<A>(&uri)).await {
            break connected;
        }
        polls += 1;
    };
    assert!(polls > 1);
    client.unwrap();
}

/// A server that does not mind if its client is gone.
async fn answer_if_asked(mut stream: Async<TcpStream>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(1..) = stream.read(&mut byte).await else {
            return;
        };
        head.extend(byte);
    }
    let answer = raw::switching(&String::from_utf8(head).unwrap(), "");
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

pub(crate) async fn accepting_that_is_given_up_loses_no_connection<A: Adapter>() {
    let runtime = A::default();
    let (listener, uri) = listen::<A>();
    assert!(runtime.accept(&listener).now_or_never().is_none());
    for polls in 0..3 {
        let mut peer = raw::dial(&uri).await;
        let early = give_up_after(polls, runtime.accept(&listener)).await;
        let (tcp, address) = match early {
            Some(accepted) => accepted.unwrap(),
            None => runtime.accept(&listener).await.unwrap(),
        };
        assert_eq!(address, peer.get_ref().local_addr().unwrap());
        raw::send(&mut peer, raw::request("/", raw::address(&uri), "")).await;
        let upgrade = Upgrade::<A::Transport>::read(tcp.into()).await.unwrap();
        let _server = upgrade.accept().await.unwrap();
        let head = raw::read_head(&mut peer).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    }
}

/// The stream goes with the future.
pub(crate) async fn a_handshake_that_a_server_gives_up_ends_the_stream<A: Adapter>() {
    let runtime = A::default();
    let (listener, uri) = listen::<A>();
    let mut peer = raw::dial(&uri).await;
    let (tcp, _) = runtime.accept(&listener).await.unwrap();
    let reading = Upgrade::<A::Transport>::read(tcp.into());
    assert!(reading.now_or_never().is_none());
    assert_eq!(raw::read_to_end(&mut peer).await, b"");
}

/// One message after the other, each given up once, over a real socket.
pub(crate) async fn an_echo_goes_on_through_futures_that_are_given_up<A: Adapter>() {
    let (client, mut peer) = client_and_peer(&A::default(), Config::new()).await;
    let echo = spawn::<A, _>(async move {
        for _ in 0..100 {
            let (opcode, payload) = raw::read_frame(&mut peer).await;
            raw::send(&mut peer, raw::plain(opcode, &payload)).await;
        }
        peer
    });
    let mut client = client;
    for number in 0..100 {
        let message = Message::from(number.to_string());
        if client.send(message.clone()).now_or_never().is_none() {
            client.flush().await.unwrap();
        }
        let received = match client.recv().now_or_never() {
            Some(received) => received,
            None => client.recv().await,
        };
        assert_eq!(received.unwrap(), Some(message));
    }
    echo.await;
}
