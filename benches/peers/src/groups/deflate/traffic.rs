use anyhow::{Context, ensure};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::{
    clients::Traffic,
    contestants::Deflate,
    wire::{Head, Kind},
};

/// Compressed JSON, every connection going through all of it again and again.
pub(super) struct DeflateTraffic {
    documents: Vec<String>,
    /// The frames, where they do not depend on each other.
    frames: Vec<Vec<u8>>,
    /// By connection.
    streams: Vec<Stream>,
    deflate: Deflate,
    checking: bool,
    uncompressed: u64,
}

/// The states of zlib are made with the first message that needs them: they are large, and there
/// may be many connections.
#[derive(Default)]
struct Stream {
    compress: Option<Compress>,
    decompress: Option<Decompress>,
    sent: usize,
    received: usize,
}

/// Any key will do, as long as it changes something.
const KEY: [u8; 4] = [0x3a, 0x91, 0x5c, 0xe7];

/// What RFC 7692 section 7.2.1 takes off the end of a message.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

impl DeflateTraffic {
    pub(super) fn new(
        documents: &[String],
        deflate: Deflate,
        connections: usize,
    ) -> anyhow::Result<Self> {
        let frames = if deflate.takeover {
            Vec::new()
        } else {
            let frame = |document: &String| frame(&mut compress(deflate), document.as_bytes());
            documents.iter().map(frame).collect::<Result<_, _>>()?
        };
        Ok(Self {
            documents: documents.to_vec(),
            frames,
            streams: (0..connections).map(|_| Stream::default()).collect(),
            deflate,
            checking: true,
            uncompressed: 0,
        })
    }

    /// Leaves out inflating and comparing from now on, which the states do not survive.
    pub(super) fn stop_checking(&mut self) {
        self.checking = false;
    }

    /// How many replies came without RSV1.
    pub(super) fn uncompressed(&self) -> u64 {
        self.uncompressed
    }
}

impl Traffic for DeflateTraffic {
    fn request(&mut self, connection: usize, output: &mut Vec<u8>) {
        let stream = &mut self.streams[connection];
        let index = stream.sent % self.documents.len();
        stream.sent += 1;
        if self.deflate.takeover {
            let compress = stream
                .compress
                .get_or_insert_with(|| compress(self.deflate));
            let frame = frame(compress, self.documents[index].as_bytes());
            output.extend(frame.expect("zlib takes everything"));
        } else {
            output.extend_from_slice(&self.frames[index]);
        }
    }

    fn reply(&mut self, connection: usize, head: Head, payload: &[u8]) -> anyhow::Result<()> {
        if !head.is_compressed() {
            self.uncompressed += 1;
        }
        if !self.checking {
            return Ok(());
        }
        let stream = &mut self.streams[connection];
        let document = self.documents[stream.received % self.documents.len()].as_bytes();
        stream.received += 1;
        if !head.is_compressed() {
            ensure!(payload == document, "the reply is not an echo");
            return Ok(());
        }
        let decompress = stream
            .decompress
            .get_or_insert_with(|| Decompress::new_with_window_bits(false, self.deflate.window));
        if !self.deflate.takeover {
            decompress.reset(false);
        }
        let plain = inflate(decompress, payload, document.len())?;
        ensure!(plain == document, "the reply does not inflate to an echo");
        Ok(())
    }
}

fn compress(deflate: Deflate) -> Compress {
    let level = Compression::new(deflate.level.into());
    Compress::new_with_window_bits(level, false, deflate.window)
}

/// A message with its own block at the end, as a masked frame.
fn frame(compress: &mut Compress, document: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut payload = Vec::with_capacity(document.len() + 64);
    let status = compress.compress_vec(document, &mut payload, FlushCompress::Sync)?;
    ensure!(status == Status::Ok, "zlib ended its stream");
    ensure!(
        payload.len() < payload.capacity(),
        "JSON did not get shorter"
    );
    let payload = payload.strip_suffix(&TAIL).context("no empty block")?;
    let mut frame = Vec::with_capacity(payload.len() + 14);
    Head::message(Kind::Text, payload.len(), Some(KEY))
        .compressed()
        .encode(payload, &mut frame);
    Ok(frame)
}

fn inflate(decompress: &mut Decompress, payload: &[u8], len: usize) -> anyhow::Result<Vec<u8>> {
    // One byte more, so that zlib need not stop for want of room before it has seen the tail.
    let mut plain = Vec::with_capacity(len + 1);
    for input in [payload, &TAIL] {
        let before = decompress.total_in();
        decompress.decompress_vec(input, &mut plain, FlushDecompress::Sync)?;
        let consumed = decompress.total_in() - before;
        ensure!(consumed == input.len() as u64, "the reply is too long");
    }
    Ok(plain)
}
