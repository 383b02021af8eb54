//! What the tests share: connections over loopback, peers that speak in bytes, a clock that moves
//! when it is told to, and a bound on how long a test may take.

mod adapter;
#[cfg(feature = "rustls")]
pub(crate) mod certificates;
mod clock;
mod clocked;
#[cfg(feature = "deflate")]
pub(crate) mod deflate;
mod pipe;
pub(crate) mod raw;
mod untouched;

use std::{future::IntoFuture, io, net::TcpStream, pin::pin, time::Duration};

use async_io::{Async, Timer};
use futures_util::{
    FutureExt,
    future::{Either, RemoteHandle, select},
    join,
};
use tautline::driver::{
    Config, ConnectError, Connector, Corked, Error, Runtime, Transport, Upgrade, UpgradeError,
    WebSocket,
};

pub(crate) use self::{
    adapter::Adapter,
    clock::Clock,
    clocked::{Clocked, Timed},
    pipe::Pipe,
    untouched::Untouched,
};

/// Far longer than anything here takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a test, and turns one that hangs into one that fails.
pub(crate) fn run<A: Adapter>(test: impl Future<Output = ()>) {
    A::block_on(async {
        match select(pin!(test), Timer::after(PATIENCE)).await {
            Either::Left(((), _)) => {}
            Either::Right(_) => panic!("what has to happen has not happened"),
        }
    });
}

/// Gives every other task the time to do what it should not, to show afterwards that it did not
/// happen.
pub(crate) async fn settle() {
    Timer::after(Duration::from_millis(5)).await;
}

/// Runs a task. It is given up when the handle is dropped, and its panic is told by the handle.
pub(crate) fn spawn<A, F>(task: F) -> RemoteHandle<F::Output>
where
    A: Adapter,
    F: Future<Output: Send + 'static> + Send + 'static,
{
    spawn_on(&A::default(), task)
}

/// As [`spawn`], on this runtime.
pub(crate) fn spawn_on<F>(runtime: &impl Runtime, task: F) -> RemoteHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let (task, handle) = task.remote_handle();
    runtime.spawn(task);
    handle
}

/// A listener on a free port, and its URI.
pub(crate) fn listen<A: Adapter>() -> (A::Listener, String) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("ws://{}/", listener.local_addr().unwrap());
    (A::listener(listener).unwrap(), uri)
}

pub(crate) async fn connect<A: Adapter>(
    uri: &str,
) -> Result<WebSocket<A::Transport>, ConnectError> {
    Connector::<A>::new().connect(uri).await
}

/// Accepts the next connection of a listener.
pub(crate) async fn accept<R: Runtime>(
    runtime: &R,
    listener: &R::Listener,
) -> Result<WebSocket<R::Transport>, UpgradeError> {
    let (tcp, _) = runtime.accept(listener).await.unwrap();
    Upgrade::read(tcp.into()).await?.accept().await
}

/// A client and a server that are connected over TCP.
pub(crate) async fn pair<A: Adapter>() -> (WebSocket<A::Transport>, WebSocket<A::Transport>) {
    pair_on::<A, _>(&A::default()).await
}

/// As [`pair`], on this runtime.
pub(crate) async fn pair_on<A, R>(runtime: &R) -> (WebSocket<R::Transport>, WebSocket<R::Transport>)
where
    A: Adapter,
    R: Runtime<Listener = A::Listener>,
{
    let (listener, uri) = listen::<A>();
    let connector = Connector::with_runtime(runtime.clone());
    let (client, server) = join!(connector.connect(uri), accept(runtime, &listener));
    (client.unwrap(), server.unwrap())
}

/// A client of a server that is made of bytes.
pub(crate) async fn client_and_peer<R: Runtime>(
    runtime: &R,
    config: Config,
) -> (WebSocket<R::Transport>, Async<TcpStream>) {
    let (listener, uri) = raw::listen();
    let connector = Connector::with_runtime(runtime.clone()).config(config);
    let (client, peer) = join!(connector.connect(uri), raw::accept(&listener));
    (client.unwrap(), peer)
}

/// A server with a client that is made of bytes.
pub(crate) async fn server_and_peer<A, R>(
    runtime: &R,
    config: Config,
) -> (WebSocket<R::Transport>, Async<TcpStream>)
where
    A: Adapter,
    R: Runtime<Listener = A::Listener>,
{
    let (listener, uri) = listen::<A>();
    let server = async {
        let (tcp, _) = runtime.accept(&listener).await.unwrap();
        let upgrade = Upgrade::read_with(tcp.into(), config).await?;
        upgrade.accept().await
    };
    let (server, peer) = join!(server, raw::connect(&uri));
    (server.unwrap(), peer)
}

/// Runs a server in a task of its own.
pub(crate) fn serve<A, S>(
    server: impl FnOnce(A::Listener) -> S,
) -> (String, RemoteHandle<io::Result<()>>)
where
    A: Adapter,
    S: IntoFuture<Output = io::Result<()>, IntoFuture: Send + 'static>,
{
    let (listener, uri) = listen::<A>();
    (uri, spawn::<A, _>(server(listener).into_future()))
}

/// The handler of an echo server.
pub(crate) async fn echo<T: Transport>(mut ws: Corked<T>) -> Result<(), Error> {
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}

/// A connection that echoes until it is closed, without `serve`.
pub(crate) async fn echo_all<T: Transport>(mut ws: WebSocket<T>) -> WebSocket<T> {
    while let Some(message) = ws.recv().await.unwrap() {
        ws.send(message).await.unwrap();
    }
    ws
}
