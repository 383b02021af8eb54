//! The opening handshake between two ends, however slow or broken the transport is.

use std::{io, time::Duration};

use http::StatusCode;
use tautline_driver::{CloseCode, Config, HandshakeError, Message, Role, UpgradeError, WebSocket};

use crate::support::{
    executor::{Task, block_on, join, now},
    frames::{self, TEXT, masked},
    http::{REQUEST, connect, read, request, switch},
    wire::{Memory, Side, Wire},
};

type Ws = WebSocket<Memory>;

/// R6455-4.1-01, R6455-4.1-02, R6455-4.1-50
#[test]
fn two_ends_open_a_connection_in_two_steps() {
    let wire = Wire::new();
    let request = request()
        .subprotocol("chat")
        .unwrap()
        .subprotocol("superchat")
        .unwrap();
    let (client, server) = join(
        &wire,
        async {
            let stream = wire.end(Side::Client);
            let mut ws = Ws::connect_on(stream, &request, Config::new())
                .await
                .unwrap();
            ws.send("hello").await.unwrap();
            ws
        },
        async {
            let upgrade = read(&wire).await.unwrap();
            assert_eq!(upgrade.request().path(), "/chat");
            assert_eq!(
                upgrade.request().subprotocols().collect::<Vec<_>>(),
                ["chat", "superchat"]
            );
            let accepted = upgrade
                .accept_with(|accept| accept.subprotocol("superchat")?.header("x-served-by", "a"))
                .await;
            let mut ws = accepted.unwrap();
            assert_eq!(ws.recv().await.unwrap(), Some(Message::from("hello")));
            ws
        },
    );
    assert_eq!(
        (client.subprotocol(), server.subprotocol()),
        (Some("superchat"), Some("superchat"))
    );
    assert_eq!(client.response().unwrap().headers()["x-served-by"], "a");
    assert!(server.response().is_none());
    let closing = async |mut ws: Ws| ws.close(CloseCode::NORMAL, "").await.unwrap().is_clean();
    assert_eq!(join(&wire, closing(client), closing(server)), (true, true));
}

#[test]
fn heads_may_come_and_go_byte_by_byte() {
    let wire = Wire::new();
    for side in [Side::Client, Side::Server] {
        wire.set(side, |end| {
            end.max_read = 1;
            end.max_write = 1;
            end.stutter = true;
        });
    }
    let accept = async { read(&wire).await?.accept().await };
    let (client, server) = join(&wire, connect(&wire), accept);
    client.unwrap();
    server.unwrap();
}

/// R6455-4.1-53, R6455-4.2.1-01
#[test]
fn a_silent_peer_is_waited_for_no_longer_than_the_handshake_timeout() {
    let limit = Duration::from_secs(10);
    let wire = Wire::new();
    assert!(matches!(
        block_on(&wire, connect(&wire)),
        Err(HandshakeError::Timeout)
    ));
    assert_eq!(wire.elapsed(), limit);
    let wire = Wire::new();
    assert!(matches!(
        block_on(&wire, read(&wire)),
        Err(UpgradeError::Timeout)
    ));
    assert_eq!(wire.elapsed(), limit);
    assert!(wire.is_gone(Side::Server));

    // Bytes that trickle in do not put it off.
    let wire = Wire::new();
    let mut task = Task::new(read(&wire));
    for byte in REQUEST.as_bytes() {
        task.run();
        wire.advance(Duration::from_secs(1));
        wire.give(Side::Server, [*byte]);
        if task.run().is_done() {
            break;
        }
    }
    assert!(matches!(task.output(), Err(UpgradeError::Timeout)));
    assert_eq!(wire.elapsed(), limit);

    // A peer that takes no bytes.
    let wire = Wire::new();
    wire.set(Side::Server, |end| end.room = 0);
    assert!(matches!(
        block_on(&wire, connect(&wire)),
        Err(HandshakeError::Timeout)
    ));
}

#[test]
fn a_handshake_that_ends_just_in_time_is_good() {
    let wire = Wire::new();
    let mut task = Task::new(read(&wire));
    let (most, last) = REQUEST.as_bytes().split_at(REQUEST.len() - 1);
    wire.give(Side::Server, most);
    task.run();
    wire.advance(Duration::from_secs(10) - Duration::from_millis(1));
    assert!(!task.run().is_done());
    wire.give(Side::Server, last);
    assert!(task.run().output().is_ok());
}

#[test]
fn any_operation_may_fail_during_the_handshake() {
    let server = async |wire: &Wire, reject: bool| {
        let upgrade = read(wire).await?;
        if reject {
            upgrade.reject(StatusCode::FORBIDDEN).await
        } else {
            upgrade.accept().await.map(drop)
        }
    };
    let slow = |wire: &Wire, side: Side| {
        wire.set(side, |end| {
            end.max_read = 50;
            end.max_write = 50;
        });
    };
    for reject in [false, true] {
        for number in 1.. {
            let wire = Wire::new();
            slow(&wire, Side::Server);
            wire.give(Side::Server, REQUEST);
            wire.give_eof(Side::Server);
            wire.set(Side::Server, |end| {
                end.fail_at = Some((number, io::ErrorKind::Other));
            });
            let result = block_on(&wire, server(&wire, reject));
            if wire.failed(Side::Server).is_empty() {
                assert!(number > 5 && result.is_ok());
                break;
            }
            // Once the answer is out, how the peer takes leave does not matter.
            let answered = reject && wire.is_shut_down(Side::Server) && result.is_ok();
            assert!(
                answered || matches!(result, Err(UpgradeError::Io(_))),
                "{number}: {result:?}"
            );
        }
    }
    for number in 1.. {
        let wire = Wire::new();
        slow(&wire, Side::Client);
        wire.set(Side::Client, |end| {
            end.fail_at = Some((number, io::ErrorKind::Other));
        });
        let mut task = Task::new(connect(&wire));
        task.run();
        if !task.is_done() {
            let response = switch(&wire);
            wire.give(Side::Client, response);
            task.run();
        }
        let result = task.output();
        if wire.failed(Side::Client).is_empty() {
            assert!(number > 5 && result.is_ok());
            break;
        }
        assert!(
            matches!(result, Err(HandshakeError::Io(_))),
            "{number}: {result:?}"
        );
    }
}

/// A connection that was opened elsewhere, with the bytes that came behind its handshake.
#[test]
fn a_connection_takes_over_the_bytes_that_another_implementation_read_too_many() {
    let wire = Wire::new();
    let frame = masked(TEXT, "early");
    let (early, rest) = frame.split_at(4);
    wire.give(Side::Server, rest);
    let role = Role::Server;
    let mut ws = Ws::from_handshake(wire.end(Side::Server), role, early.into(), Config::new());
    assert_eq!(now(ws.recv()).unwrap(), Some(Message::from("early")));
    now(ws.send("reply")).unwrap();
    assert_eq!(frames::payloads(&wire.take(Side::Server)), [b"reply"]);
}
