//! Peers made of bytes, which do what no `WebSocket` does: answer late, wrongly or never.
//!
//! They belong to no runtime, so that what they find was not hidden by an adapter's own mistakes.

use std::{
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
};

use async_io::Async;
use futures_util::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tautline::handshake::accept_key;

pub(crate) const TEXT: u8 = 0x1;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xA;

/// A port of the loopback interface, and its URI.
pub(crate) fn listen() -> (Async<TcpListener>, String) {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
    let uri = format!("ws://{}/", listener.get_ref().local_addr().unwrap());
    (listener, uri)
}

/// The address in a URI of [`listen`].
pub(crate) fn address(uri: &str) -> &str {
    uri.trim_start_matches("ws://").trim_end_matches('/')
}

/// Connects, and says nothing yet.
pub(crate) async fn dial(uri: &str) -> Async<TcpStream> {
    let address: SocketAddr = address(uri).parse().unwrap();
    Async::<TcpStream>::connect(address).await.unwrap()
}

/// Connects as a client and does the opening handshake.
pub(crate) async fn connect(uri: &str) -> Async<TcpStream> {
    let mut stream = dial(uri).await;
    send(&mut stream, request("/", address(uri), "")).await;
    let head = read_head(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    stream
}

/// Accepts a connection as a server and does the opening handshake.
pub(crate) async fn accept(listener: &Async<TcpListener>) -> Async<TcpStream> {
    let (mut stream, _) = listener.accept().await.unwrap();
    answer(&mut stream).await;
    stream
}

/// Answers the request of a client, and returns it.
pub(crate) async fn answer(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> String {
    let head = read_head(stream).await;
    send(stream, switching(&head, "")).await;
    head
}

/// Sends all of this.
pub(crate) async fn send(stream: &mut (impl AsyncWrite + Unpin), bytes: impl AsRef<[u8]>) {
    stream.write_all(bytes.as_ref()).await.unwrap();
    stream.flush().await.unwrap();
}

/// Sends the end of the stream; closing what is asynchronous only flushes it.
pub(crate) fn end(stream: &Async<TcpStream>) {
    stream.get_ref().shutdown(Shutdown::Write).unwrap();
}

/// Reads up to the blank line and not a byte more.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(read_u8(stream).await);
    }
    String::from_utf8(head).unwrap()
}

pub(crate) async fn read_u8(stream: &mut (impl AsyncRead + Unpin)) -> u8 {
    let mut byte = [0];
    stream.read_exact(&mut byte).await.unwrap();
    byte[0]
}

/// Everything up to the end of the stream.
pub(crate) async fn read_to_end(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    bytes
}

/// Everything up to the end of the stream, or up to where it was cut off: a connection that is
/// dropped with bytes that nobody has read is reset.
pub(crate) async fn read_to_end_or_reset(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
        end => drop(end.unwrap()),
    }
    bytes
}

/// The value of a header field of a head.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        field.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// The 101 that answers a request, with more header lines.
pub(crate) fn switching(request: &str, more: &str) -> String {
    let accept = accept_key(header(request, "sec-websocket-key").unwrap());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{more}\r\n"
    )
}

/// A request for a connection, with more header lines.
pub(crate) fn request(target: &str, host: &str, more: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    )
}

/// A frame of a server, complete and not masked.
pub(crate) fn plain(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode, short_len(payload)];
    frame.extend_from_slice(payload);
    frame
}

/// A frame of a client, complete and masked.
pub(crate) fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    const KEY: [u8; 4] = [1, 2, 3, 4];
    let mut frame = vec![0x80 | opcode, 0x80 | short_len(payload)];
    frame.extend_from_slice(&KEY);
    frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(a, b)| a ^ b));
    frame
}

fn short_len(payload: &[u8]) -> u8 {
    let len = u8::try_from(payload.len()).unwrap();
    assert!(len < 126, "raw peers send short frames");
    len
}

/// The body of a Close frame.
pub(crate) fn close_body(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}

/// Reads one short frame of either side: its opcode and its payload.
pub(crate) async fn read_frame(stream: &mut (impl AsyncRead + Unpin)) -> (u8, Vec<u8>) {
    let opcode = read_u8(stream).await & 0x0F;
    let len = read_u8(stream).await;
    assert!(len & 0x7F < 126, "raw peers are sent short frames");
    let mut key = [0; 4];
    if len & 0x80 != 0 {
        stream.read_exact(&mut key).await.unwrap();
    }
    let mut payload = vec![0; usize::from(len & 0x7F)];
    stream.read_exact(&mut payload).await.unwrap();
    for (byte, key) in payload.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
    (opcode, payload)
}
