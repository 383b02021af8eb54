//! What a server makes of the bytes of a request.

#[path = "common/server.rs"]
mod common;

use http::StatusCode;
use tautline_handshake::{HandshakeLimits, HeadError, RefusalReason};

use crate::common::{BASE, serve, with};

/// The status of the answer and all of its bytes.
fn answer(input: impl AsRef<[u8]>) -> (u16, String) {
    let bytes = match serve(input, HandshakeLimits::new()) {
        Err(error) => error.response(),
        Ok((request, _)) => match request.accept() {
            Err(refusal) => refusal.response(),
            Ok(accept) => accept.encode().0,
        },
    };
    let text = String::from_utf8(bytes.to_vec()).expect("text");
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let status = status.expect("a status line");
    (status, text)
}

fn check(rows: &[(&str, String, u16)]) {
    for (id, input, expected) in rows {
        let (status, text) = answer(input);
        assert_eq!(status, *expected, "{id}: {input:?} got {text:?}");
        if status != 101 {
            let (head, body) = text.split_once("\r\n\r\n").expect("a complete head");
            assert!(
                head.contains("Connection: close") || head.contains(", close"),
                "{id}"
            );
            assert!(
                head.contains(&format!("Content-Length: {}", body.len())),
                "{id}"
            );
            assert!(
                !body.is_empty() && !head.to_lowercase().contains("keep-alive"),
                "{id}"
            );
        }
    }
}

fn replaced(from: &str, to: &str) -> String {
    assert!(BASE.contains(from));
    BASE.replace(from, to)
}

