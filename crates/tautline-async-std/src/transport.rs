use std::{
    cell::Cell,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Instant,
};

use async_io::Timer;
use bytes::{Buf, BytesMut};
use futures_io::{AsyncRead, AsyncWrite};
use tautline_driver::{Transport, poll_write_buf};

use crate::socket;

/// A futures-io stream as a [`Transport`], with a timer of async-io.
///
/// `poll_close` of the stream has to end the direction of writing, so that the peer reads the end of
/// the stream; closing takes its whole timeout otherwise. That of [`async_io::Async`] and of
/// async-std's sockets only flushes. For these, and for TLS over them, it is done here; a stream
/// that hides one of them, a box or a buffer, has to do it itself.
#[derive(Debug)]
pub struct FuturesIo<S> {
    stream: S,
    /// Reads and writes in a row that did not have to wait.
    busy: u8,
    /// Made when there is a deadline; most connections never have one.
    alarm: Option<Box<Alarm>>,
}

#[derive(Debug)]
struct Alarm {
    deadline: Instant,
    timer: Timer,
}

/// What a read offers at most: as much as the driver has room for, but for its largest frames.
const SCRATCH_SIZE: usize = 64 * 1024;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Lends initialised bytes of the thread's to a read, at most `limit`.
///
/// A futures-io stream reads into initialised bytes only, and what is spare in an input buffer is
/// not. To zero that before each read costs more than to copy what has come: most reads bring
/// little, and one in two nothing at all.
#[inline]
fn with_scratch<R>(limit: usize, read: impl FnOnce(&mut [u8]) -> R) -> R {
    let mut scratch = SCRATCH.take();
    scratch.resize(SCRATCH_SIZE, 0);
    let result = read(&mut scratch[..limit.min(SCRATCH_SIZE)]);
    SCRATCH.set(scratch);
    result
}

/// After so many reads and writes that did not have to wait, other tasks have their turn. The
/// executors leave that to their tasks, and a peer that always has more to send would keep one of
/// their threads for itself.
const MAX_BUSY: u8 = 64;

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> Transport for FuturesIo<S> {
    type Stream = S;

    /// Wraps a stream. `TCP_NODELAY` is set on what is known to be TCP: messages are handed over
    /// whole, and waiting to fill a segment would only delay them.
    fn from_stream(stream: S) -> Self {
        socket::set_nodelay(&stream);
        Self {
            stream,
            busy: 0,
            alarm: None,
        }
    }

    fn stream(&self) -> &S {
        &self.stream
    }

    #[inline]
    fn poll_read(&mut self, cx: &mut Context<'_>, input: &mut BytesMut) -> Poll<io::Result<usize>> {
        ready!(self.poll_turn(cx));
        let read = with_scratch(input.capacity() - input.len(), |room| {
            let count = ready!(Pin::new(&mut self.stream).poll_read(cx, room))?;
            input.extend_from_slice(&room[..count]);
            Poll::Ready(Ok(count))
        });
        if read.is_pending() {
            self.busy = 0;
        }
        read
    }

    #[inline]
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut impl Buf,
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_turn(cx));
        let stream = Pin::new(&mut self.stream);
        let written = poll_write_buf(output, true, |slices| match slices {
            [slice] => stream.poll_write(cx, slice),
            slices => stream.poll_write_vectored(cx, slices),
        });
        if written.is_pending() {
            self.busy = 0;
        }
        written
    }

    #[inline]
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        socket::poll_close(&mut self.stream, cx)
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let alarm = self.alarm.get_or_insert_with(|| {
            Box::new(Alarm {
                deadline,
                timer: Timer::at(deadline),
            })
        });
        if alarm.deadline != deadline {
            alarm.deadline = deadline;
            alarm.timer.set_at(deadline);
        }
        ready!(Pin::new(&mut alarm.timer).poll(cx));
        // It fires once; asked again, another has to be made.
        self.alarm = None;
        Poll::Ready(())
    }

    fn clear_deadline(&mut self) {
        self.alarm = None;
    }
}

impl<S> FuturesIo<S> {
    #[inline]
    fn poll_turn(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.busy < MAX_BUSY {
            self.busy += 1;
            return Poll::Ready(());
        }
        self.busy = 0;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
