//! Both directions of a connection at once.

use std::{thread, time::Duration};

use futures_channel::oneshot;
use futures_util::join;
use socket2::{Domain, Socket, Type};
use tautline::{
    CloseCode, Config, Error, Message, Role,
    driver::{ReadHalf, Runtime, Serve, Transport, Upgrade, WebSocket, WriteHalf},
};

use crate::support::{
    Adapter, Clock, Clocked, Pipe, client_and_peer, connect, echo, echo_all, pair, pair_on,
    raw::{self, PING, PONG, TEXT},
    serve, settle, spawn, spawn_on,
};

const MESSAGES: usize = 10_000;

fn message(number: usize) -> Message {
    // Lengths on both sides of the short header, and one payload in sixteen that is larger.
    let len = if number.is_multiple_of(16) {
        3000
    } else {
        number % 200
    };
    let mut text = number.to_string();
    text.extend(std::iter::repeat_n('x', len));
    Message::from(text)
}

async fn send_all<T: Transport>(writer: WriteHalf<T>) -> WriteHalf<T> {
    for number in 0..MESSAGES {
        writer.send(message(number)).await.unwrap();
    }
    writer
}

async fn receive_all<T: Transport>(mut reader: ReadHalf<T>) -> ReadHalf<T> {
    for number in 0..MESSAGES {
        assert_eq!(reader.recv().await.unwrap(), Some(message(number)));
    }
    reader
}

/// Sends all from one task and receives all in another, and then closes in an orderly way.
async fn stream_both_ways<R, T>(runtime: R, ws: WebSocket<T>, closes: Closes)
where
    R: Runtime,
    T: Transport + Send + 'static,
{
    let (reader, writer) = ws.split();
    let sending = spawn_on(&runtime, send_all(writer));
    let receiving = spawn_on(&runtime, receive_all(reader));
    let writer = sending.await;
    let mut reader = receiving.await;
    if closes == Closes::First {
        writer.close(CloseCode::NORMAL, "").await.unwrap();
    }
    assert_eq!(reader.recv().await.unwrap(), None);
    assert!(reader.closed().is_clean());
}

#[derive(PartialEq)]
enum Closes {
    First,
    Second,
}

/// R6455-5.1-07
pub(crate) async fn ten_thousand_messages_go_each_way_at_once<A: Adapter>() {
    let (client, server) = pair::<A>().await;
    join!(
        stream_both_ways(A::default(), client, Closes::First),
        stream_both_ways(A::default(), server, Closes::Second)
    );
}

/// R6455-5.1-07
pub(crate) async fn ten_thousand_messages_go_each_way_on_several_threads<A: Adapter>() {
    let (done, wait) = oneshot::channel();
    thread::spawn(move || {
        A::block_on_threads(async |runtime: A| {
            let (client, server) = pair_on::<A, _>(&runtime).await;
            let client = stream_both_ways(runtime.clone(), client, Closes::Second);
            let client = spawn_on(&runtime, client);
            let server = stream_both_ways(runtime.clone(), server, Closes::First);
            let server = spawn_on(&runtime, server);
            join!(client, server);
        });
        done.send(())
    });
    wait.await.expect("it did not panic");
}

/// R6455-5.1-07
pub(crate) async fn ten_thousand_messages_go_each_way_through_a_pipe_of_one_kilobyte<A: Adapter>() {
    let (near, far) = Pipe::pair(1024);
    let request = "ws://server.example.com/".try_into().unwrap();
    let (client, server) = join!(
        WebSocket::<A::Piped>::connect_on(near, &request, Config::new()),
        async { Upgrade::<A::Piped>::read(far).await?.accept().await }
    );
    join!(
        stream_both_ways(A::default(), client.unwrap(), Closes::First),
        stream_both_ways(A::default(), server.unwrap(), Closes::Second)
    );
}

/// Each end sends much more than all buffers hold before it reads anything; whoever sends has to
/// find room without waiting for its own reader.
///
/// R6455-5.1-07
pub(crate) async fn small_socket_buffers_stop_nobody<A: Adapter>() {
    const BUFFER: usize = 4096;
    let small = || {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_send_buffer_size(BUFFER).unwrap();
        socket.set_recv_buffer_size(BUFFER).unwrap();
        socket
    };
    let listener = small();
    let loopback: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
    listener.bind(&loopback.into()).unwrap();
    listener.listen(1).unwrap();
    let near = small();
    near.connect(&listener.local_addr().unwrap()).unwrap();
    let (far, _) = listener.accept().unwrap();
    let (near, far) = (A::tcp(near.into()).unwrap(), A::tcp(far.into()).unwrap());
    let request = "ws://server.example.com/".try_into().unwrap();
    let (client, server) = join!(
        WebSocket::<A::Plain>::connect_on(near, &request, Config::new()),
        async { Upgrade::<A::Plain>::read(far).await?.accept().await }
    );
    let exchange = async |ws: WebSocket<A::Plain>| {
        let (mut reader, writer) = ws.split();
        let (sent, got) = join!(writer.send(vec![1; 300_000]), reader.recv());
        sent.unwrap();
        assert_eq!(got.unwrap(), Some(Message::from(vec![1; 300_000])));
    };
    join!(exchange(client.unwrap()), exchange(server.unwrap()));
}

