//! Frames as the load generator writes and reads them, independent of every contestant.

/// Which end of the connection a contestant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Role {
    Client,
    Server,
}

/// What a message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    Text,
    Binary,
}

/// How a frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The first byte: FIN, RSV and opcode.
    pub(crate) first: u8,
    pub(crate) key: Option<[u8; 4]>,
    /// Bytes of payload.
    pub(crate) len: usize,
}

/// The bit that marks a compressed message (RFC 7692 section 6).
const RSV1: u8 = 0x40;
const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
const OPCODE: u8 = 0x0f;

impl Head {
    /// The only frame of a message.
    pub(crate) const fn message(kind: Kind, len: usize, key: Option<[u8; 4]>) -> Self {
        let opcode = match kind {
            Kind::Text => 1,
            Kind::Binary => 2,
        };
        Self {
            first: FIN | opcode,
            key,
            len,
        }
    }

    /// Marks the message as compressed.
    pub(crate) const fn compressed(mut self) -> Self {
        self.first |= RSV1;
        self
    }

    pub(crate) const fn is_compressed(self) -> bool {
        self.first & RSV1 != 0
    }

    /// Whether this is the only frame of a text or binary message.
    pub(crate) const fn is_message(self) -> bool {
        self.first & FIN != 0 && matches!(self.first & OPCODE, 1 | 2)
    }

    /// Reads what is at the front of `input`, and how many bytes that takes; `None` if more bytes
    /// are needed.
    pub(crate) fn decode(input: &[u8]) -> Option<(Self, usize)> {
        let (&[first, second], rest) = input.split_first_chunk()?;
        let (len, rest) = match second & !MASKED {
            126 => {
                let (len, rest) = rest.split_first_chunk()?;
                (u64::from(u16::from_be_bytes(*len)), rest)
            }
            127 => {
                let (len, rest) = rest.split_first_chunk()?;
                (u64::from_be_bytes(*len), rest)
            }
            len => (u64::from(len), rest),
        };
        let (key, rest) = if second & MASKED == 0 {
            (None, rest)
        } else {
            let (key, rest) = rest.split_first_chunk()?;
            (Some(*key), rest)
        };
        let head = Self {
            first,
            key,
            len: len as usize,
        };
        Some((head, input.len() - rest.len()))
    }

    /// Appends the head, and `payload` masked with its key.
    pub(crate) fn encode(self, payload: &[u8], output: &mut Vec<u8>) {
        let masked = if self.key.is_some() { MASKED } else { 0 };
        output.push(self.first);
        match self.len {
            0..=125 => output.push(self.len as u8 | masked),
            126..=0xffff => {
                output.push(126 | masked);
                output.extend((self.len as u16).to_be_bytes());
            }
            _ => {
                output.push(127 | masked);
                output.extend((self.len as u64).to_be_bytes());
            }
        }
        output.extend(self.key.unwrap_or_default().iter().filter(|_| masked != 0));
        let start = output.len();
        output.extend_from_slice(payload);
        apply(self.key, &mut output[start..]);
    }
}

/// Masks, or unmasks, which is the same (RFC 6455 section 5.3).
pub(crate) fn apply(key: Option<[u8; 4]>, payload: &mut [u8]) {
    let Some(key) = key else { return };
    for (byte, key) in payload.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::{Head, Kind, apply};

    #[test]
    fn what_is_encoded_decodes_to_the_same() {
        for len in [0, 125, 126, 65_535, 65_536] {
            for key in [None, Some([1, 2, 3, 4])] {
                let payload = vec![7; len];
                let head = Head::message(Kind::Text, len, key).compressed();
                let mut wire = Vec::new();
                head.encode(&payload, &mut wire);
                let (decoded, size) = Head::decode(&wire).unwrap();
                assert_eq!((decoded, size), (head, wire.len() - len));
                assert!(Head::decode(&wire[..size - 1]).is_none());
                apply(key, &mut wire[size..]);
                assert_eq!(wire[size..], payload);
            }
        }
    }
}
