//! What a request tells before it is answered.

#[path = "common/server.rs"]
mod common;

use tautline_handshake::{HandshakeLimits, HeadError, RefusalReason};

use crate::common::{BASE, serve, with};

/// R6455-4.2.1-15 and D-24.
#[test]
fn bytes_behind_the_head_stay_in_the_input() {
    let frame = b"\x81\x82\0\0\0\0hi";
    let (request, left) = serve([BASE.as_bytes(), frame].concat(), HandshakeLimits::new()).unwrap();
    assert!(request.accept().is_ok());
    assert_eq!(left, frame);
}

/// R6455-4.2.1-04, R6455-4.2.1-10, R6455-4.2.2-11, R9112-3.2.2-01 and R8307-1-01.
#[test]
fn a_request_tells_what_the_client_wants() {
    let input = with("Origin: null\r\nCookie: a=b")
        .replace("/chat", "http://a.example:81/.well-known/x%2Fy?room=1&q");
    let (request, _) = serve(input, HandshakeLimits::new()).unwrap();
    assert!(request.is_upgrade());
    assert_eq!(request.method(), http::Method::GET);
    assert_eq!(request.path(), "/.well-known/x%2Fy");
    assert_eq!(request.query(), Some("room=1&q"));
    assert_eq!(request.host(), Some("a.example:81"));
    assert_eq!(request.origin(), Some("null"));
    assert_eq!(request.header("cookie"), Some("a=b"));
    assert_eq!(request.head().headers().len(), 7);

    let (request, _) = serve(BASE, HandshakeLimits::new()).unwrap();
    assert_eq!(request.host(), Some("server.example.com"));
    assert_eq!(request.origin(), None);
    assert_eq!(request.query(), None);
    assert_eq!(request.into_head().uri(), "/chat");
}

/// R6455-4.2.1-11, R6455-11.3.4-01, R6455-4.2.1-12, R6455-9.1-02 and R6455-11.3.2-01.
#[test]
fn several_lines_are_one_list() {
    let input = with(
        "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b, ,c\r\n\
         Sec-WebSocket-Extensions: foo\r\nSec-WebSocket-Extensions: bar; baz=2",
    );
    let (request, _) = serve(input, HandshakeLimits::new()).unwrap();
    assert_eq!(request.check(), Ok(()));
    assert_eq!(request.subprotocols().collect::<Vec<_>>(), ["a", "b", "c"]);
    let extensions: Vec<String> = request
        .extensions()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(extensions, ["foo", "bar; baz=2"]);
}

/// S-36: what only a handshake has to get right does not keep a page from being served.
#[test]
fn any_well_formed_request_can_be_read() {
    for (input, path) in [
        (
            "POST /form HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n",
            "/form",
        ),
        ("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "*"),
        (
            "GET / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Extensions: ;\r\n\r\n",
            "/",
        ),
        ("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", ""),
    ] {
        let (request, left) = serve(input, HandshakeLimits::new()).unwrap();
        assert_eq!(request.path(), path);
        assert!(!request.is_upgrade() && request.extensions().is_empty() && left.is_empty());
    }
}

/// S-36: a handshake that another HTTP server has read gets the same checks.
#[test]
fn a_request_of_another_server_is_checked_as_well() {
    let head = |host: Option<&str>, version| {
        let mut builder = http::Request::get("/chat")
            .version(version)
            .header("upgrade", "websocket")
            .header("connection", "upgrade")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("sec-websocket-version", "13");
        if let Some(host) = host {
            builder = builder.header("host", host);
        }
        tautline_handshake::Request::try_from(builder.body(()).unwrap())
    };
    let request = head(Some("h"), http::Version::HTTP_11).unwrap();
    let accept = request.accept().unwrap();
    assert_eq!(
        accept.response().headers()["sec-websocket-accept"],
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    );

    assert_eq!(
        head(None, http::Version::HTTP_11).unwrap_err(),
        HeadError::Host
    );
    assert_eq!(
        head(Some("a b"), http::Version::HTTP_11).unwrap_err(),
        HeadError::Host
    );
    let refusal = head(None, http::Version::HTTP_2)
        .unwrap()
        .accept()
        .unwrap_err();
    assert_eq!(refusal.reason(), &RefusalReason::HttpVersion);
}
