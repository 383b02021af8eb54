use crate::kind::Kind;
use crate::message::Message;

/// A message that is borrowed from where it was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageRef<'a> {
    /// Text.
    Text(&'a str),
    /// Any bytes.
    Binary(&'a [u8]),
}

impl<'a> MessageRef<'a> {
    /// Whether this is text or binary.
    #[inline]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Text(_) => Kind::Text,
            Self::Binary(_) => Kind::Binary,
        }
    }

    /// The length in bytes.
    #[inline]
    pub const fn len(self) -> usize {
        self.as_bytes().len()
    }

    /// Whether the message has no bytes.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.as_bytes().is_empty()
    }

    /// The bytes, whatever they mean.
    #[inline]
    pub const fn as_bytes(self) -> &'a [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The text, if this is a text message.
    #[inline]
    pub const fn as_text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// Copies the message.
    #[inline]
    pub fn to_owned(self) -> Message {
        match self {
            Self::Text(text) => Message::from(text),
            Self::Binary(bytes) => Message::from(bytes),
        }
    }
}

impl<'a> From<&'a Message> for MessageRef<'a> {
    #[inline]
    fn from(message: &'a Message) -> Self {
        match message {
            Message::Text(text) => Self::Text(text),
            Message::Binary(bytes) => Self::Binary(bytes),
        }
    }
}
