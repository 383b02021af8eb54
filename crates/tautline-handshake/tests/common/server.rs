//! Requests as raw bytes, given to a server whole and one byte at a time.

use bytes::BytesMut;
use tautline_handshake::{HandshakeLimits, HeadError, Progress, Request, ServerHandshake};

/// The handshake that RFC 6455 section 1.2 shows, without what is optional.
pub(crate) const BASE: &str = "GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// The same with more header lines at its end.
pub(crate) fn with(fields: &str) -> String {
    BASE.replace("\r\n\r\n", &format!("\r\n{fields}\r\n\r\n"))
}

/// Receives a request within `limits`, and returns it with the bytes behind it.
pub(crate) fn serve(
    input: impl AsRef<[u8]>,
    limits: HandshakeLimits,
) -> Result<(Request, Vec<u8>), HeadError> {
    let input = input.as_ref();
    let mut buffer = BytesMut::from(input);
    let whole =
        ServerHandshake::with_limits(limits)
            .recv(&mut buffer)
            .map(|progress| match progress {
                Progress::Done(request) => (request, buffer.to_vec()),
                Progress::More(_) => panic!("the head is incomplete"),
            });

    let mut handshake = ServerHandshake::with_limits(limits);
    let mut buffer = BytesMut::new();
    for (at, byte) in input.iter().enumerate() {
        buffer.extend_from_slice(&[*byte]);
        match handshake.recv(&mut buffer) {
            Ok(Progress::More(next)) => {
                assert_eq!(
                    buffer,
                    input[..=at],
                    "an incomplete head stays in the input"
                );
                handshake = next;
            }
            Ok(Progress::Done(request)) => {
                let (expected, left) = whole.as_ref().expect("the same bytes, the same result");
                assert_eq!(format!("{request:?}"), format!("{expected:?}"));
                assert_eq!(buffer, b""[..]);
                assert_eq!(input[at + 1..], left[..]);
                return whole;
            }
            Err(error) => {
                assert_eq!(Some(&error), whole.as_ref().err());
                return whole;
            }
        }
    }
    panic!("the head is incomplete when it comes byte by byte");
}
