//! Frames and heads, right ones and wrong ones, written by hand.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params,
};
use sha1::{Digest, Sha1};

/// The first byte of a frame with FIN.
pub(super) const TEXT: u8 = 0x81;
pub(super) const BINARY: u8 = 0x82;
pub(super) const LAST: u8 = 0x80;
pub(super) const CLOSE: u8 = 0x88;
pub(super) const PING: u8 = 0x89;
pub(super) const PONG: u8 = 0x8a;
/// The bit that says a message is compressed.
pub(super) const RSV1: u8 = 0x40;

/// Which side sends a frame: clients mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    Client,
    Server,
}

/// A frame with the shortest form of its length.
pub(super) fn frame(sender: Sender, first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = head(sender, first, payload.len() as u64);
    match sender {
        Sender::Client => bytes.extend(masked(payload)),
        Sender::Server => bytes.extend(payload),
    }
    bytes
}

/// The header of a frame, which promises `length` bytes of payload.
pub(super) fn head(sender: Sender, first: u8, length: u64) -> Vec<u8> {
    let mask = if sender == Sender::Client { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..=125), _) => bytes.push(mask | short),
        (_, Ok(medium)) => {
            bytes.push(mask | 126);
            bytes.extend(medium.to_be_bytes());
        }
        _ => {
            bytes.push(mask | 127);
            bytes.extend(length.to_be_bytes());
        }
    }
    if sender == Sender::Client {
        bytes.extend(KEY);
    }
    bytes
}

/// The payload as a client sends it behind a [`head`].
pub(super) fn masked(payload: &[u8]) -> impl Iterator<Item = u8> {
    let keys = KEY.into_iter().cycle();
    payload.iter().zip(keys).map(|(byte, key)| byte ^ key)
}

/// A Close frame with a code and a reason.
pub(super) fn close(sender: Sender, code: u16, reason: &[u8]) -> Vec<u8> {
    frame(sender, CLOSE, &[&code.to_be_bytes(), reason].concat())
}

/// The payload of a frame that is compressed, from the deflate stream that ends with an empty block.
pub(super) fn without_tail(mut stream: Vec<u8>) -> Vec<u8> {
    if stream.ends_with(b"\x00\x00\xff\xff") {
        stream.truncate(stream.len() - 4);
    }
    stream
}

/// A message compressed by itself, as the payload of its frame.
pub(super) fn deflated(message: &[u8]) -> Vec<u8> {
    // Level 9, raw deflate without the header of zlib.
    let mut compressor = CompressorOxide::new(create_comp_flags_from_zip_params(9, -15, 0));
    let mut stream = Vec::new();
    compress_to_output(&mut compressor, message, TDEFLFlush::Sync, |bytes| {
        stream.extend(bytes);
        true
    });
    without_tail(stream)
}

/// The message of a compressed payload; nothing if it is corrupt.
pub(super) fn inflated(payload: &[u8]) -> Option<Vec<u8>> {
    // The tail that was cut off, and a last block: the stream is over.
    let stream = [payload, b"\x00\x00\xff\xff\x01\x00\x00\xff\xff"].concat();
    miniz_oxide::inflate::decompress_to_vec_with_limit(&stream, 64 << 20).ok()
}

/// The value of `Sec-WebSocket-Accept` that answers a key.
pub(super) fn accept(key: &str) -> String {
    let hash = Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    BASE64_STANDARD.encode(hash)
}

/// The fields of a proper request, without the line above them and the empty line below.
pub(super) const FIELDS: [&str; 5] = [
    "Host: 127.0.0.1",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];

/// The offer of a compression that ends with every message: each can be inflated alone.
pub(super) const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate; \
                                server_no_context_takeover; client_no_context_takeover";

/// A head of these lines.
pub(super) fn lines<S: AsRef<str>>(lines: impl IntoIterator<Item = S>) -> Vec<u8> {
    let mut head = Vec::new();
    for line in lines {
        head.extend(line.as_ref().as_bytes());
        head.extend(b"\r\n");
    }
    head.extend(b"\r\n");
    head
}

/// A proper request with further fields.
pub(super) fn request(more: &[&str]) -> Vec<u8> {
    let fields = FIELDS.iter().chain(more);
    lines(["GET / HTTP/1.1"].iter().chain(fields))
}

/// Not secret: nobody but the two ends listens on loopback.
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

#[cfg(test)]
mod tests {
    use super::{Sender, TEXT, accept, deflated, frame, head, inflated, request};

    #[test]
    fn frames_are_those_of_the_specification() {
        assert_eq!(frame(Sender::Server, TEXT, b"Hello"), b"\x81\x05Hello");
        assert_eq!(
            frame(Sender::Client, TEXT, b"Hello"),
            b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
        );
        assert_eq!(head(Sender::Server, 0x82, 256), b"\x82\x7e\x01\x00");
        assert_eq!(
            head(Sender::Server, 0x82, 65536),
            b"\x82\x7f\0\0\0\0\0\x01\0\0"
        );
    }

    #[test]
    fn what_is_deflated_can_be_inflated() {
        let message = b"Hello, hello, hello".repeat(100);
        let payload = deflated(&message);
        assert!(payload.len() < message.len() / 10);
        assert_eq!(inflated(&payload), Some(message));
        // The example of RFC 7692 section 7.2.3.1.
        assert_eq!(inflated(b"\xf2\x48\xcd\xc9\xc9\x07\x00").unwrap(), b"Hello");
        assert_eq!(inflated(b"\x06"), None);
    }

    #[test]
    fn a_key_is_answered_as_in_the_specification() {
        assert_eq!(
            accept("dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }

    #[test]
    fn a_request_ends_with_an_empty_line() {
        let head = request(&["X: y"]);
        assert!(head.starts_with(b"GET / HTTP/1.1\r\nHost: "));
        assert!(head.ends_with(b"\r\nX: y\r\n\r\n"));
    }
}
