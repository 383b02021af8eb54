use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// The `Sec-WebSocket-Accept` value that answers `key`, the `Sec-WebSocket-Key` as it was sent.
///
/// The text of the key is hashed, not the 16 bytes it stands for (RFC 6455 section 4.2.2), so no
/// two encodings of the same bytes share an answer. SHA-1 is only a fingerprint here that shows
/// the server speaks WebSocket; nothing secret depends on it (section 10.8).
///
/// ```
/// assert_eq!(
///     tautline_handshake::accept_key("AQIDBAUGBwgJCgsMDQ4PEA=="),
///     "C/0nmHhBztSRGR1CwL6Tf4ZjwpY="
/// );
/// ```
#[must_use]
pub fn accept_key(key: &str) -> String {
    let digest = Sha1::new()
        .chain_update(key.as_bytes())
        .chain_update(GUID)
        .finalize();
    STANDARD.encode(digest)
}

/// The constant that RFC 6455 section 1.3 picked because no other protocol would append it.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
