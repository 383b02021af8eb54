use std::net::SocketAddr;

use tautline::{
    Error,
    driver::{Corked, Runtime, Serve, Transport},
};

use crate::host::Host;

/// An echo server, until the process ends.
pub(crate) struct Server<H> {
    pub(crate) host: H,
    pub(crate) address: SocketAddr,
}

impl<H: Host> Server<H> {
    pub(crate) fn start(host: H) -> Self {
        let address = host.block_on(async {
            let (listener, address) = host.bind().await.expect("there is a free port");
            let serve = Serve::new(host.runtime(), listener, echo);
            host.runtime().spawn(async {
                // Nothing ends it. If it cannot accept a connection, the client fails.
                let _ = serve.await;
            });
            address
        });
        Self { host, address }
    }
}

async fn echo<T: Transport>(mut ws: Corked<T>) -> Result<(), Error> {
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}
