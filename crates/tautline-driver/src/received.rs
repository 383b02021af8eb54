use tautline_connection::{Outbound, Prepared};
use tautline_message::{Message, MessageRef};

use crate::{Error, keys::OsKeys};

/// A message that is lent, and the place for a reply.
///
/// The two borrow different parts of the connection, so the reply may be made of the message.
/// What is queued here leaves when the next message is looked for, or with the next flush.
#[derive(Debug)]
#[non_exhaustive]
pub struct Received<'a> {
    /// The message.
    pub message: Lent<'a>,
    /// The way back to the peer.
    pub reply: Reply<'a>,
}

/// A message that is lent by the connection's buffer, or, if it is large or came in fragments,
/// owned without having been copied.
#[derive(Debug)]
pub struct Lent<'a>(Source<'a>);

#[derive(Debug)]
enum Source<'a> {
    Buffer(MessageRef<'a>),
    Owned(Message),
}

impl<'a> Lent<'a> {
    pub(crate) const fn buffer(message: MessageRef<'a>) -> Self {
        Self(Source::Buffer(message))
    }

    pub(crate) const fn owned(message: Message) -> Self {
        Self(Source::Owned(message))
    }

    /// The message, borrowed.
    #[inline]
    #[must_use]
    pub fn as_ref(&self) -> MessageRef<'_> {
        match &self.0 {
            Source::Buffer(message) => *message,
            Source::Owned(Message::Text(text)) => MessageRef::Text(text),
            Source::Owned(message) => MessageRef::Binary(message.as_bytes()),
        }
    }

    /// The text of a text message.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self.as_ref() {
            MessageRef::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The payload.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Source::Buffer(MessageRef::Text(text)) => text.as_bytes(),
            Source::Buffer(message) => message.as_bytes(),
            Source::Owned(message) => message.as_bytes(),
        }
    }

    /// The message, to be kept: copied if it is small, shared if it is not.
    #[must_use]
    pub fn into_message(self) -> Message {
        match self.0 {
            Source::Buffer(message) => message.to_owned(),
            Source::Owned(message) => message,
        }
    }
}

/// Queues replies while a message is lent.
#[derive(Debug)]
pub struct Reply<'a>(&'a mut Outbound<OsKeys>);

impl<'a> Reply<'a> {
    pub(crate) const fn new(outbound: &'a mut Outbound<OsKeys>) -> Self {
        Self(outbound)
    }

    /// Queues a message.
    ///
    /// # Errors
    ///
    /// [`Error::Send`].
    pub fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        Ok(self.0.send(message.into())?)
    }

    /// Queues a message as [`send`](Self::send) does, but not compressed, whatever was agreed on.
    ///
    /// For secrets beside text that somebody else chose (RFC 7692 section 8).
    ///
    /// # Errors
    ///
    /// [`Error::Send`].
    pub fn send_uncompressed(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        Ok(self.0.send_uncompressed(message.into())?)
    }

    /// Queues a message that is sent by many connections; see
    /// [`WebSocket::send_prepared`](crate::WebSocket::send_prepared).
    ///
    /// # Errors
    ///
    /// [`Error::Send`].
    #[inline]
    pub fn send_prepared(&mut self, prepared: &Prepared) -> Result<(), Error> {
        Ok(self.0.send_prepared(prepared)?)
    }

    /// Queues a copy of a borrowed message. Below 32 KiB and not compressed, it is copied right
    /// into the output, without an allocation.
    ///
    /// # Errors
    ///
    /// [`Error::Send`].
    #[inline]
    pub fn send_ref(&mut self, message: MessageRef<'_>) -> Result<(), Error> {
        Ok(self.0.send_ref(message)?)
    }

    /// Queues a message that is lent, as it is; a large one is not copied.
    ///
    /// # Errors
    ///
    /// [`Error::Send`].
    #[inline]
    pub fn echo(&mut self, message: Lent<'_>) -> Result<(), Error> {
        Ok(match message.0 {
            Source::Buffer(message) => self.0.send_ref(message),
            Source::Owned(message) => self.0.send(message),
        }?)
    }

    /// Bytes that are queued and not yet handed to the transport.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.0.queued()
    }
}
