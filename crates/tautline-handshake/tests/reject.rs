//! Any other answer than the 101.

#[path = "common/server.rs"]
mod common;

use http::StatusCode;
use tautline_handshake::{HandshakeLimits, HeaderError, Reject};

use crate::common::{BASE, serve, with};

fn reject(input: impl AsRef<[u8]>, status: u16) -> Reject {
    let (request, _) = serve(input, HandshakeLimits::new()).expect("a well-formed request");
    request.reject(StatusCode::from_u16(status).expect("a status"))
}

fn text(reject: Reject) -> String {
    String::from_utf8(reject.encode().to_vec()).expect("text")
}

/// R6455-4.2.2-08, R6455-4.2.2-12 and H7.
#[test]
fn a_refusal_is_a_complete_response_that_closes_the_connection() {
    assert_eq!(
        text(reject(BASE, 404).body("no such room\n")),
        "HTTP/1.1 404 Not Found\r\n\
         Connection: close\r\n\
         Content-Length: 13\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n\
         no such room\n"
    );
    assert_eq!(
        text(reject(BASE, 503)),
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    );
}

/// R6455-4.2.2-05.
#[test]
fn a_redirect_says_where_to_go() {
    let redirect = reject(BASE, 307).header("Location", "wss://h2/x").unwrap();
    let text = text(redirect);
    assert!(text.starts_with("HTTP/1.1 307 Temporary Redirect\r\n"));
    assert!(text.contains("\r\nLocation: wss://h2/x\r\n"));
}

/// R6455-4.2.2-04 and R9110-11.6.1-01.
#[test]
fn a_401_has_a_challenge_or_is_none() {
    let challenge = reject(BASE, 401)
        .header("WWW-Authenticate", "Basic realm=\"x\"")
        .unwrap();
    assert_eq!(challenge.status(), StatusCode::UNAUTHORIZED);
    let text_with = text(challenge);
    assert!(text_with.starts_with("HTTP/1.1 401 Unauthorized\r\n"));
    assert!(text_with.contains("\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"));
    assert!(text(reject(BASE, 401)).starts_with("HTTP/1.1 403 Forbidden\r\n"));
}

/// R9110-7.8-01 and R9110-7.8-05.
#[test]
fn a_426_names_the_protocol_and_its_version() {
    let text = text(reject("GET / HTTP/1.1\r\nHost: h\r\n\r\n", 426));
    assert!(text.contains("\r\nUpgrade: websocket\r\n"));
    assert!(text.contains("\r\nConnection: Upgrade, close\r\n"));
    assert!(text.contains("\r\nSec-WebSocket-Version: 13\r\n"));
}

/// R9110-7.8-06: one port for pages and WebSockets.
#[test]
fn a_page_can_be_served_even_to_a_handshake() {
    let page = reject(with("X: y"), 200)
        .header("Content-Type", "text/html")
        .unwrap()
        .body("<p>hello");
    let text = text(page);
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(text.contains("\r\nContent-Type: text/html\r\n"));
    assert!(text.ends_with("\r\n\r\n<p>hello"));
    assert_eq!(text.matches("Content-Type").count(), 1);
}

/// R9110-8.6-01: what has no body does not claim one.
#[test]
fn statuses_without_a_body_have_none() {
    for status in [204, 304] {
        let text = text(reject(BASE, status).body("ignored"));
        assert!(text.ends_with("\r\n\r\n") && !text.contains("Content-Length"));
    }
    let text = text(reject(BASE.replace("GET", "HEAD"), 200).body("page"));
    assert!(text.contains("Content-Length: 4\r\n") && text.ends_with("\r\n\r\n"));
}

/// R6455-4.2.2-18: only `accept` makes a 101, and nothing else leaves the client waiting.
#[test]
fn an_interim_status_is_no_answer() {
    for status in [100, 101, 103] {
        assert!(text(reject(BASE, status)).starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
    }
}

#[test]
fn headers_that_frame_the_answer_cannot_be_set() {
    for name in [
        "Connection",
        "Content-Length",
        "Transfer-Encoding",
        "Upgrade",
    ] {
        let error = reject(BASE, 400).header(name, "x").unwrap_err();
        assert!(matches!(error, HeaderError::Reserved(_)), "{name}");
    }
    let error = reject(BASE, 302)
        .header("Location", "/\r\nSet-Cookie: a")
        .unwrap_err();
    assert_eq!(error, HeaderError::Value);
}

/// A caller may add to a refusal, for instance permission for a page to read it.
#[test]
fn a_refusal_can_be_changed_before_it_is_sent() {
    let (request, _) = serve(BASE.replace(": 13", ": 8"), HandshakeLimits::new()).unwrap();
    let refusal = request.accept().unwrap_err();
    let changed = Reject::from(refusal)
        .header("X-Help", "yes")
        .unwrap()
        .body("old");
    let text = text(changed);
    assert!(text.starts_with("HTTP/1.1 426 ") && text.ends_with("\r\n\r\nold"));
    assert!(text.contains("\r\nX-Help: yes\r\n"));
}
