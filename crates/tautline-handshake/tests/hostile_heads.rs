//! Heads that are too long, too many, or made to be slow.

use bytes::BytesMut;
use tautline_handshake::{HandshakeLimits, HeadError, Progress, Request, ServerHandshake};

const START: &str = "GET / HTTP/1.1\r\nHost: h\r\n";

/// Feeds one byte at a time and returns how many it took.
fn feed(limits: HandshakeLimits, input: &[u8]) -> (usize, Option<Result<Request, HeadError>>) {
    let mut handshake = ServerHandshake::with_limits(limits);
    let mut buffer = BytesMut::new();
    for (at, byte) in input.iter().enumerate() {
        buffer.extend_from_slice(&[*byte]);
        match handshake.recv(&mut buffer) {
            Ok(Progress::More(next)) => handshake = next,
            Ok(Progress::Done(request)) => return (at + 1, Some(Ok(request))),
            Err(error) => return (at + 1, Some(Err(error))),
        }
    }
    (input.len(), None)
}

/// H1, R6455-4.2.1-14 and R9112-3-01: a mebibyte ends at the byte that passes the limit.
#[test]
fn a_limit_is_noticed_at_the_byte_that_passes_it() {
    let long = "x".repeat(1 << 20);
    let limits = HandshakeLimits::new();
    for (input, bytes, error, status) in [
        (
            format!("{START}X: {long}"),
            16 * 1024 + 1,
            HeadError::HeadTooLarge,
            431,
        ),
        (
            "\r\n".repeat(1 << 19),
            16 * 1024 + 1,
            HeadError::HeadTooLarge,
            431,
        ),
        (
            format!("GET /{long}"),
            8 * 1024 + 1,
            HeadError::RequestLineTooLong,
            414,
        ),
        (long, 8 * 1024 + 1, HeadError::RequestLineTooLong, 414),
        (
            format!("{START}{}", "X: y\r\n".repeat(1 << 17)),
            START.len() + 100 * 6,
            HeadError::TooManyHeaders,
            431,
        ),
    ] {
        let (fed, result) = feed(limits, input.as_bytes());
        assert_eq!(fed, bytes);
        assert_eq!(result.unwrap().unwrap_err(), error);
        assert_eq!(error.status(), status);
        let response = String::from_utf8(error.response().to_vec()).unwrap();
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")));
        assert!(response.contains("\r\nConnection: close\r\n"));
    }
}

/// R6455-4.2.1-14: what fits exactly is taken.
#[test]
fn every_limit_can_be_reached() {
    let head = format!("{START}A: b\r\n\r\n");
    let line = START.find("\r\n").unwrap();
    let fits = HandshakeLimits::new()
        .with_max_head_size(head.len())
        .with_max_headers(2)
        .with_max_start_line(line);
    assert!(feed(fits, head.as_bytes()).1.unwrap().is_ok());
    for (limits, error) in [
        (
            fits.with_max_head_size(head.len() - 1),
            HeadError::HeadTooLarge,
        ),
        (fits.with_max_headers(1), HeadError::TooManyHeaders),
        (
            fits.with_max_start_line(line - 1),
            HeadError::RequestLineTooLong,
        ),
    ] {
        assert_eq!(feed(limits, head.as_bytes()).1.unwrap().unwrap_err(), error);
    }
    assert_eq!(
        (
            fits.max_head_size(),
            fits.max_headers(),
            fits.max_start_line()
        ),
        (head.len(), 2, line)
    );
    assert_eq!(HandshakeLimits::default().max_body_size(), 64 * 1024);
}

/// H2: headers far beyond the default, with those of the handshake at the end.
#[test]
fn the_handshake_may_come_behind_two_thousand_headers() {
    let many: String = (0..2000).map(|n| format!("X-{n}: y\r\n")).collect();
    let input = format!(
        "{START}{many}Upgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    let (_, result) = feed(HandshakeLimits::new(), input.as_bytes());
    assert_eq!(result.unwrap().unwrap_err(), HeadError::TooManyHeaders);
    let limits = HandshakeLimits::new()
        .with_max_headers(3000)
        .with_max_head_size(1 << 20);
    assert!(
        feed(limits, input.as_bytes())
            .1
            .unwrap()
            .unwrap()
            .accept()
            .is_ok()
    );
}

/// H3: a repeated name counts every time, and more than a header map holds is no panic.
#[test]
fn copies_of_one_header_count_one_by_one() {
    let input = format!("{START}{}\r\n", "X: y\r\n".repeat(100_000));
    let (_, result) = feed(HandshakeLimits::new(), input.as_bytes());
    assert_eq!(result.unwrap().unwrap_err(), HeadError::TooManyHeaders);

    let all = HandshakeLimits::new()
        .with_max_headers(usize::MAX)
        .with_max_head_size(1 << 20);
    let request = feed(all, input.as_bytes()).1.unwrap().unwrap();
    assert_eq!(request.headers().get_all("x").iter().count(), 100_000);

    let names: String = (0..40_000).map(|n| format!("X-{n}: y\r\n")).collect();
    let input = format!("{START}{names}\r\n");
    let result = feed(all, input.as_bytes()).1.unwrap();
    assert_eq!(result.unwrap_err(), HeadError::TooManyHeaders);
}

/// H4 and R9110-5.6.1-01: lists that make other parsers backtrack.
#[test]
fn sixty_four_kibibytes_of_nonsense_are_refused() {
    let limits = HandshakeLimits::new().with_max_head_size(1 << 18);
    for value in [
        " ".repeat(1 << 16),
        ",".repeat(1 << 16),
        " ,\t".repeat(1 << 14),
        format!("a;b=\"{}", "\\c".repeat(1 << 15)),
        format!("a{}b", " ".repeat(1 << 16)),
    ] {
        for name in [
            "Sec-WebSocket-Extensions",
            "Sec-WebSocket-Protocol",
            "Connection",
        ] {
            let connection = if name == "Connection" {
                ""
            } else {
                "Connection: Upgrade\r\n"
            };
            let input = format!(
                "{START}Upgrade: websocket\r\n{connection}{name}: {value}\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            );
            let request = feed(limits, input.as_bytes()).1.unwrap().unwrap();
            assert_eq!(request.accept().unwrap_err().status(), 400, "{name}");
        }
    }
}
