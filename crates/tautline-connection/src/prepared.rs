use alloc::sync::Arc;

use bytes::Bytes;
use tautline_frame::{EncodedHeader, Header};
use tautline_message::Message;

use crate::deflate::{CompressedForms, Compression};

/// A message for many connections of a server: its frame is made once, and so is its compressed
/// form. [`Outbound::send_prepared`](crate::Outbound::send_prepared) takes it.
///
/// Clones share everything, so that every connection's queue can hold one.
///
/// A connection that compresses messages of this length gets a form that was compressed by itself
/// and refers to no other message. The first connection that needs it makes it, at its own level;
/// there is one for each size of window in use. The others are spared that work, which is nearly all
/// that sending compressed takes. Where contexts are taken over, messages that resemble each other
/// get longer by it than by [`Outbound::send`](crate::Outbound::send), which refers to the ones
/// before.
///
/// A client masks every frame with a key of its own (RFC 6455 section 5.3). It can send one of
/// these, and gains nothing.
///
/// # Example
///
/// ```
/// use bytes::Buf;
/// use tautline_connection::{Connection, Prepared};
///
/// let mut everybody = [Connection::server(), Connection::server()];
/// let news = Prepared::new("Hello");
/// for connection in &mut everybody {
///     connection.send_prepared(&news)?;
///     assert_eq!(connection.output().chunk(), b"\x81\x05Hello");
/// }
/// # Ok::<(), tautline_connection::SendError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Prepared(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    message: Message,
    plain: Form,
    compressed: CompressedForms,
}

impl Prepared {
    /// Prepares a message. Its payload is not copied.
    #[must_use]
    pub fn new(message: impl Into<Message>) -> Self {
        let message = message.into();
        Self(Arc::new(Inner {
            plain: Form::new(&message, false, message.clone().into_bytes()),
            message,
            compressed: CompressedForms::new(),
        }))
    }

    /// The message.
    #[inline]
    #[must_use]
    pub fn message(&self) -> &Message {
        &self.0.message
    }

    /// What a server sends of it, which its compression, if there is one, takes note of.
    #[inline]
    pub(crate) fn form(&self, compression: Option<&mut Compression>) -> &Form {
        let Inner {
            message,
            plain,
            compressed,
        } = &*self.0;
        compression
            .and_then(|compression| compressed.form(compression, message))
            .unwrap_or(plain)
    }
}

impl From<Message> for Prepared {
    fn from(message: Message) -> Self {
        Self::new(message)
    }
}

/// A server's frame. Whether its parts are put together depends on their length, when it is sent.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) header: EncodedHeader,
    pub(crate) payload: Bytes,
}

impl Form {
    /// A frame that is the whole message.
    pub(crate) fn new(message: &Message, rsv1: bool, payload: Bytes) -> Self {
        let header = Header {
            fin: true,
            rsv1,
            opcode: message.kind().opcode(),
            mask: None,
            payload_len: payload.len() as u64,
        };
        Self {
            header: header.encode(),
            payload,
        }
    }
}
