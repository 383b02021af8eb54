//! What a connection asks of the allocator: memory follows what has arrived and nothing else, and a
//! connection that waits has none.

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use tautline_driver::{Error, Message, WebSocket};

use crate::support::{
    client,
    executor::{block_on, now, poll_now},
    frames::{self, BINARY, CLOSE, PING, TEXT, header, masked},
    server,
    wire::{Memory, Side, Wire},
};

/// A server whose thread has its buffers already, as a thread has after its first message.
fn warm_server() -> (Wire, WebSocket<Memory>) {
    let (wire, mut ws) = server();
    wire.give(Side::Server, masked(BINARY, "warm up"));
    block_on(&wire, async {
        let message = ws.recv().await.unwrap().unwrap();
        ws.send(message).await.unwrap();
    });
    assert!(poll_now(ws.recv()).is_pending());
    wire.take(Side::Server);
    (wire, ws)
}

/// How much more is allocated afterwards than before.
fn kept(info: &AllocationInfo) -> i64 {
    info.bytes_current
}

/// What it costs to wait for a message.
fn wait(ws: &mut WebSocket<Memory>) -> AllocationInfo {
    measure(|| assert!(poll_now(ws.recv()).is_pending()))
}

#[test]
fn a_connection_that_waits_holds_no_buffer() {
    for size in [1, 1000, 5000, 60_000, 70_000, 1 << 20] {
        let (wire, mut ws) = warm_server();
        let frame = masked(BINARY, vec![1; size]);
        let info = measure(|| {
            wire.give(Side::Server, &frame);
            let message = now(ws.recv()).unwrap().unwrap();
            now(ws.send(message)).unwrap();
            assert!(poll_now(ws.recv()).is_pending());
            drop(wire.take(Side::Server));
            wire.set(Side::Server, |end| end.release());
            wire.set(Side::Client, |end| end.release());
        });
        assert!(kept(&info) < 1000, "{size}: {} bytes are kept", kept(&info));
    }
}

/// A receiver that lends messages and never replies has no output buffer either.
#[test]
fn a_connection_that_only_receives_holds_no_buffer() {
    let (wire, mut ws) = warm_server();
    let mut others: Vec<_> = (0..10).map(|_| server()).collect();
    let info = measure(|| {
        for (wire, ws) in &mut others {
            wire.give(Side::Server, masked(TEXT, "hello"));
            assert_eq!(
                now(ws.recv_ref()).unwrap().unwrap().message.as_text(),
                Some("hello")
            );
            assert!(poll_now(ws.recv_ref()).is_pending());
            wire.set(Side::Server, |end| end.release());
        }
    });
    assert!(kept(&info) < 1000, "{} bytes are kept", kept(&info));
    wire.give(Side::Server, masked(TEXT, "hello"));
    now(ws.recv()).unwrap();
}

#[test]
fn a_small_echo_allocates_nothing_lent_and_once_owned() {
    const COUNT: usize = 100;
    let burst = masked(BINARY, [5; 100]).repeat(COUNT);
    let (wire, mut ws) = warm_server();
    wire.give(Side::Server, &burst);
    wire.set(Side::Server, |end| end.calls.reserve(1000));
    drop(now(ws.recv()).unwrap());
    let info = measure(|| {
        for _ in 1..COUNT {
            let mut received = now(ws.recv_ref()).unwrap().unwrap();
            received.reply.echo(received.message).unwrap();
        }
    });
    assert_eq!(info.count_total, 0);
    now(ws.flush()).unwrap();

    wire.give(Side::Server, &burst);
    drop(now(ws.recv()).unwrap());
    let info = measure(|| {
        for _ in 1..COUNT {
            let message = now(ws.recv()).unwrap().unwrap();
            now(ws.feed(message)).unwrap();
        }
    });
    assert_eq!(info.count_total, COUNT as u64 - 1);
}

/// What a client receives it may send on, and then masks where it is if nobody shares the memory.
#[test]
fn a_client_has_large_messages_to_itself_even_with_a_frame_behind_them() {
    for (size, behind) in [(40_000, 0), (64 * 1024, 5), (1 << 20, 0), (1 << 20, 2)] {
        let (wire, mut ws) = client();
        let next = frames::plain(BINARY, "the next one");
        wire.give(Side::Client, frames::plain(BINARY, vec![7; size]));
        wire.give(Side::Client, &next[..behind]);
        let message = now(ws.recv()).unwrap().unwrap();
        let payload = message.into_bytes().try_into_mut();
        assert_eq!(payload.map(|own| own.len()), Ok(size), "{size} {behind}");

        assert!(poll_now(ws.recv()).is_pending());
        wire.give(Side::Client, &next[behind..]);
        let message = now(ws.recv()).unwrap().unwrap();
        assert_eq!(message.as_bytes(), b"the next one", "{size} {behind}");
    }
}

/// R6455-10.4-01: a claim costs nothing; only bytes that arrived do.
#[test]
fn a_header_that_claims_much_costs_little() {
    for (claim, arrived) in [
        (16 << 20, 0),
        (16 << 20, 1000),
        (16 << 20, 20_000),
        (60_000, 100),
    ] {
        let (wire, mut ws) = warm_server();
        let mut bytes = header(BINARY, 0x80, claim);
        bytes.extend([0; 4]);
        bytes.extend(vec![0; arrived]);
        wire.give(Side::Server, bytes);
        let info = wait(&mut ws);
        let bound = if arrived < 16_000 {
            arrived + 1000
        } else {
            16 * arrived + 1000
        };
        assert!(
            kept(&info) as usize <= bound,
            "{claim}, {arrived}: {} bytes",
            kept(&info)
        );
    }
}

