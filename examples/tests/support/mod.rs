//! A chat server inside the test.

use std::net::SocketAddr;
use std::time::Duration;

use examples::chat::{Limits, Server};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// A server that runs until it is stopped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    /// Starts one on a port of its own.
    pub(crate) fn start(limits: Limits) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), limits)
    }

    /// Starts one at an address, such as that of one that was stopped.
    pub(crate) fn start_at(address: SocketAddr, limits: Limits) -> Self {
        let server = Server::bind(address, limits).unwrap();
        let address = server.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        Self {
            address,
            stop,
            task,
        }
    }

    /// Stops it as Ctrl-C does, and waits for its end.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        timeout(Duration::from_secs(10), self.task)
            .await
            .expect("going down takes a bounded time")
            .unwrap();
    }
}
