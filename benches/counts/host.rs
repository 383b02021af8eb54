use std::{net::SocketAddr, sync::Arc};

use tautline::{
    Config, Error,
    tokio::{Upgrade, WebSocket, serve},
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
};

use crate::handlers;

/// A server on loopback, on tokio, all of it on one thread.
pub(crate) struct Host {
    pub(crate) runtime: Runtime,
    pub(crate) address: SocketAddr,
    listener: TcpListener,
}

impl Host {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("the system has what a runtime needs");
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .expect("there is a free port");
        let address = listener.local_addr().expect("the port is bound");
        Self {
            runtime,
            address,
            listener,
        }
    }

    /// Accepts connections and hands each to `handler`, in a task of its own.
    pub(crate) fn accept<H, F>(self, config: Config, handler: H) -> (Runtime, SocketAddr)
    where
        H: Fn(WebSocket<TcpStream>) -> F + Copy + Send + 'static,
        F: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let config = Arc::new(config);
        self.runtime.spawn(async move {
            while let Ok((tcp, _)) = self.listener.accept().await {
                let config = config.clone();
                tokio::spawn(async move {
                    // Boxed, as `accept` does it: it ends and the task goes on.
                    let accepting = Box::pin(async {
                        let upgrade = Upgrade::<TcpStream>::read_with(tcp, config).await?;
                        upgrade.accept().await
                    });
                    // A client that breaks off fails, and then the program does.
                    if let Ok(ws) = accepting.await {
                        let _ = handler(ws).await;
                    }
                });
            }
        });
        (self.runtime, self.address)
    }

    /// Accepts connections with [`serve`], whose handlers are corked.
    pub(crate) fn serve(self, config: Config) -> (Runtime, SocketAddr) {
        self.runtime.spawn(async move {
            // Nothing ends it. If it cannot accept a connection, the client fails.
            let _ = serve(self.listener, handlers::corked).config(config).await;
        });
        (self.runtime, self.address)
    }
}
