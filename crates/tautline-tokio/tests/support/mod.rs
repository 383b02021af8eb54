//! What the tests share: connections over loopback, peers that speak in bytes, and a bound on how
//! long a test may take.

#[cfg(feature = "rustls")]
pub(crate) mod certificates;
pub(crate) mod raw;

use std::{future::IntoFuture, io, time::Duration};

use tautline_tokio::{Corked, Error, WebSocket, accept, connect};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    join,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, yield_now},
    time::timeout,
};

/// Far longer than anything here takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Turns a test that hangs into one that fails.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    timeout(PATIENCE, Box::pin(future))
        .await
        .expect("what has to happen has happened")
}

/// Lets every other task run until it waits for something, to show afterwards that something did
/// not happen.
pub(crate) async fn settle() {
    for _ in 0..200 {
        yield_now().await;
    }
}

pub(crate) async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("ws://{}/", listener.local_addr().unwrap());
    (listener, uri)
}

/// A client and a server that are connected over TCP.
pub(crate) async fn pair() -> (WebSocket, WebSocket<TcpStream>) {
    let (listener, uri) = listen().await;
    let (client, server) = join!(connect(uri), async {
        accept(listener.accept().await.unwrap().0).await
    });
    (client.unwrap(), server.unwrap())
}

/// Runs a server in a task of its own.
pub(crate) async fn run<S>(
    server: impl FnOnce(TcpListener) -> S,
) -> (String, JoinHandle<io::Result<()>>)
where
    S: IntoFuture<Output = io::Result<()>, IntoFuture: Send + 'static>,
{
    let (listener, uri) = listen().await;
    (uri, tokio::spawn(server(listener).into_future()))
}

/// The handler of an echo server.
pub(crate) async fn echo(mut ws: Corked) -> Result<(), Error> {
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}

/// A connection that echoes until it is closed, without `serve`.
pub(crate) async fn echo_all<S>(mut ws: WebSocket<S>) -> WebSocket<S>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    while let Some(message) = ws.recv().await.unwrap() {
        ws.send(message).await.unwrap();
    }
    ws
}
