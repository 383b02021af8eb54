//! The opening handshake of one end, and what the other one says.

use tautline_driver::{Config, HandshakeError, Upgrade, UpgradeError, WebSocket};
use tautline_handshake::{ClientRequest, accept_key};

use super::wire::{Memory, Side, Wire};

pub(crate) const REQUEST: &str = "GET /chat?room=1 HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, superchat\r\n\
    Origin: http://example.com\r\n\r\n";

pub(crate) fn request() -> ClientRequest {
    ClientRequest::try_from("ws://example.com/chat?room=1").unwrap()
}

pub(crate) async fn read(wire: &Wire) -> Result<Upgrade<Memory>, UpgradeError> {
    Upgrade::read(wire.end(Side::Server)).await
}

pub(crate) async fn connect(wire: &Wire) -> Result<WebSocket<Memory>, HandshakeError> {
    WebSocket::connect_on(wire.end(Side::Client), &request(), Config::new()).await
}

/// What the server answers to the request that the client has written.
pub(crate) fn switch(wire: &Wire) -> Vec<u8> {
    let head = String::from_utf8(wire.take(Side::Client)).unwrap();
    let key = head
        .split("Sec-WebSocket-Key: ")
        .nth(1)
        .unwrap()
        .split("\r\n")
        .next()
        .unwrap();
    let accept = accept_key(key);
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n"
    )
    .into_bytes()
}

pub(crate) fn answer(wire: &Wire) -> String {
    String::from_utf8(wire.take(Side::Server)).unwrap()
}
