use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tautline_connection::{CloseFrame, Closed, Fin, Prepared};
use tautline_frame::CloseCode;
use tautline_message::{Message, Utf8Bytes};

use crate::{
    Error, Transport,
    link::Link,
    receiver::Receiver,
    shared::{Shared, Turn},
};

/// The receiving half of a split [`WebSocket`](crate::WebSocket).
///
/// It answers pings and Close frames itself, whether or not the other half is in use.
#[derive(Debug)]
pub struct ReadHalf<T> {
    receiver: Box<Receiver>,
    shared: Arc<Shared<T>>,
}

impl<T: Transport> ReadHalf<T> {
    pub(crate) const fn new(receiver: Box<Receiver>, shared: Arc<Shared<T>>) -> Self {
        Self { receiver, shared }
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
    pub async fn recv(&mut self) -> Result<Option<Message>, Error> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// How the connection ended, or what is known of it so far.
    #[must_use]
    pub fn closed(&self) -> Closed {
        self.shared.lock().closed()
    }

    /// The time that the last answered Ping took.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        self.shared.lock().round_trip()
    }

    #[cfg(feature = "futures")]
    pub(crate) fn parts(&mut self) -> (&mut Receiver, &Shared<T>) {
        (&mut self.receiver, &self.shared)
    }

    #[inline]
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, Error>> {
        self.receiver.poll_message(&*self.shared, cx)
    }
}

/// The sending half of a split [`WebSocket`](crate::WebSocket), or of a
/// [corked](crate::WebSocket::cork) one.
///
/// It can be cloned, so that several tasks send. Their messages do not mix; fragments are the
/// exception, so send a message in fragments from one task only. Each waits for its own messages and
/// not for those behind them, and who sends without pause lets those go first who wait for room.
#[derive(Debug)]
pub struct WriteHalf<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Clone for WriteHalf<T> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<T: Transport> WriteHalf<T> {
    pub(crate) const fn new(shared: Arc<Shared<T>>) -> Self {
        Self { shared }
    }

    /// Sends a message; see [`WebSocket::send`](crate::WebSocket::send).
    ///
    /// On a corked connection it returns when the message is queued, and the cork's runner sends
    /// it off.
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
        let message = message.into();
        self.queue_and_wait(|link| Ok(link.queue_message(message)?))
    }

    /// Sends a message that is not compressed, whatever was agreed on; see
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
        let message = message.into();
        self.queue_and_wait(|link| Ok(link.queue_uncompressed(message)?))
    }

    /// Sends a message that is sent by many connections; see
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
        self.queue_and_wait(|link| Ok(link.queue_prepared(prepared)?))
    }

    /// Queues a message, and waits only for room; see [`WebSocket::feed`](crate::WebSocket::feed).
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    ///
    /// # Cancel safety
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    pub fn feed(&self, message: impl Into<Message>) -> impl Future<Output = Result<(), Error>> {
        let message = message.into();
        self.queue(|link| Ok(link.queue_message(message)?))
    }

    /// Queues a message that is sent by many connections, and waits only for room; see
    /// [`WebSocket::feed_prepared`](crate::WebSocket::feed_prepared).
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    ///
    /// # Cancel safety
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    pub fn feed_prepared(&self, prepared: &Prepared) -> impl Future<Output = Result<(), Error>> {
        self.queue(|link| Ok(link.queue_prepared(prepared)?))
    }

    /// Sends one fragment of a message; see
    /// [`WebSocket::send_fragment`](crate::WebSocket::send_fragment).
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    ///
    /// # Cancel safety
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    pub fn send_fragment(
        &self,
        fragment: impl Into<Message>,
        fin: Fin,
    ) -> impl Future<Output = Result<(), Error>> {
        let fragment = fragment.into();
        self.queue_and_wait(move |link| {
            Ok(link.outbound_with_buffer().send_fragment(fragment, fin)?)
        })
    }

    /// Hands everything that is queued to the transport.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: what is left stays queued.
    pub async fn flush(&self) -> Result<(), Error> {
        let mut end = None;
        self.wait(|shared, cx, _| {
            let mut link = shared.lock();
            let end = *end.get_or_insert_with(|| link.queue_end());
            link.poll_sent_up_to(cx, end)
        })
        .await
    }

    /// Sends a Ping with at most 125 bytes.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the Ping is sent or not.
    pub async fn ping(&self, payload: impl AsRef<[u8]>) -> Result<(), Error> {
        self.queue_and_wait(|link| link.queue_ping(payload.as_ref()))
            .await
    }

    /// Sends a Close frame. The closing handshake ends when the receiving half returns `None`.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if the reason is over 123 bytes, or the code is 1010 on a server;
    /// [`Error::Io`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the Close frame is sent once.
    pub async fn close(&self, code: CloseCode, reason: &str) -> Result<(), Error> {
        let frame = CloseFrame::new(code, Utf8Bytes::from(reason));
        let mut frame = Some(frame);
        let mut end = 0;
        self.wait(|shared, cx, _| {
            let mut link = shared.lock();
            if let Some(frame) = frame.take() {
                link.start_close(Some(frame))?;
                end = link.queue_end();
                drop(link);
                shared.wake_runner();
                link = shared.lock();
            }
            link.poll_sent_up_to(cx, end)
        })
        .await
    }

    /// How the connection ended, or what is known of it so far.
    #[must_use]
    pub fn closed(&self) -> Closed {
        self.shared.lock().closed()
    }

    /// The time that the last answered Ping took.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        self.shared.lock().round_trip()
    }

    /// Waits for room, and queues.
    #[inline]
    fn queue(
        &self,
        queue: impl FnOnce(&mut Link<T>) -> Result<(), Error>,
    ) -> impl Future<Output = Result<(), Error>> {
        let mut queue = Some(queue);
        self.wait(move |shared, cx, turn| shared.poll_queue(cx, turn, &mut queue))
    }

    /// Waits for room, queues, and waits for what the connection's kind of sending waits for.
    // Not an `async fn`, and neither is what calls it: each would keep a message of its own while it
    // waits for the next.
    #[inline]
    fn queue_and_wait(
        &self,
        queue: impl FnOnce(&mut Link<T>) -> Result<(), Error>,
    ) -> impl Future<Output = Result<(), Error>> {
        let mut queue = Some(queue);
        self.wait(move |shared, cx, turn| {
            if queue.is_some() {
                ready!(shared.poll_queue(cx, turn, &mut queue))?;
            }
            shared.poll_sent(cx, turn)
        })
    }

    /// Polls until the answer comes, or until that is given up.
    #[inline]
    fn wait<R>(
        &self,
        mut poll: impl FnMut(&Shared<T>, &mut Context<'_>, &mut Turn) -> Poll<R>,
    ) -> impl Future<Output = R> {
        let mut waiting = self.shared.waiting();
        poll_fn(move |cx| waiting.poll(cx, &mut poll))
    }

    #[inline]
    pub(crate) fn shared(&self) -> &Shared<T> {
        &self.shared
    }
}
