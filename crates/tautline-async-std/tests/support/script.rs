//! A stream that does what it is told and takes note.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    sync::Mutex,
    task::{Context, Poll},
};

use futures_io::{AsyncRead, AsyncWrite};

/// What a read does; a script that has come to its end makes reads wait.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Read {
    /// Fills as much of the room.
    Bytes(usize),
    /// Fills the room.
    Full,
    /// Writes into the room as a careless stream may, and then waits.
    Wait,
    /// Fails.
    Fail,
}

/// What was written at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    Plain(usize),
    Vectored(Vec<usize>),
}

#[derive(Debug, Default)]
pub(crate) struct Script {
    reads: VecDeque<Read>,
    /// How much a write takes, 0 if it waits; everything when there is no more to say.
    takes: VecDeque<usize>,
    /// Only reads and writes change these, so nobody waits for the lock.
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    rooms: Vec<usize>,
    writes: Vec<Write>,
    written: Vec<u8>,
}

/// What reads bring.
pub(crate) const BYTE: u8 = 0x5A;

impl Script {
    pub(crate) fn reading(reads: impl IntoIterator<Item = Read>) -> Self {
        Self {
            reads: reads.into_iter().collect(),
            ..Self::default()
        }
    }

    pub(crate) fn taking(takes: impl IntoIterator<Item = usize>) -> Self {
        Self {
            takes: takes.into_iter().collect(),
            ..Self::default()
        }
    }

    /// How much room the reads had.
    pub(crate) fn rooms(&self) -> Vec<usize> {
        self.notes.lock().unwrap().rooms.clone()
    }

    pub(crate) fn writes(&self) -> Vec<Write> {
        self.notes.lock().unwrap().writes.clone()
    }

    pub(crate) fn written(&self) -> Vec<u8> {
        self.notes.lock().unwrap().written.clone()
    }

    fn write<'a>(
        &mut self,
        write: Write,
        slices: impl Iterator<Item = &'a [u8]>,
    ) -> Poll<io::Result<usize>> {
        let takes = self.takes.pop_front().unwrap_or(usize::MAX);
        if takes == 0 {
            return Poll::Pending;
        }
        let mut notes = self.notes.lock().unwrap();
        let before = notes.written.len();
        notes.writes.push(write);
        notes.written.extend(slices.flatten().take(takes));
        Poll::Ready(Ok(notes.written.len() - before))
    }
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.notes.lock().unwrap().rooms.push(buffer.len());
        match self.reads.pop_front() {
            Some(Read::Bytes(count)) => {
                buffer[..count].fill(BYTE);
                Poll::Ready(Ok(count))
            }
            Some(Read::Full) => {
                buffer.fill(BYTE);
                Poll::Ready(Ok(buffer.len()))
            }
            Some(Read::Wait) => {
                buffer.fill(BYTE);
                Poll::Pending
            }
            Some(Read::Fail) => {
                buffer.fill(BYTE);
                Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
            }
            None => Poll::Pending,
        }
    }
}

impl AsyncWrite for Script {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(Write::Plain(bytes.len()), [bytes].into_iter())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let lens = slices.iter().map(|slice| slice.len()).collect();
        self.write(Write::Vectored(lens), slices.iter().map(|slice| &**slice))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
