use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use async_channel::{Receiver, Sender, bounded};
use bytes::Bytes;
use fastrand::Rng;
use futures_util::future::try_join;
use tautline::{
    CloseCode, Message,
    driver::{Connector, ReadHalf, Runtime, Transport, WebSocket, WriteHalf},
};

use crate::{host::Host, server::Server};

/// Connections that are open and wait for the start.
pub(crate) struct Clients {
    /// One for each connection; takes the number of rounds to go through.
    start: Vec<Sender<u64>>,
    /// Gets something from every connection that has done so.
    done: Receiver<anyhow::Result<()>>,
}

/// What clients do.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) pattern: Pattern,
    pub(crate) connections: usize,
    /// Bytes of a message.
    pub(crate) payload: usize,
}

/// What a round of one connection is.
#[derive(Clone, Copy)]
pub(crate) enum Pattern {
    /// A message, and its echo.
    PingPong,
    /// [`BURST`] messages, and their echoes.
    Pipelined,
}

/// How many messages a connection has under way at once.
pub(crate) const BURST: usize = 16;

impl Clients {
    /// Connects them one after the other.
    pub(crate) fn connect<H: Host>(server: &Server<H>, load: Load) -> Self {
        let messages = Arc::new(messages(load.payload));
        let (tell, done) = bounded(load.connections);
        let start = server.host.block_on(async {
            let mut all = Vec::new();
            for _ in 0..load.connections {
                let (start, rounds) = bounded(1);
                let client = Client {
                    messages: messages.clone(),
                    rounds,
                    done: tell.clone(),
                };
                client
                    .start(server.host.runtime(), server.address, load.pattern)
                    .await
                    .expect("the server takes every connection");
                all.push(start);
            }
            all
        });
        Self { start, done }
    }

    /// Has every connection go through so many rounds, and returns how long it took all of them.
    pub(crate) fn run(&self, rounds: u64) -> Duration {
        let begin = Instant::now();
        for start in &self.start {
            start
                .try_send(rounds)
                .expect("connections that are done wait for the next start");
        }
        for _ in &self.start {
            self.done
                .recv_blocking()
                .expect("no connection ends before it is told to")
                .expect("every echo is right");
        }
        begin.elapsed()
    }
}

impl Drop for Clients {
    /// Waits until all connections are closed: they would take time of the next benchmark.
    fn drop(&mut self) {
        self.start.clear();
        while self.done.recv_blocking().is_ok() {}
    }
}

/// What the task of a connection has besides the connection.
struct Client {
    messages: Arc<[Bytes; BURST]>,
    rounds: Receiver<u64>,
    done: Sender<anyhow::Result<()>>,
}

impl Client {
    async fn start<R: Runtime>(
        self,
        runtime: R,
        server: SocketAddr,
        pattern: Pattern,
    ) -> anyhow::Result<()> {
        let connector = Connector::with_runtime(runtime.clone());
        let mut ws = connector.connect(format!("ws://{server}/")).await?;
        for message in &*self.messages {
            ws.send(Message::Binary(message.clone())).await?;
            let echo = ws.recv().await?;
            ensure!(echo == Some(Message::Binary(message.clone())));
        }
        runtime.spawn(async move {
            let result = match pattern {
                Pattern::PingPong => self.ping_pong(ws).await,
                Pattern::Pipelined => self.pipelined(ws).await,
            };
            // Nobody is told if the benchmark is over.
            let _ = self.done.send(result).await;
        });
        Ok(())
    }

    async fn ping_pong<T: Transport>(&self, mut ws: WebSocket<T>) -> anyhow::Result<()> {
        while let Ok(rounds) = self.rounds.recv().await {
            for (message, _) in self.messages.iter().cycle().zip(0..rounds) {
                ws.send(Message::Binary(message.clone())).await?;
                check(ws.recv().await?, message)?;
            }
            self.done.send(Ok(())).await?;
        }
        ws.close(CloseCode::NORMAL, "").await?;
        Ok(())
    }

    async fn pipelined<T: Transport>(&self, ws: WebSocket<T>) -> anyhow::Result<()> {
        // In halves, so that it reads while it cannot write: two ends that both waited for the
        // other to read would wait for ever.
        let (mut reader, writer) = ws.split();
        while let Ok(rounds) = self.rounds.recv().await {
            for _ in 0..rounds {
                try_join(self.send(&writer), self.receive(&mut reader)).await?;
            }
            self.done.send(Ok(())).await?;
        }
        writer.close(CloseCode::NORMAL, "").await?;
        ensure!(reader.recv().await?.is_none());
        Ok(())
    }

    async fn send<T: Transport>(&self, writer: &WriteHalf<T>) -> anyhow::Result<()> {
        for message in &*self.messages {
            writer.feed(Message::Binary(message.clone())).await?;
        }
        Ok(writer.flush().await?)
    }

    async fn receive<T: Transport>(&self, reader: &mut ReadHalf<T>) -> anyhow::Result<()> {
        for message in &*self.messages {
            check(reader.recv().await?, message)?;
        }
        Ok(())
    }
}

/// Looks at the two ends of an echo. To compare all of a large one would be a good part of the time
/// that it takes to get here.
fn check(echo: Option<Message>, message: &Bytes) -> anyhow::Result<()> {
    let echo = echo.context("the server closed the connection")?;
    ensure!(echo.len() == message.len() && ends(echo.as_bytes()) == ends(message));
    Ok(())
}

fn ends(bytes: &[u8]) -> (Option<&[u8; 8]>, Option<&[u8; 8]>) {
    (bytes.first_chunk(), bytes.last_chunk())
}

/// Messages that differ from each other at both ends.
fn messages(len: usize) -> [Bytes; BURST] {
    let mut random = Rng::with_seed(6455);
    [(); BURST].map(|()| (0..len).map(|_| random.u8(..)).collect())
}
