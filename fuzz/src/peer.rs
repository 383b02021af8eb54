use arbitrary::{Arbitrary, Result, Unstructured};
use flate2::{Compress, Compression, FlushCompress};

use crate::frames;
use crate::text::TextMaker;

/// A peer that mostly keeps to the protocol: the fuzzer finds more behind frames that are right than
/// among bytes that fail at once.
pub(crate) struct Peer {
    is_client: bool,
    deflate: Option<(Compress, bool)>,
    texts: TextMaker,
    longest: usize,
}

#[derive(Arbitrary)]
enum Step {
    /// A message, in so many frames, with control frames in between.
    Message {
        head: u8,
        more: u8,
    },
    Control {
        opcode: u8,
    },
    Close {
        code: u16,
    },
    /// A frame with any first byte, masked or not.
    Frame {
        first: u8,
        is_masked: bool,
    },
    /// Bytes that need not be a frame.
    Bytes {
        len: u8,
    },
}

impl Peer {
    /// A peer in one role, with the window and takeover of its compressor if it has one.
    pub(crate) fn new(is_client: bool, deflate: Option<(u8, bool)>) -> Self {
        let deflate = deflate.map(|(bits, takeover)| {
            let stream = Compress::new_with_window_bits(Compression::new(6), false, bits);
            (stream, takeover)
        });
        Self {
            is_client,
            deflate,
            texts: TextMaker::new(MAX_TEXT),
            longest: 0,
        }
    }

    /// Everything that it sends, until the input is used up, and the length of its longest message.
    pub(crate) fn wire(mut self, input: &mut Unstructured<'_>) -> (Vec<u8>, usize) {
        let mut wire = Vec::new();
        while !input.is_empty() {
            // What was made before the input ended is enough.
            if self.step(input, &mut wire).is_err() {
                break;
            }
        }
        (wire, self.longest)
    }

    fn step(&mut self, input: &mut Unstructured<'_>, wire: &mut Vec<u8>) -> Result<()> {
        let key = self.is_client.then(|| input.arbitrary()).transpose()?;
        match input.arbitrary()? {
            Step::Message { head, more } => {
                let opcode = 1 + (head & 1);
                let text = self.texts.text(input)?;
                self.longest = self.longest.max(text.len());
                let (payload, rsv1) = match &mut self.deflate {
                    Some((stream, takeover)) if head & 2 != 0 => {
                        (compressed(stream, *takeover, &text), 0x40)
                    }
                    _ => (text, 0),
                };
                let size = payload.len() / (usize::from(more) % 5 + 1) + 1;
                let mut parts = payload.chunks(size).peekable();
                let mut first = rsv1 | opcode;
                loop {
                    let part = parts.next().unwrap_or_default();
                    let fin = u8::from(parts.peek().is_none()) << 7;
                    frames::write(fin | first, key, part, wire);
                    if fin != 0 {
                        return Ok(());
                    }
                    first = 0;
                    if head & 4 != 0 {
                        frames::write(0x89, key, &[more], wire);
                    }
                }
            }
            Step::Control { opcode } => {
                let len = input.len().min(usize::from(opcode >> 1) % 126);
                frames::write(0x89 + (opcode & 1), key, input.bytes(len)?, wire);
            }
            Step::Close { code } => {
                let body = [&code.to_be_bytes()[..], "κ".as_bytes()].concat();
                frames::write(0x88, key, &body, wire);
            }
            Step::Frame { first, is_masked } => {
                let key = is_masked.then_some([first; 4]);
                frames::write(first, key, &self.texts.text(input)?, wire);
            }
            Step::Bytes { len } => {
                wire.extend_from_slice(input.bytes(usize::from(len).min(input.len()))?);
            }
        }
        Ok(())
    }
}

/// A message as a sender with zlib in C compresses it (RFC 7692 section 7.2.1).
pub(crate) fn compressed(stream: &mut Compress, takeover: bool, text: &[u8]) -> Vec<u8> {
    if !takeover {
        stream.reset();
    }
    let mut payload = Vec::with_capacity(text.len() + text.len() / 8 + 1024);
    stream
        .compress_vec(text, &mut payload, FlushCompress::Sync)
        .expect("C compresses anything");
    match payload.strip_suffix(b"\x00\x00\xff\xff") {
        Some(payload) => payload.to_vec(),
        // Nothing is flushed twice: the text is empty.
        None => vec![0],
    }
}

/// In bytes, over a case.
const MAX_TEXT: usize = 48 * 1024;
