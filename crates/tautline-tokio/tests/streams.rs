//! Streams of tokio that are no sockets.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use tautline_tokio::{Config, Message, Role, WebSocket, accept};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex},
    join,
};

use crate::open;

/// R6455-4.1-01
#[tokio::test]
async fn a_pipe_will_do() {
    let (near, far) = duplex(64);
    let request = "ws://server.example.com/".try_into().unwrap();
    let (client, server) = join!(
        WebSocket::<DuplexStream>::connect_on(near, &request, Config::new()),
        accept(far)
    );
    let (mut client, mut server) = (client.unwrap(), server.unwrap());
    // More than the pipe holds, so that both ends have to take turns.
    let (sent, got) = join!(client.send(vec![1; 1000]), server.recv());
    sent.unwrap();
    assert_eq!(got.unwrap(), Some(Message::from(vec![1; 1000])));
}

/// A stream that takes everything, and says whether it likes slices.
struct Sink {
    takes_slices: bool,
    writes: Arc<Mutex<Vec<Vec<usize>>>>,
}

impl AsyncRead for Sink {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        _buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Sink {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writes.lock().unwrap().push(vec![bytes.len()]);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let lens: Vec<_> = slices.iter().map(|slice| slice.len()).collect();
        let written = lens.iter().sum();
        self.writes.lock().unwrap().push(lens);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.takes_slices
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_stream_gets_several_slices_only_if_it_takes_them() {
    for (takes_slices, expected) in [
        (true, vec![vec![10, 100_000]]),
        (false, vec![vec![10], vec![100_000]]),
    ] {
        let writes = Arc::default();
        let sink = Sink {
            takes_slices,
            writes: Arc::clone(&writes),
        };
        open(sink, Role::Server)
            .send(vec![7; 100_000])
            .await
            .unwrap();
        assert_eq!(*writes.lock().unwrap(), expected);
    }
}
