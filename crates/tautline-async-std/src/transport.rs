use std::{
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
    /// How much a read offers the stream at most.
    room: usize,
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

/// What a read offers at least, if that much is spare.
const MIN_ROOM: usize = 4 * 1024;

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
            room: MIN_ROOM,
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
        // The stream wants initialised bytes. To zero all that is spare, 64 KiB, takes as long as to
        // read a small message, so what is offered follows what has come.
        let len = input.len();
        let offered = self.room.min(input.capacity() - len);
        input.resize(len + offered, 0);
        let read = Pin::new(&mut self.stream).poll_read(cx, &mut input[len..]);
        match read {
            Poll::Ready(Ok(count)) => {
                input.truncate(len + count);
                if count == self.room {
                    self.room *= 2;
                } else if count < self.room / 4 && count < offered {
                    self.room = MIN_ROOM.max(self.room / 2);
                }
            }
            Poll::Ready(Err(_)) => input.truncate(len),
            Poll::Pending => {
                input.truncate(len);
                self.busy = 0;
            }
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
