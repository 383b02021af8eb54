#![doc = include_str!("../README.md")]
//!
//! ## Where to look
//!
//! * [`Transport`] is what a runtime fills in.
//! * [`WebSocket`] is a connection; [`split`](WebSocket::split) gives its halves, and
//!   [`cork`](WebSocket::cork) runs a handler whose messages leave together.
//! * [`Upgrade`] and [`WebSocket::connect_on`] are the two sides of the opening handshake.
//! * [`Connector`] and [`Serve`] are a client and a server over a [`Runtime`], which has TCP, tasks
//!   and, by [`Tls`], TLS.
//! * [`Config`] has the limits and the timeouts, with their defaults.
#![forbid(unsafe_code)]

#[cfg_attr(feature = "deflate", path = "compression/on.rs")]
#[cfg_attr(not(feature = "deflate"), path = "compression/off.rs")]
mod compression;
mod config;
mod connect;
mod connect_error;
mod connect_gate;
mod connector;
mod cork;
mod error;
mod handshake_io;
mod input;
mod keys;
mod link;
pub mod neutral;
mod race;
mod received;
mod receiver;
mod runtime;
#[cfg(feature = "rustls")]
pub mod rustls_config;
mod scratch;
mod serve;
mod serve_task;
mod shared;
mod shared_waker;
mod split;
mod stop;
#[cfg(feature = "futures")]
mod streams;
mod sync;
mod tls;
mod transport;
mod upgrade;
mod web_socket;

#[cfg(all(test, tautline_loom))]
#[path = "../tests/loom/mod.rs"]
mod models;

pub use config::Config;
pub use connect_error::ConnectError;
pub use connect_gate::{ConnectGate, ConnectPermit};
pub use connector::{Connector, Pending};
pub use cork::{Cork, Corked, HandlerOutput};
pub use error::{Error, HandshakeError, Timeout, UpgradeError};
pub use received::{Lent, Received, Reply};
pub use runtime::Runtime;
pub use serve::{Serve, ServeError};
pub use split::{ReadHalf, WriteHalf};
pub use tautline_connection::{
    CloseFrame, Closed, ConnectionLost, Fin, Initiator, Keepalive, Prepared, Role, SendError,
    Violation,
};
#[cfg(feature = "deflate")]
pub use tautline_deflate as deflate;
pub use tautline_frame::CloseCode;
pub use tautline_message::{Limits, Message, MessageRef, Utf8Bytes};
pub use tls::{NoTls, Tls};
pub use transport::{Transport, poll_write_buf};
pub use upgrade::Upgrade;
pub use web_socket::WebSocket;
