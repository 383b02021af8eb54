#![doc = include_str!("../README.md")]
//!
//! ## Where to look
//!
//! * [`Transport`] is what a runtime fills in.
//! * [`WebSocket`] is a connection; [`split`](WebSocket::split) gives its halves, and
//!   [`cork`](WebSocket::cork) runs a handler whose messages leave together.
//! * [`Upgrade`] and [`WebSocket::connect_on`] are the two sides of the opening handshake.
//! * [`Config`] has the limits and the timeouts, with their defaults.
#![forbid(unsafe_code)]

mod config;
mod connect;
mod connect_gate;
mod cork;
mod error;
mod handshake_io;
mod input;
mod keys;
mod link;
mod received;
mod receiver;
mod scratch;
mod shared;
mod shared_waker;
mod split;
#[cfg(feature = "futures")]
mod streams;
mod transport;
mod upgrade;
mod web_socket;

pub use config::Config;
pub use connect_gate::{ConnectGate, ConnectPermit};
pub use cork::{Cork, Corked, HandlerOutput};
pub use error::{Error, HandshakeError, Timeout, UpgradeError};
pub use received::{Lent, Received, Reply};
pub use split::{ReadHalf, WriteHalf};
pub use tautline_connection::{
    CloseFrame, Closed, ConnectionLost, Fin, Initiator, Keepalive, Role, SendError, Violation,
};
pub use tautline_frame::CloseCode;
pub use tautline_message::{Limits, Message, MessageRef, Utf8Bytes};
pub use transport::Transport;
pub use upgrade::Upgrade;
pub use web_socket::WebSocket;
