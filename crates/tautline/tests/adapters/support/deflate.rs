//! Peers made of bytes that know permessage-deflate, by another implementation of it.

use std::io;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use futures_util::{AsyncRead, AsyncReadExt, join};
use tautline::{
    Config, HandshakeError, Role,
    deflate::{Settings, Window},
    driver::{Transport, Upgrade, WebSocket},
};

use super::{
    Adapter, Pipe,
    raw::{self, TEXT},
};

/// The bit of the first byte of a frame that marks a compressed message.
pub(crate) const RSV1: u8 = 0x40;
pub(crate) const FIN: u8 = 0x80;
pub(crate) const CONTINUATION: u8 = 0x0;
/// The first byte of a compressed text in one frame.
pub(crate) const COMPRESSED: u8 = FIN | RSV1 | TEXT;

/// What a flush ends with, and a message does without.
const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];

/// Room for all that a test sends before somebody reads.
const CAPACITY: usize = 4 * 1024 * 1024;

/// Settings that limit nothing and compress from 64 bytes on, whatever the defaults are.
pub(crate) fn settings() -> Settings {
    Settings::new()
        .with_threshold(64)
        .with_window(Window::KiB32)
        .with_peer_window(Window::KiB32)
}

pub(crate) fn config() -> Config {
    Config::new().deflate(settings())
}

/// Text that gets shorter, and that is another one for every number.
pub(crate) fn text(number: usize, len: usize) -> String {
    let mut text = String::with_capacity(len + 40);
    for line in number.. {
        if text.len() >= len {
            break;
        }
        let rest = line % 997;
        text.push_str(&format!("line {line} of all: ½ {}; ", rest * rest % 997));
    }
    let end = (0..=len).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap());
    text
}

/// Bytes that do not get any shorter.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// The header line of an extension; empty without one.
pub(crate) fn line(extensions: Option<&str>) -> String {
    extensions.map_or_else(String::new, |value| {
        format!("Sec-WebSocket-Extensions: {value}\r\n")
    })
}

/// Connects to a peer that accepts these extensions: what came of it, what the client asked for,
/// and the peer.
pub(crate) async fn try_client<A: Adapter>(
    config: Config,
    accepted: Option<&str>,
) -> (
    Result<WebSocket<A::Piped>, HandshakeError>,
    Option<String>,
    Pipe,
) {
    let (near, mut far) = Pipe::pair(CAPACITY);
    let (client, offered) = handshake(near, &mut far, config, accepted).await;
    (client, offered, far)
}

/// As [`try_client`], with a handshake that is right.
pub(crate) async fn client<A: Adapter>(
    config: Config,
    accepted: Option<&str>,
) -> (WebSocket<A::Piped>, Pipe) {
    let (client, _, peer) = try_client::<A>(config, accepted).await;
    (client.unwrap(), peer)
}

/// Connects on this stream, and answers at the other end.
pub(crate) async fn handshake<T: Transport>(
    near: T::Stream,
    far: &mut Pipe,
    config: Config,
    accepted: Option<&str>,
) -> (Result<WebSocket<T>, HandshakeError>, Option<String>) {
    let request = "ws://server.example.com/".try_into().unwrap();
    join!(WebSocket::connect_on(near, &request, config), async {
        let head = raw::read_head(far).await;
        raw::send(far, raw::switching(&head, &line(accepted))).await;
        raw::header(&head, "sec-websocket-extensions").map(str::to_owned)
    })
}

/// A server for a peer that offers these extensions, what it has accepted, and the peer.
pub(crate) async fn server<A: Adapter>(
    config: Config,
    offered: Option<&str>,
) -> (WebSocket<A::Piped>, Option<String>, Pipe) {
    let (near, mut far) = Pipe::pair(CAPACITY);
    let server = async {
        let upgrade = Upgrade::<A::Piped>::read_with(near, config).await?;
        upgrade.accept().await
    };
    let (server, accepted) = join!(server, async {
        let request = raw::request("/", "server.example.com", &line(offered));
        raw::send(&mut far, request).await;
        let head = raw::read_head(&mut far).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        raw::header(&head, "sec-websocket-extensions").map(str::to_owned)
    });
    (server.unwrap(), accepted, far)
}

