//! Sockets of every kind, plain and below TLS: `TCP_NODELAY`, and the end of writing.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use async_io::Async;
use futures_io::{AsyncRead, AsyncWrite};
use futures_util::AsyncReadExt;
use tautline_async_std::{FuturesIo, MaybeTlsStream};
use tautline_driver::Transport;

use crate::support::{PATIENCE, run, shut_down, tcp_pair};

fn async_io(tcp: TcpStream) -> Async<TcpStream> {
    Async::new(tcp).unwrap()
}

#[cfg(feature = "async-std")]
fn async_std(tcp: TcpStream) -> async_std::net::TcpStream {
    tcp.into()
}

#[cfg(feature = "smol")]
fn smol(tcp: TcpStream) -> smol::net::TcpStream {
    tcp.try_into().unwrap()
}

/// Runs checks for the sockets of every runtime.
macro_rules! every_socket {
    ($check:ident) => {
        $check(async_io);
        #[cfg(feature = "async-std")]
        $check(async_std);
        #[cfg(feature = "smol")]
        $check(smol);
    };
}

fn check_plain<S: AsyncRead + AsyncWrite + Unpin + 'static>(wrap: impl Fn(TcpStream) -> S) {
    let (near, mut far) = tcp_pair();
    let options = near.try_clone().unwrap();
    options.set_nodelay(false).unwrap();
    let mut transport = FuturesIo::from_stream(wrap(near));
    assert!(options.nodelay().unwrap());

    run(shut_down(&mut transport)).unwrap();
    assert_eq!(far.read(&mut [0]).unwrap(), 0, "the peer reads the end");
    // Only the one direction has ended.
    far.write_all(b"still").unwrap();
    let mut input = bytes::BytesMut::with_capacity(100);
    run(std::future::poll_fn(|cx| {
        transport.poll_read(cx, &mut input)
    }))
    .unwrap();
    assert_eq!(input, b"still"[..]);
    run(shut_down(&mut transport)).unwrap();
}

/// RFC 6455 section 7.1.1: the server closes TCP first, so the end has to go out.
#[test]
fn the_peer_of_a_tcp_stream_reads_the_end_after_shutting_down() {
    every_socket!(check_plain);
}

fn check_maybe_tls<S: AsyncRead + AsyncWrite + Unpin + 'static>(wrap: impl Fn(TcpStream) -> S) {
    check_plain(|tcp| MaybeTlsStream::from(wrap(tcp)));
}

#[test]
fn the_peer_of_a_stream_without_tls_reads_the_end_after_shutting_down() {
    every_socket!(check_maybe_tls);
}

fn check_close<S: AsyncRead + AsyncWrite + Unpin + 'static>(wrap: impl Fn(TcpStream) -> S) {
    let (near, mut far) = tcp_pair();
    let mut stream = MaybeTlsStream::from(wrap(near));
    run(futures_util::AsyncWriteExt::close(&mut stream)).unwrap();
    assert_eq!(far.read(&mut [0]).unwrap(), 0);
    drop(stream);
}

#[test]
fn a_stream_that_may_be_tls_ends_writing_by_itself() {
    every_socket!(check_close);
}

fn check_reset<S: AsyncRead + AsyncWrite + Unpin + 'static>(wrap: impl Fn(TcpStream) -> S) {
    let (mut near, far) = tcp_pair();
    near.write_all(b"never read").unwrap();
    // Closing a socket with unread bytes resets the connection.
    far.peek(&mut [0]).unwrap();
    drop(far);
    let mut stream = wrap(near);
    run(stream.read(&mut [0])).unwrap_err();
    run(shut_down(&mut FuturesIo::from_stream(stream))).unwrap();
}

