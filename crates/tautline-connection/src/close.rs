use alloc::boxed::Box;
use core::fmt;

use tautline_frame::CloseCode;
use tautline_message::Utf8Bytes;

use crate::{Role, Violation};

/// The body of a Close frame: a code and a reason (RFC 6455 section 5.5.1).
///
/// The reason is for diagnosis; RFC 6455 says not to show it to end users.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseFrame {
    /// Why the connection closes, for programs.
    pub code: CloseCode,
    /// Why the connection closes, for people; at most 123 bytes.
    pub reason: Utf8Bytes,
}

impl CloseFrame {
    /// A Close frame with this code and reason.
    #[must_use]
    pub fn new(code: CloseCode, reason: impl Into<Utf8Bytes>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}

impl fmt::Display for CloseFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.reason.is_empty() {
            self.code.fmt(f)
        } else {
            // Escaped: the reason is the peer's text and may hold control characters.
            write!(f, "{}: {}", self.code, self.reason.as_str().escape_debug())
        }
    }
}

/// Which end began to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a connection has two ends")]
pub enum Initiator {
    /// This end sent its Close frame first, or both crossed.
    Local,
    /// The peer's Close frame came first.
    Remote,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closed {
    /// Who began. `None` if no Close frame was sent or received.
    pub initiator: Option<Initiator>,
    /// The peer's Close frame: `None` if there was none, `Some(None)` if it had no body.
    pub received: Option<Option<CloseFrame>>,
    /// This end's Close frame: `None` if there was none, `Some(None)` if it had no body. A driver that
    /// could not write it tells of none.
    pub sent: Option<Option<CloseFrame>>,
}

impl Closed {
    /// Whether the closing handshake was completed: a Close frame went each way
    /// (RFC 6455 section 7.1.4).
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.received.is_some() && self.sent.is_some()
    }

    /// The close code as RFC 6455 section 7.1.5 defines it: that of the peer's Close frame,
    /// 1005 if the frame had none, 1006 if there was no frame.
    #[must_use]
    pub fn code(&self) -> u16 {
        match &self.received {
            Some(Some(frame)) => frame.code.get(),
            Some(None) => 1005,
            None => 1006,
        }
    }

    /// The reason in the peer's Close frame, empty if there was none
    /// (RFC 6455 section 7.1.6).
    #[must_use]
    pub fn reason(&self) -> &str {
        match &self.received {
            Some(Some(frame)) => &frame.reason,
            _ => "",
        }
    }
}

/// What to do with the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the caller must handle each")]
pub enum Disposition {
    /// Go on reading and writing.
    Open,
    /// A client whose closing handshake is complete: write what is queued, then wait, bounded, for
    /// the server to end the stream (RFC 6455 section 7.1.1).
    AwaitEof,
    /// Write what is queued, then shut the transport down: a server whose closing handshake is
    /// complete, or either end after a violation.
    Shutdown,
}

/// Where the closing handshake stands (RFC 6455 section 7).
///
/// ```text
///            close()                 Close received
///   Open ---------------> Sent -------------------------> Complete
///    |  \                  |                                  ^
///    |   \ Close received; the answer is queued at once       |
///    |    +---------------------------------------------------+
///    |                     |
///    | violation           | violation (no second Close frame)
///    +-----------> Failed <+
/// ```
///
/// The end of the stream is no state here: before `Complete` it means that the connection was lost.
#[derive(Debug)]
pub(crate) enum CloseState {
    Open,
    // Boxed: an open connection should not pay for the frames of its end.
    Sent(Box<Option<CloseFrame>>),
    Complete(Box<Closed>),
    Failed(Box<(Violation, Closed)>),
}

impl CloseState {
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }

    pub(crate) const fn disposition(&self, role: Role) -> Disposition {
        match (self, role) {
            (Self::Open | Self::Sent(_), _) => Disposition::Open,
            (Self::Complete(_), Role::Client) => Disposition::AwaitEof,
            (Self::Complete(_), Role::Server) | (Self::Failed(_), _) => Disposition::Shutdown,
        }
    }

    pub(crate) fn closed(&self) -> Closed {
        match self {
            Self::Open => Closed {
                initiator: None,
                received: None,
                sent: None,
            },
            Self::Sent(frame) => Closed {
                initiator: Some(Initiator::Local),
                received: None,
                sent: Some((**frame).clone()),
            },
            Self::Complete(closed) => (**closed).clone(),
            Self::Failed(failed) => failed.1.clone(),
        }
    }
}
