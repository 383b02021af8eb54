//! What the tests of the driver stand on: a wire in memory whose every operation can be cut short,
//! held up or failed, a clock that moves when told to, and an executor that notices lost wake-ups.

pub(crate) mod executor;
pub(crate) mod frames;
pub(crate) mod http;
pub(crate) mod wire;

use std::sync::Arc;

use bytes::BytesMut;
use tautline_driver::{Closed, Config, Initiator, Role, WebSocket};

use self::wire::{Memory, Side, Wire};

/// A connection on one side of the wire, with the handshake behind it.
pub(crate) fn open(wire: &Wire, side: Side, config: Config) -> WebSocket<Memory> {
    let role = match side {
        Side::Client => Role::Client,
        Side::Server => Role::Server,
    };
    WebSocket::from_handshake(wire.end(side), role, BytesMut::new(), Arc::new(config))
}

/// A server whose client is played by the test.
pub(crate) fn server() -> (Wire, WebSocket<Memory>) {
    server_with(Config::new())
}

pub(crate) fn server_with(config: Config) -> (Wire, WebSocket<Memory>) {
    let wire = Wire::new();
    let ws = open(&wire, Side::Server, config);
    (wire, ws)
}

/// A client whose server is played by the test.
pub(crate) fn client() -> (Wire, WebSocket<Memory>) {
    let wire = Wire::new();
    let ws = open(&wire, Side::Client, Config::new());
    (wire, ws)
}

/// A client and a server.
pub(crate) fn pair() -> (Wire, WebSocket<Memory>, WebSocket<Memory>) {
    let wire = Wire::new();
    let client = open(&wire, Side::Client, Config::new());
    let server = open(&wire, Side::Server, Config::new());
    (wire, client, server)
}

/// Who closed, with which code and reason, and whether both ends did.
pub(crate) fn summary(closed: &Closed) -> (Option<Initiator>, u16, &str, bool) {
    (
        closed.initiator,
        closed.code(),
        closed.reason(),
        closed.is_clean(),
    )
}
