//! What a client sends.

use http::header::HeaderValue;
use tautline_handshake::{ClientHandshake, ClientRequest, HeaderError, RequestError, Uri};

fn request(uri: &str) -> ClientRequest {
    uri.try_into().expect("a URI")
}

fn head(request: &ClientRequest) -> String {
    let (_, head) = ClientHandshake::new(request, *b"the sample nonce");
    String::from_utf8(head.to_vec()).expect("text")
}

/// R6455-4.1-18 to R6455-4.1-23, R6455-4.1-29, R6455-4.1-30, R6455-11.3.1-01, R6455-11.3.5-02,
/// R9110-7.8-01 and R9112-3.2-01.
#[test]
fn the_golden_handshake_is_sent_byte_for_byte() {
    let request = request("ws://server.example.com/chat")
        .subprotocol("chat")
        .and_then(|request| request.subprotocol("superchat"))
        .and_then(|request| request.origin("http://example.com"))
        .unwrap();
    assert_eq!(
        head(&request),
        "GET /chat HTTP/1.1\r\n\
         Host: server.example.com\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Protocol: chat, superchat\r\n\
         Origin: http://example.com\r\n\r\n"
    );
}

/// R6455-4.1-17, R6455-4.1-27, R6455-4.1-33 and R9112-5.2-01: a valid request that
/// says no more than it has to.
#[test]
fn the_plainest_request_has_five_headers_and_no_body() {
    let head = head(&request("ws://h"));
    let mut fields = [httparse::EMPTY_HEADER; 16];
    let mut parsed = httparse::Request::new(&mut fields);
    assert_eq!(
        parsed.parse(head.as_bytes()),
        Ok(httparse::Status::Complete(head.len()))
    );
    assert_eq!(
        (parsed.method, parsed.path, parsed.version),
        (Some("GET"), Some("/"), Some(1))
    );
    let names: Vec<&str> = parsed.headers.iter().map(|field| field.name).collect();
    assert_eq!(
        names,
        [
            "Host",
            "Upgrade",
            "Connection",
            "Sec-WebSocket-Key",
            "Sec-WebSocket-Version"
        ]
    );
}

/// R9112-5.2-01 and R6455-4.1-33.
#[test]
fn a_long_offer_stays_on_one_line() {
    let offer = "x-a; b=c, ".repeat(30) + "permessage-deflate";
    let request = request("ws://h")
        .extensions(HeaderValue::try_from(&offer).unwrap())
        .unwrap();
    assert!(head(&request).contains(&format!("\r\nSec-WebSocket-Extensions: {offer}\r\n")));
    for bad in ["", "a b", "a;"] {
        let error = request
            .clone()
            .extensions(HeaderValue::from_static(bad))
            .unwrap_err();
        assert!(matches!(error, RequestError::Extension(_)), "{bad:?}");
    }
}

/// R6455-3-06, R6455-3-07, R6455-3-09 to R6455-3-11, R6455-4.1-19, R6455-4.1-20, R6455-11.1-02,
/// R8307-1-01 and H8.
#[test]
fn the_request_line_and_host_come_from_the_uri() {
    for (uri, target, host) in [
        ("ws://h?q=1", "/?q=1", "h"),
        ("ws://h/a/b;c?x=1&y=%20z", "/a/b;c?x=1&y=%20z", "h"),
        ("ws://h/a?", "/a", "h"),
        ("ws://h/a%23b?c=%23", "/a%23b?c=%23", "h"),
        ("ws://h/%2e%2F%7Ea", "/%2e%2F%7Ea", "h"),
        ("ws://h/%0d%0aX-Evil:1", "/%0d%0aX-Evil:1", "h"),
        ("ws://h/é?ü=1", "/%C3%A9?%C3%BC=1", "h"),
        ("ws://h/.well-known/x", "/.well-known/x", "h"),
        ("ws://[::1]:9001/x", "/x", "[::1]:9001"),
        ("ws://h:80/", "/", "h"),
        ("ws://h:8080/", "/", "h:8080"),
        ("wss://h:443/", "/", "h"),
        ("ws://h:443/", "/", "h:443"),
    ] {
        let start = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nUpgrade: ");
        assert!(head(&request(uri)).starts_with(&start), "{uri}");
    }
}

