use alloc::vec::Vec;
use core::error::Error;
use core::fmt::{self, Display, Formatter};
use core::mem;

use bytes::Bytes;
use tautline_frame::OpCode;

use crate::growth;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::message::Message;
use crate::utf8_bytes::Utf8Buffer;
use crate::utf8_validator::InvalidUtf8;

/// Joins the frames of messages as they arrive (RFC 6455 section 5.4).
///
/// Whole frames go to [`push`](Self::push). A frame whose payload is still arriving takes three
/// steps, so that what is wrong with it shows as early as possible:
///
/// 1. [`begin_frame`](Self::begin_frame) judges its header,
/// 2. [`extend`](Self::extend) takes its payload, unmasked, in any pieces,
/// 3. [`end_frame`](Self::end_frame) gives the message if that was its last frame.
///
/// Control frames don't go through here, though they may come between the frames of a message.
///
/// The message grows in one buffer, with the bytes that have arrived and not with those that a
/// header promises. An error drops the message that was open, and frames of it that may follow
/// continue nothing; a connection has to be failed anyway.
#[derive(Debug)]
pub struct Assembler {
    limits: Limits,
    state: State,
}

/// Where in a message the stream of frames is.
///
/// ```text
///          begin_frame                 end_frame, FIN
///   Idle --------------> InFrame ------------------------> Idle
///                         ^   |
///             begin_frame |   | end_frame, more to follow
///                         |   v
///                        Between
/// ```
///
/// Every error leads to `Idle`.
#[derive(Debug)]
enum State {
    Idle,
    InFrame { message: Partial, fin: bool },
    Between { message: Partial },
}

impl Assembler {
    /// Makes an assembler that waits for the first frame of a message.
    #[inline]
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: State::Idle,
        }
    }

    /// Takes a whole frame, and gives the message if this was its last one.
    ///
    /// # Errors
    ///
    /// Those of [`begin_frame`](Self::begin_frame), [`extend`](Self::extend) and
    /// [`end_frame`](Self::end_frame).
    pub fn push(
        &mut self,
        opcode: OpCode,
        fin: bool,
        payload: &[u8],
    ) -> Result<Option<Message>, AssembleError> {
        self.begin_frame(opcode, fin, payload.len() as u64)?;
        self.extend(payload)?;
        self.end_frame()
    }

    /// Judges the header of a data frame before any of its payload.
    ///
    /// `payload_len` is the length that the header announces.
    ///
    /// # Errors
    ///
    /// When the frame may not come now, announces too much, or is one empty fragment too many.
    pub fn begin_frame(
        &mut self,
        opcode: OpCode,
        fin: bool,
        payload_len: u64,
    ) -> Result<(), AssembleError> {
        self.begin(opcode, fin, payload_len, payload_len)
    }

    /// Judges the header of a data frame whose payload is compressed.
    ///
    /// The limit of a message is about what comes out and not about what is announced, which may
    /// be a little more; [`extend`](Self::extend) minds it.
    ///
    /// # Errors
    ///
    /// As [`begin_frame`](Self::begin_frame).
    pub fn begin_compressed_frame(
        &mut self,
        opcode: OpCode,
        fin: bool,
        payload_len: u64,
    ) -> Result<(), AssembleError> {
        self.begin(opcode, fin, payload_len, 0)
    }

    /// `added` is by how much the message is known to grow.
    fn begin(
        &mut self,
        opcode: OpCode,
        fin: bool,
        payload_len: u64,
        added: u64,
    ) -> Result<(), AssembleError> {
        // RFC 6455 section 5.4: continuation frames follow the first frame of a message, and
        // nothing but them does until it is finished.
        let mut message = match (opcode, mem::replace(&mut self.state, State::Idle)) {
            (OpCode::Text, State::Idle) => Partial::new(Kind::Text),
            (OpCode::Binary, State::Idle) => Partial::new(Kind::Binary),
            (OpCode::Continuation, State::Between { message }) => message,
            (OpCode::Continuation, State::Idle | State::InFrame { .. }) => {
                return Err(AssembleError::UnexpectedContinuation);
            }
            (OpCode::Text | OpCode::Binary, State::Between { .. } | State::InFrame { .. }) => {
                return Err(AssembleError::ExpectedContinuation);
            }
            (OpCode::Close | OpCode::Ping | OpCode::Pong, _) => {
                return Err(AssembleError::ControlFrame);
            }
        };
        if payload_len > self.limits.max_frame_size() as u64 {
            return Err(AssembleError::FrameTooBig);
        }
        match added.checked_add(message.len() as u64) {
            Some(len) if len <= self.limits.max_message_size() as u64 => {}
            _ => return Err(AssembleError::MessageTooBig),
        }
        if payload_len == 0 && !fin {
            if message.empty_fragments == self.limits.max_empty_fragments() {
                return Err(AssembleError::TooManyEmptyFragments);
            }
            message.empty_fragments += 1;
        }
        self.state = State::InFrame { message, fin };
        Ok(())
    }

    /// Takes the next part of the payload of the frame that has begun.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`](AssembleError::InvalidUtf8) at the first byte that text cannot have there,
    /// [`MessageTooBig`](AssembleError::MessageTooBig) when more arrives than was announced and
    /// it is too much, and [`UnexpectedContinuation`](AssembleError::UnexpectedContinuation) when
    /// no frame has begun.
    pub fn extend(&mut self, payload: &[u8]) -> Result<(), AssembleError> {
        let State::InFrame { message, .. } = &mut self.state else {
            self.state = State::Idle;
            return Err(AssembleError::UnexpectedContinuation);
        };
        let result = message.extend(payload, self.limits.max_message_size());
        if result.is_err() {
            self.state = State::Idle;
        }
        result
    }

    /// Ends the frame that has begun, and gives the message if it was the last one.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`](AssembleError::InvalidUtf8) when text ends inside a character, and
    /// [`UnexpectedContinuation`](AssembleError::UnexpectedContinuation) when no frame has begun.
    pub fn end_frame(&mut self) -> Result<Option<Message>, AssembleError> {
        match mem::replace(&mut self.state, State::Idle) {
            State::InFrame { message, fin: true } => message.finish().map(Some),
            State::InFrame {
                message,
                fin: false,
            } => {
                self.state = State::Between { message };
                Ok(None)
            }
            State::Idle | State::Between { .. } => Err(AssembleError::UnexpectedContinuation),
        }
    }

    /// Whether a message has begun and is not finished.
    #[inline]
    pub const fn is_open(&self) -> bool {
        !matches!(self.state, State::Idle)
    }
}

