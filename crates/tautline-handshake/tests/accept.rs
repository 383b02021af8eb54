//! The answer that opens a WebSocket.

#[path = "common/server.rs"]
mod common;

use http::StatusCode;
use http::header::{HeaderValue, SET_COOKIE};
use tautline_handshake::{Accept, AcceptError, HandshakeLimits, HeaderError, accept_key};

use crate::common::{BASE, serve, with};

fn accept(input: impl AsRef<[u8]>) -> Accept {
    let (request, _) = serve(input, HandshakeLimits::new()).expect("a well-formed request");
    request.accept().expect("a handshake")
}

fn text(accept: Accept) -> String {
    String::from_utf8(accept.encode().0.to_vec()).expect("text")
}

/// R6455-4.2.2-18 to R6455-4.2.2-21, R9110-7.8-01 and R9110-7.8-04.
#[test]
fn the_golden_handshake_is_answered_byte_for_byte() {
    let accept = accept(with(
        "Origin: http://example.com\r\nSec-WebSocket-Protocol: chat, superchat",
    ));
    assert_eq!(accept.request().path(), "/chat");
    let accept = accept.subprotocol("chat").unwrap();
    assert_eq!(accept.chosen_subprotocol(), Some("chat"));
    let (head, request) = accept.encode();
    assert_eq!(
        head,
        "HTTP/1.1 101 Switching Protocols\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
         Sec-WebSocket-Protocol: chat\r\n\r\n"
    );
    assert_eq!(request.origin(), Some("http://example.com"));
}

/// R6455-4.2.2-09, R6455-4.2.2-21 and D-05: the text of the key counts.
#[test]
fn the_key_is_hashed_as_it_was_written() {
    for (key, expected) in [
        ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("AQIDBAUGBwgJCgsMDQ4PEA==", "C/0nmHhBztSRGR1CwL6Tf4ZjwpY="),
        ("AQIDBAUGBwgJCgsMDQ4PEC==", "OfS0wDaT5NoxF2gqm7Zj2YtetzM="),
    ] {
        assert_eq!(accept_key(key), expected);
        let input = BASE.replace("dGhlIHNhbXBsZSBub25jZQ==", &format!(" \t{key} \t"));
        let head = text(accept(input));
        assert!(head.contains(&format!("\r\nSec-WebSocket-Accept: {expected}\r\n")));
    }
}

/// R6455-4.2.2-18, R6455-11.3.3-01, R9110-8.6-01 and R9112-6.1-01.
#[test]
fn the_answer_is_valid_http_and_has_no_body() {
    let accept = accept(BASE).header("Set-Cookie", "a=b").unwrap();
    let head = text(accept.header(SET_COOKIE, "c=d").unwrap());
    let mut fields = [httparse::EMPTY_HEADER; 16];
    let mut parsed = httparse::Response::new(&mut fields);
    assert!(parsed.parse(head.as_bytes()).unwrap().is_complete());
    assert_eq!((parsed.version, parsed.code), (Some(1), Some(101)));
    let names: Vec<&str> = parsed.headers.iter().map(|field| field.name).collect();
    assert_eq!(
        names,
        [
            "Upgrade",
            "Connection",
            "Sec-WebSocket-Accept",
            "Set-Cookie",
            "Set-Cookie"
        ]
    );
}

/// R6455-4.2.2-13, R6455-4.2.2-15, R6455-11.3.4-02 and R7936-2-01.
#[test]
fn only_an_offered_subprotocol_can_be_chosen() {
    let offered = accept(with("Sec-WebSocket-Protocol: chat, superchat"));
    for name in ["other", "", "Chat", "chat, superchat", "chat\r\nX: y"] {
        let error = offered.clone().subprotocol(name).unwrap_err();
        assert_eq!(error, AcceptError::SubprotocolNotOffered);
    }
    let chosen = offered.subprotocol("chat").unwrap();
    let head = text(chosen.subprotocol("superchat").unwrap());
    assert_eq!(head.matches("Sec-WebSocket-Protocol").count(), 1);
    assert!(head.contains("\r\nSec-WebSocket-Protocol: superchat\r\n"));
}

/// R6455-4.2.2-14 and D-08.
#[test]
fn without_a_choice_no_subprotocol_is_sent() {
    for input in [BASE.to_owned(), with("Sec-WebSocket-Protocol: chat")] {
        let accept = accept(input);
        assert_eq!(accept.chosen_subprotocol(), None);
        assert!(!text(accept).contains("Protocol:"));
    }
}

/// R6455-4.2.2-16, R6455-4.2.2-17, R6455-9.1-03 and R6455-11.3.2-02.
#[test]
fn only_offered_extensions_can_be_accepted() {
    let value = HeaderValue::from_static("permessage-deflate; server_no_context_takeover");
    let offered = accept(with("Sec-WebSocket-Extensions: foo, permessage-deflate"));
    let head = text(offered.clone().extensions(value.clone()).unwrap());
    assert!(head.contains(
        "\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n"
    ));
    assert_eq!(head.matches("Extensions").count(), 1);
    assert!(!text(offered.clone()).contains("Extensions"));

    for (accept, value) in [
        (accept(BASE), value),
        (offered.clone(), HeaderValue::from_static("bar")),
        (offered.clone(), HeaderValue::from_static("foo, bar")),
    ] {
        let error = accept.extensions(value).unwrap_err();
        assert_eq!(error, AcceptError::ExtensionNotOffered);
    }
    assert!(matches!(
        offered
            .extensions(HeaderValue::from_static("foo;"))
            .unwrap_err(),
        AcceptError::ExtensionSyntax(_)
    ));
}

/// R6455-4.1-35 and H8, on the server's side.
#[test]
fn headers_of_the_handshake_cannot_be_set_and_lines_cannot_be_broken() {
    for name in [
        "Upgrade",
        "connection",
        "Sec-WebSocket-Accept",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
        "Content-Length",
        "Transfer-Encoding",
    ] {
        let error = accept(BASE).header(name, "x").unwrap_err();
        assert!(
            matches!(error, AcceptError::Header(HeaderError::Reserved(_))),
            "{name}"
        );
    }
    for value in ["a\r\nb: c", "a\nb", "a\rb", "a\0b"] {
        let error = accept(BASE).header("X", value).unwrap_err();
        assert_eq!(error, AcceptError::Header(HeaderError::Value));
    }
    let error = accept(BASE).header("X Y", "a").unwrap_err();
    assert_eq!(error, AcceptError::Header(HeaderError::Name));
}

/// S-36: the same answer for a server that sends it itself.
#[test]
fn another_server_can_send_the_answer() {
    let accept = accept(with("Sec-WebSocket-Protocol: chat"))
        .subprotocol("chat")
        .unwrap();
    let response = accept.header("X-A", "b").unwrap().response();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    for (name, value) in [
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("sec-websocket-protocol", "chat"),
        ("x-a", "b"),
    ] {
        assert_eq!(response.headers()[name], value);
    }
    assert_eq!(response.headers().len(), 5);
}
