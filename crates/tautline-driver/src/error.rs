use std::{error, fmt, io};

use tautline_connection::{ConnectionLost, SendError, Violation};
use tautline_handshake::{AcceptError, ClientError, HeadError, Refusal};

/// What went wrong on an open connection.
///
/// The variants say whose fault it was: [`Error::Violation`] is the peer's, [`Error::Send`] the
/// caller's, the rest the network's.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The transport failed.
    Io(io::Error),
    /// The peer broke the protocol or went over a limit; it was told so in a Close frame.
    Violation(Violation),
    /// The transport ended without a closing handshake.
    Lost(ConnectionLost),
    /// A deadline passed.
    Timeout(Timeout),
    /// Nothing was sent, because it may not be sent now.
    Send(SendError),
}

/// Which deadline passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timeout {
    /// The opening handshake took too long.
    Handshake,
    /// No Pong answered a keepalive Ping.
    Keepalive,
    /// A message was begun and not finished in time; the peer was told so in a Close frame.
    Message,
    /// The peer did not answer a Close frame.
    Close,
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Handshake => "opening handshake timed out",
            Self::Keepalive => "no pong for a keepalive ping",
            Self::Message => "message took too long",
            Self::Close => "closing handshake timed out",
        })
    }
}

impl error::Error for Timeout {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(_) => f.write_str("transport failed"),
            Self::Violation(_) => f.write_str("peer broke the protocol"),
            Self::Lost(lost) => lost.fmt(f),
            Self::Timeout(timeout) => timeout.fmt(f),
            Self::Send(_) => f.write_str("cannot send"),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Violation(violation) => Some(violation),
            Self::Send(error) => Some(error),
            Self::Lost(_) | Self::Timeout(_) => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

/// Why a server did not get a connection out of a stream.
///
/// The client has been told, with an HTTP response, wherever it could be.
#[derive(Debug)]
#[non_exhaustive]
pub enum UpgradeError {
    /// The transport failed.
    Io(io::Error),
    /// The stream ended before a request was complete.
    Eof,
    /// What came is not an HTTP request, or is over a limit.
    Head(HeadError),
    /// The request is no WebSocket handshake, or a policy refused it.
    Refused(Refusal),
    /// The server's own answer was not allowed; the client got status 500.
    Accept(AcceptError),
    /// The handshake took longer than the handshake timeout.
    Timeout,
}

impl fmt::Display for UpgradeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(_) => f.write_str("transport failed"),
            Self::Eof => f.write_str("stream ended before the request was complete"),
            Self::Head(_) => f.write_str("invalid request"),
            Self::Refused(_) => f.write_str("handshake refused"),
            Self::Accept(_) => f.write_str("answer not allowed"),
            Self::Timeout => Timeout::Handshake.fmt(f),
        }
    }
}

impl error::Error for UpgradeError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Head(error) => Some(error),
            Self::Refused(error) => Some(error),
            Self::Accept(error) => Some(error),
            Self::Eof | Self::Timeout => None,
        }
    }
}

impl From<io::Error> for UpgradeError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Why a client did not get a connection out of a stream.
#[derive(Debug)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The transport failed.
    Io(io::Error),
    /// The server refused, or what it answered is not what RFC 6455 section 4.1 demands.
    Response(ClientError),
    /// The server accepted an extension otherwise than it was offered.
    Extension(Box<dyn error::Error + Send + Sync>),
    /// The handshake took longer than the handshake timeout.
    Timeout,
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(_) => f.write_str("transport failed"),
            Self::Response(_) => f.write_str("handshake failed"),
            Self::Extension(_) => f.write_str("extension not accepted as it was offered"),
            Self::Timeout => Timeout::Handshake.fmt(f),
        }
    }
}

impl error::Error for HandshakeError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Response(error) => Some(error),
            Self::Extension(error) => Some(&**error),
            Self::Timeout => None,
        }
    }
}

impl From<io::Error> for HandshakeError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
