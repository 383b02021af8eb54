//! Whether what has passed over the wire is what was to pass.

use std::fmt;

use anyhow::{Context, bail, ensure};

use crate::interop::conversation::{Conversation, Line, Shape};
use crate::interop::peer::{Peer, Role};
use crate::interop::scanner::{Scanned, Sent};
use crate::interop::setup::{Expected, Setup};
use crate::interop::tap::Recording;
use crate::interop::terms::{Direction, Terms};

/// What was seen in a session in which nothing was wrong.
pub(super) struct Evidence {
    /// What the client offered and what the server answered; empty for nothing.
    pub(super) offer: String,
    pub(super) answer: String,
    pub(super) from_client: Passed,
    pub(super) from_server: Passed,
}

/// How the messages of one direction went over the wire.
pub(super) struct Passed {
    /// Bytes of all messages as they were meant.
    pub(super) plain: usize,
    /// Bytes of all frames as they were sent.
    pub(super) wire: usize,
    pub(super) messages: usize,
    pub(super) compressed: usize,
    pub(super) frames: usize,
}

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} compressed, {} frames, {} bytes as {}",
            self.compressed, self.messages, self.frames, self.plain, self.wire
        )
    }
}

/// Judges a session by its recording.
///
/// # Errors
///
/// With the first thing that is not as it should be.
pub(super) fn judge(
    recording: &Recording,
    conversation: &Conversation,
    (setup, peer, ours): (&Setup, Peer, Role),
) -> anyhow::Result<Evidence> {
    let Recording { client, server } = recording;
    ensure!(
        server.head.starts_with("HTTP/1.1 101 "),
        "the answer is {:?}",
        server.head.lines().next().unwrap_or_default()
    );
    let (offer, answer) = (extensions(&client.head), extensions(&server.head));
    // For each direction: who sends, what was to be kept to, and whether frames were asked for.
    let (from_client, from_server) = match setup.expected(peer, ours) {
        Expected::Plain => {
            ensure!(answer.is_empty(), "agreed on {answer:?}");
            (None, None)
        }
        Expected::Compressed {
            server,
            client,
            own,
        } => {
            ensure!(
                !answer.is_empty(),
                "no compression, where {offer:?} was offered"
            );
            let agreed = Terms::parse(&answer)?;
            for (who, expected, agreed) in [
                ("server", server, agreed.server),
                ("client", client, agreed.client),
            ] {
                if let Some(expected) = expected {
                    ensure!(
                        expected == agreed,
                        "the {who} was to send with {expected}, but {answer:?}"
                    );
                }
            }
            match ours {
                Role::Server => (Some(agreed.client), Some(agreed.server.within(own))),
                Role::Client => (Some(agreed.client.within(own)), Some(agreed.server)),
            }
        }
    };
    let cut = |sender: Role| match (sender == ours, sender) {
        (true, Role::Server) => Cut::Unasked(setup.fragments),
        (true, Role::Client) => Cut::AsAsked,
        (false, Role::Client) if peer.can_cut() => Cut::AsAsked,
        (false, _) => Cut::Unasked(false),
    };
    Ok(Evidence {
        from_client: passed(client, conversation, from_client, cut(Role::Client))
            .context("from the client")?,
        from_server: passed(server, conversation, from_server, cut(Role::Server))
            .context("from the server")?,
        offer,
        answer,
    })
}

/// What is known about the frames of a direction.
#[derive(Clone, Copy)]
enum Cut {
    /// At least as many as a line says.
    AsAsked,
    /// As the sender likes; if true, some message is in several.
    Unasked(bool),
}

/// Checks one direction.
fn passed(
    scanned: &Scanned,
    conversation: &Conversation,
    direction: Option<Direction>,
    cut: Cut,
) -> anyhow::Result<Passed> {
    ensure!(
        scanned.close == Some(1000),
        "closed with {:?} and not with 1000",
        scanned.close
    );
    let lines: Vec<&Line> = conversation.lines().collect();
    ensure!(
        scanned.messages.len() == lines.len(),
        "{} messages of {}",
        scanned.messages.len(),
        lines.len()
    );
    for (line, sent) in lines.iter().zip(&scanned.messages) {
        message(line, sent, direction, cut).with_context(|| line.name.clone())?;
    }
    let count = |of: fn(&Sent) -> usize| scanned.messages.iter().map(of).sum();
    let passed = Passed {
        plain: lines.iter().map(|line| line.payload.len()).sum(),
        wire: scanned.bytes,
        messages: lines.len(),
        compressed: count(|sent| usize::from(sent.compressed)),
        frames: count(|sent| sent.frames),
    };
    if matches!(cut, Cut::Unasked(true)) {
        ensure!(passed.frames > passed.messages, "nothing was cut");
    }
    Ok(passed)
}

