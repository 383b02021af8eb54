//! What was agreed on, read from the header fields of a handshake.

use std::fmt;

use anyhow::{Context, bail, ensure};

/// How the messages of one direction are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Direction {
    /// The base-2 logarithm of the window, 8 to 15.
    pub(super) bits: u8,
    /// Whether a message may refer to the ones before it.
    pub(super) takeover: bool,
}

impl Direction {
    /// What both of two limits allow.
    pub(super) fn within(self, limit: Self) -> Self {
        Self {
            bits: self.bits.min(limit.bits),
            takeover: self.takeover && limit.takeover,
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reset = if self.takeover { "" } else { ", no takeover" };
        write!(f, "{} bits{reset}", self.bits)
    }
}

/// The answer of a server that agrees to permessage-deflate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    /// What the server sends.
    pub(super) server: Direction,
    /// What the client sends.
    pub(super) client: Direction,
}

impl Terms {
    /// Reads the value of `Sec-WebSocket-Extensions` in a server's answer.
    ///
    /// # Errors
    ///
    /// When it is anything but one element of RFC 7692 with each parameter once at most.
    pub(super) fn parse(answer: &str) -> anyhow::Result<Self> {
        let mut parameters = answer.split(';').map(str::trim);
        ensure!(
            parameters.next() == Some("permessage-deflate"),
            "the answer is {answer:?}"
        );
        let mut terms = Self {
            server: DEFAULT,
            client: DEFAULT,
        };
        let mut seen = Vec::new();
        for parameter in parameters {
            let (name, value) = match parameter.split_once('=') {
                Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
                None => (parameter, None),
            };
            ensure!(!seen.contains(&name), "{name} is there twice in {answer:?}");
            seen.push(name);
            match (name, value) {
                ("server_no_context_takeover", None) => terms.server.takeover = false,
                ("client_no_context_takeover", None) => terms.client.takeover = false,
                ("server_max_window_bits", Some(value)) => terms.server.bits = bits(value)?,
                ("client_max_window_bits", Some(value)) => terms.client.bits = bits(value)?,
                _ => bail!("{parameter:?} does not belong in {answer:?}"),
            }
        }
        Ok(terms)
    }
}

fn bits(value: &str) -> anyhow::Result<u8> {
    let bits = value.parse().ok().filter(|bits| (8..=15).contains(bits));
    bits.with_context(|| format!("{value:?} is no size of a window"))
}

/// What holds when nothing is said (RFC 7692 sections 7.1.1 and 7.1.2).
const DEFAULT: Direction = Direction {
    bits: 15,
    takeover: true,
};

#[cfg(test)]
mod tests {
    use super::{Direction, Terms};

    #[test]
    fn answers_are_read_with_their_defaults() {
        let direction = |bits, takeover| Direction { bits, takeover };
        for (answer, server, client) in [
            (
                "permessage-deflate",
                direction(15, true),
                direction(15, true),
            ),
            (
                "permessage-deflate; client_max_window_bits=9 ;server_no_context_takeover",
                direction(15, false),
                direction(9, true),
            ),
            (
                "permessage-deflate;server_max_window_bits=\"10\"; client_no_context_takeover",
                direction(10, true),
                direction(15, false),
            ),
        ] {
            assert_eq!(Terms::parse(answer).unwrap(), Terms { server, client });
        }
        for wrong in [
            "",
            "permessage-bzip2",
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate, permessage-deflate",
        ] {
            assert!(Terms::parse(wrong).is_err(), "{wrong}");
        }
    }
}
