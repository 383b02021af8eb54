//! Reading one direction of a connection as it passes by: the head, then the frames.
//!
//! Written without the crates that are under test, so that both do not have the same mistake.

use anyhow::{bail, ensure};

/// What has passed in one direction.
pub(super) struct Scanner {
    sender: Sender,
    state: State,
    /// Bytes of a head or of a frame's header that has not arrived as a whole.
    pending: Vec<u8>,
    /// Whether the last message has not ended.
    open: bool,
    scanned: Scanned,
}

/// Which side has sent it: a client masks, a server does not (RFC 6455 section 5.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    Client,
    Server,
}

#[derive(Default)]
pub(super) struct Scanned {
    /// Request or status line and header fields, without the empty line at the end.
    pub(super) head: String,
    /// Messages in the order in which they began.
    pub(super) messages: Vec<Sent>,
    /// Status code of the Close frame, if there was one; 1005 without a status.
    pub(super) close: Option<u16>,
    /// Bytes of all frames with their headers, control frames included.
    pub(super) bytes: usize,
}

/// A message as it went over the wire.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) text: bool,
    /// RSV1 of its first frame (RFC 7692 section 6).
    pub(super) compressed: bool,
    pub(super) frames: usize,
    /// Bytes of its payload, as sent.
    pub(super) payload: usize,
}

enum State {
    Head,
    Header,
    /// Within a payload, with this many bytes to come.
    Payload(usize),
    /// Within a Close frame, with this many bytes of payload and this masking key.
    Close(usize, [u8; 4]),
}

impl Scanner {
    pub(super) fn new(sender: Sender) -> Self {
        Self {
            sender,
            state: State::Head,
            pending: Vec::new(),
            open: false,
            scanned: Scanned::default(),
        }
    }

    /// Goes on with bytes that follow the ones before.
    ///
    /// # Errors
    ///
    /// When they break a rule of RFC 6455 section 5 or RFC 7692 section 6 that a relay can see.
    pub(super) fn scan(&mut self, mut bytes: &[u8]) -> anyhow::Result<()> {
        while !bytes.is_empty() {
            match &mut self.state {
                State::Head => {
                    self.pending.push(bytes[0]);
                    bytes = &bytes[1..];
                    ensure!(self.pending.len() < MAX_HEAD, "the head has no end");
                    if let Some(head) = self.pending.strip_suffix(b"\r\n\r\n") {
                        self.scanned.head = String::from_utf8_lossy(head).into_owned();
                        self.pending.clear();
                        self.state = State::Header;
                    }
                }
                State::Header => {
                    self.pending.push(bytes[0]);
                    bytes = &bytes[1..];
                    if self.pending.len() == header_length(&self.pending) {
                        self.header()?;
                        self.pending.clear();
                    }
                }
                State::Payload(left) => {
                    let taken = (*left).min(bytes.len());
                    *left -= taken;
                    bytes = &bytes[taken..];
                    if *left == 0 {
                        self.state = State::Header;
                    }
                }
                State::Close(length, mask) => {
                    self.pending.push(bytes[0]);
                    bytes = &bytes[1..];
                    if self.pending.len() == *length {
                        let code = [self.pending[0] ^ mask[0], self.pending[1] ^ mask[1]];
                        self.scanned.close = Some(u16::from_be_bytes(code));
                        self.pending.clear();
                        self.state = State::Header;
                    }
                }
            }
        }
        Ok(())
    }

    /// What has passed.
    ///
    /// # Errors
    ///
    /// When the last message has not ended.
    pub(super) fn finish(self) -> anyhow::Result<Scanned> {
        let between = matches!(self.state, State::Header) && self.pending.is_empty();
        ensure!(between && !self.open, "the stream ends in a message");
        Ok(self.scanned)
    }

