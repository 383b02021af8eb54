use std::{
    hint::black_box,
    io::{self, IoSlice, Read, Write},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use wtx::stream::{StreamReader, StreamWriter};

/// The server's end of a connection whose peer only listens.
pub(crate) enum Outlet {
    /// Takes whatever is written at once.
    Memory {
        /// What was written, if somebody wants to know.
        written: Option<Arc<Mutex<Vec<u8>>>>,
    },
    Tcp(TcpStream),
}

impl Outlet {
    fn take(written: Option<&Mutex<Vec<u8>>>, bytes: &[u8]) -> usize {
        let bytes = black_box(bytes);
        if let Some(written) = written {
            let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
            written.extend_from_slice(bytes);
        }
        bytes.len()
    }
}

impl AsyncRead for Outlet {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Memory { .. } => Poll::Pending,
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Outlet {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Memory { written } => Poll::Ready(Ok(Self::take(written.as_deref(), bytes))),
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Memory { written } => {
                let take = |slice: &IoSlice<'_>| Self::take(written.as_deref(), slice);
                Poll::Ready(Ok(slices.iter().map(take).sum()))
            }
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Memory { .. } => Poll::Ready(Ok(())),
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Memory { .. } => Poll::Ready(Ok(())),
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

// For the blocking API of tungstenite, which is asked to write in memory only.
impl Read for Outlet {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Memory { written } => Ok(Self::take(written.as_deref(), bytes)),
            Self::Tcp(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// wtx has traits of its own.
impl StreamReader for Outlet {
    async fn read(&mut self, bytes: &mut [u8]) -> wtx::Result<usize> {
        match self {
            Self::Memory { .. } => Ok(0),
            Self::Tcp(stream) => StreamReader::read(stream, bytes).await,
        }
    }
}

impl StreamWriter for Outlet {
    async fn write_all(&mut self, bytes: &[u8]) -> wtx::Result<()> {
        match self {
            Self::Memory { written } => {
                Self::take(written.as_deref(), bytes);
                Ok(())
            }
            Self::Tcp(stream) => StreamWriter::write_all(stream, bytes).await,
        }
    }

    async fn write_all_vectored(&mut self, slices: &[&[u8]]) -> wtx::Result<()> {
        match self {
            Self::Memory { written } => {
                for slice in slices {
                    Self::take(written.as_deref(), slice);
                }
                Ok(())
            }
            Self::Tcp(stream) => StreamWriter::write_all_vectored(stream, slices).await,
        }
    }
}
