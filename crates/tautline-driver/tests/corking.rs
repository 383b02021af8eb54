//! How a corked handler and its connection end.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tautline_driver::{CloseCode, Config, HandlerOutput};

use crate::support::{
    executor::{Task, block_on, now},
    frames::{self, CLOSE, TEXT, close_body, masked},
    server,
    wire::{Side, Wire},
};

/// R6455-7.4.1-14
#[test]
fn the_end_of_a_corked_handler_closes_with_the_code_that_it_earned() {
    let answer = || {
        let (wire, ws) = server();
        wire.give(Side::Server, masked(CLOSE, close_body(1000, "")));
        wire.give_eof(Side::Server);
        (wire, ws)
    };
    let code = |wire: &Wire| {
        let sent = frames::parse(&wire.take(Side::Server));
        assert_eq!(sent.len(), 2);
        assert_eq!(sent[0], (TEXT, b"last words".to_vec()));
        u16::from_be_bytes([sent[1].1[0], sent[1].1[1]])
    };
    let (wire, ws) = answer();
    block_on(
        &wire,
        ws.cork(async |ws| ws.send("last words").await.unwrap()),
    );
    assert_eq!(code(&wire), 1000);

    let (wire, ws) = answer();
    let result: Result<(), &str> = block_on(
        &wire,
        ws.cork(async |ws| {
            ws.send("last words").await.unwrap();
            Err("failed")
        }),
    );
    assert_eq!(result, Err("failed"));
    assert_eq!(code(&wire), 1011);

    let (wire, ws) = answer();
    let panic = catch_unwind(AssertUnwindSafe(|| {
        block_on(
            &wire,
            ws.cork(async |ws| {
                ws.send("last words").await.unwrap();
                if wire.elapsed().is_zero() {
                    panic!("a handler that panics");
                }
            }),
        );
    }));
    assert_eq!(
        panic.unwrap_err().downcast_ref(),
        Some(&"a handler that panics")
    );
    assert_eq!(code(&wire), 1011);
}

/// A handler that lets another task have its connection: the Close frame is sent all the same, and
/// the runner does not wait for what it cannot see.
#[test]
fn a_corked_handler_may_give_its_connection_away() {
    let (wire, ws) = server();
    let mut given = None;
    block_on(&wire, ws.cork(async |ws| given = Some(ws)));
    assert_eq!(
        frames::parse(&wire.take(Side::Server)),
        [(CLOSE, close_body(1000, ""))]
    );
    wire.give(Side::Server, masked(CLOSE, close_body(1000, "")));
    wire.give_eof(Side::Server);
    assert_eq!(now(given.unwrap().recv()).unwrap(), None);
}

/// Nobody else may be left to write what is queued, so the runner does before it ends.
#[test]
fn what_is_queued_is_written_when_a_handler_has_given_its_connection_away() {
    let (wire, ws) = server();
    wire.set(Side::Client, |end| end.room = 3);
    let mut given = None;
    let mut task = Task::new(ws.cork(async |ws| {
        ws.send("last words").await.unwrap();
        given = Some(ws);
    }));
    assert!(!task.run().is_done());
    wire.set(Side::Client, |end| end.room = usize::MAX);
    assert!(task.run().is_done());
    assert_eq!(
        frames::parse(&wire.take(Side::Server)),
        [
            (TEXT, b"last words".to_vec()),
            (CLOSE, close_body(1000, ""))
        ]
    );
    drop(task);
    assert!(given.is_some());
}

/// R6455-7.4.1-12: a server may not send 1010, whatever a handler's output says; the connection is
/// closed all the same, and in bounded time.
#[test]
fn a_code_that_may_not_be_sent_closes_as_an_internal_error() {
    struct MissesAnExtension;
    impl HandlerOutput for MissesAnExtension {
        fn close_code(&self) -> CloseCode {
            CloseCode::MANDATORY_EXTENSION
        }
    }

    let (wire, ws) = server();
    let mut task = Task::new(ws.cork(async |_ws| MissesAnExtension));
    assert!(!task.run().is_done(), "the peer has not answered");
    let sent = frames::parse(&wire.take(Side::Server));
    assert_eq!(sent, [(CLOSE, close_body(1011, ""))]);
    wire.advance(Config::new().close_timeout_value());
    assert!(task.run().is_done());
}
