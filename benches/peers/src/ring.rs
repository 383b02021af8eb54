use std::{
    io::{self, IoSlice, Read, Write},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wtx::stream::{StreamReader, StreamWriter};

use crate::wire::{Head, Kind, Role};

/// A transport that never waits: it gives out the same frames again and again, and takes whatever
/// is written.
///
/// After the number of messages that was asked for the stream is at its end.
pub(crate) struct Ring {
    frames: Arc<Frames>,
    reads: Reads,
    /// Where the next read begins in the frames.
    position: usize,
    /// Bytes until the end of the stream.
    remaining: u64,
    /// What was written, if somebody wants to know.
    written: Option<Arc<Mutex<Vec<u8>>>>,
}

/// How much a read gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Reads {
    /// One frame at most: messages that come one at a time.
    Permsg,
    /// All there is room for: messages that come faster than they are handled.
    Full,
}

/// Frames of equal length, one behind the other.
pub(crate) struct Frames {
    bytes: Vec<u8>,
    /// Of one of them.
    len: usize,
    payloads: Vec<Vec<u8>>,
}

impl Frames {
    /// What the peer of `role` sends: messages of `len` bytes, each other text, and masked with
    /// another key if the peer is a client.
    pub(crate) fn new(role: Role, kind: Kind, len: usize) -> Self {
        let mut rng = fastrand::Rng::with_seed(len as u64);
        let count = (RING / (len + 1)).clamp(2, 64);
        let payloads: Vec<Vec<u8>> = (0..count)
            .map(|_| (0..len).map(|_| rng.u8(b' '..=b'~')).collect())
            .collect();
        let mut bytes = Vec::new();
        for payload in &payloads {
            let key = match role {
                Role::Client => None,
                Role::Server => Some(rng.u32(..).to_ne_bytes()),
            };
            Head::message(kind, len, key).encode(payload, &mut bytes);
        }
        Self {
            len: bytes.len() / count,
            bytes,
            payloads,
        }
    }

    /// How many frames there are.
    pub(crate) fn count(&self) -> usize {
        self.payloads.len()
    }

    /// The payload of the message number `index`, counted from the first that a ring gives.
    pub(crate) fn payload(&self, index: usize) -> &[u8] {
        &self.payloads[index % self.payloads.len()]
    }
}

/// Bytes of the ring, roughly: more than a core's second cache would make it a test of memory.
const RING: usize = 512 * 1024;

impl Ring {
    pub(crate) fn new(frames: &Arc<Frames>, reads: Reads, messages: u64) -> Self {
        Self {
            frames: frames.clone(),
            reads,
            position: 0,
            remaining: messages * frames.len as u64,
            written: None,
        }
    }

    /// Keeps what is written.
    pub(crate) fn keep_written(&mut self) -> Arc<Mutex<Vec<u8>>> {
        self.written.get_or_insert_default().clone()
    }

    /// What the next read can give at most, in one piece.
    fn piece(&self, room: usize) -> &[u8] {
        let bytes = &self.frames.bytes[self.position..];
        let end = match self.reads {
            Reads::Permsg => self.frames.len - self.position % self.frames.len,
            Reads::Full => bytes.len(),
        };
        let remaining = usize::try_from(self.remaining).unwrap_or(usize::MAX);
        &bytes[..end.min(room).min(remaining)]
    }

    /// Takes note of a piece that was given.
    fn advance(&mut self, len: usize) {
        self.position += len;
        if self.position == self.frames.bytes.len() {
            self.position = 0;
        }
        self.remaining -= len as u64;
    }

    fn write_slice(&self, bytes: &[u8]) {
        if let Some(written) = &self.written {
            let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
            written.extend_from_slice(bytes);
        }
    }

    fn write_slices(&self, slices: &[IoSlice<'_>]) -> usize {
        slices
            .iter()
            .map(|slice| {
                self.write_slice(slice);
                slice.len()
            })
            .sum()
    }
}

impl Read for Ring {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            let piece = self.piece(buffer.len() - filled);
            let len = piece.len();
            buffer[filled..filled + len].copy_from_slice(piece);
            filled += len;
            self.advance(len);
            if len == 0 || self.reads == Reads::Permsg {
                break;
            }
        }
        Ok(filled)
    }
}

impl Write for Ring {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Ring {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let ring = self.get_mut();
        while buffer.remaining() > 0 {
            let piece = ring.piece(buffer.remaining());
            let len = piece.len();
            buffer.put_slice(piece);
            ring.advance(len);
            if len == 0 || ring.reads == Reads::Permsg {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Ring {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.write_slices(slices)))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

// wtx has traits of its own.
impl StreamReader for Ring {
    async fn read(&mut self, bytes: &mut [u8]) -> wtx::Result<usize> {
        Ok(Read::read(self, bytes)?)
    }
}

impl StreamWriter for Ring {
    async fn write_all(&mut self, bytes: &[u8]) -> wtx::Result<()> {
        self.write_slice(bytes);
        Ok(())
    }

    async fn write_all_vectored(&mut self, slices: &[&[u8]]) -> wtx::Result<()> {
        for slice in slices {
            self.write_slice(slice);
        }
        Ok(())
    }
}
