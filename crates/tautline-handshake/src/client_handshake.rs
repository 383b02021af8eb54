use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Buf, Bytes, BytesMut};
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL, UPGRADE,
};
use http::{StatusCode, Version};

use crate::accept_key::accept_key;
use crate::client_error::ClientError;
use crate::client_request::ClientRequest;
use crate::extension::Extension;
use crate::head_parser::parse_response;
use crate::head_scanner::{HeadScanner, StartLine};
use crate::header::{contains_token, is_repeated};
use crate::limits::HandshakeLimits;
use crate::progress::Progress;
use crate::refusal_body::{Completion, RefusalBody};
use crate::response::Response;

/// The client's side of the handshake.
///
/// Call order: [`new`](Self::new) and send the head it returns, and nothing after it; then
/// [`recv`](Self::recv) whenever bytes were added to the input, and [`recv_eof`](Self::recv_eof)
/// when no more will be.
///
/// ```text
/// Head --101--> Response
///  | ^--other 1xx
///  `--any other status--> Body --complete--> Refused
/// ```
#[derive(Clone, Debug)]
pub struct ClientHandshake {
    limits: HandshakeLimits,
    /// The only `Sec-WebSocket-Accept` that will do.
    accept: String,
    subprotocols: Vec<String>,
    extensions: Vec<String>,
    interim: usize,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Head(HeadScanner),
    Body {
        head: http::Response<()>,
        body: RefusalBody,
    },
}

impl ClientHandshake {
    /// Starts an attempt, and returns the head of the request to send.
    ///
    /// The nonce becomes the `Sec-WebSocket-Key`. It has to come from a good random source, anew
    /// for every attempt, so that no cache or confused server answers it by chance (RFC 6455
    /// sections 4.1 and 10.3).
    #[must_use]
    pub fn new(request: &ClientRequest, nonce: [u8; 16]) -> (Self, Bytes) {
        let key = STANDARD.encode(nonce);
        let handshake = Self {
            limits: HandshakeLimits::new(),
            accept: accept_key(&key),
            subprotocols: request.subprotocols().to_vec(),
            extensions: request.extension_names().to_vec(),
            interim: 0,
            state: State::Head(HeadScanner::new(StartLine::Status)),
        };
        (handshake, request.head(&key).finish().freeze())
    }

    /// Sets other limits than the default ones, before the first byte is received.
    #[must_use]
    pub fn with_limits(mut self, limits: HandshakeLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Takes the server's answer off `input`. Bytes behind a 101 stay there: they are its first
    /// frames.
    ///
    /// While a head is incomplete `input` is left as it is, and has to begin with the same bytes
    /// in the next call. Each byte is looked at once, however many calls it takes.
    ///
    /// # Errors
    ///
    /// When the server refuses, or its answer breaks any rule of RFC 6455 section 4.1.
    pub fn recv(mut self, input: &mut BytesMut) -> Result<Progress<Self, Response>, ClientError> {
        loop {
            match &mut self.state {
                State::Head(scanner) => {
                    let Some(end) = scanner.scan(input, &self.limits)? else {
                        return Ok(Progress::More(self));
                    };
                    let bytes = Bytes::copy_from_slice(&input[..end]);
                    input.advance(end);
                    let head = parse_response(&bytes, scanner.headers())?;
                    if head.status() == StatusCode::SWITCHING_PROTOCOLS {
                        return self.check(head).map(Progress::Done);
                    }
                    self.state = if head.status().is_informational() {
                        self.interim += 1;
                        if self.interim > MAX_INTERIM {
                            return Err(ClientError::TooManyInterim);
                        }
                        State::Head(HeadScanner::new(StartLine::Status))
                    } else {
                        let body = RefusalBody::new(&head, self.limits.max_body_size())
                            .map_err(|_| ClientError::Malformed)?;
                        State::Body { head, body }
                    };
                }
                State::Body { body, .. } => {
                    return match body.recv(input) {
                        Completion::More => Ok(Progress::More(self)),
                        Completion::Complete => Err(self.into_error()),
                    };
                }
            }
        }
    }

    /// Says what it means that the connection ended here, after whatever `input` still holds.
    ///
    /// The body of a refusal may well be complete: many end with the connection.
    pub fn recv_eof(self, input: &mut BytesMut) -> ClientError {
        match self.recv(input) {
            Ok(Progress::More(handshake)) => handshake.into_error(),
            Ok(Progress::Done(_)) => ClientError::Eof,
            Err(error) => error,
        }
    }

    /// Every rule of RFC 6455 section 4.1 for a response with status 101.
    fn check(&self, head: http::Response<()>) -> Result<Response, ClientError> {
        let headers = head.headers();
        if head.version() != Version::HTTP_11 {
            return Err(ClientError::HttpVersion);
        }
        // A request may list protocols, the answer names the one that was switched to.
        let mut upgrade = headers.get_all(UPGRADE).iter();
        match (upgrade.next(), upgrade.next()) {
            (Some(protocol), None) if protocol.as_bytes().eq_ignore_ascii_case(b"websocket") => {}
            _ => return Err(ClientError::Upgrade),
        }
        if !contains_token(headers, &CONNECTION, "upgrade") {
            return Err(ClientError::Connection);
        }
        for name in [SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL] {
            if is_repeated(headers, &name) {
                return Err(ClientError::DuplicateHeader(name));
            }
        }
        if headers
            .get(SEC_WEBSOCKET_ACCEPT)
            .is_none_or(|accept| accept != self.accept.as_str())
        {
            return Err(ClientError::Accept);
        }
        // Offers are tokens, so this also refuses an empty name and a list of names.
        if let Some(chosen) = headers.get(SEC_WEBSOCKET_PROTOCOL)
            && !self
                .subprotocols
                .iter()
                .any(|offer| chosen == offer.as_str())
        {
            return Err(ClientError::Subprotocol);
        }
        let extensions = Extension::parse(headers.get_all(SEC_WEBSOCKET_EXTENSIONS))?;
        let is_offered =
            |chosen: &Extension| self.extensions.iter().any(|offer| offer == chosen.name());
        if !extensions.iter().all(is_offered) {
            return Err(ClientError::Extension);
        }
        Ok(Response::new(head, extensions))
    }

    /// What the handshake amounts to if nothing more arrives.
    fn into_error(self) -> ClientError {
        match self.state {
            State::Head(_) => ClientError::Eof,
            State::Body { head, body } => {
                ClientError::Refused(Box::new(head.map(|()| body.finish())))
            }
        }
    }
}

/// A server needs one or two before its answer; more than a few are there to keep us reading.
const MAX_INTERIM: usize = 8;
