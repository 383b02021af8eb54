//! What is done to sockets beyond reading and writing, wherever a stream is known to be one.

#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::{
    any::Any,
    io,
    net::{Shutdown, TcpStream},
    pin::Pin,
    task::{Context, Poll, ready},
};

use async_io::Async;
use futures_io::AsyncWrite;

use crate::MaybeTlsStream;

pub(crate) fn set_nodelay(stream: &dyn Any) {
    if let Some(socket) = find(stream) {
        // A stream on which it cannot be set is slower, not wrong.
        let _ = socket.set_nodelay();
    }
}

/// Closes a stream, and sees to it that its socket ends the direction of writing, too.
pub(crate) fn poll_close<S: AsyncWrite + Unpin + 'static>(
    stream: &mut S,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    let closed = ready!(Pin::new(&mut *stream).poll_close(cx))
        .and_then(|()| find(stream).map_or(Ok(()), Socket::end_writing));
    Poll::Ready(match closed {
        // The peer has reset the connection: there is nothing left to end.
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
        closed => closed,
    })
}

/// What a connection wants of the socket at the bottom of its stream.
trait Socket {
    fn set_nodelay(&self) -> io::Result<()>;
    fn end_writing(&self) -> io::Result<()>;
}

/// The socket at the bottom of a stream, if it is of a kind that is known.
fn find(stream: &dyn Any) -> Option<&dyn Socket> {
    if let Some(socket) = below::<Async<TcpStream>>(stream) {
        return Some(socket.get_ref());
    }
    #[cfg(unix)]
    if let Some(socket) = below::<Async<UnixStream>>(stream) {
        return Some(socket.get_ref());
    }
    #[cfg(feature = "async-std")]
    if let Some(socket) = below::<::async_std::net::TcpStream>(stream) {
        return Some(socket);
    }
    #[cfg(all(feature = "async-std", unix))]
    if let Some(socket) = below::<::async_std::os::unix::net::UnixStream>(stream) {
        return Some(socket);
    }
    #[cfg(feature = "smol")]
    if let Some(socket) = below::<::smol::net::TcpStream>(stream) {
        return Some(socket);
    }
    None
}

/// A stream that is a `T`, or TLS over one.
fn below<T: 'static>(stream: &dyn Any) -> Option<&T> {
    if let Some(plain) = stream.downcast_ref::<T>() {
        return Some(plain);
    }
    if let Some(maybe_tls) = stream.downcast_ref::<MaybeTlsStream<T>>() {
        return Some(maybe_tls.tcp());
    }
    #[cfg(feature = "rustls")]
    {
        use futures_rustls::{TlsStream, client, server};

        if let Some(tls) = stream.downcast_ref::<TlsStream<T>>() {
            return Some(tls.get_ref().0);
        }
        if let Some(tls) = stream.downcast_ref::<client::TlsStream<T>>() {
            return Some(tls.get_ref().0);
        }
        if let Some(tls) = stream.downcast_ref::<server::TlsStream<T>>() {
            return Some(tls.get_ref().0);
        }
    }
    None
}

macro_rules! socket {
    ($socket:ty, |$this:ident| $set_nodelay:expr) => {
        impl Socket for $socket {
            fn set_nodelay(&self) -> io::Result<()> {
                let $this = self;
                $set_nodelay
            }

            fn end_writing(&self) -> io::Result<()> {
                self.shutdown(Shutdown::Write)
            }
        }
    };
}

socket!(TcpStream, |tcp| tcp.set_nodelay(true));
#[cfg(feature = "async-std")]
socket!(::async_std::net::TcpStream, |tcp| tcp.set_nodelay(true));
#[cfg(feature = "smol")]
socket!(::smol::net::TcpStream, |tcp| tcp.set_nodelay(true));
#[cfg(unix)]
socket!(UnixStream, |_unix| Ok(()));
#[cfg(all(feature = "async-std", unix))]
socket!(::async_std::os::unix::net::UnixStream, |_unix| Ok(()));
