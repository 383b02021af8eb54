//! The opening handshake, plain: the generator's side, and the servers' side for libraries that
//! leave it to others.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
};

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The key of RFC 6455 section 1.3, with what has to come back for it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// No head of a handshake here is longer.
const MAX_HEAD: usize = 4096;

/// A request, with an offer of extensions if there is one.
pub(crate) fn request(address: SocketAddr, extensions: Option<&str>) -> String {
    let extensions = extensions.map_or_else(String::new, |offer| {
        format!("Sec-WebSocket-Extensions: {offer}\r\n")
    });
    format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{extensions}\r\n"
    )
}

/// Connects and opens; also gives the extensions that the server has agreed on.
pub(crate) fn open(
    address: SocketAddr,
    extensions: Option<&str>,
) -> anyhow::Result<(TcpStream, Option<String>)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.write_all(request(address, extensions).as_bytes())?;
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    while !head.ends_with(b"\r\n\r\n") {
        let read = stream.read(&mut chunk)?;
        if read == 0 || head.len() + read > MAX_HEAD {
            bail!("the server did not answer the handshake");
        }
        head.extend_from_slice(&chunk[..read]);
    }
    let head = String::from_utf8(head)?;
    ensure!(head.starts_with("HTTP/1.1 101 "), "not accepted: {head}");
    let accept = field(&head, "sec-websocket-accept").context("no Sec-WebSocket-Accept")?;
    ensure!(accept == ACCEPT, "wrong Sec-WebSocket-Accept: {accept}");
    let agreed = field(&head, "sec-websocket-extensions");
    Ok((stream, agreed.map(ToOwned::to_owned)))
}

/// Answers a handshake for a library that has none of its own.
pub(crate) async fn answer(stream: &mut tokio::net::TcpStream) -> io::Result<()> {
    // Small, so that what it leaves in the heap is not taken for memory of the connection.
    let mut head = Vec::with_capacity(512);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 || head.len() > MAX_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    let head = String::from_utf8(head).map_err(|_| io::ErrorKind::InvalidData)?;
    let key = field(&head, "sec-websocket-key").ok_or(io::ErrorKind::InvalidData)?;
    let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(response.as_bytes()).await
}

/// The value of the first field of that name, which is in lower case.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
