use core::num::NonZeroUsize;

use bytes::{Buf, BytesMut};
use tautline_frame::ControlPayload;
use tautline_message::{Kind, Limits, Message};

use crate::{
    CloseFrame, Closed, ConnectionLost, Control, Disposition, Fin, Inbound, MaskKeys, NoKeys,
    Outbound, OutputQueue, Prepared, Role, SendError, Step, Violation,
};

/// Both halves of a connection, for users who move the bytes themselves.
///
/// The call order is on the [crate's page](crate).
#[derive(Debug)]
pub struct Connection<K = NoKeys> {
    inbound: Inbound,
    outbound: Outbound<K>,
}

/// What came from the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A whole message.
    Message(Message),
    /// A Ping; its Pong is queued already.
    Ping(ControlPayload),
    /// A Pong.
    Pong(ControlPayload),
    /// A Close frame; the answer is queued already. No event follows.
    Close(Option<CloseFrame>),
}

impl Connection {
    /// The server's end of a connection whose opening handshake is done, with default [`Limits`].
    #[must_use]
    pub fn server() -> Self {
        Self::with_limits(Role::Server, NoKeys, Limits::default())
    }
}

impl<K: MaskKeys> Connection<K> {
    /// The client's end of a connection whose opening handshake is done, with default [`Limits`].
    ///
    /// `keys` is asked for a masking key for every frame; it must be a strong random source
    /// (RFC 6455 section 5.3).
    pub fn client(keys: K) -> Self {
        Self::with_limits(Role::Client, keys, Limits::default())
    }

    /// Either end, with limits of the caller's choice.
    pub fn with_limits(role: Role, keys: K, limits: Limits) -> Self {
        Self {
            inbound: Inbound::new(role, limits),
            outbound: Outbound::new(role, keys),
        }
    }

    /// Takes the next event off `input`. `Ok(None)`: more bytes are needed.
    ///
    /// Bytes that belong to an incomplete frame stay in `input`. After a Close frame the rest of
    /// `input` is discarded (RFC 6455 section 5.5.1).
    ///
    /// # Errors
    ///
    /// What the peer did wrong; the Close frame that says so is queued already, and nothing more
    /// is received.
    pub fn receive(&mut self, input: &mut BytesMut) -> Result<Option<Event>, Violation> {
        if self.outbound.disposition() != Disposition::Open {
            input.clear();
            return Ok(None);
        }
        let event = self.next_event(input);
        if let Err(violation) = event {
            self.outbound.fail(violation);
            input.clear();
        }
        event
    }

    /// Tells the connection that the peer's stream has ended.
    ///
    /// # Errors
    ///
    /// [`ConnectionLost`] if the closing handshake was not complete.
    pub fn receive_eof(&mut self) -> Result<(), ConnectionLost> {
        self.inbound.stop();
        if self.outbound.closed().is_clean() {
            Ok(())
        } else {
            Err(ConnectionLost)
        }
    }

    /// Queues a message.
    ///
    /// # Errors
    ///
    /// See [`Outbound::send`].
    pub fn send(&mut self, message: impl Into<Message>) -> Result<(), SendError> {
        self.outbound.send(message.into())
    }

    /// Queues one fragment of a message.
    ///
    /// # Errors
    ///
    /// See [`Outbound::send_fragment`].
    pub fn send_fragment(
        &mut self,
        fragment: impl Into<Message>,
        fin: Fin,
    ) -> Result<(), SendError> {
        self.outbound.send_fragment(fragment.into(), fin)
    }