/// Checks one message.
fn message(line: &Line, sent: &Sent, direction: Option<Direction>, cut: Cut) -> anyhow::Result<()> {
    ensure!(sent.text == line.text, "text and binary are mistaken");
    if matches!(cut, Cut::AsAsked) {
        ensure!(
            sent.frames >= line.fragments,
            "{} frames, and not {}",
            sent.frames,
            line.fragments
        );
    }
    let size = line.payload.len();
    let Some(direction) = direction else {
        ensure!(!sent.compressed, "RSV1 is set where nothing was agreed on");
        ensure!(sent.payload == size, "{} bytes of {size}", sent.payload);
        return Ok(());
    };
    match line.shape {
        Shape::Any => {}
        Shape::Compressible if sent.compressed => ensure!(
            sent.payload * 4 <= size * 3,
            "{size} bytes got {}",
            sent.payload
        ),
        Shape::Again { distance } if sent.compressed => {
            // zlib keeps 262 bytes of its window for what comes next.
            let reached = distance + 262 <= 1 << direction.bits;
            match direction.takeover && reached {
                true => ensure!(
                    sent.payload * 5 <= size,
                    "{} bytes for a message that is in the window ({direction})",
                    sent.payload
                ),
                false => ensure!(
                    sent.payload * 3 >= size,
                    "{} bytes for a message that is not in the window ({direction})",
                    sent.payload
                ),
            }
        }
        Shape::Compressible | Shape::Again { .. } => bail!("not compressed"),
    }
    Ok(())
}

/// The values of `Sec-WebSocket-Extensions` in a head, joined as RFC 9110 section 5.3 allows.
fn extensions(head: &str) -> String {
    let values = head.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-extensions")
            .then(|| value.trim())
    });
    values.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Cut, extensions, message, passed};
    use crate::interop::conversation::{Conversation, Line, Shape};
    use crate::interop::scanner::{Scanned, Sent};
    use crate::interop::terms::Direction;

    const FAR: Direction = direction(15, true);
    const NEAR: Direction = direction(9, true);
    const RESET: Direction = direction(15, false);

    const fn direction(bits: u8, takeover: bool) -> Direction {
        Direction { bits, takeover }
    }

    fn again() -> Line {
        Line {
            name: "2048 bytes again".to_owned(),
            text: true,
            payload: vec![b'x'; 2048],
            fragments: 1,
            shape: Shape::Again { distance: 2048 },
        }
    }

    fn sent(compressed: bool, payload: usize) -> Sent {
        Sent {
            text: true,
            compressed,
            frames: 1,
            payload,
        }
    }

    #[test]
    fn a_repetition_tells_the_window_and_the_takeover() {
        let line = again();
        for (terms, payload, good) in [
            (Some(FAR), 12, true),
            (Some(FAR), 1100, false),
            (Some(NEAR), 1100, true),
            (Some(NEAR), 12, false),
            (Some(RESET), 1100, true),
            (Some(RESET), 12, false),
            (None, 12, false),
        ] {
            let judged = message(&line, &sent(true, payload), terms, Cut::Unasked(false));
            assert_eq!(judged.is_ok(), good, "{terms:?} {payload}");
        }
        let plain = sent(false, 2048);
        assert!(message(&line, &plain, None, Cut::Unasked(false)).is_ok());
        assert!(message(&line, &plain, Some(FAR), Cut::Unasked(false)).is_err());
    }

    #[test]
    fn every_message_and_a_clean_end_are_needed() {
        let conversation = Conversation::new();
        let all = || Scanned {
            messages: conversation
                .lines()
                .map(|line| Sent {
                    text: line.text,
                    frames: line.fragments,
                    ..sent(false, line.payload.len())
                })
                .collect(),
            close: Some(1000),
            ..Scanned::default()
        };
        let judge = |scanned: &Scanned, cut| passed(scanned, &conversation, None, cut).is_ok();
        assert!(judge(&all(), Cut::AsAsked));
        let mut missing = all();
        missing.messages.pop();
        assert!(!judge(&missing, Cut::AsAsked));
        let mut mistaken = all();
        mistaken.messages[0].text ^= true;
        assert!(!judge(&mistaken, Cut::AsAsked));
        let mut abrupt = all();
        abrupt.close = None;
        assert!(!judge(&abrupt, Cut::AsAsked));
        let mut whole = all();
        for message in &mut whole.messages {
            message.frames = 1;
        }
        assert!(!judge(&whole, Cut::AsAsked));
        assert!(!judge(&whole, Cut::Unasked(true)));
        assert!(judge(&whole, Cut::Unasked(false)));
    }

    #[test]
    fn the_field_is_found_however_it_is_written() {
        let head = "HTTP/1.1 101 Yes\r\nsec-WebSocket-extensions:a; b\r\nX: y\r\n\
            Sec-WebSocket-Extensions: c";
        assert_eq!(extensions(head), "a; b, c");
    }
}
