use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tautline::Utf8Bytes;

use super::names::{Name, RoomName, Text, TextId};

/// What the page sends, one JSON object in each text message.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum FromMember {
    /// The first message: enter the room under this name.
    Join { name: String },
    /// Say this to everybody in the room. A text with the name and id of a recent one is that one
    /// again, sent by a page that could not know whether it had arrived.
    Say { id: String, text: String },
    /// Be called this from now on.
    Name { name: String },
    /// Answer with a pong: a script cannot see the pings of its own WebSocket.
    Ping,
}

/// What happens in a room. Everybody in it gets all events, numbered, in one order.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Event<'a> {
    /// Somebody came.
    Joined { member: MemberId, name: &'a Name },
    /// These went, or were let go because they did not read.
    Left { members: Vec<Person<'a>> },
    /// Somebody is called differently.
    Renamed {
        member: MemberId,
        name: &'a Name,
        was: &'a Name,
    },
    /// Somebody said something.
    Said {
        from: MemberId,
        name: &'a Name,
        text: &'a Text,
        id: &'a TextId,
    },
}

impl Event<'_> {
    /// The JSON, in memory that any number of members can share.
    pub(super) fn encode(&self, seq: u64, at: u64) -> Utf8Bytes {
        #[derive(Serialize)]
        struct Numbered<'a> {
            seq: u64,
            at: u64,
            #[serde(flatten)]
            event: &'a Event<'a>,
        }
        json(&Numbered {
            seq,
            at,
            event: self,
        })
    }
}

/// What the server says to one member alone.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum ToMember<'a> {
    /// The answer to a join: how the room is after the event with number `seq`.
    Welcome {
        you: MemberId,
        room: &'a RoomName,
        seq: u64,
        members: Vec<Person<'a>>,
        history: &'a VecDeque<Said>,
    },
    /// The last message had no effect.
    Error(Refusal),
    /// The answer to a ping.
    Pong,
}

impl ToMember<'_> {
    pub(super) fn encode(&self) -> Utf8Bytes {
        json(self)
    }
}

/// Why a message had no effect.
#[derive(Debug, Serialize)]
pub(super) struct Refusal {
    code: ErrorCode,
    /// For the person who sent it.
    text: &'static str,
    /// The text that was not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<TextId>,
    /// When the same message will be welcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_ms: Option<u64>,
}

impl Refusal {
    pub(super) const fn new(code: ErrorCode, text: &'static str) -> Self {
        Self {
            code,
            text,
            id: None,
            retry_ms: None,
        }
    }

    /// Too much was sent; the same is welcome after this time.
    pub(super) fn too_fast(text: &'static str, wait: Duration) -> Self {
        // Rounded up: who waits this long is not refused again.
        let retry_ms = u64::try_from(wait.as_millis()).ok().map(|ms| ms + 1);
        Self {
            retry_ms,
            ..Self::new(ErrorCode::Rate, text)
        }
    }

    /// Names the text that was not said.
    pub(super) fn of_text(self, id: TextId) -> Self {
        Self {
            id: Some(id),
            ..self
        }
    }
}

/// One text, as the history keeps it.
#[derive(Debug, Serialize)]
pub(super) struct Said {
    pub(super) seq: u64,
    pub(super) from: MemberId,
    pub(super) name: Name,
    pub(super) text: Text,
    /// Milliseconds since the Unix epoch.
    pub(super) at: u64,
    pub(super) id: TextId,
}

/// A member, as the list of who is here shows it.
#[derive(Debug, Serialize)]
pub(super) struct Person<'a> {
    pub(super) id: MemberId,
    pub(super) name: &'a Name,
}

/// Tells members of one room apart, also those with the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(super) struct MemberId(pub(super) u64);

/// The kinds of refusal that a page may want to treat differently.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ErrorCode {
    /// Not a message of this protocol, or not now.
    Message,
    /// Not a name.
    Name,
    /// Not a text.
    Text,
    /// Too many messages in too little time.
    Rate,
    /// No room for another member, or for another room.
    Full,
}

fn json(message: &impl Serialize) -> Utf8Bytes {
    serde_json::to_string(message)
        .expect("strings, numbers and lists of them always have a JSON form")
        .into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ErrorCode, Event, FromMember, MemberId, Person, Refusal, ToMember};
    use crate::chat::names::{Name, Text, TextId};

    #[test]
    fn what_the_page_sends_is_understood() {
        for (json, want) in [
            (
                r#"{"type":"join","name":"alice"}"#,
                FromMember::Join {
                    name: "alice".into(),
                },
            ),
            (
                r#"{"type":"say","id":"a1","text":"hi"}"#,
                FromMember::Say {
                    id: "a1".into(),
                    text: "hi".into(),
                },
            ),
            (
                r#"{"type":"name","name":"al"}"#,
                FromMember::Name { name: "al".into() },
            ),
            (r#"{"type":"ping"}"#, FromMember::Ping),
        ] {
            assert_eq!(
                serde_json::from_str::<FromMember>(json).unwrap(),
                want,
                "{json}"
            );
        }
    }

    #[test]
    fn what_nobody_should_send_is_an_error() {
        let deep = "[".repeat(10_000);
        for json in [
            "",
            "{}",
            "null",
            r#"{"type":"boom"}"#,
            r#"{"type":"say","text":1}"#,
            r#"{"type":"join"}"#,
            &deep,
        ] {
            assert!(
                serde_json::from_str::<FromMember>(json).is_err(),
                "{json:.40}"
            );
        }
    }

    #[test]
    fn what_the_server_says_is_what_the_page_reads() {
        let name = Name::parse("ann").unwrap();
        let text = Text::parse("\"<b>\"\n").unwrap();
        let id = TextId::parse("x1".into()).unwrap();
        let member = MemberId(2);
        let person = Person {
            id: member,
            name: &name,
        };
        for (event, want) in [
            (
                Event::Joined {
                    member,
                    name: &name,
                },
                r#"{"seq":9,"at":17,"type":"joined","member":2,"name":"ann"}"#,
            ),
            (
                Event::Left {
                    members: vec![person],
                },
                r#"{"seq":9,"at":17,"type":"left","members":[{"id":2,"name":"ann"}]}"#,
            ),
            (
                Event::Said {
                    from: member,
                    name: &name,
                    text: &text,
                    id: &id,
                },
                r#"{"seq":9,"at":17,"type":"said","from":2,"name":"ann","text":"\"<b>\"","id":"x1"}"#,
            ),
        ] {
            assert_eq!(event.encode(9, 17).as_str(), want);
        }
        for (message, want) in [
            (ToMember::Pong, r#"{"type":"pong"}"#),
            (
                ToMember::Error(
                    Refusal::too_fast("slow down", Duration::from_micros(249_999)).of_text(id),
                ),
                r#"{"type":"error","code":"rate","text":"slow down","id":"x1","retry_ms":250}"#,
            ),
            (
                ToMember::Error(Refusal::new(ErrorCode::Name, "no")),
                r#"{"type":"error","code":"name","text":"no"}"#,
            ),
        ] {
            assert_eq!(message.encode().as_str(), want);
        }
    }
}
