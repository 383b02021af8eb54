use std::{
    any::Any,
    fmt, mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use tautline_connection::{CloseFrame, Closed, Prepared};
use tautline_frame::CloseCode;
use tautline_message::{Message, Utf8Bytes};

use crate::{Error, Transport, WriteHalf, receiver::Receiver, shared::Shared};

/// The connection of a [corked](crate::WebSocket::cork) handler.
///
/// [`send`](Self::send) queues. What is queued leaves in one write as soon as the handler has to
/// wait for anything: a message, a timer, a channel. So a burst of messages that came in one read
/// is answered in one write, and no message waits on the application.
#[derive(Debug)]
pub struct Corked<T: Transport> {
    /// Gone only when dropped: the runner needs it for the closing handshake.
    receiver: Option<Box<Receiver>>,
    writer: WriteHalf<T>,
}

impl<T: Transport> Corked<T> {
    pub(crate) const fn new(receiver: Box<Receiver>, shared: Arc<Shared<T>>) -> Self {
        Self {
            receiver: Some(receiver),
            writer: WriteHalf::new(shared),
        }
    }

    /// Receives the next message; see [`WebSocket::recv`](crate::WebSocket::recv).
    ///
    /// # Errors
    ///
    /// As [`WebSocket::recv`](crate::WebSocket::recv).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no message is lost, and what has arrived of the next one is kept.
    #[inline]
    pub async fn recv(&mut self) -> Result<Option<Message>, Error> {
        std::future::poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Queues a message; it leaves as soon as the handler waits. Waits itself only while more than
    /// the [high-water mark](crate::Config::high_water_mark) is queued.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    ///
    /// # Cancel safety
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    #[inline]
    pub fn send(&self, message: impl Into<Message>) -> impl Future<Output = Result<(), Error>> {
        self.writer.send(message)
    }

    /// Queues a message that is not compressed, whatever was agreed on; see
    /// [`WebSocket::send_uncompressed`](crate::WebSocket::send_uncompressed).
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    ///
    /// # Cancel safety
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    pub fn send_uncompressed(
        &self,
        message: impl Into<Message>,
    ) -> impl Future<Output = Result<(), Error>> {
        self.writer.send_uncompressed(message)
    }

    /// Queues a message that is sent by many connections; see
    /// [`WebSocket::send_prepared`](crate::WebSocket::send_prepared).
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    ///
    /// # Cancel safety
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    pub fn send_prepared(&self, prepared: &Prepared) -> impl Future<Output = Result<(), Error>> {
        self.writer.send_prepared(prepared)
    }

    /// Hands everything that is queued to the transport, without waiting for the handler to wait:
    /// before a long computation, say.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: what is left stays queued.
    pub async fn flush(&self) -> Result<(), Error> {
        self.writer.flush().await
    }

    /// Queues a Ping with at most 125 bytes.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the Ping is sent or not.
    pub async fn ping(&self, payload: impl AsRef<[u8]>) -> Result<(), Error> {
        self.writer.ping(payload).await
    }

    /// Closes the connection; see [`WebSocket::close`](crate::WebSocket::close).
    ///
    /// # Errors
    ///
    /// As [`WebSocket::close`](crate::WebSocket::close).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the closing handshake goes on with the next `close` or `recv`, or when the
    /// handler returns.
    pub async fn close(&mut self, code: CloseCode, reason: &str) -> Result<Closed, Error> {
        let frame = CloseFrame::new(code, Utf8Bytes::from(reason));
        self.writer.shared().lock().start_close(Some(frame))?;
        Ok(std::future::poll_fn(|cx| match &mut self.receiver {
            Some(receiver) => receiver.poll_closed(&mut self.writer.shared(), cx),
            None => Poll::Ready(self.writer.shared().lock().closed()),
        })
        .await)
    }

    /// A handle for other tasks to send with. What they queue is written by this handler's runner.
    #[must_use]
    pub fn writer(&self) -> WriteHalf<T> {
        self.writer.clone()
    }

    /// How the connection ended, or what is known of it so far.
    #[must_use]
    pub fn closed(&self) -> Closed {
        self.writer.shared().lock().closed()
    }

    /// The subprotocol that was agreed on.
    #[must_use]
    pub fn subprotocol(&self) -> Option<String> {
        self.writer
            .shared()
            .lock()
            .agreed
            .as_ref()?
            .subprotocol
            .clone()
    }

    #[inline]
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, Error>> {
        match &mut self.receiver {
            Some(receiver) => receiver.poll_message(self.writer.shared(), cx),
            None => Poll::Ready(Ok(None)),
        }
    }
}

impl<T: Transport> Drop for Corked<T> {
    fn drop(&mut self) {
        self.writer.shared().leave_receiver(self.receiver.take());
    }
}

/// What a corked handler returns: it decides with which code a connection is closed that is still
/// open.
pub trait HandlerOutput {
    /// The code to close with. One that may not be sent, 1010 on a server, becomes 1011.
    fn close_code(&self) -> CloseCode;
}

/// A handler that has nothing to say closes normally: 1000.
impl HandlerOutput for () {
    fn close_code(&self) -> CloseCode {
        CloseCode::NORMAL
    }
}

/// A handler that failed closes with 1011, internal error (RFC 6455 section 7.4.1).
impl<V, E> HandlerOutput for Result<V, E> {
    fn close_code(&self) -> CloseCode {
        match self {
            Ok(_) => CloseCode::NORMAL,
            Err(_) => CloseCode::INTERNAL_ERROR,
        }
    }
}

/// Runs a [corked](crate::WebSocket::cork) handler, then closes the connection. A future with the
/// handler's output.
///
/// If the handler panics, the connection is closed with code 1011 before the panic goes on.
#[must_use = "futures do nothing unless polled"]
pub struct Cork<T, F: Future> {
    shared: Arc<Shared<T>>,
    state: State<F>,
    /// The waker that writers wake. Kept here, too, so that a look tells that it is the same still.
    runner: Option<Waker>,
}

enum State<F: Future> {
    Running(Pin<Box<F>>),
    Closing {
        result: Finished<F::Output>,
        receiver: Option<Box<Receiver>>,
    },
    Done,
}

enum Finished<R> {
    Output(R),
    Panic(Box<dyn Any + Send>),
}

impl<T: Transport, F: Future> Cork<T, F> {
    pub(crate) fn new(shared: Arc<Shared<T>>, handler: F) -> Self {
        Self {
            shared,
            state: State::Running(Box::pin(handler)),
            runner: None,
        }
    }

    /// A handle to send with from outside the handler, to close the connection from there for
    /// example.
    #[must_use]
    pub fn writer(&self) -> WriteHalf<T> {
        WriteHalf::new(self.shared.clone())
    }
}

impl<T: Transport, F: Future<Output: HandlerOutput>> Cork<T, F> {
    fn poll_handler(
        &mut self,
        handler: &mut Pin<Box<F>>,
        cx: &mut Context<'_>,
    ) -> Poll<Finished<F::Output>> {
        match &self.runner {
            Some(runner) if runner.will_wake(cx.waker()) => {}
            _ => {
                self.shared.set_runner(cx.waker());
                self.runner = Some(cx.waker().clone());
            }
        }
        self.shared.begin_polling();
        // The handler is dropped right after a panic and nothing of it is looked at again.
        let polled = catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(cx)));
        let finished = match polled {
            Ok(Poll::Pending) => {
                self.shared.end_polling(cx);
                return Poll::Pending;
            }
            Ok(Poll::Ready(output)) => Finished::Output(output),
            Err(panic) => Finished::Panic(panic),
        };
        self.shared.stop_polling();
        Poll::Ready(finished)
    }

    fn start_close(&self, result: &Finished<F::Output>) {
        let (code, reason) = match result {
            Finished::Output(output) => (output.close_code(), ""),
            Finished::Panic(_) => (CloseCode::INTERNAL_ERROR, "internal error"),
        };
        let mut link = self.shared.lock();
        if link
            .start_close(Some(CloseFrame::new(code, reason)))
            .is_err()
        {
            // The output asked for a code that a server may not send. The closing handshake has to
            // begin all the same: it is what bounds the wait for the peer.
            let _ = link.start_close(Some(CloseFrame::new(CloseCode::INTERNAL_ERROR, "")));
        }
    }
}

