use core::error::Error;
use core::fmt::{self, Display, Formatter};

/// What a frame is, as the low four bits of its first byte say (RFC 6455 section 5.2).
///
/// The discriminants are the values on the wire, and all data opcodes are below all control
/// opcodes.
#[expect(
    clippy::exhaustive_enums,
    reason = "every other value is reserved, and a receiver has to fail the connection on it"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum OpCode {
    /// A further fragment of the data message that is in progress.
    Continuation = 0,
    /// The first or only frame of a text message.
    Text = 1,
    /// The first or only frame of a binary message.
    Binary = 2,
    /// Begins or answers the closing handshake.
    Close = 8,
    /// Asks for a [`Pong`](Self::Pong) with the same payload.
    Ping = 9,
    /// Answers a [`Ping`](Self::Ping), or stands alone as a sign of life.
    Pong = 10,
}

impl OpCode {
    /// Whether frames of this kind control the connection instead of carrying a message.
    ///
    /// The most significant bit of the opcode says so (RFC 6455 section 5.5), for the
    /// reserved values too.
    #[inline]
    pub const fn is_control(self) -> bool {
        self as u8 >= 8
    }
}

impl TryFrom<u8> for OpCode {
    type Error = ReservedOpCode;

    /// Reads an opcode from its four bits.
    ///
    /// # Errors
    ///
    /// [`ReservedOpCode`] for a value that RFC 6455 gives no meaning, and for any above 15.
    #[inline]
    fn try_from(bits: u8) -> Result<Self, ReservedOpCode> {
        match bits {
            0 => Ok(Self::Continuation),
            1 => Ok(Self::Text),
            2 => Ok(Self::Binary),
            8 => Ok(Self::Close),
            9 => Ok(Self::Ping),
            10 => Ok(Self::Pong),
            _ => Err(ReservedOpCode(bits)),
        }
    }
}

impl From<OpCode> for u8 {
    #[inline]
    fn from(opcode: OpCode) -> Self {
        opcode as Self
    }
}

/// The number is no opcode that RFC 6455 defines.
#[expect(
    clippy::exhaustive_structs,
    reason = "there is nothing more to say about the number"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReservedOpCode(
    /// The number that was found.
    pub u8,
);

impl Display for ReservedOpCode {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "opcode {} is reserved", self.0)
    }
}

impl Error for ReservedOpCode {}