#[test]
fn a_part_of_a_frame_is_parked_at_its_size() {
    for arrived in [10, 1000, 10_000, 50_000] {
        let (wire, mut ws) = warm_server();
        let frame = masked(BINARY, vec![1; 60_000]);
        wire.give(Side::Server, &frame[..arrived]);
        let info = wait(&mut ws);
        let kept = kept(&info) as usize;
        // Beside the part, its buffer's head and the deadline for the rest.
        assert!(
            (arrived..arrived + 300).contains(&kept),
            "{arrived}: {kept} bytes"
        );
        wire.give(Side::Server, &frame[arrived..]);
        assert_eq!(
            now(ws.recv()).unwrap(),
            Some(Message::from(vec![1; 60_000]))
        );
    }
}

/// A frame that comes in a thousand pieces is not copied anew for each of them.
#[test]
fn a_frame_that_comes_slowly_is_copied_a_few_times() {
    let (wire, mut ws) = warm_server();
    let frame = masked(BINARY, vec![1; 60_000]);
    wire.give(Side::Server, &frame[..8_000]);
    assert!(poll_now(ws.recv()).is_pending());
    let mut allocated = 0;
    for byte in &frame[8_000..frame.len() - 1] {
        wire.give(Side::Server, [*byte]);
        wire.set(Side::Server, |end| {
            end.calls.clear();
            end.calls.reserve(10);
        });
        allocated += wait(&mut ws).bytes_total;
    }
    assert!(allocated < 4 * 60_000, "{allocated} bytes were allocated");
    wire.give(Side::Server, &frame[frame.len() - 1..]);
    assert_eq!(
        now(ws.recv()).unwrap(),
        Some(Message::from(vec![1; 60_000]))
    );
}

/// A small message that is kept does not keep the buffer that it came in.
#[test]
fn a_message_that_is_kept_pins_no_more_than_itself() {
    for (size, most) in [(10, 200), (1000, 1200), (4000, 4200)] {
        let (wire, mut ws) = warm_server();
        let frame = masked(BINARY, vec![1; size]);
        let mut message = None;
        wire.give(Side::Server, &frame);
        let info = measure(|| {
            message = now(ws.recv()).unwrap();
            assert!(poll_now(ws.recv()).is_pending());
        });
        assert!(kept(&info) < most, "{size}: {} bytes are kept", kept(&info));
    }
}

#[test]
fn a_large_message_is_not_copied() {
    let (wire, mut ws) = warm_server();
    let payload = Bytes::from(vec![1; 1 << 20]);
    wire.set(Side::Client, |end| end.room = 0);
    let info = measure(|| assert!(poll_now(ws.send(payload.clone())).is_pending()));
    assert!(
        info.bytes_total < 1000,
        "{} bytes were allocated",
        info.bytes_total
    );
}

/// R6455-5.5.3-02: a peer that pings and does not read gets only so much queued for it.
#[test]
fn a_flood_of_pings_costs_bounded_memory() {
    let (wire, mut ws) = warm_server();
    wire.set(Side::Client, |end| end.room = 0);
    wire.give(Side::Server, masked(PING, [1; 125]).repeat(10_000));
    wire.give(Side::Server, masked(PING, "the last"));
    let info = measure(|| {
        while wire.unread(Side::Server) > 0 {
            assert!(poll_now(ws.recv()).is_pending());
        }
    });
    assert!(info.bytes_max < 200_000, "{} bytes", info.bytes_max);
    wire.set(Side::Client, |end| end.room = usize::MAX);
    now(ws.flush()).unwrap();
    let pongs = frames::payloads(&wire.take(Side::Server));
    assert!(pongs.len() < 200);
    assert_eq!(pongs.last().unwrap(), b"the last");
}

/// Nor does one whose stream ended behind a message that was lent, whether or not it was answered.
#[test]
fn a_connection_that_is_lost_behind_a_lent_message_holds_no_buffer() {
    let (_wire, _ws) = warm_server();
    for replies in [false, true] {
        let mut others: Vec<_> = (0..10).map(|_| server()).collect();
        let info = measure(|| {
            for (wire, ws) in &mut others {
                wire.give(Side::Server, masked(TEXT, "hello"));
                wire.give_eof(Side::Server);
                let mut received = now(ws.recv_ref()).unwrap().unwrap();
                if replies {
                    received.reply.echo(received.message).unwrap();
                }
                assert!(matches!(now(ws.recv_ref()), Err(Error::Lost(_))));
                drop(wire.take(Side::Server));
                wire.set(Side::Server, |end| end.release());
                wire.set(Side::Client, |end| end.release());
            }
        });
        // What is kept is the timer of the end, and the list of calls that the wire keeps.
        assert!(kept(&info) < 10_000, "{} bytes are kept", kept(&info));
    }
}

/// Waiting for the other end of the stream takes no buffer either, whatever was left unread.
#[test]
fn a_connection_that_ends_holds_no_buffer() {
    for ending in [masked(CLOSE, ""), masked(0x83, "")] {
        let (wire, mut ws) = warm_server();
        wire.give(Side::Server, [ending, vec![0; 20_000]].concat());
        let info = wait(&mut ws);
        assert!(wire.is_shut_down(Side::Server));
        assert!(kept(&info) < 2000, "{} bytes are kept", kept(&info));
    }
}
