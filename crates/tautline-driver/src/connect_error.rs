use std::{error, fmt, io};

use tautline_handshake::{RequestError, UriError};

use crate::HandshakeError;

/// Why [`Connector::connect`](crate::Connector::connect) failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URI is not a WebSocket URI. Nothing was sent.
    Uri(UriError),
    /// The request cannot be made. Nothing was sent.
    Request(RequestError),
    /// The name was not found, or no address of the host could be connected to.
    Connect(io::Error),
    /// TLS failed, by its certificate for example. No WebSocket byte was sent.
    Tls(io::Error),
    /// The URI is `wss://` and the feature `rustls` is off.
    TlsNotEnabled,
    /// Connecting took longer than the handshake timeout.
    Timeout,
    /// The opening handshake failed; the server's response is inside if there was one.
    Handshake(HandshakeError),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uri(_) => "invalid websocket uri",
            Self::Request(_) => "invalid request",
            Self::Connect(_) => "could not connect",
            Self::Tls(_) => "tls failed",
            Self::TlsNotEnabled => "a wss uri needs the feature `rustls`",
            Self::Timeout => "connecting timed out",
            Self::Handshake(_) => "opening handshake failed",
        })
    }
}

impl error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Uri(error) => Some(error),
            Self::Request(error) => Some(error),
            Self::Connect(error) | Self::Tls(error) => Some(error),
            Self::Handshake(error) => Some(error),
            Self::TlsNotEnabled | Self::Timeout => None,
        }
    }
}

impl From<UriError> for ConnectError {
    fn from(error: UriError) -> Self {
        Self::Uri(error)
    }
}

impl From<RequestError> for ConnectError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Uri(error) => Self::Uri(error),
            error => Self::Request(error),
        }
    }
}

impl From<HandshakeError> for ConnectError {
    fn from(error: HandshakeError) -> Self {
        Self::Handshake(error)
    }
}

impl From<std::convert::Infallible> for ConnectError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
