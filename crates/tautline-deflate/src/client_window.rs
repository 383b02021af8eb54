use crate::window_bits::WindowBits;

/// How a client offers to limit the window of its compressor (RFC 7692 section 7.1.2.2).
///
/// Either way the server may set a limit with its answer, and is free not to.
#[expect(
    clippy::exhaustive_enums,
    reason = "the parameter is there with a value or without one"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientWindow {
    /// The parameter without a value: any limit that the server sets is kept to.
    Any,
    /// The parameter with a value: no larger window will be used, whatever the server allows.
    AtMost(WindowBits),
}

impl ClientWindow {
    /// The number that the client names, if it does.
    #[must_use]
    pub fn limit(self) -> Option<WindowBits> {
        match self {
            Self::Any => None,
            Self::AtMost(bits) => Some(bits),
        }
    }
}
