use arbitrary::{Arbitrary, Result, Unstructured};
use flate2::{Compress, Compression, FlushCompress};

use super::{Setup, blocks};
use crate::oracle::{Corrupt, Oracle, TAIL};
use crate::text::TextMaker;

/// A sender whose compressor is C's.
pub(super) struct Sender {
    setup: Setup,
    /// There is none before the first message, and after a block with BFINAL set.
    stream: Option<Compress>,
    history: Vec<u8>,
}

/// A payload to receive, and what C makes of it.
pub(super) struct Payload {
    pub(super) bytes: Vec<u8>,
    pub(super) text: std::result::Result<Vec<u8>, Corrupt>,
}

/// How a message ends (RFC 7692 section 7.2.3).
#[derive(Arbitrary, Clone, Copy, PartialEq)]
enum Ending {
    Sync,
    Full,
    /// The tail is not removed.
    Forgotten,
    /// A block with BFINAL set and nothing behind it.
    Final,
    /// The same, and the header of an empty block behind it (section 7.2.3.4).
    FinalThenEmpty,
}

impl Sender {
    pub(super) fn new(setup: Setup) -> Self {
        Self {
            setup,
            stream: None,
            history: Vec::new(),
        }
    }

    /// The next payload, of blocks or bytes as the input has them or compressed by C, and what C
    /// makes of it.
    pub(super) fn next(
        &mut self,
        choice: u8,
        oracle: &mut Oracle,
        texts: &mut TextMaker,
        input: &mut Unstructured<'_>,
    ) -> Result<Payload> {
        let payload = match choice >> 6 {
            0 => blocks::payload(input)?,
            1 => {
                let len = usize::from(input.arbitrary::<u16>()?).min(input.len());
                input.bytes(len)?.to_vec()
            }
            _ => {
                let (payload, text) = self.message(texts, input)?;
                let same = oracle.message(&payload);
                let is_same = same.as_ref().is_ok_and(|same| *same == text);
                assert!(is_same, "C does not inflate what it has compressed");
                return Ok(Payload {
                    bytes: payload,
                    text: same,
                });
            }
        };
        let text = oracle.message(&payload);
        if let Ok(text) = &text {
            self.pass(text);
        }
        Ok(Payload {
            bytes: payload,
            text,
        })
    }

    /// A payload and the text that is in it, with flushes within the message as the input says.
    fn message(
        &mut self,
        texts: &mut TextMaker,
        input: &mut Unstructured<'_>,
    ) -> Result<(Vec<u8>, Vec<u8>)> {
        let (mut payload, mut plain) = (Vec::new(), Vec::new());
        let ending: Ending = input.arbitrary()?;
        for _ in 0..input.arbitrary::<u8>()? % 4 {
            let text = texts.text(input)?;
            let flush = match input.arbitrary::<u8>()? % 4 {
                0 => FlushCompress::None,
                1 => FlushCompress::Partial,
                2 => FlushCompress::Sync,
                _ => FlushCompress::Full,
            };
            self.compress(&text, flush, &mut payload);
            plain.extend(text);
        }
        let last = match ending {
            Ending::Sync | Ending::Forgotten => FlushCompress::Sync,
            Ending::Full => FlushCompress::Full,
            Ending::Final | Ending::FinalThenEmpty => FlushCompress::Finish,
        };
        self.compress(&[], last, &mut payload);
        match ending {
            Ending::Sync | Ending::Full if payload.ends_with(TAIL) => {
                payload.truncate(payload.len() - TAIL.len());
            }
            // zlib flushes nothing twice.
            Ending::Sync | Ending::Full | Ending::FinalThenEmpty => payload.push(0),
            Ending::Forgotten | Ending::Final => {}
        }
        if last == FlushCompress::Finish || !self.setup.takeover {
            self.pass(&plain);
        } else {
            self.history.extend_from_slice(&plain);
        }
        Ok((payload, plain))
    }

    /// Starts a new stream behind a text that the receiver has got, by whatever stream.
    fn pass(&mut self, text: &[u8]) {
        self.history.extend_from_slice(text);
        self.stream = None;
    }

    fn compress(&mut self, mut text: &[u8], flush: FlushCompress, payload: &mut Vec<u8>) {
        let stream = self.stream.get_or_insert_with(|| {
            let level = Compression::new(u32::from(self.setup.level % 10));
            let bits = self.setup.context().window.bits().get();
            let mut stream = Compress::new_with_window_bits(level, false, bits);
            if self.setup.takeover && !self.history.is_empty() {
                stream
                    .set_dictionary(&self.history)
                    .expect("a raw stream takes a dictionary at its start");
            }
            stream
        });
        loop {
            payload.reserve(4 * 1024);
            let taken = stream.total_in();
            stream
                .compress_vec(text, payload, flush)
                .expect("C compresses anything");
            text = &text[(stream.total_in() - taken) as usize..];
            if text.is_empty() && payload.len() < payload.capacity() {
                return;
            }
        }
    }
}
