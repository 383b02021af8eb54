use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

/// One end of a stream in memory, for every runtime.
///
/// As strict as a stream may be: only the task that polled last is woken, and once it has got
/// something it is not woken for what it waited for before.
#[derive(Debug)]
pub(crate) struct Pipe {
    incoming: Arc<Mutex<Lane>>,
    outgoing: Arc<Mutex<Lane>>,
}

/// One direction.
#[derive(Debug, Default)]
struct Lane {
    bytes: VecDeque<u8>,
    capacity: usize,
    /// Nobody writes any more.
    ended: bool,
    /// Nobody reads any more.
    deaf: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
    writes: Vec<Vec<usize>>,
}

impl Pipe {
    /// Two ends, with room for so many bytes each way.
    pub(crate) fn pair(capacity: usize) -> (Self, Self) {
        let lane = || {
            Arc::new(Mutex::new(Lane {
                capacity,
                ..Lane::default()
            }))
        };
        let (there, back) = (lane(), lane());
        let near = Self {
            incoming: back.clone(),
            outgoing: there.clone(),
        };
        let far = Self {
            incoming: there,
            outgoing: back,
        };
        (near, far)
    }

    /// The lengths of the slices of every write that the other end has made.
    pub(crate) fn writes_of_the_other_end(&self) -> Vec<Vec<usize>> {
        self.incoming.lock().unwrap().writes.clone()
    }

    /// Takes what the other end has written, and leaves it to somebody else to find out that there
    /// is room again: a reactor, too, tells of it a moment later.
    pub(crate) fn take_quietly(&self) -> Vec<u8> {
        self.incoming.lock().unwrap().bytes.drain(..).collect()
    }

    fn read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut lane = self.incoming.lock().unwrap();
        if lane.bytes.is_empty() && !lane.ended {
            lane.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        lane.reader = None;
        let len = buffer.len().min(lane.bytes.len());
        for (to, from) in buffer.iter_mut().zip(lane.bytes.drain(..len)) {
            *to = from;
        }
        wake(&mut lane.writer);
        Poll::Ready(Ok(len))
    }

    fn write(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let mut lane = self.outgoing.lock().unwrap();
        if lane.deaf || lane.ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = lane.capacity - lane.bytes.len();
        if room == 0 {
            lane.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        lane.writer = None;
        let before = lane.bytes.len();
        let lens = slices.iter().map(|slice| slice.len()).collect();
        lane.writes.push(lens);
        let bytes = slices.iter().flat_map(|slice| slice.iter()).take(room);
        lane.bytes.extend(bytes);
        wake(&mut lane.reader);
        Poll::Ready(Ok(lane.bytes.len() - before))
    }

    fn end(&self) -> Poll<io::Result<()>> {
        let mut lane = self.outgoing.lock().unwrap();
        lane.ended = true;
        wake(&mut lane.reader);
        Poll::Ready(Ok(()))
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let _ = self.end();
        let mut lane = self.incoming.lock().unwrap();
        lane.deaf = true;
        wake(&mut lane.writer);
    }
}

impl futures_util::AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.read(cx, buffer)
    }
}

impl futures_util::AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, slices)
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end()
    }
}

#[cfg(feature = "tokio")]
impl tokio::io::AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.read(cx, buffer.initialize_unfilled())
            .map_ok(|len| buffer.advance(len))
    }
}

#[cfg(feature = "tokio")]
impl tokio::io::AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end()
    }
}
