use std::{
    cell::RefCell,
    hint::black_box,
    io,
    rc::Rc,
    task::{Context, Poll},
    time::Instant,
};

use bytes::{Buf, Bytes, BytesMut};
use tautline::driver::Transport;

/// A transport that never waits: it has frames to read, takes all that is written, and keeps the
/// beginning of it.
pub(crate) struct Feed {
    frames: Rc<[Bytes]>,
    /// Comes behind the last frame, and then the end of the stream.
    last: Bytes,
    reads: Reads,
    /// How many frames are to be read yet; when they are used up, they begin anew.
    left: u64,
    next: usize,
    /// How much of the frame was read.
    position: usize,
    is_over: bool,
    /// As much of what was written as it has capacity for.
    kept: Rc<RefCell<Vec<u8>>>,
    now: Instant,
}

/// What a read brings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// One message, as from a peer that waits for an echo before it sends again.
    One,
    /// As many as fit into the buffer, as from a peer that sends and sends.
    Full,
}

impl Feed {
    pub(crate) fn new(frames: Rc<[Bytes]>, count: u64, last: Bytes, reads: Reads) -> Self {
        let room = frames.first().map_or(0, Bytes::len) + SLACK;
        Self {
            frames,
            last,
            reads,
            left: count,
            next: 0,
            position: 0,
            is_over: false,
            kept: Rc::new(RefCell::new(Vec::with_capacity(room))),
            now: Instant::now(),
        }
    }

    /// The beginning of what is written, to be looked at when the connection is gone.
    pub(crate) fn kept(&self) -> Rc<RefCell<Vec<u8>>> {
        self.kept.clone()
    }

    fn frame(&self) -> &Bytes {
        if self.left > 0 {
            &self.frames[self.next]
        } else {
            &self.last
        }
    }

    fn advance(&mut self) {
        self.position = 0;
        if self.left > 0 {
            self.left -= 1;
            self.next += 1;
            if self.next == self.frames.len() {
                self.next = 0;
            }
        } else {
            self.is_over = true;
        }
    }
}

impl Transport for Feed {
    type Stream = Self;

    fn from_stream(stream: Self) -> Self {
        stream
    }

    fn stream(&self) -> &Self {
        self
    }

    fn poll_read(&mut self, _: &mut Context<'_>, input: &mut BytesMut) -> Poll<io::Result<usize>> {
        let before = input.len();
        while !self.is_over && input.len() < input.capacity() {
            let room = input.capacity() - input.len();
            let rest = &self.frame()[self.position..];
            let count = rest.len().min(room);
            input.extend_from_slice(&rest[..count]);
            if count < rest.len() {
                self.position += count;
                break;
            }
            self.advance();
            if self.reads == Reads::One {
                break;
            }
        }
        Poll::Ready(Ok(input.len() - before))
    }

    fn poll_write(
        &mut self,
        _: &mut Context<'_>,
        output: &mut impl Buf,
    ) -> Poll<io::Result<usize>> {
        let written = output.remaining();
        while output.has_remaining() {
            let chunk = black_box(output.chunk());
            let mut kept = self.kept.borrow_mut();
            let room = kept.capacity() - kept.len();
            if room > 0 {
                kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
            }
            drop(kept);
            let count = chunk.len();
            output.advance(count);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn now(&self) -> Instant {
        self.now
    }

    fn poll_deadline(&mut self, _: &mut Context<'_>, _: Instant) -> Poll<()> {
        Poll::Pending
    }
}

/// By how much an echo may be longer than the frame: it may be masked, or compressed otherwise.
const SLACK: usize = 64;