    /// Takes a header that is there as a whole.
    fn header(&mut self) -> anyhow::Result<()> {
        let header = &self.pending;
        let (fin, rsv1, rsv23) = (header[0] & 0x80, header[0] & 0x40, header[0] & 0x30);
        let (fin, rsv1, opcode) = (fin != 0, rsv1 != 0, header[0] & 0x0f);
        ensure!(rsv23 == 0, "a reserved bit is set");
        let masked = header[1] & 0x80 != 0;
        ensure!(
            masked == (self.sender == Sender::Client),
            "masked by the wrong side, or not masked"
        );
        let length = match header[1] & 0x7f {
            126 => u64::from(u16::from_be_bytes([header[2], header[3]])),
            127 => u64::from_be_bytes(header[2..10].try_into()?),
            short => u64::from(short),
        };
        let length = usize::try_from(length)?;
        self.scanned.bytes += header.len() + length;
        let mask = match header.last_chunk() {
            Some(mask) if masked => *mask,
            _ => [0; 4],
        };
        self.state = match length {
            0 => State::Header,
            _ => State::Payload(length),
        };
        match opcode {
            0 => {
                ensure!(self.open, "a continuation of nothing");
                ensure!(!rsv1, "RSV1 is set on a continuation");
                let Some(message) = self.scanned.messages.last_mut() else {
                    bail!("a continuation of nothing");
                };
                message.frames += 1;
                message.payload += length;
                self.open = !fin;
            }
            1 | 2 => {
                ensure!(!self.open, "a message within a message");
                self.scanned.messages.push(Sent {
                    text: opcode == 1,
                    compressed: rsv1,
                    frames: 1,
                    payload: length,
                });
                self.open = !fin;
            }
            8..=10 => {
                ensure!(fin && !rsv1 && length <= 125, "an illegal control frame");
                if opcode == 8 {
                    ensure!(length != 1, "half a status code");
                    match length {
                        0 => self.scanned.close = Some(1005),
                        _ => self.state = State::Close(length, mask),
                    }
                }
            }
            _ => bail!("an unknown opcode"),
        }
        Ok(())
    }
}

/// How long a header is that begins with these bytes, or 2 while that is not known.
fn header_length(begin: &[u8]) -> usize {
    let Some(second) = begin.get(1) else {
        return 2;
    };
    let length = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    2 + length + mask
}

const MAX_HEAD: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::{Scanner, Sender, Sent};

    const HEAD: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

    #[test]
    fn messages_are_seen_wherever_the_stream_is_cut() {
        let long = [&[0x82, 126, 1, 0][..], &[7; 256]].concat();
        let stream = [
            HEAD,
            &[0x41, 2, b'a', b'b'],
            &[0x89, 1, b'p'],
            &[0x80, 0],
            &long,
            &[0x88, 4, 0x03, 0xe8, b'o', b'k'],
        ]
        .concat();
        for size in [1, 3, 1000] {
            let mut scanner = Scanner::new(Sender::Server);
            for piece in stream.chunks(size) {
                scanner.scan(piece).unwrap();
            }
            let scanned = scanner.finish().unwrap();
            assert!(scanned.head.starts_with("HTTP/1.1 101"));
            assert!(scanned.head.ends_with("websocket"));
            let compressed = Sent {
                text: true,
                compressed: true,
                frames: 2,
                payload: 2,
            };
            let plain = Sent {
                text: false,
                compressed: false,
                frames: 1,
                payload: 256,
            };
            assert_eq!(scanned.messages, [compressed, plain]);
            assert_eq!(scanned.close, Some(1000));
            assert_eq!(scanned.bytes, stream.len() - HEAD.len());
        }
    }

    #[test]
    fn a_masked_close_is_read() {
        let mut scanner = Scanner::new(Sender::Client);
        scanner.scan(HEAD).unwrap();
        let close = [0x88, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xe8 ^ 2];
        scanner.scan(&close).unwrap();
        assert_eq!(scanner.finish().unwrap().close, Some(1000));
    }

    #[test]
    fn broken_rules_are_seen() {
        for frames in [
            &[0x01, 0, 0x01, 0][..],
            &[0x80, 0],
            &[0x01, 0, 0xc0, 0],
            &[0xa1, 0],
            &[0x81, 0x80, 0, 0, 0, 0],
            &[0x83, 0],
            &[0xc9, 0],
            &[0x88, 1, 3],
            &[0x81, 5, b'x'],
            &[0x01, 0],
        ] {
            let mut scanner = Scanner::new(Sender::Server);
            scanner.scan(HEAD).unwrap();
            let scanned = scanner.scan(frames);
            assert!(
                scanned.is_err() || scanner.finish().is_err(),
                "{frames:02x?}"
            );
        }
    }
}
