use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tautline::tokio::WebSocket;
use tokio::task::JoinSet;

use crate::load::{
    clients::{Clients, close, echo, payload},
    tally::Tally,
};

/// Connections that send a message whenever its predecessor has come back.
pub(super) struct Active {
    clients: Arc<Clients>,
    tally: Arc<Tally>,
    open: Vec<WebSocket>,
    tasks: JoinSet<()>,
}

impl Active {
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
            match self.clients.connect().await {
                Ok(ws) => {
                    self.tally.opened();
                    self.open.push(ws);
                }
                Err(error) => self.tally.failed("active", &error),
            }
        }
    }

    /// Begins to send, with a pause of `think` before each message.
    pub(super) fn start(&mut self, len: usize, think: Duration, stop: Instant) {
        let count = self.open.len().max(1) as u32;
        for (ws, number) in self.open.drain(..).zip(0..) {
            let tally = self.tally.clone();
            // Spread over the first pause, or else they would all send at the same moment.
            let offset = think * number / count;
            self.tasks.spawn(async move {
                let result = talk(ws, number, len, (offset, think), stop, &tally).await;
                tally.closed();
                if let Err(error) = result {
                    tally.failed("active", &error);
                }
            });
        }
    }

    /// Waits until all have closed.
    pub(super) async fn end(&mut self) {
        self.tally.join("active", &mut self.tasks).await;
    }
}

async fn talk(
    mut ws: WebSocket,
    number: u32,
    len: usize,
    (offset, think): (Duration, Duration),
    stop: Instant,
    tally: &Tally,
) -> anyhow::Result<()> {
    tokio::time::sleep(offset).await;
    let message = payload(number.into(), len);
    while Instant::now() < stop {
        let begin = Instant::now();
        echo(&mut ws, &message).await?;
        tally.echoed(begin);
        if !think.is_zero() {
            tokio::time::sleep(think).await;
        }
    }
    close(ws).await
}
