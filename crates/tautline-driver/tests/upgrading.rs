//! The server's side of the opening handshake, and requests that do not become connections.

use std::time::Duration;

use allocation_counter::measure;
use bytes::Bytes;
use http::{Response, StatusCode};
use tautline_driver::{Message, UpgradeError};
use tautline_handshake::{AcceptError, HeadError, OriginPolicy, RefusalReason};

use crate::support::{
    executor::{Task, block_on, now},
    frames::{TEXT, masked},
    http::{REQUEST, answer, read},
    wire::{Call, Side, Wire},
};

#[test]
fn bytes_behind_the_request_are_messages() {
    let big = vec![3; 20_000];
    let bytes = [
        REQUEST.as_bytes(),
        &masked(TEXT, "first"),
        &masked(0x82, &big),
    ]
    .concat();
    for cut in (0..REQUEST.len() + 20).chain([bytes.len() - 1, bytes.len()]) {
        let wire = Wire::new();
        let mut task = Task::new(async {
            let mut ws = read(&wire).await.unwrap().accept().await.unwrap();
            [ws.recv().await.unwrap(), ws.recv().await.unwrap()]
        });
        let (front, back) = bytes.split_at(cut);
        wire.give(Side::Server, front);
        task.run();
        wire.give(Side::Server, back);
        let messages = task.run().output();
        assert_eq!(
            messages,
            [
                Some(Message::from("first")),
                Some(Message::from(big.clone()))
            ]
        );
    }
}

/// A head that comes byte by byte costs memory in proportion to its length.
#[test]
fn a_slow_head_costs_no_more_than_a_fast_one() {
    let head = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
        "x".repeat(12_000)
    );
    let wire = Wire::new();
    wire.give(Side::Server, head);
    wire.set(Side::Server, |end| {
        end.max_read = 1;
        end.calls.reserve(20_000);
    });
    let info = measure(|| {
        now(read(&wire)).unwrap();
    });
    assert!(
        info.bytes_total < 200_000,
        "{} bytes were allocated",
        info.bytes_total
    );
}

/// R6455-7.2.2-01
#[test]
fn a_request_that_is_cut_off_is_told_of() {
    for cut in [0, 1, 30, REQUEST.len() - 1] {
        let wire = Wire::new();
        wire.give(Side::Server, &REQUEST[..cut]);
        wire.give_eof(Side::Server);
        assert!(matches!(now(read(&wire)), Err(UpgradeError::Eof)));
        assert!(wire.is_gone(Side::Server));
        assert_eq!(wire.take(Side::Server), []);
    }
}

/// The client is answered, the stream ended, and what the client still sends read away, so that
/// the answer is not lost to a reset.
#[test]
fn a_request_that_cannot_be_understood_is_answered() {
    let too_large = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(20_000));
    let cases: [(&str, HeadError, &str); 2] = [
        ("NONSENSE\r\n\r\n", HeadError::Malformed, "HTTP/1.1 400 "),
        (&too_large, HeadError::HeadTooLarge, "HTTP/1.1 431 "),
    ];
    for (bytes, expected, status) in cases {
        let wire = Wire::new();
        wire.give(Side::Server, bytes);
        let mut task = Task::new(read(&wire));
        assert!(!task.run().is_done());
        let text = answer(&wire);
        assert!(
            text.starts_with(status) && text.contains("Connection: close"),
            "{text}"
        );
        assert!(wire.is_shut_down(Side::Server));
        wire.give(Side::Server, [b'x'; 10_000]);
        assert!(!task.run().is_done());
        assert_eq!(wire.unread(Side::Server), 0);
        wire.give_eof(Side::Server);
        let error = task.run().output().unwrap_err();
        assert!(matches!(error, UpgradeError::Head(found) if found == expected));
        assert_eq!(wire.calls(Side::Server).last(), Some(&Call::Read(0)));
    }
}

/// R6455-10.2-02
#[test]
fn refusals_say_why() {
    let other = |from: &str, to: &str| REQUEST.replace(from, to);
    let cases = [
        (
            other("Version: 13", "Version: 8"),
            RefusalReason::Version,
            "HTTP/1.1 426 ",
        ),
        (
            other("Origin: http://example.com", "Origin: http://evil.example"),
            RefusalReason::OriginNotAllowed,
            "HTTP/1.1 403 ",
        ),
        (
            other("Upgrade: websocket\r\n", ""),
            RefusalReason::NotUpgrade,
            "HTTP/1.1 426 ",
        ),
    ];
    for (request, reason, status) in cases {
        let wire = Wire::new();
        wire.give(Side::Server, request);
        wire.give_eof(Side::Server);
        let error = now(async {
            let upgrade = read(&wire).await?;
            upgrade
                .check_origin(&OriginPolicy::same_origin())
                .await?
                .accept()
                .await
        });
        let Err(UpgradeError::Refused(refusal)) = error else {
            panic!("{error:?}")
        };
        assert_eq!(*refusal.reason(), reason);
        let text = answer(&wire);
        assert!(text.starts_with(status), "{text}");
    }
    let wire = Wire::new();
    wire.give(Side::Server, REQUEST);
    let upgrade = now(read(&wire)).unwrap();
    now(upgrade.check_origin(&OriginPolicy::same_origin())).unwrap();
}

