use core::{error, fmt};

use tautline_frame::{CloseCode, ClosePayloadError, HeaderError};
use tautline_message::AssembleError;

/// How the peer broke the protocol, or went over a limit.
///
/// A violation ends the connection: the Close frame that [`Violation::close_code`] names is already
/// queued when the caller sees the violation, and nothing that arrives later is looked at
/// (RFC 6455 section 7.1.7).
///
/// One byte on purpose: it travels in the result of every frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Violation {
    /// A reserved bit is set that no negotiated extension gives a meaning (section 5.2).
    ReservedBit,
    /// An opcode that RFC 6455 reserves (section 5.2).
    ReservedOpCode,
    /// A control frame without FIN (section 5.4).
    FragmentedControl,
    /// A control frame with more than 125 bytes (section 5.5).
    LongControl,
    /// A length in more bytes than it needs (section 5.2).
    NonMinimalLength,
    /// A 64-bit length with its highest bit set (section 5.2).
    LengthHighBit,
    /// A frame from a client that is not masked (section 5.1).
    Unmasked,
    /// A frame from a server that is masked (section 5.1).
    Masked,
    /// A continuation frame with no message to continue (section 5.4).
    UnexpectedContinuation,
    /// A new message inside an unfinished one (section 5.4).
    ExpectedContinuation,
    /// Text, or the reason of a Close, that is not UTF-8 (section 8.1).
    InvalidUtf8,
    /// Compressed data that cannot be inflated (RFC 7692 section 7.2.2).
    CorruptDeflate,
    /// A Close frame with a body of one byte (section 5.5.1).
    TruncatedClose,
    /// A Close frame with a code that may not be sent (section 7.4).
    InvalidCloseCode,
    /// A frame over the frame limit (section 10.4).
    FrameTooBig,
    /// A message over the message limit (section 10.4).
    MessageTooBig,
    /// More fragments without payload in one message than the limit (section 10.4).
    TooManyEmptyFragments,
    /// A message that was begun and not finished in time. Only whoever has a clock can tell: see
    /// [`Inbound::unfinished`](crate::Inbound::unfinished).
    SlowMessage,
}

impl Violation {
    /// The close code that tells the peer what it did (RFC 6455 section 7.4.1).
    ///
    /// This is the one place where a fault becomes a code.
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::ReservedBit
            | Self::ReservedOpCode
            | Self::FragmentedControl
            | Self::LongControl
            | Self::NonMinimalLength
            | Self::LengthHighBit
            | Self::Unmasked
            | Self::Masked
            | Self::UnexpectedContinuation
            | Self::ExpectedContinuation
            | Self::TruncatedClose
            | Self::InvalidCloseCode => CloseCode::PROTOCOL_ERROR,
            // RFC 7692 names no code; the payload is not what its frame says it is.
            Self::InvalidUtf8 | Self::CorruptDeflate => CloseCode::INVALID_PAYLOAD,
            Self::FrameTooBig | Self::MessageTooBig => CloseCode::MESSAGE_TOO_BIG,
            Self::TooManyEmptyFragments | Self::SlowMessage => CloseCode::POLICY_VIOLATION,
        }
    }

    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::ReservedBit => "reserved bit set",
            Self::ReservedOpCode => "reserved opcode",
            Self::FragmentedControl => "fragmented control frame",
            Self::LongControl => "control frame over 125 bytes",
            Self::NonMinimalLength => "length not in its shortest form",
            Self::LengthHighBit => "length over 2^63",
            Self::Unmasked => "client frame without mask",
            Self::Masked => "server frame with mask",
            Self::UnexpectedContinuation => "continuation without a message",
            Self::ExpectedContinuation => "new message inside a fragmented one",
            Self::InvalidUtf8 => "invalid UTF-8",
            Self::CorruptDeflate => "corrupt compressed data",
            Self::TruncatedClose => "close frame with a body of one byte",
            Self::InvalidCloseCode => "close code not allowed",
            Self::FrameTooBig => "frame too big",
            Self::MessageTooBig => "message too big",
            Self::TooManyEmptyFragments => "too many empty fragments",
            Self::SlowMessage => "message took too long",
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl error::Error for Violation {}

impl From<HeaderError> for Violation {
    fn from(error: HeaderError) -> Self {
        match error {
            HeaderError::ReservedOpCode => Self::ReservedOpCode,
            HeaderError::FragmentedControl => Self::FragmentedControl,
            HeaderError::LongControl => Self::LongControl,
            HeaderError::NonMinimalLength => Self::NonMinimalLength,
            HeaderError::LengthHighBit => Self::LengthHighBit,
            // `HeaderError` may grow; what is left of it is about the reserved bits.
            _ => Self::ReservedBit,
        }
    }
}

impl From<AssembleError> for Violation {
    fn from(error: AssembleError) -> Self {
        match error {
            AssembleError::UnexpectedContinuation => Self::UnexpectedContinuation,
            AssembleError::ExpectedContinuation => Self::ExpectedContinuation,
            AssembleError::InvalidUtf8 => Self::InvalidUtf8,
            AssembleError::FrameTooBig => Self::FrameTooBig,
            AssembleError::TooManyEmptyFragments => Self::TooManyEmptyFragments,
            AssembleError::MessageTooBig => Self::MessageTooBig,
            // `AssembleError` may grow; what is left of it is about the opcode.
            _ => Self::ReservedOpCode,
        }
    }
}

impl From<ClosePayloadError> for Violation {
    fn from(error: ClosePayloadError) -> Self {
        match error {
            ClosePayloadError::Truncated => Self::TruncatedClose,
            ClosePayloadError::InvalidUtf8 => Self::InvalidUtf8,
            // `ClosePayloadError` may grow; what is left of it is about the code.
            _ => Self::InvalidCloseCode,
        }
    }
}

/// Why something could not be sent: the caller's side of the matter, not the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendError {
    /// A Close frame was sent or received, or the connection failed: no data may follow
    /// (RFC 6455 section 5.5.1).
    Closing,
    /// A fragmented message is unfinished; finish it first (RFC 6455 section 5.4).
    UnfinishedMessage,
    /// The fragment is text and the message it continues is binary, or the reverse.
    KindMismatch,
    /// A ping or pong payload over 125 bytes, or a close reason over 123 bytes
    /// (RFC 6455 section 5.5).
    ControlTooLong,
    /// The close code 1010 from a server: only a client may miss an extension
    /// (RFC 6455 section 7.4.1).
    ClientOnlyCode,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closing => "the connection is closing",
            Self::UnfinishedMessage => "a fragmented message is unfinished",
            Self::KindMismatch => "a fragment must be of its message's kind",
            Self::ControlTooLong => "control payload over 125 bytes or close reason over 123",
            Self::ClientOnlyCode => "close code 1010 is for clients",
        })
    }
}

impl error::Error for SendError {}

/// The transport ended without a closing handshake.
///
/// RFC 6455 section 7.1.5 calls this close code 1006; it never travels on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ConnectionLost;

impl ConnectionLost {
    /// The error.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Default for ConnectionLost {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for ConnectionLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection lost without a closing handshake")
    }
}

impl error::Error for ConnectionLost {}
