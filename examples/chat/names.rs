use std::fmt::{self, Display, Formatter};

use serde::Serialize;

/// What a member is called: 1 to 32 characters that can be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Name(String);

impl Name {
    pub(super) fn parse(raw: &str) -> Result<Self, NameError> {
        let name = raw.trim();
        let mut seen = false;
        let mut length = 0;
        for c in name.chars() {
            if is_confusing(c) {
                return Err(NameError::Characters);
            }
            seen |= !is_joiner(c);
            length += 1;
        }
        match length {
            0 => Err(NameError::Empty),
            _ if length > NAME_MAX => Err(NameError::Long),
            _ if !seen => Err(NameError::Empty),
            _ => Ok(Self(name.to_owned())),
        }
    }
}

/// What a member says: 1 to 2000 characters, lines separated by `\n`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Text(String);

impl Text {
    pub(super) fn parse(raw: &str) -> Result<Self, TextError> {
        let text = raw.trim().replace("\r\n", "\n");
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        if text.chars().count() > TEXT_MAX {
            return Err(TextError::Long);
        }
        if text.contains(|c: char| c.is_control() && c != '\n' && c != '\t') {
            return Err(TextError::Characters);
        }
        Ok(Self(text))
    }
}

/// The sender's own mark on a text: 1 to 40 letters, digits, `-` or `_`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct TextId(String);

impl TextId {
    pub(super) fn parse(raw: String) -> Option<Self> {
        let fits = (1..=40).contains(&raw.len())
            && raw
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        fits.then_some(Self(raw))
    }
}

/// The last part of a room's address: 1 to 32 of `a-z`, `0-9` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub(super) struct RoomName(String);

impl RoomName {
    pub(super) fn parse(raw: &str) -> Option<Self> {
        let fits = (1..=32).contains(&raw.len())
            && raw
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        fits.then(|| Self(raw.to_owned()))
    }
}

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Display for RoomName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why something is not a name. The text is shown to whoever chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameError {
    Empty,
    Long,
    Characters,
}

impl NameError {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Empty => "please enter a name",
            Self::Long => "a name has at most 32 characters",
            Self::Characters => "that name holds characters that cannot be shown",
        }
    }
}

/// Why something is not a text. The text is shown to whoever wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextError {
    Empty,
    Long,
    Characters,
}

impl TextError {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Empty => "there is nothing in it",
            Self::Long => "a message has at most 2000 characters",
            Self::Characters => "it holds characters that cannot be shown",
        }
    }
}

/// Characters that change how others are shown, or show nothing: one could pose as somebody else
/// with them.
fn is_confusing(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Needed inside words of some scripts and inside emoji, nothing on their own.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

const NAME_MAX: usize = 32;
const TEXT_MAX: usize = 2000;

#[cfg(test)]
mod tests {
    use super::{Name, NameError, RoomName, Text, TextError, TextId};

    #[test]
    fn a_name_has_1_to_32_visible_characters() {
        let long = "é".repeat(32);
        for (raw, want) in [
            ("alice", Ok("alice")),
            ("  Ada Lovelace ", Ok("Ada Lovelace")),
            ("👩\u{200d}🚀", Ok("👩\u{200d}🚀")),
            (&long, Ok(&*long)),
            ("", Err(NameError::Empty)),
            (" \t\n", Err(NameError::Empty)),
            ("\u{200d}", Err(NameError::Empty)),
            (&"é".repeat(33), Err(NameError::Long)),
            ("a\u{7}b", Err(NameError::Characters)),
            ("\u{202e}ecila", Err(NameError::Characters)),
            ("alice\u{200b}", Err(NameError::Characters)),
        ] {
            let name = Name::parse(raw);
            assert_eq!(
                name.as_ref().map(|n| &*n.0),
                want.as_ref().map(|w| *w),
                "{raw:?}"
            );
        }
    }

    #[test]
    fn a_text_has_1_to_2000_characters_and_its_lines_survive() {
        let long = "ß".repeat(2000);
        for (raw, want) in [
            ("hello", Ok("hello")),
            (" one\r\ntwo\tthree\n", Ok("one\ntwo\tthree")),
            (&long, Ok(&*long)),
            ("", Err(TextError::Empty)),
            ("\r\n \n", Err(TextError::Empty)),
            (&"ß".repeat(2001), Err(TextError::Long)),
            ("a\0b", Err(TextError::Characters)),
        ] {
            let text = Text::parse(raw);
            assert_eq!(
                text.as_ref().map(|t| &*t.0),
                want.as_ref().map(|w| *w),
                "{raw:?}"
            );
        }
    }

    #[test]
    fn a_room_is_a_short_lower_case_word() {
        for good in ["lobby", "a", "rust-2024", "-", &"x".repeat(32)] {
            assert!(RoomName::parse(good).is_some(), "{good:?}");
        }
        for bad in ["", "Lobby", "a/b", "..", "%41", "ä", "a b", &"x".repeat(33)] {
            assert!(RoomName::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_text_id_is_a_short_token() {
        for (raw, good) in [("c-1_Z", true), ("", false), ("a b", false), ("é", false)] {
            assert_eq!(TextId::parse(raw.to_owned()).is_some(), good, "{raw:?}");
        }
        assert!(TextId::parse("x".repeat(41)).is_none());
    }
}
