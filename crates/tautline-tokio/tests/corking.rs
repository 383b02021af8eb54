//! Corking under a stopped clock: what a handler does between its messages delays none of them.

use std::time::Duration;

use tautline_tokio::{Corked, Error, ReadHalf, Role, WebSocket, WriteHalf};
use tokio::{
    io::{DuplexStream, duplex},
    time::{Instant, sleep},
};

use crate::open;

const BURST: u32 = 16;
const PAUSE: Duration = Duration::from_millis(1);

/// Sends a burst to a server and notes when each reply comes.
async fn arrivals(client: &mut WebSocket<DuplexStream>) -> Vec<Duration> {
    let start = Instant::now();
    for number in 0..BURST {
        client.feed(number.to_string()).await.unwrap();
    }
    client.flush().await.unwrap();
    let mut arrivals = Vec::new();
    for number in 0..BURST {
        let reply = client.recv().await.unwrap().unwrap();
        assert_eq!(reply.as_text(), Some(&*number.to_string()));
        arrivals.push(start.elapsed());
    }
    arrivals
}

/// When each reply was sent by a handler that pauses after every one.
fn departures() -> Vec<Duration> {
    (0..BURST).map(|number| PAUSE * number).collect()
}

fn pipe() -> (WebSocket<DuplexStream>, WebSocket<DuplexStream>) {
    let (near, far) = duplex(64 * 1024);
    (open(near, Role::Client), open(far, Role::Server))
}

async fn echo_and_pause(mut ws: Corked<DuplexStream>) -> Result<(), Error> {
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
        sleep(PAUSE).await;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_sleeps_after_each_message_holds_none_of_its_replies_back() {
    let (mut client, server) = pipe();
    tokio::spawn(server.cork(echo_and_pause));
    assert_eq!(arrivals(&mut client).await, departures());
}

/// A task that the handler started queues with the others, and wakes the runner.
#[tokio::test(start_paused = true)]
async fn a_task_of_the_handler_that_sleeps_holds_none_of_its_replies_back() {
    let (mut client, server) = pipe();
    tokio::spawn(server.cork(async |mut ws: Corked<DuplexStream>| {
        let mut number = 0;
        while let Some(message) = ws.recv().await? {
            let writer = ws.writer();
            tokio::spawn(async move {
                sleep(PAUSE * number).await;
                writer.send(message).await
            });
            number += 1;
        }
        Ok::<_, Error>(())
    }));
    assert_eq!(arrivals(&mut client).await, departures());
}

async fn echo_halves(
    mut reader: ReadHalf<DuplexStream>,
    writer: WriteHalf<DuplexStream>,
) -> Result<(), Error> {
    while let Some(message) = reader.recv().await? {
        writer.send(message).await?;
        sleep(PAUSE).await;
    }
    Ok(())
}

/// Halves have no runner: each `send` flushes.
#[tokio::test(start_paused = true)]
async fn a_half_that_sleeps_after_each_message_holds_none_of_its_replies_back() {
    let (mut client, server) = pipe();
    let (reader, writer) = server.split();
    tokio::spawn(echo_halves(reader, writer));
    assert_eq!(arrivals(&mut client).await, departures());
}
