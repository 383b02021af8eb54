//! WebSocket client and server for async-std, smol and any futures-io stream.
//!
//! * On smol, with the feature `smol`: the module `smol` has `connect`, a client, and `serve`, a
//!   server that runs a handler for every connection.
//! * On async-std, with the feature `async-std`: the module `async_std` has the same names.
//! * On anything that reads and writes as futures-io says, on any executor: [`accept`] makes a
//!   connection of a stream, [`Upgrade`] does so in two steps, with the request in between, and
//!   [`WebSocket::connect_on`] is the client's side.
//!
//! Everything about the protocol is in the crates below; this one brings the streams, the timers of
//! async-io and, with the feature `rustls`, TLS.
//!
//! # Example
//!
//! A client and a server on one thread, without a runtime:
//!
//! ```
//! use std::net::{TcpListener, TcpStream};
//!
//! use async_io::{Async, block_on};
//! use futures_util::future::try_join;
//! use tautline_async_std::{ClientRequest, CloseCode, Config, WebSocket, accept};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0))?;
//! let address = listener.get_ref().local_addr()?;
//! let server = async {
//!     let (stream, _) = listener.accept().await?;
//!     let mut ws = accept(stream).await?;
//!     while let Some(message) = ws.recv().await? {
//!         ws.send(message).await?;
//!     }
//!     Ok(())
//! };
//! let client = async {
//!     let stream = Async::<TcpStream>::connect(address).await?;
//!     let request = ClientRequest::try_from(format!("ws://{address}/"))?;
//!     let mut ws = WebSocket::connect_on(stream, &request, Config::new()).await?;
//!     ws.send("hello").await?;
//!     assert_eq!(ws.recv().await?, Some("hello".into()));
//!     ws.close(CloseCode::NORMAL, "").await?;
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! };
//! block_on(try_join(server, client))?;
//! # Ok(())
//! # }
//! ```
//!
//! # From async-std to smol
//!
//! async-std is no longer maintained; the advisory [RUSTSEC-2025-0052] recommends smol, which stands
//! on the same reactor. What a program changes for it here:
//!
//! * the feature, from `async-std` to `smol`;
//! * imports, from `tautline_async_std::async_std` to `tautline_async_std::smol`; the names in them
//!   are the same;
//! * the listener that `serve` takes, from `async_std::net::TcpListener` to
//!   `smol::net::TcpListener`;
//! * in its own code, `async_std::task::spawn` to `smol::spawn`, whose task is to be kept or
//!   detached, and `async_std::task::block_on` to `smol::block_on`. `smol::spawn` runs its tasks on
//!   one thread unless `SMOL_THREADS` says otherwise.
//!
//! [RUSTSEC-2025-0052]: https://rustsec.org/advisories/RUSTSEC-2025-0052.html
#![forbid(unsafe_code)]

#[cfg(feature = "async-std")]
pub mod async_std;
#[cfg(feature = "smol")]
pub mod smol;
mod socket;
mod stream;
#[cfg(feature = "rustls")]
pub mod tls;
mod transport;

use futures_io::{AsyncRead, AsyncWrite};

pub use stream::MaybeTlsStream;
#[doc(inline)]
pub use tautline_driver::neutral::*;
pub use transport::FuturesIo;

/// A WebSocket connection over a futures-io stream.
pub type WebSocket<S> = tautline_driver::WebSocket<FuturesIo<S>>;

/// A request that was read and not answered yet.
pub type Upgrade<S> = tautline_driver::Upgrade<FuturesIo<S>>;

/// The connection of a corked handler.
pub type Corked<S> = tautline_driver::Corked<FuturesIo<S>>;

/// The receiving half of a split connection.
pub type ReadHalf<S> = tautline_driver::ReadHalf<FuturesIo<S>>;

/// The sending half of a split connection.
pub type WriteHalf<S> = tautline_driver::WriteHalf<FuturesIo<S>>;

/// Accepts a WebSocket connection on a stream, in one step, with the default [`Config`].
///
/// Any `AsyncRead + AsyncWrite` stream will do whose `poll_close` ends the direction of writing; see
/// [`FuturesIo`]. To see the request first, use [`Upgrade`].
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

// The examples in the README are run with the others.
#[cfg(all(doctest, feature = "async-std", feature = "smol"))]
#[doc = include_str!("../README.md")]
struct Readme;