    /// Queues a Ping.
    ///
    /// # Errors
    ///
    /// [`SendError::ControlTooLong`] for more than 125 bytes, [`SendError::Closing`].
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        let payload = ControlPayload::new(payload).map_err(|_| SendError::ControlTooLong)?;
        self.outbound.ping(&payload)
    }

    /// Queues a Pong that answers nothing; those that answer a Ping are queued already.
    ///
    /// # Errors
    ///
    /// As [`Connection::ping`].
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), SendError> {
        let payload = ControlPayload::new(payload).map_err(|_| SendError::ControlTooLong)?;
        self.outbound.pong(&payload)
    }

    /// Cuts messages into frames of at most this many bytes; `None`, the default, sends each in one.
    pub fn set_fragment_size(&mut self, size: Option<NonZeroUsize>) {
        self.outbound.set_fragment_size(size);
    }

    /// Compresses from now on (RFC 7692), as was agreed on in the opening handshake.
    #[cfg(feature = "deflate")]
    pub fn set_deflate(
        &mut self,
        agreed: &tautline_deflate::Agreed,
        settings: &tautline_deflate::Settings,
    ) {
        self.inbound.set_deflate(agreed.decompress);
        if let Some(context) = agreed.compress {
            self.outbound.set_deflate(context, settings);
        }
    }

    /// Queues a message that is not to be compressed, whatever was agreed on.
    ///
    /// # Errors
    ///
    /// See [`Outbound::send_uncompressed`].
    pub fn send_uncompressed(&mut self, message: impl Into<Message>) -> Result<(), SendError> {
        self.outbound.send_uncompressed(message.into())
    }

    /// Queues a message that is sent by many connections.
    ///
    /// # Errors
    ///
    /// See [`Outbound::send_prepared`].
    pub fn send_prepared(&mut self, prepared: &Prepared) -> Result<(), SendError> {
        self.outbound.send_prepared(prepared)
    }

    /// Begins the closing handshake; `None` sends a Close frame with an empty body.
    ///
    /// # Errors
    ///
    /// See [`Outbound::close`].
    pub fn close(&mut self, frame: Option<CloseFrame>) -> Result<(), SendError> {
        self.outbound.close(frame)
    }

    /// The bytes to be written. Take them off with [`bytes::Buf::advance`] as they are written.
    pub fn output(&mut self) -> &mut OutputQueue {
        self.outbound.written();
        self.outbound.output()
    }

    /// What to do with the transport.
    #[must_use]
    pub const fn disposition(&self) -> Disposition {
        self.outbound.disposition()
    }

    /// What is known of the end so far.
    #[must_use]
    pub fn closed(&self) -> Closed {
        self.outbound.closed()
    }

    /// The two halves, to be used apart.
    #[must_use]
    pub fn split(self) -> (Inbound, Outbound<K>) {
        (self.inbound, self.outbound)
    }

    fn next_event(&mut self, input: &mut BytesMut) -> Result<Option<Event>, Violation> {
        loop {
            match self.inbound.locate(input)? {
                Step::More { .. } => return Ok(None),
                Step::Message {
                    kind,
                    head,
                    len,
                    key,
                } => {
                    let message = Self::take(input, kind, head, len, key)?;
                    return Ok(Some(Event::Message(message)));
                }
                Step::Control { opcode, head, len } => {
                    let control = self.inbound.control(opcode, &input[head..head + len])?;
                    input.advance(head + len);
                    self.outbound.answer(&control);
                    return Ok(Some(match control {
                        Control::Ping(payload) => Event::Ping(payload),
                        Control::Pong(payload) => Event::Pong(payload),
                        Control::Close(frame) => {
                            input.clear();
                            Event::Close(frame)
                        }
                    }));
                }
                Step::Fragment { len } => input.advance(len),
                Step::Assembled { len } => {
                    input.advance(len);
                    if let Some(message) = self.inbound.take_message() {
                        return Ok(Some(Event::Message(message)));
                    }
                }
            }
        }
    }

    fn take(
        input: &mut BytesMut,
        kind: Kind,
        head: usize,
        len: usize,
        key: Option<[u8; 4]>,
    ) -> Result<Message, Violation> {
        if len >= SHARE_THRESHOLD {
            let payload = input.split_to(head + len).split_off(head);
            return Inbound::message(kind, payload, key);
        }
        let payload = &mut input[head..head + len];
        let message = match kind {
            Kind::Binary => Message::from(Inbound::binary(payload, key)),
            Kind::Text => Message::from(Inbound::text(payload, key)?),
        };
        input.advance(head + len);
        Ok(message)
    }
}

/// A message of this many bytes and more shares the memory of the input. A smaller one is copied
/// out at its exact size: it must not keep a large buffer alive.
const SHARE_THRESHOLD: usize = 4 * 1024;
