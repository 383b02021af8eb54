//! How something ended, as its peer has seen it.

use std::fmt;

/// The end of one case of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ending {
    /// A Close frame with this code; 1005 if it had none.
    Close(u16),
    /// An HTTP response with this status; 101 is an accepted handshake.
    Status(u16),
    /// Everything was answered as it is to be.
    Served,
    /// Something was answered, and wrongly.
    Wrong,
    /// The stream ended without a Close frame or a response.
    Ended,
    /// The connection was reset without a Close frame or a response.
    Reset,
    /// Nothing more came, and the connection was still open when the wait was over.
    Open,
    /// What was sent was not read any more: the sender was held back.
    HeldBack,
    /// Everything that was sent was read, and nothing had to be answered.
    Taken,
    /// A client gave the opening handshake up and sent no frame.
    Refused,
    /// A client took a connection that is none.
    Fooled,
}

impl Ending {
    /// Whether the other side would have no more of it. How, and with which code, is left open.
    pub(super) fn is_refusal(self) -> bool {
        match self {
            Self::Close(_) | Self::Ended | Self::Reset | Self::Refused => true,
            Self::Status(status) => status >= 400,
            _ => false,
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Close(code) => return write!(f, "{code}"),
            Self::Status(status) => return write!(f, "HTTP {status}"),
            Self::Served => "served",
            Self::Wrong => "wrong answer",
            Self::Ended => "end",
            Self::Reset => "reset",
            Self::Open => "stays open",
            Self::HeldBack => "held back",
            Self::Taken => "taken",
            Self::Refused => "refused",
            Self::Fooled => "fooled",
        })
    }
}

/// One try of an attack: what was to happen and what did.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) label: String,
    pub(super) seen: Ending,
    /// Any of these is as it is to be.
    pub(super) wanted: Vec<Ending>,
    /// Any of these is right for those who have other limits or have made other choices.
    pub(super) also_right: Vec<Ending>,
}

impl Case {
    pub(super) fn new(label: impl Into<String>, seen: Ending, wanted: &[Ending]) -> Self {
        Self {
            label: label.into(),
            seen,
            wanted: wanted.to_vec(),
            also_right: Vec::new(),
        }
    }

    /// These are right for those who have other limits or have made other choices than Tautline.
    pub(super) fn or(mut self, also_right: &[Ending]) -> Self {
        self.also_right = also_right.to_vec();
        self
    }

    /// Whether it ended exactly as it is to.
    pub(super) fn is_exact(&self) -> bool {
        self.wanted.contains(&self.seen)
    }

    /// Whether it ended well enough for an implementation that has made other choices: one refusal
    /// is as good as another.
    pub(super) fn is_sound(&self) -> bool {
        let refused = self.wanted.iter().any(|wanted| wanted.is_refusal());
        let otherwise = self.also_right.contains(&self.seen);
        self.is_exact() || otherwise || refused && self.seen.is_refusal()
    }
}

#[cfg(test)]
mod tests {
    use super::{Case, Ending};

    #[test]
    fn a_refusal_in_another_way_is_sound_and_not_exact() {
        let case = |seen| Case::new("", seen, &[Ending::Close(1002)]);
        assert!(case(Ending::Close(1002)).is_exact());
        for seen in [Ending::Close(1006), Ending::Ended, Ending::Status(400)] {
            assert!(!case(seen).is_exact() && case(seen).is_sound(), "{seen}");
        }
        for seen in [Ending::Served, Ending::Open, Ending::Status(101)] {
            assert!(!case(seen).is_sound(), "{seen}");
        }
    }

    #[test]
    fn a_refusal_is_not_sound_where_an_answer_is_due() {
        let case = Case::new("", Ending::Close(1009), &[Ending::Served]);
        assert!(!case.is_sound());
        let case = case.or(&[Ending::Close(1009)]);
        assert!(case.is_sound() && !case.is_exact());
    }
}
