//! Every operation on the transport fails once, for every number that it can have.

use std::io;

use tautline_driver::{CloseCode, Error, HandshakeError, Message, WebSocket};

use crate::support::{
    client,
    executor::block_on,
    frames::{BINARY, CLOSE, PING, TEXT, close_body, masked, plain},
    http::connect,
    server,
    wire::{Memory, Operation, Side, Wire},
};

const KINDS: [io::ErrorKind; 5] = [
    io::ErrorKind::ConnectionReset,
    io::ErrorKind::BrokenPipe,
    io::ErrorKind::TimedOut,
    io::ErrorKind::UnexpectedEof,
    io::ErrorKind::Other,
];

/// Which way the messages are echoed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Send,
    Feed,
    Lend,
    Split,
    Cork,
}

/// What came of it: the messages that were received, the errors, and whether the end was clean.
#[derive(Debug, Default)]
struct Course {
    received: Vec<Message>,
    errors: Vec<Error>,
    clean: bool,
}

impl Course {
    fn note(&mut self, result: Result<(), Error>) {
        self.errors.extend(result.err());
    }

    /// Whether there is another message to be echoed.
    fn next(&mut self, received: Result<Option<Message>, Error>) -> Option<Message> {
        match received {
            Ok(Some(message)) => {
                self.received.push(message.clone());
                Some(message)
            }
            Ok(None) => {
                self.clean = true;
                None
            }
            Err(error) => {
                self.errors.push(error);
                None
            }
        }
    }
}

async fn run(mut ws: WebSocket<Memory>, way: Way) -> Course {
    let mut course = Course::default();
    match way {
        Way::Send => {
            while let Some(message) = course.next(ws.recv().await) {
                course.note(ws.send(message).await);
            }
            course.note(ws.flush().await);
            ws.close(CloseCode::NORMAL, "").await.unwrap();
        }
        Way::Feed => {
            while let Some(message) = course.next(ws.recv().await) {
                course.note(ws.feed(message).await);
                course.note(ws.ping("").await);
            }
        }
        Way::Lend => loop {
            let message = match ws.recv_ref().await {
                Ok(Some(mut received)) => {
                    let _ = received.reply.send_ref(received.message.as_ref());
                    Ok(Some(received.message.into_message()))
                }
                Ok(None) => Ok(None),
                Err(error) => Err(error),
            };
            if course.next(message).is_none() {
                break;
            }
        },
        Way::Split => {
            let (mut reader, writer) = ws.split();
            while let Some(message) = course.next(reader.recv().await) {
                course.note(writer.send(message).await);
            }
            course.note(writer.close(CloseCode::NORMAL, "").await);
        }
        Way::Cork => {
            let course = &mut course;
            let _ = ws
                .cork(async |mut ws| {
                    while let Some(message) = course.next(ws.recv().await) {
                        course.note(ws.send(message).await);
                    }
                    Ok::<(), Error>(())
                })
                .await;
        }
    }
    course
}

fn scenario(side: Side) -> (Wire, WebSocket<Memory>, Vec<Message>) {
    let frame = |first, payload: &[u8]| match side {
        Side::Server => masked(first, payload),
        Side::Client => plain(first, payload),
    };
    let (wire, ws) = if side == Side::Server {
        server()
    } else {
        client()
    };
    let bytes = [
        frame(TEXT, b"first"),
        frame(PING, b"are you there"),
        frame(BINARY, &[7; 5000]),
        frame(0x01, b"in "),
        frame(0x80, b"pieces"),
        frame(CLOSE, &close_body(1000, "")),
    ];
    wire.give(side, bytes.concat());
    wire.give_eof(side);
    wire.set(side, |end| {
        end.max_read = 700;
        end.max_write = 900;
    });
    let messages = [
        Message::from("first"),
        Message::from(vec![7; 5000]),
        Message::from("in pieces"),
    ];
    (wire, ws, messages.into())
}

/// R6455-7.1.7-06, R6455-7.2.1-02: never a panic or a hang, the failure is told, and what the peer
/// had sent before is still received.
#[test]
fn any_operation_may_fail() {
    for side in [Side::Server, Side::Client] {
        for way in [Way::Send, Way::Feed, Way::Lend, Way::Split, Way::Cork] {
            let (wire, ws, messages) = scenario(side);
            let course = block_on(&wire, run(ws, way));
            assert!(
                course.clean && course.errors.is_empty(),
                "{way:?}: {course:?}"
            );
            assert_eq!(course.received, messages);
            let operations = wire.operations(side);
            assert!(operations > 10, "{way:?}: there is little to fail");
            for number in 1..=operations {
                for kind in KINDS {
                    fails(side, way, number, kind);
                }
            }
        }
    }
}

fn fails(side: Side, way: Way, number: usize, kind: io::ErrorKind) {
    let (wire, ws, messages) = scenario(side);
    wire.set(side, |end| end.fail_at = Some((number, kind)));
    let course = block_on(&wire, run(ws, way));
    let context = format!("{side:?} {way:?}, operation {number}, {kind:?}: {course:?}");
    assert!(messages.starts_with(&course.received), "{context}");
    let failed = wire.failed(side);
    assert_eq!(failed.len(), 1, "{context}");
    match failed[0] {
        // A read that fails behind the peer's Close frame is the end of the stream.
        Operation::Read if course.clean => assert_eq!(course.received, messages, "{context}"),
        Operation::Read => assert!(!course.errors.is_empty(), "{context}"),
        Operation::Write | Operation::Flush => {
            assert_eq!(course.received, messages, "{context}");
            // A flush that fails when everything, the Close frame too, was flushed before takes
            // nothing away.
            assert!(course.clean || !course.errors.is_empty(), "{context}");
            assert!(failed[0] == Operation::Flush || !course.clean, "{context}");
        }
        Operation::Shutdown => assert_eq!(course.received, messages, "{context}"),
    }
    for error in &course.errors {
        match error {
            Error::Io(error) => assert_eq!(error.kind(), kind, "{context}"),
            Error::Lost(_) => assert_eq!(kind, io::ErrorKind::UnexpectedEof, "{context}"),
            Error::Send(_) => {}
            _ => panic!("{context}"),
        }
    }
}

/// A stream that takes nothing and does not say why would be written to for ever.
#[test]
fn a_stream_that_takes_nothing_has_failed() {
    let takes_nothing = |wire: &Wire, side| wire.set(side, |end| end.max_write = 0);
    let (wire, mut ws) = server();
    takes_nothing(&wire, Side::Server);
    let error = block_on(&wire, ws.send("hello")).unwrap_err();
    assert!(
        matches!(&error, Error::Io(error) if error.kind() == io::ErrorKind::WriteZero),
        "{error:?}"
    );

    let wire = Wire::new();
    takes_nothing(&wire, Side::Client);
    let error = block_on(&wire, connect(&wire)).unwrap_err();
    assert!(
        matches!(&error, HandshakeError::Io(error) if error.kind() == io::ErrorKind::WriteZero),
        "{error:?}"
    );
}
