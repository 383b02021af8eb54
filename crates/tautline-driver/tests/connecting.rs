//! The client's side of the opening handshake, and servers that refuse it or answer wrongly.

use std::{collections::HashSet, io, time::Duration};

use http::StatusCode;
use tautline_driver::{HandshakeError, Message};
use tautline_handshake::{ClientError, HandshakeLimits};

use crate::support::{
    executor::{Task, block_on, now},
    frames::{TEXT, plain},
    http::{connect, switch},
    wire::{Call, Side, Wire},
};

/// R6455-4.1-36, R6455-4.1-51, R6455-4.1-52: the request is all that a client sends unasked, and
/// frames that come with the response are the first messages, wherever the bytes are cut.
#[test]
fn bytes_behind_the_response_are_messages() {
    for cut in 0..400 {
        let wire = Wire::new();
        let mut task = Task::new(async {
            let mut ws = connect(&wire).await.unwrap();
            let cookies = ws
                .response()
                .unwrap()
                .headers()
                .get_all("set-cookie")
                .iter()
                .count();
            assert_eq!(cookies, 2);
            [ws.recv().await.unwrap(), ws.recv().await.unwrap()]
        });
        task.run();
        let bytes = [switch(&wire), plain(TEXT, "first"), plain(TEXT, "second")].concat();
        let (front, back) = bytes.split_at(cut.min(bytes.len()));
        assert_eq!(wire.take(Side::Client), []);
        wire.give(Side::Client, front);
        task.run();
        wire.give(Side::Client, back);
        assert_eq!(
            task.run().output(),
            ["first", "second"].map(|text| Some(Message::from(text)))
        );
        assert_eq!(wire.writes(Side::Client).len(), 1);
    }
}

/// R6455-4.1-24
#[test]
fn every_request_has_a_key_of_its_own() {
    let mut keys = HashSet::new();
    for _ in 0..300 {
        let wire = Wire::new();
        Task::new(connect(&wire)).run();
        let head = String::from_utf8(wire.take(Side::Client)).unwrap();
        keys.insert(head.split("Sec-WebSocket-Key: ").nth(1).unwrap()[..24].to_owned());
    }
    assert_eq!(keys.len(), 300);
}

/// R6455-4.1-38: the refusal is handed over however the connection ends behind it.
#[test]
fn a_client_that_is_refused_reads_why() {
    let refusal = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n";
    let whole = format!("{refusal}Content-Length: 4\r\n\r\nnope");
    let endless = format!("{refusal}\r\nnope");
    for (response, end) in [(&whole, 0), (&endless, 1), (&endless, 2), (&endless, 3)] {
        let wire = Wire::new();
        wire.give(Side::Client, response);
        match end {
            1 => wire.give_eof(Side::Client),
            2 => {
                wire.set(Side::Client, |end| {
                    end.fail_at = Some((4, io::ErrorKind::ConnectionReset));
                });
                wire.give_eof(Side::Client);
            }
            _ => {}
        }
        let error = block_on(&wire, connect(&wire)).unwrap_err();
        let HandshakeError::Response(error) = error else {
            panic!("{error:?}")
        };
        let response = error.response().unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()["www-authenticate"], "Basic");
        assert_eq!(response.body(), "nope");
        assert!(wire.elapsed() <= Duration::from_secs(10));
        assert_eq!(wire.writes(Side::Client).len(), 1, "no frame may be sent");
        assert!(wire.is_gone(Side::Client));
    }
}

/// R6455-4.1-37, R6455-7.2.1-01: whatever is wrong, no frame is sent and the stream is let go.
#[test]
fn a_wrong_response_opens_nothing() {
    type Check = fn(&ClientError) -> bool;
    let cases: [(&str, &str, Check); 4] = [
        ("Accept: ", "Accept: A", |error| {
            matches!(error, ClientError::Accept)
        }),
        ("Upgrade: websocket", "Upgrade: h2c", |error| {
            matches!(error, ClientError::Upgrade)
        }),
        ("Connection: Upgrade", "Connection: close", |error| {
            matches!(error, ClientError::Connection)
        }),
        ("HTTP/1.1", "SSH-2.0", |error| {
            matches!(error, ClientError::Malformed)
        }),
    ];
    for (right, wrong, check) in cases {
        let wire = Wire::new();
        let mut task = Task::new(connect(&wire));
        task.run();
        let response = String::from_utf8(switch(&wire))
            .unwrap()
            .replace(right, wrong);
        wire.give(Side::Client, response);
        wire.give_eof(Side::Client);
        let error = task.run().output().unwrap_err();
        let HandshakeError::Response(error) = error else {
            panic!("{error:?}")
        };
        assert!(check(&error), "{error:?}");
        assert_eq!(wire.take(Side::Client), []);
        assert!(wire.is_gone(Side::Client));
    }
}

/// R6455-4.1-53
#[test]
fn a_response_head_without_end_is_cut_off() {
    let wire = Wire::new();
    let limits = HandshakeLimits::default();
    wire.set(Side::Client, |end| end.flood = b"X-Header: 1\r\n".to_vec());
    wire.give(Side::Client, "HTTP/1.1 101 Switching Protocols\r\n");
    let error = now(connect(&wire)).unwrap_err();
    let HandshakeError::Response(error) = error else {
        panic!("{error:?}")
    };
    assert!(matches!(
        error,
        ClientError::HeadTooLarge | ClientError::TooManyHeaders
    ));
    let read: usize = wire
        .calls(Side::Client)
        .iter()
        .map(|call| {
            if let Call::Read(count) = call {
                *count
            } else {
                0
            }
        })
        .sum();
    assert!(read <= 2 * limits.max_head_size(), "{read} bytes were read");
}
