use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use tautline::{
    CloseCode,
    tokio::{ReadHalf, WebSocket, WriteHalf},
};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::load::{
    clients::{Clients, PATIENCE, check, payload},
    tally::Tally,
};

/// Connections that send all they can and do not keep up with reading: half of them read next to
/// nothing for a while, the other half nothing at all. Then they catch up, and so on.
///
/// They do catch up, because a peer that never reads is given up by keepalive, and rightly.
pub(super) struct Slow {
    clients: Arc<Clients>,
    tally: Arc<Tally>,
    open: Vec<WebSocket>,
    tasks: JoinSet<()>,
}

impl Slow {
    pub(super) fn new(clients: Arc<Clients>, tally: Arc<Tally>) -> Self {
        Self {
            clients,
            tally,
            open: Vec::new(),
            tasks: JoinSet::new(),
        }
    }

    pub(super) async fn open(&mut self, count: u32) {
        for _ in 0..count {
            match self.clients.connect_narrow().await {
                Ok(ws) => {
                    self.tally.opened();
                    self.open.push(ws);
                }
                Err(error) => self.tally.failed("slow", &error),
            }
        }
    }

    /// Begins to send, and to read nothing, or hardly anything, for a `pause` at a time.
    pub(super) fn start(&mut self, pause: Duration, stop: Instant) {
        let count = self.open.len().max(1) as u32;
        for (ws, number) in self.open.drain(..).zip(0_u32..) {
            let tally = self.tally.clone();
            self.tasks.spawn(async move {
                let (reader, writer) = ws.split();
                // Not all of them catch up at the same moment.
                sleep(pause * number / count).await;
                let sent = Arc::new(AtomicU64::new(0));
                let window = Arc::new(Semaphore::new(WINDOW));
                let sender = tokio::spawn(send(writer, sent.clone(), window.clone(), stop));
                let pace = number.is_multiple_of(2).then_some(PACE);
                let reader = Reader {
                    reader,
                    sent,
                    received: 0,
                    window,
                };
                if let Err(error) = reader.read(pace, pause, stop).await {
                    tally.failed("slow", &error);
                    // It may wait for a peer that nobody reads from any more.
                    sender.abort();
                }
                match sender.await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tally.failed("slow", &error),
                    Err(end) if end.is_cancelled() => {}
                    Err(panic) => tally.failed("slow", &panic.into()),
                }
                tally.closed();
            });
        }
    }

    /// Waits until all have read what they have sent, and closed.
    pub(super) async fn end(&mut self) {
        self.tally.join("slow", &mut self.tasks).await;
    }
}

/// Sends as fast as the peer takes it, up to the window, then begins to close.
async fn send(
    writer: WriteHalf,
    sent: Arc<AtomicU64>,
    window: Arc<Semaphore>,
    stop: Instant,
) -> anyhow::Result<()> {
    while Instant::now() < stop {
        let room = timeout(PATIENCE, window.acquire()).await;
        room.context("no echo in time")?
            .expect("nobody closes the semaphore")
            .forget();
        let message = payload(sent.load(Ordering::Acquire), LEN);
        // Counted before: it may be back before `send` returns.
        sent.fetch_add(1, Ordering::Release);
        writer.send(message).await.context("cannot send")?;
    }
    writer
        .close(CloseCode::NORMAL, "")
        .await
        .context("cannot close")
}

struct Reader {
    reader: ReadHalf,
    /// How many messages the other half has begun to send.
    sent: Arc<AtomicU64>,
    received: u64,
    window: Arc<Semaphore>,
}

impl Reader {
    async fn read(
        mut self,
        pace: Option<Duration>,
        pause: Duration,
        stop: Instant,
    ) -> anyhow::Result<()> {
        while Instant::now() < stop {
            let end = (Instant::now() + pause).min(stop);
            match pace {
                Some(pace) => {
                    while Instant::now() + pace < end {
                        sleep(pace).await;
                        self.one().await?;
                    }
                }
                None => tokio::time::sleep_until(end.into()).await,
            }
            // What is on its way; what follows it waits for the next time.
            let goal = self.sent.load(Ordering::Acquire);
            while self.received < goal {
                self.one().await?;
            }
        }
        // The rest, and then the answer to the Close frame.
        while self.next().await? {}
        let (sent, received) = (self.sent.load(Ordering::Acquire), self.received);
        if received != sent {
            bail!("{} messages did not come back", sent - received);
        }
        Ok(())
    }

    async fn one(&mut self) -> anyhow::Result<()> {
        match self.next().await? {
            true => Ok(()),
            false => bail!("the server has closed"),
        }
    }

    /// Takes the next message, if there is one before the end.
    async fn next(&mut self) -> anyhow::Result<bool> {
        let message = timeout(PATIENCE, self.reader.recv())
            .await
            .context("no echo in time")?
            .context("lost")?;
        if message.is_none() {
            return Ok(false);
        }
        check(message.as_ref(), &payload(self.received, LEN))?;
        self.received += 1;
        self.window.add_permits(1);
        Ok(true)
    }
}

const LEN: usize = 8 << 10;

/// How many messages are on their way at most: 512 KiB are enough to fill everything that is between
/// here and the server and back, and without a bound the kernel would take megabytes of them.
const WINDOW: usize = 64;

/// How long between messages of those who read slowly.
const PACE: Duration = Duration::from_millis(100);
