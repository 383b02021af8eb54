use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::load::{
    clients::{Clients, close, echo, payload},
    tally::Tally,
};

/// Connections that are opened, echo once and are closed, one after the other.
pub(super) struct Storm {
    clients: Arc<Clients>,
    tally: Arc<Tally>,
    tasks: JoinSet<()>,
}

impl Storm {
    pub(super) fn new(clients: Arc<Clients>, tally: Arc<Tally>) -> Self {
        Self {
            clients,
            tally,
            tasks: JoinSet::new(),
        }
    }

    /// Begins, with `count` connections at once.
    pub(super) fn start(&mut self, count: u32, stop: Instant) {
        for number in 0..count {
            let (clients, tally) = (self.clients.clone(), self.tally.clone());
            self.tasks.spawn(async move {
                let message = payload(number.into(), LEN);
                while Instant::now() < stop {
                    let visit = async {
                        let begin = Instant::now();
                        let mut ws = clients.connect().await?;
                        tally.shook_hands(begin);
                        echo(&mut ws, &message).await?;
                        close(ws).await
                    };
                    if let Err(error) = visit.await {
                        tally.failed("storm", &error);
                        // A server that refuses everybody is not asked as fast as can be.
                        tokio::time::sleep(RESPITE).await;
                    }
                }
            });
        }
    }

    /// Waits until the last have closed.
    pub(super) async fn end(&mut self) {
        self.tally.join("storm", &mut self.tasks).await;
    }
}

const LEN: usize = 32;

const RESPITE: Duration = Duration::from_millis(50);
