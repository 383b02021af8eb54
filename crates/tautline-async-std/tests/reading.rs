//! How much room a read offers, and what it leaves behind.

use std::{
    io,
    task::{Context, Poll, Waker},
};

use bytes::BytesMut;
use tautline_async_std::FuturesIo;
use tautline_driver::Transport;

use crate::support::script::{BYTE, Read, Script};

fn read(
    transport: &mut FuturesIo<Script>,
    input: &mut BytesMut,
) -> Poll<Result<usize, io::ErrorKind>> {
    transport
        .poll_read(&mut Context::from_waker(Waker::noop()), input)
        .map_err(|error| error.kind())
}

#[test]
fn a_read_has_as_much_room_as_is_spare_up_to_64_kib() {
    use Read::{Bytes, Fail, Full, Wait};

    const K: usize = 1024;
    let mut transport = FuturesIo::from_stream(Script::reading([
        Full,
        Bytes(1),
        Wait,
        Fail,
        Full,
        Full,
        Full,
    ]));
    let spares = [64 * K, 64 * K, 64 * K, 64 * K, 1, 100, 1000 * K];
    for spare in spares {
        let _ = read(&mut transport, &mut BytesMut::with_capacity(spare));
    }
    assert_eq!(
        transport.stream().rooms(),
        [64 * K, 64 * K, 64 * K, 64 * K, 1, 100, 64 * K]
    );
}

/// What one connection has read is not what another one gets.
#[test]
fn what_a_read_left_in_the_room_is_not_seen_by_the_next() {
    let mut first = FuturesIo::from_stream(Script::reading([Read::Full]));
    let mut second = FuturesIo::from_stream(Script::reading([Read::Bytes(0), Read::Bytes(2)]));
    let mut input = BytesMut::with_capacity(1000);
    assert!(read(&mut first, &mut BytesMut::with_capacity(1000)).is_ready());
    assert_eq!(read(&mut second, &mut input), Poll::Ready(Ok(0)));
    assert_eq!(input, b""[..]);
    assert_eq!(read(&mut second, &mut input), Poll::Ready(Ok(2)));
    assert_eq!(input.len(), 2);
}

#[test]
fn what_comes_is_appended_and_nothing_else() {
    let script = Script::reading([
        Read::Wait,
        Read::Bytes(3),
        Read::Fail,
        Read::Bytes(0),
        Read::Full,
    ]);
    let mut transport = FuturesIo::from_stream(script);
    let mut input = BytesMut::with_capacity(1000);
    let (buffer, capacity) = (input.as_ptr(), input.capacity());
    input.extend_from_slice(b"kept");

    assert_eq!(read(&mut transport, &mut input), Poll::Pending);
    assert_eq!(input, b"kept"[..]);
    assert_eq!(read(&mut transport, &mut input), Poll::Ready(Ok(3)));
    assert_eq!(input, [b"kept", &[BYTE; 3][..]].concat()[..]);
    assert_eq!(
        read(&mut transport, &mut input),
        Poll::Ready(Err(io::ErrorKind::ConnectionReset))
    );
    assert_eq!(read(&mut transport, &mut input), Poll::Ready(Ok(0)));
    assert_eq!(input.len(), 7);

    let rest = capacity - 7;
    assert_eq!(read(&mut transport, &mut input), Poll::Ready(Ok(rest)));
    assert_eq!(input, [b"kept", &vec![BYTE; rest + 3][..]].concat()[..]);
    assert_eq!((input.as_ptr(), input.capacity()), (buffer, capacity));
}
