use bytes::{Buf, Bytes, BytesMut};

use crate::head_error::HeadError;
use crate::head_parser::parse_request;
use crate::head_scanner::{HeadScanner, StartLine};
use crate::limits::HandshakeLimits;
use crate::progress::Progress;
use crate::request::Request;

/// The server's side of the handshake: reads the head of one request.
///
/// Call order: [`recv`](Self::recv) whenever bytes were added to the input, until it yields a
/// [`Request`] or an error; then answer that. Nothing is read from anywhere here, so bounding the
/// time a client takes is up to whoever owns the socket.
#[derive(Clone, Debug)]
pub struct ServerHandshake {
    limits: HandshakeLimits,
    scanner: HeadScanner,
}

impl ServerHandshake {
    /// A handshake with the default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(HandshakeLimits::new())
    }

    /// A handshake with other limits.
    #[must_use]
    pub fn with_limits(limits: HandshakeLimits) -> Self {
        Self {
            limits,
            scanner: HeadScanner::new(StartLine::Request),
        }
    }

    /// Takes the head off `input` once it is complete. Bytes behind it stay there: they are the
    /// first frames of a client that did not wait, or the body of a request that is no handshake.
    ///
    /// Until then `input` is left as it is, and has to begin with the same bytes in every call.
    /// Each byte is scanned once, however many calls it takes, and the head is parsed once.
    ///
    /// # Errors
    ///
    /// As soon as it is clear that the bytes cannot become a request that is read. Send
    /// [`HeadError::response`] then and close the connection.
    pub fn recv(mut self, input: &mut BytesMut) -> Result<Progress<Self, Request>, HeadError> {
        let Some(end) = self.scanner.scan(input, &self.limits)? else {
            return Ok(Progress::More(self));
        };
        // A copy of exact size, since the request lives on and would pin the whole read buffer.
        let head = Bytes::copy_from_slice(&input[self.scanner.start()..end]);
        input.advance(end);
        let head = parse_request(&head, self.scanner.headers())?;
        Request::try_from(head).map(Progress::Done)
    }
}

impl Default for ServerHandshake {
    fn default() -> Self {
        Self::new()
    }
}
