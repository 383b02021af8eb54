use std::{
    future::poll_fn,
    io,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::{Buf, Bytes, BytesMut};

use crate::Transport;

/// A transport during the opening handshake: everything is bounded by one deadline.
#[derive(Debug)]
pub(crate) struct HandshakeIo<T> {
    pub(crate) transport: T,
    pub(crate) input: BytesMut,
    deadline: Instant,
}

/// Why the handshake cannot go on.
#[derive(Debug)]
pub(crate) enum HandshakeIoError {
    Io(io::Error),
    Timeout,
}

/// How much is read at once; handshakes are small.
const READ_SIZE: usize = 4 * 1024;

/// How long a peer that was answered may take to end the stream.
const LINGER: Duration = Duration::from_secs(1);

impl<T: Transport> HandshakeIo<T> {
    pub(crate) fn new(transport: T, timeout: Duration) -> Self {
        let deadline = transport.now() + timeout;
        Self {
            transport,
            input: BytesMut::new(),
            deadline,
        }
    }

    /// Reads more into `input`; 0 at the end of the stream.
    pub(crate) async fn read(&mut self) -> Result<usize, HandshakeIoError> {
        poll_fn(|cx| {
            // Asked of the clock first: a peer that sends on and on keeps a task so busy that its
            // runtime may not let the timer fire.
            if self.transport.now() >= self.deadline {
                return Poll::Ready(Err(HandshakeIoError::Timeout));
            }
            self.input.reserve(READ_SIZE);
            match self.transport.poll_read(cx, &mut self.input) {
                Poll::Ready(read) => Poll::Ready(read.map_err(HandshakeIoError::Io)),
                Poll::Pending => self.poll_deadline(cx),
            }
        })
        .await
    }

    /// Writes all of `bytes`.
    pub(crate) async fn write(&mut self, mut bytes: Bytes) -> Result<(), HandshakeIoError> {
        poll_fn(|cx| {
            while bytes.has_remaining() {
                match self.transport.poll_write(cx, &mut bytes) {
                    Poll::Ready(Ok(1..)) => {}
                    Poll::Ready(Ok(0)) => {
                        return Poll::Ready(Err(HandshakeIoError::Io(
                            io::ErrorKind::WriteZero.into(),
                        )));
                    }
                    Poll::Ready(Err(error)) => {
                        return Poll::Ready(Err(HandshakeIoError::Io(error)));
                    }
                    Poll::Pending => return self.poll_deadline(cx),
                }
            }
            match self.transport.poll_flush(cx) {
                Poll::Ready(flushed) => Poll::Ready(flushed.map_err(HandshakeIoError::Io)),
                Poll::Pending => self.poll_deadline(cx),
            }
        })
        .await
    }

    /// Writes `bytes`, ends the stream, and reads what the peer still sends, for a moment: closing
    /// with unread bytes would reset the connection and could take the answer with it.
    pub(crate) async fn write_and_close(mut self, bytes: Bytes) -> Result<(), HandshakeIoError> {
        self.write(bytes).await?;
        self.deadline = self.transport.now() + LINGER;
        poll_fn(|cx| match self.transport.poll_shutdown(cx) {
            Poll::Ready(shut_down) => Poll::Ready(shut_down.map_err(HandshakeIoError::Io)),
            Poll::Pending => self.poll_deadline(cx),
        })
        .await?;
        loop {
            self.input.clear();
            match self.read().await {
                Ok(1..) => {}
                // The answer is on its way; how the peer takes leave does not matter.
                Ok(0) | Err(_) => return Ok(()),
            }
        }
    }

    fn poll_deadline<R>(&mut self, cx: &mut Context<'_>) -> Poll<Result<R, HandshakeIoError>> {
        self.transport
            .poll_deadline(cx, self.deadline)
            .map(|()| Err(HandshakeIoError::Timeout))
    }
}
