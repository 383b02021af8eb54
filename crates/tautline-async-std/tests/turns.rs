//! Executors without a budget: a connection that always has something to do lets others run.

use std::{
    cell::Cell,
    future::poll_fn,
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use futures_io::{AsyncRead, AsyncWrite};
use futures_util::future::{Either, select};
use tautline_async_std::{Config, FuturesIo, Role, WebSocket};
use tautline_driver::Transport;

use crate::support::{
    Wakes, run,
    script::{Read, Script},
};

/// Reads and writes that one go may bring to an end.
const TURN: usize = 64;

#[test]
fn reads_that_never_wait_end_the_turn_after_a_while() {
    let mut transport = FuturesIo::from_stream(Script::reading([Read::Bytes(1); 3 * TURN]));
    let wakes = Arc::new(Wakes::default());
    let waker = wakes.clone().into();
    let mut cx = Context::from_waker(&waker);
    let mut input = BytesMut::with_capacity(64 * 1024);
    for turn in 1..=2 {
        for _ in 0..TURN {
            assert!(transport.poll_read(&mut cx, &mut input).is_ready());
        }
        assert!(transport.poll_read(&mut cx, &mut input).is_pending());
        assert_eq!(wakes.count(), turn, "the task has to be polled again");
    }
    assert_eq!(input.len(), 2 * TURN);
}

#[test]
fn writes_that_never_wait_end_the_turn_after_a_while() {
    let mut transport = FuturesIo::from_stream(Script::default());
    let wakes = Arc::new(Wakes::default());
    let waker = wakes.clone().into();
    let mut cx = Context::from_waker(&waker);
    let mut output = Bytes::from_static(b"x");
    for _ in 0..TURN {
        let polled = transport.poll_write(&mut cx, &mut output.clone());
        assert!(matches!(polled, Poll::Ready(Ok(1))));
    }
    assert!(transport.poll_write(&mut cx, &mut output).is_pending());
    assert_eq!((output.len(), wakes.count()), (1, 1));
}

#[test]
fn a_read_that_waits_begins_a_new_turn() {
    let mut reads = vec![Read::Bytes(1); TURN - 1];
    reads.push(Read::Wait);
    reads.extend([Read::Bytes(1); TURN]);
    let mut transport = FuturesIo::from_stream(Script::reading(reads));
    let wakes = Arc::new(Wakes::default());
    let waker = wakes.clone().into();
    let mut cx = Context::from_waker(&waker);
    let mut input = BytesMut::with_capacity(64 * 1024);
    for read in 0..2 * TURN {
        let polled = transport.poll_read(&mut cx, &mut input);
        assert_eq!(polled.is_pending(), read == TURN - 1, "read {read}");
    }
    assert_eq!(wakes.count(), 0);
}

#[test]
fn a_write_that_waits_begins_a_new_turn() {
    let mut takes = vec![1; 2 * TURN];
    takes[TURN - 1] = 0;
    let mut transport = FuturesIo::from_stream(Script::taking(takes));
    let wakes = Arc::new(Wakes::default());
    let waker = wakes.clone().into();
    let mut cx = Context::from_waker(&waker);
    for write in 0..2 * TURN {
        let polled = transport.poll_write(&mut cx, &mut &b"x"[..]);
        assert_eq!(polled.is_pending(), write == TURN - 1, "write {write}");
    }
    assert_eq!(wakes.count(), 0);
}

/// A peer that sends messages, for far longer than it should be listened to, and never has its
/// reader wait: how many reads are left.
struct Talker(u32);

impl AsyncRead for Talker {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.0 == 0 {
            return Poll::Ready(Ok(0));
        }
        self.0 -= 1;
        // One byte of binary, masked.
        const FRAME: [u8; 7] = [0x82, 0x81, 0, 0, 0, 0, 0x2A];
        let frames = buffer.as_chunks_mut::<{ FRAME.len() }>().0;
        frames.fill(FRAME);
        Poll::Ready(Ok(frames.as_flattened().len()))
    }
}

impl AsyncWrite for Talker {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn a_peer_that_always_has_more_to_send_does_not_keep_the_thread() {
    let mut ws =
        WebSocket::from_handshake(Talker(1000), Role::Server, BytesMut::new(), Config::new());
    let messages = Cell::new(0);
    let listening = pin!(async {
        while ws.recv().await.unwrap().is_some() {
            messages.set(messages.get() + 1);
        }
    });
    // Is polled only when the other one waits.
    let other = poll_fn(|_| Poll::Ready(()));
    assert!(matches!(run(select(listening, other)), Either::Right(_)));
    assert!(messages.get() > 1000);
}