/// One end of a connection where deflate was agreed on without any parameter, and the peer.
pub(crate) async fn end<A: Adapter>(role: Role, config: Config) -> (WebSocket<A::Piped>, Pipe) {
    const AGREED: Option<&str> = Some("permessage-deflate");
    match role {
        Role::Client => client::<A>(config, AGREED).await,
        Role::Server => {
            let (server, accepted, peer) = server::<A>(config, AGREED).await;
            assert_eq!(accepted.as_deref(), AGREED);
            (server, peer)
        }
    }
}

/// A client and a server over a pipe.
pub(crate) async fn pair<A: Adapter>(
    client: Config,
    server: Config,
) -> (WebSocket<A::Piped>, WebSocket<A::Piped>) {
    let (near, far) = Pipe::pair(CAPACITY);
    let request = "ws://server.example.com/".try_into().unwrap();
    let (client, server) = join!(
        WebSocket::<A::Piped>::connect_on(near, &request, client),
        async {
            let upgrade = Upgrade::<A::Piped>::read_with(far, server).await?;
            upgrade.accept().await
        }
    );
    (client.unwrap(), server.unwrap())
}

/// A frame with this first byte, for the end that has this role.
pub(crate) fn frame_to(role: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    const KEY: [u8; 4] = [1, 2, 3, 4];
    let mask = if role == Role::Server { 0x80 } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..126 => frame.push(mask | len as u8),
        len @ 126..0x1_0000 => {
            frame.push(mask | 126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(mask | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    if mask == 0 {
        frame.extend(payload);
    } else {
        frame.extend(KEY);
        frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(a, b)| a ^ b));
    }
    frame
}

/// The first byte and the payload of the next frame, of whatever length.
pub(crate) async fn read_frame(stream: &mut (impl AsyncRead + Unpin)) -> (u8, Vec<u8>) {
    let first = raw::read_u8(stream).await;
    let second = raw::read_u8(stream).await;
    let len_bytes = match second & 0x7F {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mut len = usize::from(second & 0x7F);
    if len_bytes > 0 {
        len = 0;
        for _ in 0..len_bytes {
            len = len << 8 | usize::from(raw::read_u8(stream).await);
        }
    }
    let mut key = [0; 4];
    if second & 0x80 != 0 {
        stream.read_exact(&mut key).await.unwrap();
    }
    let mut payload = vec![0; len];
    stream.read_exact(&mut payload).await.unwrap();
    for (byte, key) in payload.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
    (first, payload)
}

/// A peer's two contexts.
pub(crate) struct Zlib {
    deflate: Compress,
    inflate: Decompress,
}

impl Zlib {
    pub(crate) fn new() -> Self {
        Self {
            deflate: Compress::new(Compression::best(), false),
            inflate: Decompress::new(false),
        }
    }

    /// The payload of a message.
    pub(crate) fn compress(&mut self, message: &[u8]) -> Vec<u8> {
        let mut payload = self.compress_fragment(message);
        assert!(payload.ends_with(&TAIL));
        payload.truncate(payload.len() - TAIL.len());
        payload
    }

    /// The payload of a fragment that is not the last.
    pub(crate) fn compress_fragment(&mut self, fragment: &[u8]) -> Vec<u8> {
        let before = self.deflate.total_in();
        let mut payload = Vec::new();
        loop {
            payload.reserve(1024);
            let taken = (self.deflate.total_in() - before) as usize;
            self.deflate
                .compress_vec(&fragment[taken..], &mut payload, FlushCompress::Sync)
                .unwrap();
            if payload.len() < payload.capacity() {
                return payload;
            }
        }
    }

    /// The message with this payload.
    pub(crate) fn inflate(&mut self, payload: &[u8]) -> io::Result<Vec<u8>> {
        let input = [payload, &TAIL].concat();
        let before = self.inflate.total_in();
        let mut message = Vec::new();
        loop {
            message.reserve(1024);
            let len = message.len();
            let taken = (self.inflate.total_in() - before) as usize;
            self.inflate
                .decompress_vec(&input[taken..], &mut message, FlushDecompress::Sync)?;
            // It may stop before there is no room, with input left.
            if message.len() == len && taken == input.len() {
                return Ok(message);
            }
        }
    }
}
