//! Halves of a connection, and the writers of a corked handler, on several threads at once.

use std::time::Duration;

use tautline_tokio::{
    CloseCode, Config, Corked, Error, ReadHalf, Role, SendError, WebSocket, WriteHalf,
};
use tokio::{
    io::{DuplexStream, duplex},
    sync::{mpsc, oneshot},
    task::{JoinSet, yield_now},
    time::timeout,
};

const ROUNDS: usize = 100;
const WRITERS: usize = 4;

/// How many messages come back before one task closes what the others still send on.
const BEFORE_CLOSE: usize = 200;

/// R6455-5.1-07: each message comes once, and those of a writer in their order, up to a Close that
/// crosses them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_writers_on_several_threads_send_comes_once_and_in_order_until_one_closes() {
    for _ in 0..ROUNDS {
        let rounds = timeout(Duration::from_secs(60), round());
        rounds.await.expect("nobody waits for ever");
    }
}

async fn round() {
    // So little that writers wait for the other end to read, and for each other to have written.
    let (near, far) = duplex(64);
    let config = || Config::new().high_water_mark(16);
    let client =
        WebSocket::<DuplexStream>::from_handshake(near, Role::Client, Default::default(), config());
    let server =
        WebSocket::<DuplexStream>::from_handshake(far, Role::Server, Default::default(), config());
    let (told, server_counts) = oneshot::channel();
    let serving = tokio::spawn(server.cork(async |corked| {
        let counts = echo_by_tasks(corked).await?;
        let _ = told.send(counts);
        Ok::<_, Error>(())
    }));

    let (reader, writer) = client.split();
    let mut writing = JoinSet::new();
    for number in 0..WRITERS {
        writing.spawn(send_until_closed(number, writer.clone()));
    }
    let (enough, come) = oneshot::channel();
    let closing = tokio::spawn(async move {
        come.await.unwrap();
        writer.close(CloseCode::NORMAL, "").await.unwrap();
    });
    let reading = tokio::spawn(receive(reader, enough));

    let sent = by_writer(writing).await;
    closing.await.unwrap();
    let (received, closed) = reading.await.unwrap();
    let echoed = server_counts.await.unwrap();
    serving.await.unwrap().unwrap();
    assert!(closed);
    assert_eq!(echoed.received, sent, "what the client sent");
    assert_eq!(received, echoed.sent, "what the server sent");
}

/// Sends numbers until the connection is closing; how many they were.
async fn send_until_closed(number: usize, writer: WriteHalf<DuplexStream>) -> (usize, usize) {
    let mut count = 0;
    loop {
        // A task that has never had to wait leaves the others no room.
        yield_now().await;
        match writer.send(format!("{number} {count}")).await {
            Ok(()) => count += 1,
            Err(Error::Send(SendError::Closing)) => return (number, count),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Receives to the end and has the connection closed in between; what came, and whether the end was
/// clean.
async fn receive(
    mut reader: ReadHalf<DuplexStream>,
    enough: oneshot::Sender<()>,
) -> ([usize; WRITERS], bool) {
    let mut counts = [0; WRITERS];
    let mut enough = Some(enough);
    while let Some(message) = reader.recv().await.unwrap() {
        count(&mut counts, message.as_text().unwrap());
        if counts.iter().sum::<usize>() == BEFORE_CLOSE
            && let Some(enough) = enough.take()
        {
            enough.send(()).unwrap();
        }
    }
    (counts, reader.closed().is_clean())
}

/// Notes a message, which is to be the next one of its writer, and tells whose it is.
fn count(counts: &mut [usize; WRITERS], message: &str) -> usize {
    let (writer, number) = message.split_once(' ').unwrap();
    let writer: usize = writer.parse().unwrap();
    assert_eq!(number, counts[writer].to_string(), "writer {writer}");
    counts[writer] += 1;
    writer
}

/// What tasks tell, in the order of their numbers.
async fn by_writer(tasks: JoinSet<(usize, usize)>) -> [usize; WRITERS] {
    let mut counts = [0; WRITERS];
    for (number, count) in tasks.join_all().await {
        counts[number] = count;
    }
    counts
}

struct Echoed {
    received: [usize; WRITERS],
    sent: [usize; WRITERS],
}

/// Has every message echoed by a task that the handler has started for its writer.
async fn echo_by_tasks(mut corked: Corked<DuplexStream>) -> Result<Echoed, Error> {
    let mut tasks = JoinSet::new();
    let echoes: Vec<_> = (0..WRITERS)
        .map(|number| {
            let (echo, mut messages) = mpsc::unbounded_channel();
            let writer = corked.writer();
            tasks.spawn(async move {
                let mut sent = 0;
                while let Some(message) = messages.recv().await {
                    match writer.send(message).await {
                        Ok(()) => sent += 1,
                        Err(Error::Send(SendError::Closing)) => break,
                        Err(error) => panic!("{error}"),
                    }
                }
                (number, sent)
            });
            echo
        })
        .collect();
    let mut received = [0; WRITERS];
    while let Some(message) = corked.recv().await? {
        let number = count(&mut received, message.as_text().unwrap());
        // A task that was refused has ended.
        let _ = echoes[number].send(message);
    }
    drop(echoes);
    Ok(Echoed {
        received,
        sent: by_writer(tasks).await,
    })
}
