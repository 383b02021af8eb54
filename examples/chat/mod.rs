//! A chat in the browser: one port serves the page and its WebSocket.
//!
//! `cargo run --release --example chat`, then open the address it prints in two windows.
//!
//! The parts, from the inside out; only the last three know a socket:
//!
//! * `protocol` has the JSON texts that page and server exchange,
//! * `names` has what may be a name, a room or a text, `rate` how fast one member may speak,
//! * `room` is one room: who is in it, and what everybody gets to see in which order,
//! * `rooms` opens a room for the first member and frees it after the last,
//! * `member` is one member's conversation, over one WebSocket,
//! * `page` is every answer that is plain HTTP,
//! * `server` accepts, chooses between the two, and goes down in an orderly way.

mod limits;
mod member;
mod names;
mod page;
mod protocol;
mod rate;
mod room;
mod rooms;
mod server;

pub use self::limits::Limits;
pub use self::server::Server;
