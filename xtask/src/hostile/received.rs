//! What comes from the other end of a connection, taken to pieces.

use anyhow::{Context, bail};

use crate::hostile::wire;

/// What comes next on a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    Frame(Frame),
    Ended,
    Reset,
    /// Nothing, for as long as the patience lasts.
    Silence,
}

/// A frame that was received.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// FIN, the reserved bits and the opcode.
    pub(super) first: u8,
    pub(super) payload: Vec<u8>,
    /// What it came masked with.
    pub(super) key: Option<[u8; 4]>,
}

impl Frame {
    /// The frame at the front of `bytes` and its length; `None` if it is not complete.
    ///
    /// # Errors
    ///
    /// When it is longer than anything that was asked for.
    pub(super) fn decode(bytes: &[u8]) -> anyhow::Result<Option<(Self, usize)>> {
        let [first, second, rest @ ..] = bytes else {
            return Ok(None);
        };
        let (width, masked) = (second & 0x7f, second & 0x80 != 0);
        let (length, head) = match (width, rest) {
            (126, [a, b, ..]) => (u64::from(u16::from_be_bytes([*a, *b])), 4),
            (127, rest) if rest.len() >= 8 => {
                let bytes = rest[..8].try_into().expect("eight bytes were taken");
                (u64::from_be_bytes(bytes), 10)
            }
            (126 | 127, _) => return Ok(None),
            (short, _) => (u64::from(short), 2),
        };
        if length > LARGEST {
            bail!("a frame of {length} bytes came");
        }
        let head = if masked { head + 4 } else { head };
        let end = head + usize::try_from(length).context("a frame is too long")?;
        if bytes.len() < end {
            return Ok(None);
        }
        let key = masked.then(|| [4, 3, 2, 1].map(|back| bytes[head - back]));
        let mut payload = bytes[head..end].to_vec();
        if let Some(key) = key {
            for (byte, key) in payload.iter_mut().zip(key.into_iter().cycle()) {
                *byte ^= key;
            }
        }
        let frame = Self {
            first: *first,
            payload,
            key,
        };
        Ok(Some((frame, end)))
    }

    /// Text, binary or a continuation.
    pub(super) fn is_data(&self) -> bool {
        self.first & 0x08 == 0
    }

    /// Whether FIN is set.
    pub(super) fn is_last(&self) -> bool {
        self.first & 0x80 != 0
    }

    pub(super) fn is_close(&self) -> bool {
        self.first & 0x0f == 8
    }

    /// The code of a Close frame.
    pub(super) fn close_code(&self) -> u16 {
        match *self.payload {
            [high, low, ..] => u16::from_be_bytes([high, low]),
            _ => 1005,
        }
    }
}

/// What the request of a client says.
pub(super) struct Asked {
    /// What answers its key.
    pub(super) accept: String,
    /// Whether it offers permessage-deflate.
    deflate: bool,
}

impl Asked {
    /// What a head of a request says.
    ///
    /// # Errors
    ///
    /// When it has no key.
    pub(super) fn parse(head: &str) -> anyhow::Result<Self> {
        let key = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))
            .map(|(_, value)| value.trim())
            .context("the request has no key")?;
        Ok(Self {
            accept: wire::accept(key),
            deflate: head.contains("permessage-deflate"),
        })
    }

    /// The lines of a proper answer, with compression if that was offered.
    pub(super) fn proper_fields(&self) -> Vec<String> {
        let agreed: &[&str] = if self.deflate { &[wire::OFFER] } else { &[] };
        self.fields(agreed)
    }

    /// The lines of an answer without compression, with further fields.
    pub(super) fn fields(&self, more: &[&str]) -> Vec<String> {
        let accept = format!("Sec-WebSocket-Accept: {}", self.accept);
        [
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            &accept,
        ]
        .iter()
        .chain(more)
        .map(ToString::to_string)
        .collect()
    }
}

/// Longer than anything that is asked for.
const LARGEST: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use super::{Asked, Frame};
    use crate::hostile::wire::{Sender, TEXT, frame, request};

    #[test]
    fn a_frame_is_what_was_sent_and_its_length() {
        for length in [0, 125, 126, 65_535, 65_536] {
            let payload = vec![b'x'; length];
            for sender in [Sender::Client, Sender::Server] {
                let bytes = frame(sender, TEXT, &payload);
                let (found, end) = Frame::decode(&bytes).unwrap().unwrap();
                assert_eq!((end, &found.payload), (bytes.len(), &payload));
                assert_eq!(found.key.is_some(), sender == Sender::Client);
                let cut = &bytes[..bytes.len() - 1];
                assert_eq!(Frame::decode(cut).unwrap(), None);
            }
        }
        assert!(Frame::decode(&[0x82, 127, 0xff, 0, 0, 0, 0, 0, 0, 0]).is_err());
    }

    #[test]
    fn a_request_is_answered_as_it_asks() {
        let plain = String::from_utf8(request(&[])).unwrap();
        let asked = Asked::parse(&plain).unwrap();
        assert_eq!(asked.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(asked.proper_fields().len(), 4);
        let offer = String::from_utf8(request(&[crate::hostile::wire::OFFER])).unwrap();
        assert_eq!(Asked::parse(&offer).unwrap().proper_fields().len(), 5);
        assert!(Asked::parse("GET / HTTP/1.1").is_err());
    }
}
