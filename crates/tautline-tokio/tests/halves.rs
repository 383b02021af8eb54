//! Both directions of a connection at once.

use tautline_tokio::{
    CloseCode, Config, Error, Message, ReadHalf, WebSocket, WriteHalf, accept, connect,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream, duplex},
    join,
    net::{TcpSocket, TcpStream},
};

use crate::support::{
    echo_all, listen, pair,
    raw::{self, PING, PONG, TEXT},
    within,
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

/// Sends all from one task and receives all in another, and then closes in an orderly way.
async fn stream_both_ways<S>(ws: WebSocket<S>, closes: Closes)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    async fn send_all<S>(writer: &WriteHalf<S>)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        for number in 0..MESSAGES {
            writer.send(message(number)).await.unwrap();
        }
    }
    async fn receive_all<S>(reader: &mut ReadHalf<S>)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        for number in 0..MESSAGES {
            assert_eq!(reader.recv().await.unwrap(), Some(message(number)));
        }
    }
    let (mut reader, writer) = ws.split();
    let sending = tokio::spawn(async move {
        send_all(&writer).await;
        writer
    });
    let receiving = tokio::spawn(async move {
        receive_all(&mut reader).await;
        reader
    });
    let writer = sending.await.unwrap();
    let mut reader = receiving.await.unwrap();
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
#[tokio::test]
async fn ten_thousand_messages_go_each_way_at_once() {
    within(async {
        let (client, server) = pair().await;
        join!(
            stream_both_ways(client, Closes::First),
            stream_both_ways(server, Closes::Second)
        );
    })
    .await;
}

/// R6455-5.1-07
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_messages_go_each_way_on_several_threads() {
    within(async {
        let (client, server) = pair().await;
        let client = tokio::spawn(stream_both_ways(client, Closes::Second));
        let server = tokio::spawn(stream_both_ways(server, Closes::First));
        client.await.unwrap();
        server.await.unwrap();
    })
    .await;
}

/// R6455-5.1-07
#[tokio::test]
async fn ten_thousand_messages_go_each_way_through_a_pipe_of_one_kilobyte() {
    within(async {
        let (near, far) = duplex(1024);
        let request = "ws://server.example.com/".try_into().unwrap();
        let (client, server) = join!(
            WebSocket::<DuplexStream>::connect_on(near, &request, Config::new()),
            accept(far)
        );
        join!(
            stream_both_ways(client.unwrap(), Closes::First),
            stream_both_ways(server.unwrap(), Closes::Second)
        );
    })
    .await;
}

/// Each end sends much more than all buffers hold before it reads anything; whoever sends has to
/// find room without waiting for its own reader.
///
/// R6455-5.1-07
#[tokio::test]
async fn small_socket_buffers_stop_nobody() {
    const BUFFER: u32 = 4096;
    within(async {
        let small = || {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_send_buffer_size(BUFFER).unwrap();
            socket.set_recv_buffer_size(BUFFER).unwrap();
            socket
        };
        let listener = small();
        listener.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = listener.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let request = format!("ws://{address}/").try_into().unwrap();
        let (client, server) = join!(
            async {
                let stream = small().connect(address).await.unwrap();
                WebSocket::<TcpStream>::connect_on(stream, &request, Config::new()).await
            },
            async { accept(listener.accept().await.unwrap().0).await }
        );
        let exchange = async |ws: WebSocket<TcpStream>| {
            let (mut reader, writer) = ws.split();
            let (sent, got) = join!(writer.send(vec![1; 300_000]), reader.recv());
            sent.unwrap();
            assert_eq!(got.unwrap(), Some(Message::from(vec![1; 300_000])));
        };
        join!(exchange(client.unwrap()), exchange(server.unwrap()));
    })
    .await;
}

/// R6455-5.5.2-02, R6455-5.5.2-04
#[tokio::test]
async fn pings_are_answered_while_only_the_reading_half_is_in_use() {
    within(async {
        let (listener, uri) = listen().await;
        let (client, mut server) = join!(connect(uri), raw::accept(&listener));
        let (mut reader, writer) = client.unwrap().split();
        let reading = tokio::spawn(async move { reader.recv().await });
        for payload in ["", "one", "two"] {
            let ping = raw::plain(PING, payload.as_bytes());
            server.write_all(&ping).await.unwrap();
            let pong = raw::read_frame(&mut server).await;
            assert_eq!(pong, (PONG, payload.as_bytes().to_vec()));
        }
        server.write_all(&raw::plain(TEXT, b"hi")).await.unwrap();
        assert_eq!(reading.await.unwrap().unwrap(), Some("hi".into()));
        drop(writer);
    })
    .await;
}

/// R6455-5.5.2-02
#[tokio::test]
async fn a_writer_that_is_dropped_takes_no_answers_along() {
    within(async {
        let (listener, uri) = listen().await;
        let (client, mut server) = join!(connect(uri), raw::accept(&listener));
        let (mut reader, writer) = client.unwrap().split();
        drop(writer);
        let reading = tokio::spawn(async move { reader.recv().await });
        server.write_all(&raw::plain(PING, b"p")).await.unwrap();
        let pong = raw::read_frame(&mut server).await;
        assert_eq!(pong, (PONG, b"p".to_vec()));
        reading.abort();
    })
    .await;
}

#[tokio::test]
async fn several_tasks_send_on_clones_of_the_writing_half() {
    const TASKS: usize = 8;
    within(async {
        let (client, server) = pair().await;
        let server = tokio::spawn(echo_all(server));
        let (mut reader, writer) = client.split();
        for task in 0..TASKS {
            let writer = writer.clone();
            tokio::spawn(async move {
                for number in 0..100 {
                    writer.send(format!("{task} {number}")).await.unwrap();
                }
            });
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
        server.await.unwrap();
    })
    .await;
}

/// R6455-7.1.2-03
#[tokio::test]
async fn a_reader_that_waits_learns_that_the_peer_never_answered_the_close() {
    let (listener, uri) = listen().await;
    let (client, _server) = join!(connect(uri), raw::accept(&listener));
    let (mut reader, writer) = client.unwrap().split();
    let reading = tokio::spawn(async move { reader.recv().await });
    tokio::task::yield_now().await;
    tokio::time::pause();
    let start = tokio::time::Instant::now();
    writer.close(CloseCode::NORMAL, "").await.unwrap();
    let error = within(reading).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Timeout(_)), "{error:?}");
    assert_eq!(start.elapsed().as_secs(), 5);
    writer.send("late").await.unwrap_err();
}
