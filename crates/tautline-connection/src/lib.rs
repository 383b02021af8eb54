//! A sans-I/O WebSocket connection (RFC 6455): bytes, time and randomness go in, events and bytes
//! come out.
//!
//! This crate knows the protocol after the opening handshake: framing rules, fragmentation, control
//! replies, the closing handshake, keepalive. It cannot name a socket, a clock or a random source,
//! so it runs wherever bytes can be moved: under any runtime, over blocking sockets, on a serial
//! line, in a simulator. It does not do the opening handshake (`tautline-handshake` does), and it
//! never waits.
//!
//! # The loop
//!
//! [`Connection`] is both halves in one, for users without an async runtime:
//!
//! 1. Read bytes from the transport into a `BytesMut`.
//! 2. Call [`Connection::receive`] until it returns `Ok(None)`. Act on every [`Event`] before the
//!    next call: an answer to a good message is queued before a bad frame behind it is judged.
//! 3. Write what [`Connection::output`] holds (it is a [`bytes::Buf`]) to the transport.
//! 4. Look at [`Connection::disposition`]: it says whether to go on, to wait for the end of the
//!    stream, or to shut the transport down.
//! 5. When the transport ends, call [`Connection::receive_eof`].
//!
//! Ping is answered and Close is answered inside step 2; the application does nothing for it.
//!
//! The two halves can also be used apart, as [`Inbound`] and [`Outbound`]: `Inbound` works on
//! slices and returns positions, so that the caller decides whether to lend, copy or share the
//! payload. [`Timers`] holds the keepalive and close deadlines over the caller's own instants.
//!
//! # Example
//!
//! ```
//! use bytes::{Buf, BytesMut};
//! use tautline_connection::{Connection, Event};
//!
//! let mut server = Connection::server();
//! // A masked text frame, as a client sends it: "Hello", key 37 fa 21 3d.
//! let mut input = BytesMut::from(&b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"[..]);
//!
//! while let Some(event) = server.receive(&mut input)? {
//!     if let Event::Message(message) = event {
//!         server.send(message)?;
//!     }
//! }
//! let output = server.output();
//! assert_eq!(output.chunk(), b"\x81\x05Hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod backoff;
mod close;
mod connection;
#[cfg_attr(feature = "deflate", path = "deflate/on.rs")]
#[cfg_attr(not(feature = "deflate"), path = "deflate/off.rs")]
mod deflate;
mod error;
mod inbound;
mod outbound;
mod output;
mod output_buffer;
mod prepared;
mod timers;

pub use backoff::Backoff;
pub use close::{CloseFrame, Closed, Disposition, Initiator};
pub use connection::{Connection, Event};
pub use error::{ConnectionLost, SendError, Violation};
pub use inbound::{Control, Inbound, Step};
pub use outbound::{Fin, MaskKeys, NoKeys, Outbound};
pub use output::OutputQueue;
pub use output_buffer::OutputBuffer;
pub use prepared::Prepared;
pub use tautline_frame::{CloseCode, ControlPayload, OpCode};
pub use tautline_message::{Kind, Limits, Message, MessageRef, Utf8Bytes};
pub use timers::{Expired, Keepalive, Timers};

// The example in the README is run with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Which end of the connection this is.
///
/// A client masks what it sends and refuses masked frames; a server does the reverse
/// (RFC 6455 section 5.1). A server closes the transport first, a client waits for it
/// (section 7.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 6455 has two roles")]
pub enum Role {
    /// The end that opened the connection.
    Client,
    /// The end that accepted it.
    Server,
}
