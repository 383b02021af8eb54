use std::{
    any::Any,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use bytes::{Buf, BytesMut};
use tautline_driver::{Transport, poll_write_buf};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Sleep, sleep_until},
};

use crate::MaybeTlsStream;

/// A tokio stream as a [`Transport`].
#[derive(Debug)]
pub struct Tokio<S> {
    stream: S,
    // Made when the first deadline is set; most connections never have one.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> Transport for Tokio<S> {
    type Stream = S;

    /// Wraps a stream. `TCP_NODELAY` is set on what is known to be TCP: messages are handed over
    /// whole, and waiting to fill a segment would only delay them.
    fn from_stream(stream: S) -> Self {
        set_nodelay(&stream);
        Self {
            stream,
            sleep: None,
        }
    }

    fn stream(&self) -> &S {
        &self.stream
    }

    #[inline]
    fn poll_read(&mut self, cx: &mut Context<'_>, input: &mut BytesMut) -> Poll<io::Result<usize>> {
        tokio_util::io::poll_read_buf(Pin::new(&mut self.stream), cx, input)
    }

    #[inline]
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut impl Buf,
    ) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.stream);
        poll_write_buf(output, stream.is_write_vectored(), |slices| match slices {
            [slice] => stream.poll_write(cx, slice),
            slices => stream.poll_write_vectored(cx, slices),
        })
    }

    #[inline]
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let deadline = tokio::time::Instant::from_std(deadline);
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }

    fn clear_deadline(&mut self) {
        self.sleep = None;
    }
}

fn set_nodelay(stream: &dyn Any) {
    let tcp = match stream.downcast_ref::<MaybeTlsStream>() {
        Some(stream) => Some(stream.tcp()),
        None => stream.downcast_ref::<TcpStream>(),
    };
    if let Some(tcp) = tcp {
        // A stream on which it cannot be set is slower, not wrong.
        let _ = tcp.set_nodelay(true);
    }
}
