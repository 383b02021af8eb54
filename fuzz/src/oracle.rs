//! zlib in C, made to do what RFC 7692 section 7.2.2 says.

use flate2::{Decompress, FlushDecompress, Status};

/// A receiver of compressed messages that is slow, simple and not made of Tautline's code.
pub(crate) struct Oracle {
    window: usize,
    takeover: bool,
    history: Vec<u8>,
}

/// A message that is being inflated.
struct Message<'a> {
    oracle: &'a mut Oracle,
    /// The stream of zlib that the next byte belongs to; there is none at the start, and after a
    /// block with BFINAL set.
    stream: Option<Decompress>,
    text: Vec<u8>,
}

/// What came out before the data turned out to be corrupt.
pub(crate) struct Corrupt(pub(super) Vec<u8>);

impl Oracle {
    /// Between messages as much is remembered as the window has, or nothing.
    pub(crate) fn new(window: usize, takeover: bool) -> Self {
        Self {
            window,
            takeover,
            history: Vec::new(),
        }
    }

    /// Inflates the payload of a message.
    pub(crate) fn message(&mut self, payload: &[u8]) -> Result<Vec<u8>, Corrupt> {
        if payload.is_empty() {
            return Ok(Vec::new());
        }
        let mut message = Message {
            oracle: self,
            stream: None,
            text: Vec::new(),
        };
        let is_good = message.inflate(payload) && message.is_complete(payload);
        let text = message.text;
        if !self.takeover {
            self.history.clear();
        }
        if is_good {
            Ok(text)
        } else {
            Err(Corrupt(text))
        }
    }
}

impl Message<'_> {
    /// Whether a block may start where the payload ends, once what the sender left out is there.
    fn is_complete(&mut self, payload: &[u8]) -> bool {
        let len = self.text.len();
        if self.stream.is_some() && !payload.ends_with(TAIL) && !self.inflate(TAIL) {
            return false;
        }
        let is_complete = self.stream.is_none() || self.inflate(END) && self.stream.is_none();
        is_complete && self.text.len() == len
    }

    fn inflate(&mut self, mut input: &[u8]) -> bool {
        let mut chunk = vec![0; 8 * 1024];
        while !input.is_empty() {
            let stream = self.stream.get_or_insert_with(|| {
                let mut stream = Decompress::new(false);
                let from = self.oracle.history.len().saturating_sub(self.oracle.window);
                stream
                    .set_dictionary(&self.oracle.history[from..])
                    .expect("a raw stream takes any dictionary");
                stream
            });
            loop {
                let (taken, given) = (stream.total_in(), stream.total_out());
                let status = stream.decompress(input, &mut chunk, FlushDecompress::None);
                let given = (stream.total_out() - given) as usize;
                input = &input[(stream.total_in() - taken) as usize..];
                self.text.extend_from_slice(&chunk[..given]);
                self.oracle.history.extend_from_slice(&chunk[..given]);
                match status {
                    Err(_) => return false,
                    Ok(Status::StreamEnd) => {
                        self.stream = None;
                        break;
                    }
                    Ok(_) if input.is_empty() && given < chunk.len() => return true,
                    Ok(_) => {}
                }
            }
        }
        true
    }
}

/// What a sender leaves out at the end of a message (RFC 7692 section 7.2.1).
pub(crate) const TAIL: &[u8] = b"\x00\x00\xff\xff";

/// An empty block with BFINAL set.
const END: &[u8] = b"\x03\x00";
