//! What lies in several places leaves in one write: a payload that was not copied behind its header,
//! and messages that were queued together.

use std::{future::poll_fn, io, net};

use bytes::Buf;
use futures_util::{AsyncReadExt, join};
use tautline::{
    Config, Message, Role,
    driver::{Transport, WebSocket},
};

use crate::support::{Adapter, Pipe, raw};

/// Large enough to be written from where it lies.
const LARGE: usize = 100_000;

/// A server, whose payloads are not masked, and its peer.
fn server<A: Adapter>(capacity: usize) -> (WebSocket<A::Piped>, Pipe) {
    let (near, far) = Pipe::pair(capacity);
    let ws = WebSocket::from_handshake(near, Role::Server, Default::default(), Config::new());
    (ws, far)
}

/// The header of a frame of [`LARGE`] bytes.
const HEADER: usize = 10;

pub(crate) async fn a_large_message_leaves_in_one_write_from_where_it_lies<A: Adapter>() {
    let (mut ws, peer) = server::<A>(2 * LARGE);
    ws.send(vec![7; LARGE]).await.unwrap();
    assert_eq!(peer.writes_of_the_other_end(), [[HEADER, LARGE]]);
}

pub(crate) async fn messages_that_were_queued_together_leave_in_one_write<A: Adapter>() {
    let (mut ws, peer) = server::<A>(10 * LARGE);
    for _ in 0..2 {
        ws.feed(vec![7; LARGE / 2]).await.unwrap();
    }
    ws.flush().await.unwrap();
    assert_eq!(
        peer.writes_of_the_other_end(),
        [[4, LARGE / 2, 4, LARGE / 2]]
    );
}

/// A write that took only a part, in the middle of any slice, goes on where it stopped.
pub(crate) async fn a_write_that_took_a_part_goes_on_where_it_stopped<A: Adapter>() {
    for capacity in [1, 3, 1000] {
        let (mut ws, mut peer) = server::<A>(capacity);
        let payload: Vec<u8> = (0..LARGE).map(|n| (n % 251) as u8).collect();
        let mut bytes = vec![0; HEADER + LARGE];
        let (sent, read) = join!(
            ws.send(Message::from(payload.clone())),
            peer.read_exact(&mut bytes)
        );
        sent.unwrap();
        read.unwrap();
        assert!(bytes[HEADER..] == payload, "{capacity}");
    }
}

/// The sockets themselves: a stream that left vectored writes to the default of its trait would
/// write the first slice and nothing else.
pub(crate) async fn a_socket_takes_all_slices_in_one_call<A: Adapter>() {
    let (listener, uri) = raw::listen();
    let near = net::TcpStream::connect(raw::address(&uri)).unwrap();
    let (mut peer, _) = listener.accept().await.unwrap();
    let mut plain = A::Plain::from_stream(A::tcp(near).unwrap());
    assert_eq!(write_three(&mut plain).await.unwrap(), 9);
    let near = net::TcpStream::connect(raw::address(&uri)).unwrap();
    let (mut other_peer, _) = listener.accept().await.unwrap();
    let mut maybe_tls = A::Transport::from_stream(A::tcp(near).unwrap().into());
    assert_eq!(write_three(&mut maybe_tls).await.unwrap(), 9);
    for peer in [&mut peer, &mut other_peer] {
        let mut bytes = [0; 9];
        peer.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"onetwosix");
    }
}

/// Writes once, from three places.
async fn write_three<T: Transport>(transport: &mut T) -> io::Result<usize> {
    let mut output = Buf::chain(&b"one"[..], &b"two"[..]).chain(&b"six"[..]);
    poll_fn(|cx| transport.poll_write(cx, &mut output)).await
}
