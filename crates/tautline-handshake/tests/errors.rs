//! What errors say: their message, and what is behind them.
#![forbid(unsafe_code)]

use std::error::Error;

use bytes::Bytes;
use http::header::HOST;
use tautline_handshake::{
    AcceptError, ClientError, Extension, ExtensionSyntaxError, HeaderError, RequestError, UriError,
};

fn syntax() -> ExtensionSyntaxError {
    Extension::new("no token").expect_err("a name has no space")
}

#[test]
fn errors_say_what_is_wrong() {
    let refused = http::Response::builder().status(503).body(Bytes::new());
    let refused = refused.expect("503 is a status");
    let cases: [(Box<dyn Error>, &str); 33] = [
        (
            UriError::Scheme.into(),
            "the scheme of a WebSocket URI is ws or wss",
        ),
        (UriError::Host.into(), "missing or invalid host"),
        (UriError::Port.into(), "invalid port"),
        (UriError::Fragment.into(), "a WebSocket URI has no fragment"),
        (
            UriError::UserInfo.into(),
            "a WebSocket URI has no user name or password",
        ),
        (
            UriError::Character.into(),
            "invalid character or escape in path or query",
        ),
        (HeaderError::Name.into(), "invalid header name"),
        (HeaderError::Value.into(), "invalid header value"),
        (
            HeaderError::Reserved(HOST).into(),
            "the host header belongs to the handshake",
        ),
        (HeaderError::TooMany.into(), "too many headers"),
        (
            RequestError::Subprotocol.into(),
            "the name of a subprotocol is not a token",
        ),
        (
            RequestError::DuplicateSubprotocol.into(),
            "a subprotocol is offered twice",
        ),
        (RequestError::Origin.into(), "invalid origin"),
        (
            RequestError::Credentials.into(),
            "invalid user name or password",
        ),
        (
            AcceptError::SubprotocolNotOffered.into(),
            "the client did not offer this subprotocol",
        ),
        (
            AcceptError::ExtensionNotOffered.into(),
            "the client did not offer this extension",
        ),
        (
            ClientError::Refused(Box::new(refused)).into(),
            "the server answered 503 Service Unavailable",
        ),
        (ClientError::Malformed.into(), "malformed HTTP response"),
        (ClientError::FoldedHeader.into(), "folded header line"),
        (
            ClientError::HttpVersion.into(),
            "the server upgrades with HTTP/1.0",
        ),
        (ClientError::HeadTooLarge.into(), "response head too large"),
        (ClientError::TooManyHeaders.into(), "too many headers"),
        (
            ClientError::TooManyInterim.into(),
            "too many interim responses",
        ),
        (
            ClientError::Upgrade.into(),
            "the Upgrade header is not websocket",
        ),
        (
            ClientError::Connection.into(),
            "the Connection header lacks the upgrade option",
        ),
        (
            ClientError::Accept.into(),
            "the Sec-WebSocket-Accept header does not answer the key",
        ),
        (
            ClientError::DuplicateHeader(HOST).into(),
            "more than one host header",
        ),
        (
            ClientError::Subprotocol.into(),
            "the server chose a subprotocol that was not offered",
        ),
        (
            ClientError::Extension.into(),
            "the server chose an extension that was not offered",
        ),
        (
            ClientError::Eof.into(),
            "the connection ended during the handshake",
        ),
        (
            RequestError::Uri(UriError::Scheme).into(),
            "invalid WebSocket URI",
        ),
        (
            AcceptError::Header(HeaderError::Name).into(),
            "invalid header",
        ),
        (
            RequestError::Header(HeaderError::Name).into(),
            "invalid header",
        ),
    ];
    for (error, message) in cases {
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn errors_that_wrap_another_tell_it() {
    let syntax_said = syntax().to_string();
    let cases: [(Box<dyn Error>, Option<&str>); 9] = [
        (
            RequestError::from(UriError::Port).into(),
            Some("invalid port"),
        ),
        (
            RequestError::from(HeaderError::Name).into(),
            Some("invalid header name"),
        ),
        (RequestError::from(syntax()).into(), Some(&syntax_said)),
        (RequestError::Origin.into(), None),
        (
            AcceptError::from(HeaderError::Value).into(),
            Some("invalid header value"),
        ),
        (AcceptError::from(syntax()).into(), Some(&syntax_said)),
        (AcceptError::ExtensionNotOffered.into(), None),
        (ClientError::from(syntax()).into(), Some(&syntax_said)),
        (ClientError::Eof.into(), None),
    ];
    for (error, source) in cases {
        let told = error.source().map(ToString::to_string);
        assert_eq!(told.as_deref(), source, "{error}");
    }
}
