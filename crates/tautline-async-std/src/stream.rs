use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use futures_io::{AsyncRead, AsyncWrite};

use crate::socket;

/// A TCP stream of a runtime, or TLS over one: what `connect` and `serve` use.
///
/// Without the feature `rustls` it is always plain.
#[derive(Debug)]
#[non_exhaustive]
pub enum MaybeTlsStream<Tcp> {
    /// `ws://`
    Plain(Tcp),
    /// `wss://`
    #[cfg(feature = "rustls")]
    Tls(Box<futures_rustls::TlsStream<Tcp>>),
}

impl<Tcp> MaybeTlsStream<Tcp> {
    /// The TCP stream underneath.
    #[must_use]
    pub fn tcp(&self) -> &Tcp {
        match self {
            Self::Plain(stream) => stream,
            #[cfg(feature = "rustls")]
            Self::Tls(stream) => stream.get_ref().0,
        }
    }
}

impl<Tcp> From<Tcp> for MaybeTlsStream<Tcp> {
    fn from(tcp: Tcp) -> Self {
        Self::Plain(tcp)
    }
}

/// Does the same on whichever stream it is.
macro_rules! either {
    ($self:ident, $stream:ident => $do:expr) => {
        match $self.get_mut() {
            MaybeTlsStream::Plain($stream) => $do,
            #[cfg(feature = "rustls")]
            MaybeTlsStream::Tls($stream) => {
                let $stream = &mut **$stream;
                $do
            }
        }
    };
}

impl<Tcp: AsyncRead + AsyncWrite + Unpin> AsyncRead for MaybeTlsStream<Tcp> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        either!(self, stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl<Tcp: AsyncRead + AsyncWrite + Unpin + 'static> AsyncWrite for MaybeTlsStream<Tcp> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        either!(self, stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, stream => Pin::new(stream).poll_write_vectored(cx, slices))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    /// Ends the direction of writing: `close_notify` and FIN.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => socket::poll_close(stream, cx))
    }
}
