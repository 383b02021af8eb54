//! WebSocket client and server for tokio.
//!
//! * [`connect`] is a client; [`Connector`] is a client with settings.
//! * [`serve`] is a server: it runs a handler for every connection.
//! * [`accept`] makes a connection out of any stream, and [`Upgrade`] does so in two steps, with
//!   the request in between.
//!
//! Everything about the protocol is in the crates below; this one brings tokio's streams, its
//! clock, name resolution and, with the feature `rustls`, TLS.
//!
//! # Example
//!
//! ```
//! use tautline_tokio::{accept, connect};
//! use tokio::net::TcpListener;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let uri = format!("ws://{}/", listener.local_addr()?);
//! tokio::spawn(async move {
//!     let (stream, _) = listener.accept().await?;
//!     let mut ws = accept(stream).await?;
//!     while let Some(message) = ws.recv().await? {
//!         ws.send(message).await?;
//!     }
//!     Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! });
//!
//! let mut ws = connect(uri).await?;
//! ws.send("hello").await?;
//! assert_eq!(ws.recv().await?, Some("hello".into()));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod runtime;
mod stream;
#[cfg(feature = "rustls")]
pub mod tls;
mod transport;

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};

pub use runtime::TokioRuntime;
pub use stream::MaybeTlsStream;
#[doc(inline)]
pub use tautline_driver::neutral::*;
pub use transport::Tokio;

/// A WebSocket connection over a tokio stream.
pub type WebSocket<S = MaybeTlsStream> = tautline_driver::WebSocket<Tokio<S>>;

/// A request that was read and not answered yet.
pub type Upgrade<S = MaybeTlsStream> = tautline_driver::Upgrade<Tokio<S>>;

/// The connection of a corked handler.
pub type Corked<S = MaybeTlsStream> = tautline_driver::Corked<Tokio<S>>;

/// The receiving half of a split connection.
pub type ReadHalf<S = MaybeTlsStream> = tautline_driver::ReadHalf<Tokio<S>>;

/// The sending half of a split connection.
pub type WriteHalf<S = MaybeTlsStream> = tautline_driver::WriteHalf<Tokio<S>>;

/// Settings of a client.
pub type Connector = tautline_driver::Connector<TokioRuntime>;

/// A server that is configured and not running yet; see [`serve`].
pub type Serve<H> = tautline_driver::Serve<TokioRuntime, H>;

/// Connects to `uri`, `ws://` or `wss://`, with the default settings.
///
/// ```no_run
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let mut ws = tautline_tokio::connect("ws://127.0.0.1:9001/chat").await?;
/// ws.send("hello").await?;
/// # Ok(())
/// # }
/// ```
///
/// Subprotocols and header fields go into a [`ClientRequest`]; settings into a [`Connector`].
///
/// # Errors
///
/// See [`ConnectError`].
///
/// # Cancel safety
///
/// Cancel safe in that nothing is left behind: the attempt is given up.
pub async fn connect<Q>(request: Q) -> Result<WebSocket, ConnectError>
where
    Q: TryInto<ClientRequest>,
    ConnectError: From<Q::Error>,
{
    Connector::new().connect(request).await
}

/// Accepts connections and runs `handler` for each, in a task of its own, corked.
///
/// ```no_run
/// # async fn f() -> std::io::Result<()> {
/// use tautline_tokio::{Corked, Error, serve};
/// use tokio::net::TcpListener;
///
/// let listener = TcpListener::bind("127.0.0.1:9001").await?;
/// serve(listener, async |mut ws: Corked| {
///     while let Some(message) = ws.recv().await? {
///         ws.send(message).await?;
///     }
///     Ok::<(), Error>(())
/// })
/// .await
/// # }
/// ```
///
/// Awaiting the result runs the server. A handler that fails or panics closes its own connection
/// with 1011 and no other. For routes, other answers or decisions that wait for something, accept
/// with [`Upgrade`] instead.
pub fn serve<H, F>(listener: TcpListener, handler: H) -> Serve<H>
where
    H: Fn(Corked) -> F + Send + Sync + 'static,
    F: Future<Output: HandlerOutput + Send> + Send + 'static,
{
    Serve::new(TokioRuntime, listener, handler)
}

/// Accepts a WebSocket connection on a stream, in one step, with the default [`Config`].
///
/// Any `AsyncRead + AsyncWrite` stream will do. To see the request first, use [`Upgrade`].
///
/// # Errors
///
/// See [`UpgradeError`].
///
/// # Cancel safety
///
/// Not cancel safe: the stream is dropped with the future.
pub async fn accept<S>(stream: S) -> Result<WebSocket<S>, UpgradeError>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    // Boxed, for it ends and the task goes on: a task is as large as its largest moment.
    Box::pin(async { Upgrade::read(stream).await?.accept().await }).await
}

// The example in the README is run with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
