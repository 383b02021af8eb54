//! What a write hands to the stream at once.

use std::{collections::VecDeque, future::poll_fn, io::IoSlice};

use bytes::{Buf, Bytes, BytesMut};
use tautline_async_std::{Config, FuturesIo, MaybeTlsStream, Role, WebSocket};
use tautline_driver::Transport;

use crate::support::{
    run,
    script::{Script, Write},
};

/// Output in slices, as the driver's is.
struct Slices(VecDeque<Bytes>);

impl Slices {
    fn new(slices: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self(slices.into_iter().map(Bytes::from).collect())
    }
}

impl Buf for Slices {
    fn remaining(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    fn chunk(&self) -> &[u8] {
        self.0.front().map_or(&[], |slice| slice)
    }

    fn chunks_vectored<'a>(&'a self, slots: &mut [IoSlice<'a>]) -> usize {
        for (slot, slice) in slots.iter_mut().zip(&self.0) {
            *slot = IoSlice::new(slice);
        }
        slots.len().min(self.0.len())
    }

    fn advance(&mut self, mut count: usize) {
        while count > 0 {
            let front = self.0.front_mut().unwrap();
            let part = count.min(front.len());
            front.advance(part);
            count -= part;
            if front.is_empty() {
                self.0.pop_front();
            }
        }
    }
}

/// Writes everything, and tells what the stream was given.
fn writes(takes: &[usize], output: &mut Slices) -> (Vec<Write>, Vec<u8>) {
    let script = Script::taking(takes.iter().copied());
    let mut transport = FuturesIo::from_stream(script);
    while output.has_remaining() {
        run(poll_fn(|cx| transport.poll_write(cx, output))).unwrap();
    }
    (transport.stream().writes(), transport.stream().written())
}

#[test]
fn one_slice_is_written_as_such() {
    let (writes, written) = writes(&[], &mut Slices::new([vec![7; 10]]));
    assert_eq!(writes, [Write::Plain(10)]);
    assert_eq!(written, [7; 10]);
}

#[test]
fn several_slices_are_written_at_once() {
    let (writes, written) = writes(
        &[],
        &mut Slices::new([vec![1; 10], vec![2; 20], vec![3; 5]]),
    );
    assert_eq!(writes, [Write::Vectored(vec![10, 20, 5])]);
    assert_eq!(written, [vec![1; 10], vec![2; 20], vec![3; 5]].concat());
}

#[test]
fn what_a_write_leaves_is_written_next() {
    let (writes, written) = writes(
        &[13, 17],
        &mut Slices::new([vec![1; 10], vec![2; 20], vec![3; 5]]),
    );
    assert_eq!(
        writes,
        [
            Write::Vectored(vec![10, 20, 5]),
            Write::Vectored(vec![17, 5]),
            Write::Plain(5),
        ]
    );
    assert_eq!(written, [vec![1; 10], vec![2; 20], vec![3; 5]].concat());
}

#[test]
fn sixteen_slices_go_into_one_write_and_no_more() {
    let (writes, written) = writes(&[], &mut Slices::new(vec![vec![9; 2]; 20]));
    assert_eq!(
        writes,
        [Write::Vectored(vec![2; 16]), Write::Vectored(vec![2; 4])]
    );
    assert_eq!(written, [9; 40]);
}

#[test]
fn a_large_message_leaves_in_one_write_with_its_header() {
    let stream = MaybeTlsStream::Plain(Script::default());
    let mut ws = WebSocket::from_handshake(stream, Role::Server, BytesMut::new(), Config::new());
    let payload = Bytes::from(vec![0x11; 10_000]);
    run(ws.send(payload.clone())).unwrap();
    let script = ws.stream().tcp();
    assert_eq!(script.writes(), [Write::Vectored(vec![4, 10_000])]);
    assert_eq!(script.written()[4..], payload);
}
