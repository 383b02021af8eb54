use tautline_frame::OpCode;

/// What a message carries.
#[expect(
    clippy::exhaustive_enums,
    reason = "RFC 6455 has these two, and reserves the rest"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Text, always valid UTF-8.
    Text,
    /// Any bytes.
    Binary,
}

impl Kind {
    /// The opcode of the first frame of such a message.
    #[inline]
    pub const fn opcode(self) -> OpCode {
        match self {
            Self::Text => OpCode::Text,
            Self::Binary => OpCode::Binary,
        }
    }
}