/// R6455-4.2.1-01 and the rows it sums up.
#[test]
fn a_request_that_breaks_a_rule_gets_an_error_and_a_proper_one_gets_101() {
    let key = |key: &str| replaced("dGhlIHNhbXBsZSBub25jZQ==", key);
    let version = |version: &str| replaced("Version: 13", &format!("Version: {version}"));
    check(&[
        ("R6455-4.2.2-01", BASE.into(), 101),
        ("R6455-4.2.1-02", replaced("GET", "POST"), 405),
        ("R6455-4.2.1-02", replaced("GET", "get"), 405),
        ("R6455-4.2.1-03", replaced("HTTP/1.1", "HTTP/1.0"), 505),
        ("R6455-4.2.1-03", replaced("HTTP/1.1", "HTTP/0.9"), 400),
        ("R6455-4.2.1-03", replaced("HTTP/1.1", "HTTP/2.0"), 505),
        ("R6455-4.2.1-03", replaced(" HTTP/1.1", ""), 400),
        (
            "R6455-4.2.1-03",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(),
            505,
        ),
        (
            "R6455-4.2.1-04",
            replaced("/chat", "http://server.example.com/chat"),
            101,
        ),
        ("R6455-4.2.1-04", replaced("/chat", "chat"), 400),
        ("R6455-4.2.1-04", replaced("/chat", "ws://h/chat"), 400),
        ("R6455-4.2.1-04", replaced("/chat", "/chat#a"), 400),
        ("R6455-4.2.1-04", replaced("/chat", "*"), 400),
        ("R6455-4.2.1-04", replaced("/chat", "/ch\u{e4}t"), 400),
        (
            "R6455-4.2.1-04",
            replaced("/chat", "http://u:p@h/chat"),
            400,
        ),
        (
            "R6455-4.2.1-05",
            replaced("Host: server.example.com\r\n", ""),
            400,
        ),
        (
            "R6455-4.2.1-05",
            replaced("Host: ", "Host: h\r\nHost: "),
            400,
        ),
        ("R6455-4.2.1-05", replaced("server.example.com", "a b"), 400),
        ("R6455-4.2.1-05", replaced("server.example.com", ""), 400),
        (
            "R6455-4.2.1-05",
            replaced("server.example.com", "h:66000"),
            400,
        ),
        (
            "R6455-4.2.1-05",
            replaced("server.example.com", "[::1]:9001"),
            101,
        ),
        (
            "R6455-4.2.1-06",
            replaced("Upgrade: websocket", "Upgrade: WebSocket"),
            101,
        ),
        (
            "R6455-4.2.1-06",
            replaced("Upgrade: websocket", "Upgrade: foo, websocket"),
            101,
        ),
        (
            "R6455-4.2.1-06",
            replaced("Upgrade: websocket\r\n", ""),
            426,
        ),
        (
            "R9110-7.8-03",
            replaced("Upgrade: websocket", "Upgrade: h2c"),
            426,
        ),
        (
            "R6455-2.1-02",
            replaced("Upgrade: websocket", "Upgrade: wEbSoCkEt"),
            101,
        ),
        (
            "R6455-2.1-02",
            replaced("websocket", "webSoc\u{212a}et"),
            426,
        ),
        (
            "R6455-4.2.1-07 H14",
            replaced(": Upgrade", ": keep-alive, Upgrade"),
            101,
        ),
        (
            "R6455-4.2.1-07",
            replaced(": Upgrade", ": keep-alive\r\nConnection: upgrade"),
            101,
        ),
        ("R6455-4.2.1-07", replaced(": Upgrade", ": keep-alive"), 400),
        ("R6455-4.2.1-07", replaced(": Upgrade", ": xUpgrade"), 400),
        (
            "R6455-4.2.1-07",
            replaced("Connection: Upgrade\r\n", ""),
            400,
        ),
        (
            "R9110-5.6.1-01",
            replaced(": Upgrade", ": , keep-alive,, Upgrade"),
            101,
        ),
        (
            "R6455-4.2.1-08",
            replaced("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""),
            400,
        ),
        ("R6455-4.2.1-08", key(""), 400),
        ("R6455-4.2.1-08 15 bytes", key("AAAAAAAAAAAAAAAAAAAA"), 400),
        (
            "R6455-4.2.1-08 17 bytes",
            key("AAAAAAAAAAAAAAAAAAAAAAA="),
            400,
        ),
        (
            "R6455-4.2.1-08 21 digits",
            key("AAAAAAAAAAAAAAAAAAAAA=="),
            400,
        ),
        (
            "R6455-4.2.1-08 23 digits",
            key("AAAAAAAAAAAAAAAAAAAAAAA=="),
            400,
        ),
        (
            "R6455-4.2.1-08 no padding",
            key("dGhlIHNhbXBsZSBub25jZQ"),
            400,
        ),
        ("R6455-4.2.1-08", key("dGhlIHNhbXBsZSBub25j!Q=="), 400),
        ("R6455-4.2.1-08", key("AAAAAAAAAAAAAAAAAAAAAA=="), 101),
        ("R4648-3.3-01 space", key("dGhlIHNhbXBs ZSBub25jZ=="), 400),
        ("R4648-3.3-01 minus", key("dGhlIHNhbXBsZSBub25j-Q=="), 400),
        (
            "R4648-3.3-01 underscore",
            key("dGhlIHNhbXBsZSBub25j_Q=="),
            400,
        ),
        ("R4648-3.5-02", key("AQIDBAUGBwgJCgsMDQ4PEC=="), 101),
        (
            "R6455-11.3.1-01",
            with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
            400,
        ),
        (
            "R6455-11.3.1-01",
            with("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="),
            400,
        ),
        (
            "R6455-4.2.1-09",
            replaced("Sec-WebSocket-Version: 13\r\n", ""),
            400,
        ),
        ("R6455-4.2.1-09", version("13, 8"), 426),
        ("R6455-4.2.1-09", version("+13"), 426),
        ("R6455-4.3-02", version("013"), 426),
        ("R6455-4.3-02", version("256"), 426),
        ("R6455-4.3-02", version("1a"), 426),
        ("R6455-4.3-02", version(""), 426),
        ("R6455-4.2.2-10", version("25"), 426),
        ("R6455-4.2.2-10", version("8"), 426),
        ("R6455-4.2.2-10", version("7"), 426),
        ("R6455-4.2.2-10", version("0"), 426),
        ("R6455-4.2.2-10", version("255"), 426),
        ("R6455-11.3.5-02", with("Sec-WebSocket-Version: 13"), 400),
        ("R6455-4.2.1-11", with("Sec-WebSocket-Protocol: a b"), 400),
        ("R6455-4.2.1-11", with("Sec-WebSocket-Protocol: a/b"), 400),
        ("R6455-4.2.1-11", with("Sec-WebSocket-Protocol:"), 400),
        ("R6455-4.2.1-11", with("Sec-WebSocket-Protocol: a,,b"), 101),
        (
            "R6455-4.2.1-12",
            with("Sec-WebSocket-Extensions: a; b=\"c"),
            400,
        ),
        (
            "R6455-10.2-02 repeated",
            with("Origin: http://a\r\nOrigin: http://a"),
            400,
        ),
        ("R6455-4.2.1-01 Origin", with("Origin: http://\u{e9}"), 400),
        ("R9110-7.8-07", with("Expect: 100-continue"), 417),
        ("R9112-6.3-01 H6", with("Content-Length: 5") + "hello", 400),
        (
            "R9112-6.3-01 H6",
            with("Transfer-Encoding: chunked") + "0\r\n\r\n",
            400,
        ),
        (
            "R9112-6.3-01",
            with("Content-Length: 0\r\nTransfer-Encoding: chunked"),
            400,
        ),
        (
            "R9112-6.3-01",
            with("Content-Length: 0\r\nContent-Length: 0"),
            400,
        ),
        ("R9112-6.3-01", with("Content-Length: +0"), 400),
        ("R9112-6.3-01", with("Content-Length: 0"), 101),
        (
            "F11 hixie",
            "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key1: 4 @1\r\nSec-WebSocket-Key2: 1\r\n\r\n12345678"
                .into(),
            400,
        ),
    ]);
}

/// The syntax of HTTP/1.1 itself.
#[test]
fn bytes_that_are_not_http_get_an_error() {
    check(&[
        ("R9110-5.5-01 NUL", with("X: a\0b"), 400),
        ("R9110-5.5-01 CR", with("X: a\rb"), 400),
        ("R9112-2.2-01", format!("\r\n{BASE}"), 101),
        ("R9112-2.2-01", format!("\n\r\n{BASE}"), 101),
        ("R9112-2.2-02 LF", BASE.replace('\r', ""), 101),
        ("R9112-2.2-02 CR", replaced("/chat", "/a\rb"), 400),
        (
            "R9112-2.2-02 CR CR",
            replaced("HTTP/1.1\r\n", "HTTP/1.1\r\r\n"),
            400,
        ),
        (
            "R9112-3.2-02",
            replaced("Host: server.example.com\r\n", ""),
            400,
        ),
        ("R9112-3.2-02", with("Host: server.example.com"), 400),
        ("R9112-5.1-01", replaced("Host:", "Host :"), 400),
        ("R9112-5.1-01", replaced("Host:", " Host:"), 400),
        ("R9112-5.1-01", replaced("Host:", "Host\t:"), 400),
        (
            "R9112-5.2-02",
            with("Sec-WebSocket-Protocol: a,\r\n b"),
            400,
        ),
        (
            "R9112-5.2-02",
            with("Sec-WebSocket-Protocol: a,\r\n\tb"),
            400,
        ),
        ("R6455-4.2.1-01", with("no colon"), 400),
        ("R6455-4.2.1-01", with(": no name"), 400),
        ("R6455-4.2.1-01", replaced("GET /chat", "GET  /chat"), 400),
        ("R6455-4.2.1-01", replaced("GET /chat", " /chat"), 400),
        ("R6455-4.2.1-01", "\u{16}\u{3}\u{1}".into(), 400),
    ]);
}

/// R6455-4.2.1-01: nobody waits for the rest of what cannot become a request.
#[test]
fn a_peer_that_speaks_something_else_is_answered_at_once() {
    for (input, error) in [
        (&b"\x16"[..], HeadError::Malformed),
        (b"G\x00", HeadError::Malformed),
        (b"SSH-2.0-x\r\n", HeadError::Malformed),
        (b"GET /\r\n", HeadError::Malformed),
        (b"GET /\r?", HeadError::Malformed),
        (b"GET / HTTP/2.0\r\n", HeadError::HttpVersion),
        (b"GET / HTTP/1.1\r\n ", HeadError::FoldedHeader),
    ] {
        assert_eq!(serve(input, HandshakeLimits::new()).unwrap_err(), error);
    }
}

/// R6455-4.2.1-09, R6455-4.2.2-10, R6455-4.4-01, R9110-7.8-01 and R9110-7.8-05.
#[test]
fn a_wrong_version_is_answered_with_the_right_one() {
    let (_, text) = answer(replaced("Version: 13", "Version: 25"));
    assert!(text.starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
    assert!(text.contains("\r\nSec-WebSocket-Version: 13\r\n"));
    assert!(text.contains("\r\nUpgrade: websocket\r\n"));
    assert!(text.contains("\r\nConnection: Upgrade, close\r\n"));

    let (_, text) = answer(replaced("Sec-WebSocket-Version: 13\r\n", ""));
    assert!(text.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    assert!(text.contains("\r\nSec-WebSocket-Version: 13\r\n"));
    assert!(!text.contains("Upgrade:"));

    let (_, text) = answer(with("Sec-WebSocket-Version: 13"));
    assert!(text.contains("\r\nSec-WebSocket-Version: 13\r\n"));
}

/// R6455-4.2.1-02 and R9110-7.8-05.
#[test]
fn plain_requests_to_a_websocket_service_learn_what_it_is() {
    let (status, text) = answer("GET /chat HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(status, 426);
    assert!(text.contains("\r\nUpgrade: websocket\r\n"));

    let (status, text) = answer(replaced("GET", "PUT"));
    assert_eq!(status, 405);
    assert!(text.contains("\r\nAllow: GET\r\n"));
}

/// R6455-4.2.1-02: an answer to HEAD announces a body and has none.
#[test]
fn head_is_refused_without_a_body() {
    let (request, _) = serve(replaced("GET", "HEAD"), HandshakeLimits::new()).unwrap();
    let refusal = request.check().unwrap_err();
    assert_eq!(refusal.reason(), &RefusalReason::Method);
    let text = String::from_utf8(refusal.response().to_vec()).unwrap();
    assert!(text.starts_with("HTTP/1.1 405 "));
    assert!(text.contains("Content-Length: ") && text.ends_with("\r\n\r\n"));
}

/// R9110-7.8-02 and R9110-15.2-01.
#[test]
fn http_1_0_has_no_upgrades() {
    let (request, _) = serve(replaced("HTTP/1.1", "HTTP/1.0"), HandshakeLimits::new()).unwrap();
    assert!(!request.is_upgrade());
    assert_eq!(
        request.accept().unwrap_err().status(),
        StatusCode::HTTP_VERSION_NOT_SUPPORTED
    );
    let (request, _) = serve("GET / HTTP/1.0\r\n\r\n", HandshakeLimits::new()).unwrap();
    assert_eq!(request.host(), None);
}

/// R6455-4.2.1-13: unknown headers mean nothing, and neither does the order.
#[test]
fn twenty_unknown_headers_and_every_order_are_fine() {
    let unknown: String = (0..20).map(|n| format!("X-Unknown-{n}: {n}\r\n")).collect();
    let fields: Vec<&str> = BASE.trim_end().lines().skip(1).collect();
    let mut orders = vec![Vec::new()];
    for field in &fields {
        orders = orders
            .iter()
            .flat_map(|order: &Vec<&str>| {
                (0..=order.len()).map(|at| {
                    let mut longer = order.clone();
                    longer.insert(at, field);
                    longer
                })
            })
            .collect();
    }
    assert_eq!(orders.len(), 120);
    for order in orders {
        let input = format!(
            "GET /chat HTTP/1.1\r\n{unknown}{}\r\n\r\n",
            order.join("\r\n")
        );
        assert_eq!(answer(input).0, 101);
    }
}

/// H2: each header missing in turn.
#[test]
fn no_header_of_a_handshake_can_be_left_out() {
    for field in BASE.trim_end().lines().skip(1) {
        let (status, _) = answer(replaced(&format!("{field}\r\n"), ""));
        assert!((400..500).contains(&status), "{field}");
    }
}