/// A sender in a task of its own, which has to wait again and again, while others write what it has
/// queued.
///
/// R6455-5.1-07
pub(crate) async fn an_echo_of_more_than_all_buffers_hold_comes_back<A: Adapter>() {
    const MESSAGES: usize = 1000;
    let (uri, _server) = serve::<A, _>(|listener| Serve::new(A::default(), listener, echo));
    let (mut reader, writer) = connect::<A>(&uri).await.unwrap().split();
    let message = |number: usize| Message::from(vec![number as u8; 10_000 + number]);
    let sending = spawn::<A, _>(async move {
        for number in 0..MESSAGES {
            writer.send(message(number)).await.unwrap();
        }
    });
    for number in 0..MESSAGES {
        assert_eq!(reader.recv().await.unwrap(), Some(message(number)));
    }
    sending.await;
}

/// The stream knows of one task that waits for room, and forgets it when another has written.
///
/// R6455-5.1-07
pub(crate) async fn a_task_that_waits_to_send_learns_that_another_has_written_for_it<A: Adapter>() {
    let (near, mut far) = Pipe::pair(10);
    let ws = WebSocket::<A::Piped>::from_handshake(
        near,
        Role::Server,
        Default::default(),
        Config::new(),
    );
    let (mut reader, writer) = ws.split();
    let sending = spawn::<A, _>(async move { writer.send("ten bytes and more").await });
    settle().await;
    let mut sent = far.take_quietly();
    // Nobody but the reader is woken by this, and what it does first is to write.
    raw::send(&mut far, raw::masked(TEXT, b"hi")).await;
    assert_eq!(reader.recv().await.unwrap(), Some("hi".into()));
    sent.extend(far.take_quietly());
    assert_eq!(sent, raw::plain(TEXT, b"ten bytes and more"));
    sending.await.unwrap();
}

/// R6455-5.5.2-02, R6455-5.5.2-04
pub(crate) async fn pings_are_answered_while_only_the_reading_half_is_in_use<A: Adapter>() {
    let (client, mut server) = client_and_peer(&A::default(), Config::new()).await;
    let (mut reader, writer) = client.split();
    let reading = spawn::<A, _>(async move { reader.recv().await });
    for payload in ["", "one", "two"] {
        raw::send(&mut server, raw::plain(PING, payload.as_bytes())).await;
        let pong = raw::read_frame(&mut server).await;
        assert_eq!(pong, (PONG, payload.as_bytes().to_vec()));
    }
    raw::send(&mut server, raw::plain(TEXT, b"hi")).await;
    assert_eq!(reading.await.unwrap(), Some("hi".into()));
    drop(writer);
}

/// R6455-5.5.2-02
pub(crate) async fn a_writer_that_is_dropped_takes_no_answers_along<A: Adapter>() {
    let (client, mut server) = client_and_peer(&A::default(), Config::new()).await;
    let (mut reader, writer) = client.split();
    drop(writer);
    let _reading = spawn::<A, _>(async move { reader.recv().await });
    raw::send(&mut server, raw::plain(PING, b"p")).await;
    let pong = raw::read_frame(&mut server).await;
    assert_eq!(pong, (PONG, b"p".to_vec()));
}

pub(crate) async fn several_tasks_send_on_clones_of_the_writing_half<A: Adapter>() {
    const TASKS: usize = 8;
    let (client, server) = pair::<A>().await;
    let server = spawn::<A, _>(echo_all(server));
    let (mut reader, writer) = client.split();
    for task in 0..TASKS {
        let writer = writer.clone();
        let sending = spawn::<A, _>(async move {
            for number in 0..100 {
                writer.send(format!("{task} {number}")).await.unwrap();
            }
        });
        sending.forget();
    }
    // Those of one task come in their order, those of several in any.
    let mut next = [0; TASKS];
    for _ in 0..TASKS * 100 {
        let message = reader.recv().await.unwrap().unwrap();
        let (task, number) = message.as_text().unwrap().split_once(' ').unwrap();
        let task: usize = task.parse().unwrap();
        assert_eq!(number, next[task].to_string());
        next[task] += 1;
    }
    writer.close(CloseCode::NORMAL, "").await.unwrap();
    assert_eq!(reader.recv().await.unwrap(), None);
    server.await;
}

/// R6455-7.1.2-03
pub(crate) async fn a_reader_that_waits_learns_that_the_peer_never_answered_the_close<
    A: Adapter,
>() {
    let clock = Clock::new();
    let (client, _peer) = client_and_peer(&Clocked::<A>::new(&clock), Config::new()).await;
    let (mut reader, writer) = client.split();
    let reading = spawn::<A, _>(async move { reader.recv().await });
    settle().await;
    writer.close(CloseCode::NORMAL, "").await.unwrap();
    let error = clock.after(Duration::from_secs(5), reading).await;
    let error = error.unwrap_err();
    assert!(matches!(error, Error::Timeout(_)), "{error:?}");
    writer.send("late").await.unwrap_err();
}