/// R6455-4.1-24, R6455-4.1-25 and R4648-3.5-01.
#[test]
fn the_key_is_the_nonce_in_canonical_base64() {
    let key = |nonce| {
        let (_, head) = ClientHandshake::new(&request("ws://h"), nonce);
        let head = String::from_utf8(head.to_vec()).unwrap();
        let (_, key) = head.split_once("Sec-WebSocket-Key: ").unwrap();
        key.split_once("\r\n").unwrap().0.to_owned()
    };
    assert_eq!(
        key([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
        "AQIDBAUGBwgJCgsMDQ4PEA=="
    );
    let keys: Vec<String> = (0..=255).map(|last| key([last; 16])).collect();
    for (at, key) in keys.iter().enumerate() {
        assert_eq!(key.len(), 24);
        assert!(matches!(&key[21..], "A==" | "Q==" | "g==" | "w=="), "{key}");
        assert!(!keys[..at].contains(key));
    }
}

/// R6455-4.1-31, R6455-4.1-32 and R7936-2-02.
#[test]
fn offered_subprotocols_are_different_tokens() {
    for name in [
        "", "a b", "a,b", "a/b", "é", "a\r\n", "a\t", "\"a\"", "a=b", "{a}", "a\x7f",
    ] {
        let error = request("ws://h").subprotocol(name).unwrap_err();
        assert_eq!(error, RequestError::Subprotocol, "{name:?}");
    }
    let chat = request("ws://h").subprotocol("chat").unwrap();
    let error = chat.clone().subprotocol("chat").unwrap_err();
    assert_eq!(error, RequestError::DuplicateSubprotocol);
    let all = chat
        .subprotocol("Chat")
        .unwrap()
        .subprotocol("v2.bookings.example.net")
        .unwrap();
    assert_eq!(
        all.subprotocols(),
        ["chat", "Chat", "v2.bookings.example.net"]
    );
}

/// R6455-4.1-34.
#[test]
fn other_headers_go_out_as_they_are() {
    let request = request("ws://h")
        .header("Cookie", "a=b")
        .and_then(|request| request.header("Authorization", "Bearer t"))
        .and_then(|request| request.header("X-Twice", "1"))
        .and_then(|request| request.header("X-Twice", "2"))
        .unwrap();
    assert_eq!(request.headers().len(), 4);
    let head = head(&request);
    for line in [
        "Cookie: a=b",
        "Authorization: Bearer t",
        "X-Twice: 1",
        "X-Twice: 2",
    ] {
        assert_eq!(
            head.matches(&format!("\r\n{line}\r\n")).count(),
            1,
            "{line}"
        );
    }
}

/// R6455-4.1-35 and H8.
#[test]
fn headers_of_the_handshake_cannot_be_set_and_lines_cannot_be_broken() {
    for name in [
        "Host",
        "Upgrade",
        "connection",
        "Sec-WebSocket-Key",
        "SEC-WEBSOCKET-VERSION",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
        "Content-Length",
        "Transfer-Encoding",
    ] {
        let error = request("ws://h").header(name, "x").unwrap_err();
        let reserved = matches!(error, RequestError::Header(HeaderError::Reserved(_)));
        assert!(reserved, "{name}");
    }
    for value in ["a\r\nb: c", "a\nb", "a\rb", "a\0b"] {
        for name in ["X", "Origin"] {
            let error = request("ws://h").header(name, value).unwrap_err();
            assert_eq!(error, RequestError::Header(HeaderError::Value));
        }
    }
    let error = request("ws://h").header("X: y\r\nZ", "a").unwrap_err();
    assert_eq!(error, RequestError::Header(HeaderError::Name));
}

/// R6455-4.1-27 and R6455-4.1-28.
#[test]
fn an_origin_is_sent_once_and_in_its_ascii_form() {
    for (origin, sent) in [
        ("http://example.com", "http://example.com"),
        ("HTTP://EXAMPLE.com:80", "http://example.com"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("null", "null"),
    ] {
        let twice = request("ws://h")
            .origin("http://other")
            .and_then(|request| request.header("Origin", origin))
            .unwrap();
        let head = head(&twice);
        assert_eq!(head.matches("Origin").count(), 1);
        assert!(head.contains(&format!("\r\nOrigin: {sent}\r\n")), "{head}");
    }
    for origin in [
        "http://EXAMPLE.com:80/path",
        "example.com",
        "",
        "http://",
        "http://a b",
    ] {
        assert_eq!(
            request("ws://h").origin(origin).unwrap_err(),
            RequestError::Origin
        );
    }
}

/// R6455-3-13 and R6455-4.1-39.
#[test]
fn credentials_go_into_a_header_that_is_not_debugged() {
    let request = request("wss://h").basic_auth("u", "p:q").unwrap();
    assert!(head(&request).contains("\r\nAuthorization: Basic dTpwOnE=\r\n"));
    assert!(!format!("{request:?}").contains("dTpwOnE"));
    for (user, password) in [("u:", "p"), ("u\n", "p"), ("u", "p\0")] {
        let error = request.clone().basic_auth(user, password).unwrap_err();
        assert_eq!(error, RequestError::Credentials);
    }
}

#[test]
fn a_request_can_be_made_of_anything_that_is_a_uri() {
    let uri: Uri = "ws://h/a".parse().unwrap();
    for request in [
        ClientRequest::from(&uri),
        ClientRequest::from(uri.clone()),
        ClientRequest::try_from("ws://h/a").unwrap(),
        ClientRequest::try_from("ws://h/a".to_owned()).unwrap(),
        ClientRequest::try_from(&"ws://h/a".to_owned()).unwrap(),
        ClientRequest::try_from("ws://h/a".parse::<http::Uri>().unwrap()).unwrap(),
    ] {
        assert_eq!(request.uri(), &uri);
    }
}
