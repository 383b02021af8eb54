//! The queue of bytes to be written.

use bytes::{Buf, Bytes};
use tautline_connection::{Outbound, OutputBuffer, Role};
use tautline_message::Message;

use crate::support::{Keys, ROLES};

/// R6455-10.4-01, F7: a peer can read so slowly that there is always something left in the queue.
/// The queue's own memory follows what is queued, not what went through it.
#[test]
fn a_queue_that_is_never_empty_does_not_grow() {
    const QUEUED: usize = 4_000;
    for role in ROLES {
        for size in [100, 1_900, 2_500] {
            let mut end = Outbound::new(role, Keys::new());
            let payload = Bytes::from(vec![7; size]);
            for _ in 0..5_000 {
                end.send(Message::from(payload.clone())).unwrap();
                let output = end.output();
                if output.remaining() > QUEUED {
                    output.advance(output.remaining() - QUEUED + 1);
                }
                assert!(!output.is_empty());
            }
            let output = end.output();
            output.advance(output.remaining());
            let buffer = output.reclaim().expect("nothing is queued");
            let kept = buffer.capacity();
            assert!(kept <= 8 * QUEUED, "{role:?}: {kept}");
        }
    }
}

/// A lent buffer is written in, is not given back while it is in use, and is then the same.
#[test]
fn a_buffer_can_be_lent_and_taken_back() {
    let mut server = Outbound::new(Role::Server, Keys::new());
    assert!(server.output().is_bare());
    assert!(server.output().reclaim().is_none());

    server
        .output()
        .lend(Box::new(OutputBuffer::with_capacity(10_000)));
    assert!(!server.output().is_bare());
    server.send(Message::from("Hello")).unwrap();
    assert!(server.output().reclaim().is_none(), "it is in use");
    server
        .output()
        .lend(Box::new(OutputBuffer::with_capacity(5)));
    assert_eq!(server.output().chunk(), b"\x81\x05Hello");
    server.output().advance(7);
    assert_eq!(server.output().reclaim().unwrap().capacity(), 10_000);
    assert!(server.output().is_bare());

    server.send(Message::from("own")).unwrap();
    assert_eq!(server.output().chunk(), b"\x81\x03own");
}

/// What is cleared is never written.
#[test]
fn a_cleared_queue_is_empty() {
    let mut server = Outbound::new(Role::Server, Keys::new());
    server.send(Message::from(vec![0; 3_000])).unwrap();
    server.output().advance(2);
    server.output().clear();
    assert_eq!((server.queued(), server.output().chunk()), (0, &b""[..]));
    server.send(Message::from("next")).unwrap();
    assert_eq!(server.output().chunk(), b"\x81\x04next");
}

#[test]
#[should_panic(expected = "cannot advance past what is queued")]
fn no_more_can_be_written_than_is_queued() {
    let mut server = Outbound::new(Role::Server, Keys::new());
    server.send(Message::from("a")).unwrap();
    server.output().advance(4);
}