#[test]
fn an_answer_that_is_not_allowed_becomes_status_500() {
    let wire = Wire::new();
    wire.give(Side::Server, REQUEST);
    wire.give_eof(Side::Server);
    let upgrade = now(read(&wire)).unwrap();
    let error = now(upgrade.accept_with(|accept| accept.subprotocol("not offered")));
    assert!(matches!(
        error,
        Err(UpgradeError::Accept(AcceptError::SubprotocolNotOffered))
    ));
    assert!(answer(&wire).starts_with("HTTP/1.1 500 "));

    let wire = Wire::new();
    wire.give(Side::Server, REQUEST);
    wire.give_eof(Side::Server);
    let upgrade = now(read(&wire)).unwrap();
    let status = StatusCode::UNAUTHORIZED;
    let error = now(upgrade.reject_with(status, |reject| Ok(reject.header("x", "a\r\nb: c")?)));
    assert!(matches!(
        error,
        Err(UpgradeError::Accept(AcceptError::Header(_)))
    ));
    assert!(answer(&wire).starts_with("HTTP/1.1 500 "));
}

#[test]
fn a_request_is_rejected_with_headers_and_a_body() {
    let wire = Wire::new();
    wire.give(Side::Server, REQUEST);
    wire.give_eof(Side::Server);
    let upgrade = now(read(&wire)).unwrap();
    now(upgrade.reject_with(StatusCode::UNAUTHORIZED, |reject| {
        Ok(reject
            .header("WWW-Authenticate", "Basic realm=\"x\"")?
            .body("who are you?"))
    }))
    .unwrap();
    let text = answer(&wire).to_lowercase();
    assert!(text.starts_with("http/1.1 401 "), "{text}");
    assert!(
        text.contains("\r\nwww-authenticate: basic realm=\"x\"\r\n"),
        "{text}"
    );
    assert!(text.contains("\r\ncontent-length: 12\r\n"), "{text}");
    assert!(text.ends_with("\r\n\r\nwho are you?"), "{text}");
}

/// One port serves pages, too, also to a client that takes its time.
#[test]
fn plain_http_is_answered_in_full() {
    let page = "x".repeat(100_000);
    let wire = Wire::new();
    wire.give(
        Side::Server,
        "GET /index.html HTTP/1.1\r\nHost: example.com\r\n\r\n",
    );
    wire.set(Side::Client, |end| end.room = 20_000);
    let upgrade = now(read(&wire)).unwrap();
    assert!(!upgrade.request().is_upgrade());
    let response = Response::builder()
        .header("Content-Type", "text/html")
        .header("Content-Length", "3")
        .header("Connection", "keep-alive")
        .body(Bytes::from(page.clone()))
        .unwrap();
    let mut task = Task::new(upgrade.respond(response));
    let mut text = String::new();
    for _ in 0..8 {
        task.run();
        text += &answer(&wire);
        wire.advance(Duration::from_secs(1));
    }
    assert!(wire.is_shut_down(Side::Server));
    wire.give_eof(Side::Server);
    task.run().output().unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let head = head.to_lowercase();
    assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
    assert!(head.contains("content-type: text/html"), "{head}");
    assert!(
        head.contains("content-length: 100000") && !head.contains("length: 3"),
        "{head}"
    );
    assert!(
        head.contains("connection: close") && !head.contains("keep-alive"),
        "{head}"
    );
    assert_eq!(body, page);
}

/// A refused peer that sends on and on, or stays, is left after a moment.
#[test]
fn a_refused_peer_does_not_keep_the_connection() {
    for flood in [vec![], vec![b'x'; 4000]] {
        let wire = Wire::new();
        wire.give(Side::Server, REQUEST);
        let upgrade = now(read(&wire)).unwrap();
        wire.set(Side::Server, |end| {
            end.flood = flood;
            end.tick = Duration::from_millis(10);
        });
        block_on(&wire, upgrade.reject(StatusCode::FORBIDDEN)).unwrap();
        assert!(answer(&wire).starts_with("HTTP/1.1 403 "));
        assert!(
            wire.elapsed() <= Duration::from_secs(2),
            "{:?}",
            wire.elapsed()
        );
        assert!(wire.is_gone(Side::Server));
    }
}
