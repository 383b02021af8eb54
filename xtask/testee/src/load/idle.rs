use std::{sync::Arc, time::Duration, time::Instant};

use anyhow::{Context as _, bail};
use tautline::tokio::WebSocket;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use crate::load::{
    clients::{Clients, close, echo, payload},
    tally::Tally,
};

/// Connections that do nothing but answer pings, until they are closed.
pub(super) struct Idle {
    clients: Arc<Clients>,
    tally: Arc<Tally>,
    tasks: JoinSet<()>,
    /// How many may say farewell now; none before the end.
    farewells: Arc<Semaphore>,
}

impl Idle {
    pub(super) fn new(clients: Arc<Clients>, tally: Arc<Tally>) -> Self {
        Self {
            clients,
            tally,
            tasks: JoinSet::new(),
            farewells: Arc::new(Semaphore::new(0)),
        }
    }

    /// Opens connections at a rate, or more slowly if the server does not keep up with it.
    pub(super) async fn open(&mut self, count: u32, rate: u32) {
        let opening = Arc::new(Semaphore::new(AT_ONCE as usize));
        let mut pace = interval(Duration::from_secs(1) / rate);
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for number in 0..count {
            pace.tick().await;
            let permit = opening.clone().acquire_owned().await;
            let (clients, tally) = (self.clients.clone(), self.tally.clone());
            let farewells = self.farewells.clone();
            self.tasks.spawn(async move {
                let begin = Instant::now();
                let opened = clients.connect().await;
                if opened.is_ok() {
                    tally.shook_hands(begin);
                    tally.opened();
                }
                drop(permit);
                let result = match opened {
                    Ok(ws) => {
                        let result = idle(ws, number, &farewells, &tally).await;
                        tally.closed();
                        result
                    }
                    Err(error) => Err(error),
                };
                if let Err(error) = result {
                    tally.failed("idle", &error);
                }
            });
        }
        // All permits are free when the last connection is open.
        let _ = opening.acquire_many(AT_ONCE).await;
    }

    /// Has every connection echo a message and closes it.
    pub(super) async fn close(&mut self) {
        self.farewells.add_permits(AT_ONCE as usize);
        self.tally.join("idle", &mut self.tasks).await;
    }
}

async fn idle(
    mut ws: WebSocket,
    number: u32,
    farewells: &Semaphore,
    tally: &Tally,
) -> anyhow::Result<()> {
    let _turn = tokio::select! {
        turn = farewells.acquire() => turn,
        message = ws.recv() => match message.context("lost")? {
            Some(_) => bail!("a message that nobody has sent"),
            None => bail!("the server has closed"),
        },
    };
    let message = payload(number.into(), FAREWELL);
    let begin = Instant::now();
    echo(&mut ws, &message).await?;
    tally.echoed(begin);
    close(ws).await
}

/// Connections that are being opened, or closed, at once: a listener's queue holds more.
const AT_ONCE: u32 = 64;

const FAREWELL: usize = 32;