/// What has arrived of a message.
#[derive(Debug)]
struct Partial {
    payload: Payload,
    empty_fragments: u32,
}

#[derive(Debug)]
enum Payload {
    Text(Utf8Buffer),
    Binary(Vec<u8>),
}

impl Partial {
    fn new(kind: Kind) -> Self {
        let payload = match kind {
            Kind::Text => Payload::Text(Utf8Buffer::default()),
            Kind::Binary => Payload::Binary(Vec::new()),
        };
        Self {
            payload,
            empty_fragments: 0,
        }
    }

    fn extend(&mut self, bytes: &[u8], max_len: usize) -> Result<(), AssembleError> {
        // The announced length was judged before, but it says nothing about inflated data.
        let room = max_len.saturating_sub(self.len());
        let (fits, over) = bytes.split_at(room.min(bytes.len()));
        match &mut self.payload {
            Payload::Text(text) => text.extend(fits, max_len)?,
            Payload::Binary(buffer) if over.is_empty() => growth::append(buffer, fits, max_len),
            Payload::Binary(_) => {}
        }
        if over.is_empty() {
            Ok(())
        } else {
            Err(AssembleError::MessageTooBig)
        }
    }

    /// The message, in exactly the memory that it needs: what is kept for long must not hold on
    /// to room that the buffer had left to grow.
    fn finish(self) -> Result<Message, AssembleError> {
        Ok(match self.payload {
            Payload::Text(text) => Message::Text(text.finish()?),
            Payload::Binary(buffer) => Message::Binary(Bytes::from(buffer.into_boxed_slice())),
        })
    }

    fn len(&self) -> usize {
        match &self.payload {
            Payload::Text(text) => text.len(),
            Payload::Binary(buffer) => buffer.len(),
        }
    }
}

/// Why a data frame is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum AssembleError {
    /// A continuation frame where no message is open.
    UnexpectedContinuation,
    /// A new message inside of one that is not finished.
    ExpectedContinuation,
    /// Text that is not UTF-8.
    InvalidUtf8,
    /// A frame above [`Limits::max_frame_size`].
    FrameTooBig,
    /// A message above [`Limits::max_message_size`].
    MessageTooBig,
    /// More fragments without payload than [`Limits::max_empty_fragments`].
    TooManyEmptyFragments,
    /// A control frame, which is no part of any message. The caller has to keep them apart.
    ControlFrame,
}

impl Display for AssembleError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnexpectedContinuation => "continuation frame without a message to continue",
            Self::ExpectedContinuation => "new message before the last one was finished",
            Self::InvalidUtf8 => "text message is not valid UTF-8",
            Self::FrameTooBig => "frame exceeds the size limit",
            Self::MessageTooBig => "message exceeds the size limit",
            Self::TooManyEmptyFragments => "message has too many fragments without payload",
            Self::ControlFrame => "control frame is no part of a message",
        })
    }
}

impl Error for AssembleError {}

impl From<InvalidUtf8> for AssembleError {
    fn from(_: InvalidUtf8) -> Self {
        Self::InvalidUtf8
    }
}
