//! WebSocket for Rust: client and server, `ws://` and `wss://`, correct, fast and lean.
//!
//! Tautline implements RFC 6455 as a set of small crates, each of use alone; this one puts them
//! together. The runtime is a feature: `tokio` is on by default, `async-std` and `smol` bring modules
//! with the same names in them.
//!
//! # An echo server
//!
//! ```no_run
//! use tautline::{Error, tokio::{Corked, serve}};
//! use tokio::net::TcpListener;
//!
//! #[tokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let listener = TcpListener::bind("127.0.0.1:9001").await?;
//!     serve(listener, async |mut ws: Corked| {
//!         while let Some(message) = ws.recv().await? {
//!             ws.send(message).await?;
//!         }
//!         Ok::<(), Error>(())
//!     })
//!     .await
//! }
//! ```
//!
//! # A client
//!
//! ```no_run
//! use tautline::{CloseCode, tokio::connect};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let mut ws = connect("ws://127.0.0.1:9001/").await?;
//!     ws.send("hello").await?;
//!     println!("{:?}", ws.recv().await?);
//!     ws.close(CloseCode::NORMAL, "").await?;
//!     Ok(())
//! }
//! ```
//!
//! # A message to everybody
//!
//! A [`Prepared`] is framed once, and compressed once, for all connections of a server:
//!
//! ```
//! use tautline::{Error, Prepared, tokio::WriteHalf};
//!
//! async fn tell(everybody: &[WriteHalf], news: &str) -> Result<(), Error> {
//!     let news = Prepared::new(news);
//!     for writer in everybody {
//!         writer.send_prepared(&news).await?;
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # What is promised
//!
//! * `recv` gives `Ok(None)` only after a clean closing handshake. Anything else that ends the
//!   connection is an [`Error`] that says whose fault it was. Pings are answered meanwhile.
//! * `send` returns when the message has been handed to the transport; in a corked handler, when it
//!   is queued, and then it leaves as soon as the handler waits. `feed` queues.
//! * `close` is bounded by one timeout, and tells code, reason, who began, and whether it was clean.
//! * Every `async fn` of an open connection is cancel safe.
//! * Memory follows what has arrived, never what a header declares; an idle connection owns no
//!   buffer. Everything that a peer can make grow has a limit ([`Limits`], [`Config`]).
//! * No input makes it panic. There is no `unsafe` but in the masking kernels and in [`Utf8Bytes`].
//!
//! # The crates
//!
//! | module | what it is |
//! |---|---|
//! | [`tokio`] | connect, accept and serve on tokio |
//! | `async_std`, `smol` | the same on async-std and on smol, and over any futures-io stream |
//! | [`driver`] | the poll loop, over a transport of any runtime |
//! | [`connection`] | the sans-I/O connection |
//! | `deflate` | permessage-deflate: negotiation, compressor, capped decompressor |
//! | [`handshake`] | the opening handshake, in `http` types |
//! | [`message`] | fragmentation and UTF-8 |
//! | [`frame`] | frame headers, masking, close codes |
//!
//! # Features
//!
//! * `tokio` (default): the module [`tokio`].
//! * `async-std`: the module `async_std`. async-std itself is no longer maintained
//!   (RUSTSEC-2025-0052); smol runs on the same reactor, and the module `smol` has the same names.
//! * `smol`: the module `smol`.
//! * `rustls`: `wss://`, client and server.
//! * `deflate`: permessage-deflate (RFC 7692); see [`Config`].
//! * `futures`: `Stream` and `Sink`.
#![forbid(unsafe_code)]

#[cfg(feature = "async-std")]
pub use tautline_async_std::async_std;
#[cfg(feature = "smol")]
pub use tautline_async_std::smol;
pub use tautline_connection as connection;
#[cfg(feature = "deflate")]
pub use tautline_deflate as deflate;
pub use tautline_driver as driver;
pub use tautline_frame as frame;
pub use tautline_handshake as handshake;
pub use tautline_message as message;
#[cfg(feature = "tokio")]
pub use tautline_tokio as tokio;

#[doc(inline)]
pub use tautline_driver::neutral::*;
