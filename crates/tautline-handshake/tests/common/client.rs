//! Responses as raw bytes, given to a client whole and one byte at a time.

use bytes::BytesMut;
use tautline_handshake::{
    ClientError, ClientHandshake, ClientRequest, HandshakeLimits, Progress, Response,
};

/// A request that offers nothing.
pub(crate) fn request() -> ClientRequest {
    ClientRequest::try_from("ws://server.example.com/chat").expect("a URI")
}

/// Receives an answer, and returns it with the bytes behind it. Where more bytes are needed, the
/// connection ends.
pub(crate) fn connect(
    request: &ClientRequest,
    input: impl AsRef<[u8]>,
    limits: HandshakeLimits,
) -> Result<(Response, Vec<u8>), ClientError> {
    let input = input.as_ref();
    let start = || {
        ClientHandshake::new(request, *b"the sample nonce")
            .0
            .with_limits(limits)
    };
    let mut buffer = BytesMut::from(input);
    let whole = match start().recv(&mut buffer) {
        Ok(Progress::Done(response)) => Ok((response, buffer.to_vec())),
        Ok(Progress::More(handshake)) => Err(handshake.recv_eof(&mut buffer)),
        Err(error) => Err(error),
    };

    let mut handshake = start();
    let mut buffer = BytesMut::new();
    for (at, byte) in input.iter().enumerate() {
        buffer.extend_from_slice(&[*byte]);
        match handshake.recv(&mut buffer) {
            Ok(Progress::More(next)) => handshake = next,
            Ok(Progress::Done(response)) => {
                let (expected, left) = whole.as_ref().expect("the same bytes, the same result");
                assert_eq!(format!("{response:?}"), format!("{expected:?}"));
                assert_eq!(buffer, b""[..]);
                assert_eq!(input[at + 1..], left[..]);
                return whole;
            }
            Err(error) => {
                let expected = whole.as_ref().expect_err("the same bytes, the same result");
                assert_eq!(format!("{error:?}"), format!("{expected:?}"));
                return whole;
            }
        }
    }
    let error = handshake.recv_eof(&mut buffer);
    let expected = whole.as_ref().expect_err("the same bytes, the same result");
    assert_eq!(format!("{error:?}"), format!("{expected:?}"));
    whole
}
