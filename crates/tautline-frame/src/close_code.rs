use core::error::Error;
use core::fmt::{self, Display, Formatter};

/// Why a connection is closed, in two bytes of a Close frame (RFC 6455 section 7.4).
///
/// A `CloseCode` is always one that may stand on the wire: one of the codes with a meaning
/// between 1000 and 1014, or any code from 3000 to 4999. The codes 1005, 1006 and 1015
/// stand for the absence of a code and are never sent; 1004 and the rest of 1000 to 2999 are
/// reserved.
///
/// Which side may send which code is for the connection to judge: a server has no use for
/// [`MANDATORY_EXTENSION`](Self::MANDATORY_EXTENSION), for example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the server shuts down, or the user left the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer broke a rule of the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: the endpoint does not take data of this kind, such as binary messages.
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    /// 1007: the data does not match its kind, such as text that is no UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// 1008: a policy forbids the message, and no other code fits or shall be told.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// 1009: the message is larger than the endpoint takes.
    pub const MESSAGE_TOO_BIG: Self = Self(1009);
    /// 1010: the server did not negotiate an extension that the client needs. Sent by clients
    /// only, with the missing extensions as the reason.
    pub const MANDATORY_EXTENSION: Self = Self(1010);
    /// 1011: an unexpected condition kept the endpoint from doing its work.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// 1012: the service restarts; connecting again after a random pause is welcome.
    pub const SERVICE_RESTART: Self = Self(1012);
    /// 1013: the service is overloaded; connecting again later is welcome.
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// 1014: the server is a gateway, and the server behind it gave an invalid answer.
    pub const BAD_GATEWAY: Self = Self(1014);

    /// Makes a code of its number, if a Close frame may carry that number.
    #[inline]
    pub const fn new(code: u16) -> Option<Self> {
        // RFC 6455 sections 7.4.1 and 7.4.2, and the codes 1012 to 1014 of the IANA registry.
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// The number on the wire.
    #[inline]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for CloseCode {
    type Error = InvalidCloseCode;

    #[inline]
    fn try_from(code: u16) -> Result<Self, InvalidCloseCode> {
        Self::new(code).ok_or(InvalidCloseCode(code))
    }
}

impl From<CloseCode> for u16 {
    #[inline]
    fn from(code: CloseCode) -> Self {
        code.get()
    }
}

/// The number, and what it means where RFC 6455 or the registry gives it a meaning.
impl Display for CloseCode {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let meaning = match *self {
            Self::NORMAL => "normal closure",
            Self::GOING_AWAY => "going away",
            Self::PROTOCOL_ERROR => "protocol error",
            Self::UNSUPPORTED_DATA => "unsupported data",
            Self::INVALID_PAYLOAD => "invalid payload",
            Self::POLICY_VIOLATION => "policy violation",
            Self::MESSAGE_TOO_BIG => "message too big",
            Self::MANDATORY_EXTENSION => "mandatory extension missing",
            Self::INTERNAL_ERROR => "internal error",
            Self::SERVICE_RESTART => "service restart",
            Self::TRY_AGAIN_LATER => "try again later",
            Self::BAD_GATEWAY => "bad gateway",
            Self(code) => return write!(f, "{code}"),
        };
        write!(f, "{} ({meaning})", self.0)
    }
}

/// The number may not stand in a Close frame.
#[expect(
    clippy::exhaustive_structs,
    reason = "there is nothing more to say about the number"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCloseCode(
    /// The number that was refused.
    pub u16,
);

impl Display for InvalidCloseCode {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} may not stand in a close frame", self.0)
    }
}

impl Error for InvalidCloseCode {}
