//! Answers with another status than 101, and what the caller learns from them.

#[path = "common/client.rs"]
mod common;

use bytes::Bytes;
use http::header::LOCATION;
use tautline_handshake::{ClientError, HandshakeLimits};

use crate::common::{connect, request};

fn refused(input: impl AsRef<[u8]>, limits: HandshakeLimits) -> http::Response<Bytes> {
    match connect(&request(), input, limits) {
        Err(ClientError::Refused(response)) => *response,
        other => panic!("{other:?}"),
    }
}

/// R6455-4.1-38: the body ends where HTTP says it does.
#[test]
fn a_refusal_is_handed_over_with_its_decoded_body() {
    for (fields, bytes, body) in [
        ("Content-Length: 3", "nop", "nop"),
        ("Content-Length: 3", "nope", "nop"),
        ("Content-Length: 3, 3", "nop", "nop"),
        ("Content-Length: 0", "nop", ""),
        ("X: y", "until the end", "until the end"),
        ("Transfer-Encoding: gzip", "until the end", "until the end"),
        ("Transfer-Encoding: chunked", "3\r\nnop\r\n0\r\n\r\n", "nop"),
        (
            "Transfer-Encoding: chunked",
            "1;a=5\r\nn\r\n002\nop\r\n0\r\nX: y\r\n\r\n",
            "nop",
        ),
        (
            "Transfer-Encoding: chunked\r\nContent-Length: 1",
            "3\r\nnop\r\n0\r\n\r\n",
            "nop",
        ),
        // Framing that breaks, or breaks off, ends the body.
        ("Content-Length: 9", "nop", "nop"),
        ("Transfer-Encoding: chunked", "3\r\nnopX", "nop"),
        ("Transfer-Encoding: chunked", "3\r\nno", "no"),
        ("Transfer-Encoding: chunked", "\r\nnop", ""),
        ("Transfer-Encoding: chunked", "-1\r\nnop", ""),
        ("Transfer-Encoding: chunked", "10000000000000000\r\nnop", ""),
        (
            "Transfer-Encoding: chunked",
            "ffffffffffffffff\r\nnop",
            "nop",
        ),
    ] {
        let input = format!("HTTP/1.1 404 Not Found\r\n{fields}\r\n\r\n{bytes}");
        let response = refused(&input, HandshakeLimits::new());
        assert_eq!(response.status(), 404);
        assert_eq!(response.body(), body, "{input:?}");
        assert!(!response.headers().is_empty());
    }
}

/// R6455-4.1-38: what needs no end is not waited for.
#[test]
fn a_body_that_is_complete_does_not_wait_for_the_connection_to_end() {
    let chunked = "HTTP/1.1 404 \r\nTransfer-Encoding: chunked\r\n\r\n";
    for input in [
        &format!("{chunked}1;{}", "x".repeat(300)),
        &format!("{chunked}{}", "0".repeat(300)),
        "HTTP/1.1 404 \r\nContent-Length: 3\r\n\r\nnop",
        "HTTP/1.1 404 \r\nTransfer-Encoding: chunked\r\n\r\n3\r\nnop\r\n0\r\n",
        "HTTP/1.1 204 \r\n\r\n",
        "HTTP/1.1 304 \r\nContent-Length: 3\r\n\r\n",
    ] {
        let (handshake, _) =
            tautline_handshake::ClientHandshake::new(&request(), *b"the sample nonce");
        let result = handshake.recv(&mut input.into());
        assert!(matches!(result, Err(ClientError::Refused(_))), "{input:?}");
    }
}

/// R6455-4.1-38 and H7: any status but 101 is a refusal, success not excluded.
#[test]
fn every_other_status_is_a_refusal() {
    for status in [200, 204, 302, 400, 403, 426, 500, 503, 599] {
        for version in ["1.0", "1.1"] {
            let input = format!("HTTP/{version} {status} x\r\nContent-Length: 0\r\n\r\n");
            let response = refused(input, HandshakeLimits::new());
            assert_eq!(response.status(), status);
        }
    }
}

/// R6455-4.1-39 and R6455-4.1-40.
#[test]
fn challenges_and_redirects_can_be_read_and_are_not_followed() {
    let response = refused(
        "HTTP/1.1 302 Found\r\nLocation: ws://h2/x\r\n\r\n",
        HandshakeLimits::new(),
    );
    assert_eq!(response.headers()[LOCATION], "ws://h2/x");
    let response = refused(
        "HTTP/1.1 401 \r\nWWW-Authenticate: Basic realm=\"x\"\r\n\r\n",
        HandshakeLimits::new(),
    );
    assert_eq!(response.headers()["www-authenticate"], "Basic realm=\"x\"");
}

/// R6455-4.3-02, R6455-4.4-02 and R6455-11.3.5-01.
#[test]
fn the_versions_that_a_server_speaks_can_be_read() {
    for (fields, versions) in [
        (
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 8, 7",
            &[13, 8, 7][..],
        ),
        (
            "Sec-WebSocket-Version: 13, 8,7, 0, 255",
            &[13, 8, 7, 0, 255],
        ),
        ("Sec-WebSocket-Version: 013, +8, 256, 1a, , -1, 14", &[14]),
        ("X: y", &[]),
    ] {
        let input = format!("HTTP/1.1 400 \r\nContent-Length: 0\r\n{fields}\r\n\r\n");
        let error = connect(&request(), input, HandshakeLimits::new()).unwrap_err();
        assert_eq!(error.supported_versions().collect::<Vec<u8>>(), versions);
        assert_eq!(error.to_string(), "the server answered 400 Bad Request");
    }
    assert_eq!(ClientError::Eof.supported_versions().count(), 0);
}

/// R6455-4.1-38: no more of a body is kept than the limit, however it is framed.
#[test]
fn a_body_is_cut_off_at_the_limit() {
    let long = "x".repeat(100_000);
    let chunks = format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
    let tiny = "1\r\nx\r\n".repeat(10_000);
    for (field, bytes) in [
        ("Content-Length: 100000", &long),
        ("X: y", &long),
        ("Transfer-Encoding: chunked", &chunks),
        ("Transfer-Encoding: chunked", &tiny),
    ] {
        let input = format!("HTTP/1.1 500 \r\n{field}\r\n\r\n{bytes}");
        for limit in [0, 1, 1000] {
            let limits = HandshakeLimits::new().with_max_body_size(limit);
            assert_eq!(refused(&input, limits).body().len(), limit, "{field}");
        }
    }
}

/// R9112-6.3-01: nobody guesses how long a body is.
#[test]
fn an_ambiguous_length_is_malformed() {
    for length in [
        "3, 4",
        "3\r\nContent-Length: 4",
        "+3",
        "-3",
        "3x",
        "99999999999999999999",
    ] {
        let input = format!("HTTP/1.1 404 \r\nContent-Length: {length}\r\n\r\nnop");
        let result = connect(&request(), input, HandshakeLimits::new());
        assert!(matches!(result, Err(ClientError::Malformed)), "{length}");
    }
}
