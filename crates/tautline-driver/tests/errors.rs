//! What errors say: their message, and what is behind them.

use std::{error, io};

use tautline_driver::{
    ConnectError, Error, HandshakeError, SendError, Timeout, UpgradeError, Violation,
};
use tautline_handshake::{AcceptError, ClientError, HeadError, RequestError, UriError};

#[test]
fn errors_say_what_went_wrong_and_what_is_behind_it() {
    let io = || io::Error::from(io::ErrorKind::BrokenPipe);
    // An error, its message, and the message of its source.
    let cases: [(Box<dyn error::Error>, &str, Option<&str>); 25] = [
        (
            Error::from(io()).into(),
            "transport failed",
            Some("broken pipe"),
        ),
        (
            Error::Violation(Violation::Masked).into(),
            "peer broke the protocol",
            Some("server frame with mask"),
        ),
        (
            Error::Violation(Violation::SlowMessage).into(),
            "peer broke the protocol",
            Some("message took too long"),
        ),
        (
            Error::from(SendError::Closing).into(),
            "cannot send",
            Some("the connection is closing"),
        ),
        (
            Error::Timeout(Timeout::Handshake).into(),
            "opening handshake timed out",
            None,
        ),
        (
            Error::Timeout(Timeout::Keepalive).into(),
            "no pong for a keepalive ping",
            None,
        ),
        (
            Error::Timeout(Timeout::Message).into(),
            "message took too long",
            None,
        ),
        (
            Error::Timeout(Timeout::Close).into(),
            "closing handshake timed out",
            None,
        ),
        (
            UpgradeError::from(io()).into(),
            "transport failed",
            Some("broken pipe"),
        ),
        (
            UpgradeError::Eof.into(),
            "stream ended before the request was complete",
            None,
        ),
        (
            UpgradeError::Head(HeadError::TooManyHeaders).into(),
            "invalid request",
            Some("too many headers"),
        ),
        (
            UpgradeError::Accept(AcceptError::ExtensionNotOffered).into(),
            "answer not allowed",
            Some("the client did not offer this extension"),
        ),
        (
            UpgradeError::Timeout.into(),
            "opening handshake timed out",
            None,
        ),
        (
            HandshakeError::from(io()).into(),
            "transport failed",
            Some("broken pipe"),
        ),
        (
            HandshakeError::Response(ClientError::Malformed).into(),
            "handshake failed",
            Some("malformed HTTP response"),
        ),
        (
            HandshakeError::Extension("odd".into()).into(),
            "extension not accepted as it was offered",
            Some("odd"),
        ),
        (
            HandshakeError::Timeout.into(),
            "opening handshake timed out",
            None,
        ),
        (
            ConnectError::from(UriError::Port).into(),
            "invalid websocket uri",
            Some("invalid port"),
        ),
        (
            ConnectError::from(RequestError::Uri(UriError::Port)).into(),
            "invalid websocket uri",
            Some("invalid port"),
        ),
        (
            ConnectError::from(RequestError::Origin).into(),
            "invalid request",
            Some("invalid origin"),
        ),
        (
            ConnectError::Connect(io()).into(),
            "could not connect",
            Some("broken pipe"),
        ),
        (
            ConnectError::Tls(io()).into(),
            "tls failed",
            Some("broken pipe"),
        ),
        (
            ConnectError::TlsNotEnabled.into(),
            "a wss uri needs the feature `rustls`",
            None,
        ),
        (ConnectError::Timeout.into(), "connecting timed out", None),
        (
            ConnectError::from(HandshakeError::Timeout).into(),
            "opening handshake failed",
            Some("opening handshake timed out"),
        ),
    ];
    for (error, message, source) in cases {
        assert_eq!(error.to_string(), message);
        let told = error.source().map(ToString::to_string);
        assert_eq!(told.as_deref(), source, "{message}");
    }
}