#[test]
fn shutting_down_what_the_peer_has_reset_is_no_error() {
    every_socket!(check_reset);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::net::UnixStream;

    use super::*;

    fn check<S: AsyncRead + AsyncWrite + Unpin + 'static>(wrap: impl Fn(UnixStream) -> S) {
        let (near, mut far) = UnixStream::pair().unwrap();
        far.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut transport = FuturesIo::from_stream(wrap(near));
        run(shut_down(&mut transport)).unwrap();
        assert_eq!(far.read(&mut [0]).unwrap(), 0, "the peer reads the end");
        run(shut_down(&mut transport)).unwrap();
    }

    #[test]
    fn the_peer_of_a_unix_stream_reads_the_end_after_shutting_down() {
        check(|unix| Async::new(unix).unwrap());
        #[cfg(feature = "async-std")]
        check(async_std::os::unix::net::UnixStream::from);
        check(|unix| smol::net::unix::UnixStream::try_from(unix).unwrap());
    }
}

#[cfg(feature = "rustls")]
mod tls {
    use futures_rustls::{TlsConnector, TlsStream, client, server};
    use futures_util::{future::try_join, io::AsyncReadExt};
    use tautline_async_std::tls::TlsAcceptor;

    use super::*;
    use crate::support::certificates::{configs, name};

    /// A client and a server after the handshake.
    fn pair<N, F>(near: N, far: F) -> (client::TlsStream<N>, server::TlsStream<F>)
    where
        N: AsyncRead + AsyncWrite + Unpin,
        F: AsyncRead + AsyncWrite + Unpin,
    {
        let (client, server) = configs();
        run(try_join(
            TlsConnector::from(client).connect(name(), near),
            TlsAcceptor::from(server).accept(far),
        ))
        .unwrap()
    }

    /// Shuts a stream down, and checks that its peer is told by TLS and by TCP.
    fn check_end<S, P>(
        options: &TcpStream,
        stream: S,
        mut peer: P,
        tcp: impl Fn(&P) -> &Async<TcpStream>,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
        P: AsyncRead + Unpin,
    {
        options.set_nodelay(false).unwrap();
        let mut transport = FuturesIo::from_stream(stream);
        assert!(options.nodelay().unwrap());
        run(shut_down(&mut transport)).unwrap();
        run(async {
            assert_eq!(peer.read(&mut [0]).await.unwrap(), 0, "close_notify");
            assert_eq!(tcp(&peer).read(&mut [0]).await.unwrap(), 0, "FIN");
        });
        run(shut_down(&mut transport)).unwrap();
    }

    fn check<S, W>(wrap: W)
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
        W: Fn(TcpStream) -> S,
    {
        let client = || {
            let (near, far) = tcp_pair();
            let options = near.try_clone().unwrap();
            let (client, server) = pair(wrap(near), async_io(far));
            (options, client, server)
        };
        let server = || {
            let (near, far) = tcp_pair();
            let options = far.try_clone().unwrap();
            let (client, server) = pair(async_io(near), wrap(far));
            (options, server, client)
        };
        let (options, stream, peer) = client();
        check_end(&options, stream, peer, |peer| peer.get_ref().0);
        let (options, stream, peer) = client();
        check_end(&options, TlsStream::from(stream), peer, |peer| {
            peer.get_ref().0
        });
        let (options, stream, peer) = client();
        let stream = MaybeTlsStream::Tls(Box::new(stream.into()));
        check_end(&options, stream, peer, |peer| peer.get_ref().0);
        let (options, stream, peer) = server();
        check_end(&options, stream, peer, |peer| peer.get_ref().0);
        let (options, stream, peer) = server();
        check_end(&options, TlsStream::from(stream), peer, |peer| {
            peer.get_ref().0
        });
        let (options, stream, peer) = server();
        let stream = MaybeTlsStream::Tls(Box::new(stream.into()));
        check_end(&options, stream, peer, |peer| peer.get_ref().0);
    }

    #[test]
    fn the_peer_of_a_tls_stream_reads_the_end_of_tls_and_of_tcp_after_shutting_down() {
        every_socket!(check);
    }
}