impl<T: Transport, F: Future<Output: HandlerOutput>> Future for Cork<T, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match mem::replace(&mut self.state, State::Done) {
                State::Running(mut handler) => {
                    let Poll::Ready(result) = self.poll_handler(&mut handler, cx) else {
                        self.state = State::Running(handler);
                        return Poll::Pending;
                    };
                    drop(handler);
                    self.start_close(&result);
                    let receiver = self.shared.take_receiver();
                    self.state = State::Closing { result, receiver };
                }
                State::Closing {
                    result,
                    receiver: Some(mut receiver),
                } => {
                    let closed = receiver.poll_closed(&mut &*self.shared, cx);
                    if closed.is_pending() {
                        self.state = State::Closing {
                            result,
                            receiver: Some(receiver),
                        };
                        return Poll::Pending;
                    }
                    return Poll::Ready(result.into_output());
                }
                // The handler gave its connection away; whoever has it may close it.
                State::Closing {
                    result,
                    receiver: None,
                } => {
                    let flushed = self.shared.lock().poll_sent(cx);
                    if flushed.is_pending() {
                        self.state = State::Closing {
                            result,
                            receiver: None,
                        };
                        return Poll::Pending;
                    }
                    return Poll::Ready(result.into_output());
                }
                State::Done => return Poll::Pending,
            }
        }
    }
}

impl<R> Finished<R> {
    fn into_output(self) -> R {
        match self {
            Self::Output(output) => output,
            Self::Panic(panic) => resume_unwind(panic),
        }
    }
}

// The handler is pinned by its box; nothing else in here is pinned.
impl<T, F: Future> Unpin for Cork<T, F> {}

impl<T, F: Future> fmt::Debug for Cork<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cork").finish_non_exhaustive()
    }
}
