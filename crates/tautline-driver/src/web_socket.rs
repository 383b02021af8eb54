use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::BytesMut;
use tautline_connection::{CloseFrame, Closed, Fin, Inbound, Prepared, Role};
use tautline_frame::CloseCode;
use tautline_handshake::Response;
use tautline_message::{Kind, Message, MessageRef, Utf8Bytes};

use crate::{
    Config, Cork, Corked, Error, Lent, ReadHalf, Received, Reply, Transport, WriteHalf,
    input::SHARE_THRESHOLD,
    link::{Agreed, Link, WhenFull},
    receiver::{Found, Receiver},
    shared::Shared,
};

/// A WebSocket connection.
///
/// * [`recv`](Self::recv) gives the next message, and `None` only after a clean closing handshake.
///   Pings are answered on the way; nothing has to be done for them.
/// * [`send`](Self::send) returns when the message has been handed to the transport,
///   [`feed`](Self::feed) when it is queued. `recv` sends off what is queued before it reads.
/// * [`close`](Self::close) runs the closing handshake, within a bounded time.
/// * [`split`](Self::split) gives two halves for two tasks; [`cork`](Self::cork) runs a handler
///   whose messages leave together.
///
/// Dropping it drops the transport without a closing handshake; the peer sees the connection lost.
///
/// It is a pointer, so that it is cheap to move, and the future of a task that was handed it does not
/// grow with every place that it passes through.
#[derive(Debug)]
pub struct WebSocket<T>(Box<Parts<T>>);

#[derive(Debug)]
struct Parts<T> {
    receiver: Receiver,
    link: Link<T>,
}

impl<T: Transport> WebSocket<T> {
    /// A connection over a transport on which the opening handshake is done.
    ///
    /// For handshakes done elsewhere, by another HTTP implementation. `early` is what was read
    /// behind the handshake; usually it is empty.
    pub fn from_handshake(
        stream: T::Stream,
        role: Role,
        early: BytesMut,
        config: impl Into<Arc<Config>>,
    ) -> Self {
        Self::open(T::from_stream(stream), role, early, config.into(), None)
    }

    /// Compresses from now on (RFC 7692), as an opening handshake that was done elsewhere has agreed
    /// on. Handshakes of this crate see to it themselves.
    #[cfg(feature = "deflate")]
    pub fn set_deflate(
        &mut self,
        agreed: &tautline_deflate::Agreed,
        settings: &tautline_deflate::Settings,
    ) {
        self.0.receiver.inbound.set_deflate(agreed.decompress);
        if let Some(context) = agreed.compress {
            self.0.link.outbound.set_deflate(context, settings);
        }
    }

