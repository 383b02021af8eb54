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

mod connector;
mod error;
mod serve;
mod stream;
#[cfg_attr(feature = "rustls", path = "tls/on.rs")]
#[cfg_attr(not(feature = "rustls"), path = "tls/off.rs")]
pub mod tls;
mod transport;

use tokio::io::{AsyncRead, AsyncWrite};

pub use connector::{Connector, Pending, connect};
pub use error::ConnectError;
pub use serve::{Serve, ServeError, serve};
pub use stream::MaybeTlsStream;
pub use tautline_driver::{
    CloseCode, CloseFrame, Closed, Config, ConnectionLost, Error, Fin, HandlerOutput,
    HandshakeError, Initiator, Keepalive, Lent, Limits, Message, MessageRef, Received, Reply, Role,
    SendError, Timeout, UpgradeError, Utf8Bytes, Violation,
};
pub use tautline_handshake::{
    AcceptError, ClientError, ClientRequest, HandshakeLimits, HeadError, MissingOrigin,
    OriginPolicy, Refusal, RefusalReason, Request, RequestError, Response, Uri, UriError,
};
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
    Upgrade::read(stream).await?.accept().await
}

// The example in the README is run with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
