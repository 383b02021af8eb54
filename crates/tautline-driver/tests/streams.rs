//! `Stream` and `Sink`.

use futures_util::{SinkExt, StreamExt, stream::FusedStream};
use tautline_driver::{Error, Message, SendError};

use crate::support::{
    executor::{Task, block_on, join, now},
    frames::{self, CLOSE, TEXT, close_body, masked},
    pair, server,
    wire::Side,
};

#[test]
fn a_connection_is_a_stream_that_ends_and_a_sink() {
    let (wire, mut client, mut server) = pair();
    let (echoed, ()) = join(
        &wire,
        async {
            for text in ["a", "b", "c"] {
                SinkExt::send(&mut client, Message::from(text))
                    .await
                    .unwrap();
            }
            let mut echoed = Vec::new();
            for _ in 0..3 {
                echoed.push(client.next().await.unwrap().unwrap());
            }
            SinkExt::close(&mut client).await.unwrap();
            assert!(client.next().await.is_none());
            assert!(client.is_terminated());
            echoed
        },
        async {
            while let Some(message) = server.next().await {
                SinkExt::send(&mut server, message.unwrap()).await.unwrap();
            }
        },
    );
    assert_eq!(echoed, ["a", "b", "c"].map(Message::from));
    assert!(client.closed().is_clean() && server.closed().is_clean());
    assert_eq!(client.closed().code(), 1000);
}

#[test]
fn an_error_is_an_item_once_and_then_the_stream_is_over() {
    let (wire, mut ws) = server();
    wire.give(Side::Server, masked(TEXT, [0xff]));
    wire.give_eof(Side::Server);
    assert!(!ws.is_terminated());
    assert!(matches!(now(ws.next()), Some(Err(Error::Violation(_)))));
    assert!(now(ws.next()).is_none());
    assert!(ws.is_terminated());
}

#[test]
fn halves_are_a_stream_and_a_sink() {
    let (wire, ws) = server();
    let (mut reader, mut writer) = ws.split();
    wire.give(
        Side::Server,
        [masked(TEXT, "a"), masked(TEXT, "b")].concat(),
    );
    block_on(&wire, async {
        let first = reader.next().await.unwrap().unwrap();
        SinkExt::feed(&mut writer, first).await.unwrap();
        let second = reader.next().await.unwrap().unwrap();
        SinkExt::feed(&mut writer, second).await.unwrap();
        assert_eq!(wire.calls(Side::Server).len(), 1, "both are queued");
        SinkExt::close(&mut writer).await.unwrap();
        let refused = SinkExt::send(&mut writer, Message::from("c")).await;
        assert!(matches!(refused, Err(Error::Send(SendError::Closing))));
    });
    let sent = frames::parse(&wire.take(Side::Server));
    assert_eq!(sent.last(), Some(&(CLOSE, close_body(1000, ""))));
    assert_eq!(sent.len(), 3);
    wire.give(Side::Server, masked(CLOSE, close_body(1000, "")));
    wire.give_eof(Side::Server);
    assert!(now(reader.next()).is_none());
}

/// Closing a sink twice, and after the peer, sends one frame.
#[test]
fn closing_a_sink_again_changes_nothing() {
    let (wire, mut ws) = server();
    let mut task = Task::new(SinkExt::close(&mut ws));
    task.run();
    drop(task);
    wire.give(Side::Server, masked(CLOSE, close_body(1000, "")));
    wire.give_eof(Side::Server);
    now(SinkExt::close(&mut ws)).unwrap();
    now(SinkExt::close(&mut ws)).unwrap();
    assert_eq!(frames::parse(&wire.take(Side::Server)).len(), 1);
}