    /// What was agreed on for compression (RFC 7692), and `None` without it.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn deflate(&self) -> Option<tautline_deflate::Agreed> {
        Some(tautline_deflate::Agreed {
            compress: self.0.link.outbound.deflate(),
            decompress: self.0.receiver.inbound.deflate()?,
        })
    }

    pub(crate) fn open(
        transport: T,
        role: Role,
        early: BytesMut,
        config: Arc<Config>,
        agreed: Option<Agreed>,
    ) -> Self {
        Self(Box::new(Parts {
            receiver: Receiver::new(role, &config, early),
            link: Link::new(transport, role, config, agreed),
        }))
    }

    /// Receives the next message; `Ok(None)` after a clean closing handshake.
    ///
    /// Messages that are queued are sent before it reads. Pings are answered and pongs noted
    /// without the caller doing anything. A message below 4 KiB is copied out at its exact size, a
    /// larger one shares the buffer it arrived in.
    ///
    /// # Errors
    ///
    /// Whatever ends the connection other than a clean closing handshake. It stays the result of
    /// every further call.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no message is lost, and what has arrived of the next one is kept.
    #[inline]
    pub async fn recv(&mut self) -> Result<Option<Message>, Error> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Receives the next message as [`recv`](Self::recv) does, but lends it, without an allocation,
    /// beside a place for replies.
    ///
    /// Replies are queued without waiting. That is why, unlike [`recv`](Self::recv), it does not
    /// read while more than the [high-water mark](Config::high_water_mark) is queued.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe, as [`recv`](Self::recv).
    #[inline]
    pub async fn recv_ref(&mut self) -> Result<Option<Received<'_>>, Error> {
        let Parts { receiver, link } = &mut *self.0;
        // A block, so that the future does not keep what is in it while it waits below.
        let violation = {
            let found = poll_fn(|cx| receiver.poll_find(&mut &mut *link, cx, WhenFull::Wait));
            let message = match found.await? {
                None => return Ok(None),
                Some(Found::Assembled(message)) => Ok(Lent::owned(message)),
                Some(Found::Input {
                    kind,
                    head,
                    len,
                    key,
                }) if len >= SHARE_THRESHOLD => {
                    receiver.take(kind, head, len, key).map(Lent::owned)
                }
                Some(Found::Input {
                    kind,
                    head,
                    len,
                    key,
                }) => {
                    receiver.lend(head, len);
                    let payload = receiver.input.slice(head, len);
                    match kind {
                        Kind::Text => Inbound::text(payload, key).map(MessageRef::Text),
                        Kind::Binary => Ok(MessageRef::Binary(Inbound::binary(payload, key))),
                    }
                    .map(Lent::buffer)
                }
            };
            match message {
                Ok(message) => {
                    let reply = Reply::new(link.outbound_with_buffer());
                    return Ok(Some(Received { message, reply }));
                }
                Err(violation) => violation,
            }
        };
        receiver.inbound.stop();
        link.fail(violation);
        poll_fn(|cx| link.poll_end(cx)).await.map(|_| None)
    }

    /// Sends a message: queues it and hands everything that is queued to the transport.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if it may not be sent now, [`Error::Io`] if the transport fails,
    /// [`Error::Timeout`] if a keepalive deadline passes while it waits.
    ///
    /// # Cancel safety
    ///
    /// The message is never sent in part. If the future is dropped while the queue was full, the
    /// message is dropped with it; otherwise it is queued and leaves with the next `recv`, `send`
    /// or `flush`.
    pub fn send(&mut self, message: impl Into<Message>) -> impl Future<Output = Result<(), Error>> {
        let message = message.into();
        async move {
            poll_fn(|cx| self.0.link.poll_ready(cx)).await?;
            self.0.link.queue_message(message)?;
            poll_fn(|cx| self.0.link.poll_sent(cx)).await
        }
    }

    /// Sends a message as [`send`](Self::send) does, but not compressed, whatever was agreed on.
    ///
    /// For secrets beside text that somebody else chose (RFC 7692 section 8).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub fn send_uncompressed(
        &mut self,
        message: impl Into<Message>,
    ) -> impl Future<Output = Result<(), Error>> {
        let message = message.into();
        async move {
            poll_fn(|cx| self.0.link.poll_ready(cx)).await?;
            self.0.link.queue_uncompressed(message)?;
            poll_fn(|cx| self.0.link.poll_sent(cx)).await
        }
    }

    /// Sends a message as [`send`](Self::send) does, but one that many connections of a server send:
    /// its frame is made once for all of them, and is compressed once. See [`Prepared`].
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn send_prepared(&mut self, prepared: &Prepared) -> Result<(), Error> {
        self.feed_prepared(prepared).await?;
        poll_fn(|cx| self.0.link.poll_sent(cx)).await
    }

    /// Queues a message, and waits only while more than the
    /// [high-water mark](Config::high_water_mark) is queued.
    ///
    /// What is queued leaves with the next `recv`, `send` or `flush`. Use it where one of these
    /// follows soon; a program that then waits for something else keeps its peer waiting.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub fn feed(&mut self, message: impl Into<Message>) -> impl Future<Output = Result<(), Error>> {
        let message = message.into();
        async move {
            poll_fn(|cx| self.0.link.poll_ready(cx)).await?;
            Ok(self.0.link.queue_message(message)?)
        }
    }

    /// Queues a message as [`feed`](Self::feed) does, but one that many connections of a server send;
    /// see [`send_prepared`](Self::send_prepared).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn feed_prepared(&mut self, prepared: &Prepared) -> Result<(), Error> {
        poll_fn(|cx| self.0.link.poll_ready(cx)).await?;
        Ok(self.0.link.queue_prepared(prepared)?)
    }

    /// Sends one fragment of a message that is sent piece by piece (RFC 6455 section 5.4).
    ///
    /// The first call begins the message, [`Fin::Last`] ends it. Until then no other message can be
    /// sent; pings and a Close can. The peer's application sees one message.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub fn send_fragment(
        &mut self,
        fragment: impl Into<Message>,
        fin: Fin,
    ) -> impl Future<Output = Result<(), Error>> {
        let fragment = fragment.into();
        async move {
            poll_fn(|cx| self.0.link.poll_ready(cx)).await?;
            self.0
                .link
                .outbound_with_buffer()
                .send_fragment(fragment, fin)?;
            poll_fn(|cx| self.0.link.poll_sent(cx)).await
        }
    }

    /// Hands everything that is queued to the transport.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: what is left stays queued.
    pub async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.0.link.poll_sent(cx)).await
    }

    /// Sends a Ping with at most 125 bytes. Once `recv` has seen its Pong,
    /// [`round_trip`](Self::round_trip) has the time between.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: once polled, the Ping is queued.
    pub async fn ping(&mut self, payload: impl AsRef<[u8]>) -> Result<(), Error> {
        self.0.link.queue_ping(payload.as_ref())?;
        poll_fn(|cx| self.0.link.poll_sent(cx)).await
    }

    /// Closes the connection: sends a Close frame, waits for the peer's, and for the end of the
    /// stream, all within the [close timeout](Config::close_timeout). Messages that arrive
    /// meanwhile are discarded.
    ///
    /// The result tells whether it was clean. If the connection is closing already, no second Close
    /// frame is sent.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if the reason is over 123 bytes, or the code is 1010 on a server; the
    /// connection is then as it was.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the closing handshake goes on with the next `close` or `recv`.
    pub async fn close(&mut self, code: CloseCode, reason: &str) -> Result<Closed, Error> {
        self.0
            .link
            .start_close(Some(CloseFrame::new(code, Utf8Bytes::from(reason))))?;
        Ok(poll_fn(|cx| self.poll_closed(cx)).await)
    }

    /// How the connection ended, or what is known of it so far.
    #[must_use]
    pub fn closed(&self) -> Closed {
        self.0.link.closed()
    }

    /// The subprotocol that was agreed on.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.0.link.agreed.as_ref()?.subprotocol.as_deref()
    }

    /// On a client, the server's response to the opening handshake.
    #[must_use]
    pub fn response(&self) -> Option<&Response> {
        self.0.link.agreed.as_ref()?.response.as_ref()
    }

    /// The time that the last answered Ping took. Measured by [`ping`](Self::ping) and by
    /// [keepalive](Config::keepalive).
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        self.0.link.round_trip()
    }

    /// The stream underneath.
    #[must_use]
    pub fn stream(&self) -> &T::Stream {
        self.0.link.transport.stream()
    }

    /// Splits the connection into halves that work at once from two tasks.
    ///
    /// A reader that waits never blocks the writer. Control frames are answered by whichever half
    /// is awake; the closing handshake needs the reader to be polled.
    ///
    /// Every `send` of a half is a write of its own: nobody else would come by to send off what it
    /// left. Tasks that send many small messages share writes with [`cork`](Self::cork) and
    /// [`Corked::writer`], whose runner sends off what any of them has queued.
    #[must_use]
    pub fn split(self) -> (ReadHalf<T>, WriteHalf<T>) {
        let Parts { receiver, link } = *self.0;
        let shared = Arc::new(Shared::new(link));
        (
            ReadHalf::new(Box::new(receiver), shared.clone()),
            WriteHalf::new(shared),
        )
    }

    /// Runs `handler` on this connection, corked: what it sends is queued and leaves in one write
    /// whenever the handler has to wait, for a message or for anything else.
    ///
    /// When the handler returns, the connection is closed, if it is not yet.
    pub fn cork<F, H>(self, handler: H) -> Cork<T, F>
    where
        F: Future,
        H: FnOnce(Corked<T>) -> F,
    {
        let Parts { receiver, link } = *self.0;
        let shared = Arc::new(Shared::corked(link));
        let future = handler(Corked::new(Box::new(receiver), shared.clone()));
        Cork::new(shared, future)
    }

    #[cfg(feature = "futures")]
    pub(crate) const fn parts(&mut self) -> (&mut Receiver, &mut Link<T>) {
        (&mut self.0.receiver, &mut self.0.link)
    }

    #[cfg(feature = "futures")]
    pub(crate) const fn receiver(&self) -> &Receiver {
        &self.0.receiver
    }

    #[inline]
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, Error>> {
        self.0.receiver.poll_message(&mut self.0.link, cx)
    }

    fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<Closed> {
        self.0.receiver.poll_closed(&mut &mut self.0.link, cx)
    }
}
