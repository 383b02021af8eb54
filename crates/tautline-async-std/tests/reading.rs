//! How much room a read offers, and what it leaves behind.

use std::{
    io,
    task::{Context, Poll, Waker},
};

use bytes::BytesMut;
use tautline_async_std::FuturesIo;
use tautline_driver::Transport;

use crate::support::script::{BYTE, Read, Script};

/// As much as the driver lends for reading.
const SPARE: usize = 64 * 1024;

fn read(
    transport: &mut FuturesIo<Script>,
    input: &mut BytesMut,
) -> Poll<Result<usize, io::ErrorKind>> {
    transport
        .poll_read(&mut Context::from_waker(Waker::noop()), input)
        .map_err(|error| error.kind())
}

/// The room that each of these reads has in an empty buffer.
fn rooms(spare: usize, reads: &[Read]) -> Vec<usize> {
    let mut transport = FuturesIo::from_stream(Script::reading(reads.iter().copied()));
    for _ in reads {
        let _ = read(&mut transport, &mut BytesMut::with_capacity(spare));
    }
    transport.stream().rooms()
}

#[test]
fn the_room_follows_what_comes() {
    use Read::{Bytes, Fail, Full, Wait};

    const K: usize = 1024;
    let cases: [(&str, usize, &[Read], &[usize]); 8] = [
        (
            "small reads never have more than the least room",
            SPARE,
            &[Bytes(1), Bytes(4000), Bytes(20), Bytes(1)],
            &[4 * K, 4 * K, 4 * K, 4 * K],
        ),
        (
            "full reads double it up to what is spare",
            SPARE,
            &[Full, Full, Full, Full, Full, Full],
            &[4 * K, 8 * K, 16 * K, 32 * K, 64 * K, 64 * K],
        ),
        (
            "a byte less than full leaves it",
            SPARE,
            &[Full, Bytes(8 * K - 1), Bytes(8 * K - 1)],
            &[4 * K, 8 * K, 8 * K],
        ),
        (
            "a quarter leaves it, less halves it",
            SPARE,
            &[
                Full,
                Full,
                Bytes(4 * K),
                Bytes(4 * K - 1),
                Bytes(1),
                Bytes(1),
            ],
            &[4 * K, 8 * K, 16 * K, 16 * K, 8 * K, 4 * K],
        ),
        (
            "waiting and failing leave it",
            SPARE,
            &[Full, Wait, Wait, Fail, Full, Full],
            &[4 * K, 8 * K, 8 * K, 8 * K, 8 * K, 16 * K],
        ),
        (
            "the end of the stream is a short read",
            SPARE,
            &[Full, Bytes(0), Bytes(0)],
            &[4 * K, 8 * K, 4 * K],
        ),
        (
            "little that is spare, and filled, says nothing",
            100,
            &[Full, Full, Full],
            &[100, 100, 100],
        ),
        (
            "much that is spare is used up to its end",
            1000 * K,
            &[Full; 9],
            &[
                4 * K,
                8 * K,
                16 * K,
                32 * K,
                64 * K,
                128 * K,
                256 * K,
                512 * K,
                1000 * K,
            ],
        ),
    ];
    for (name, spare, reads, expected) in cases {
        assert_eq!(rooms(spare, reads), expected, "{name}");
    }
}

#[test]
fn the_room_of_full_reads_is_kept_while_little_is_spare() {
    let script = Script::reading([Read::Full, Read::Full, Read::Full, Read::Full]);
    let mut transport = FuturesIo::from_stream(script);
    for spare in [SPARE, SPARE, 100, SPARE] {
        assert!(read(&mut transport, &mut BytesMut::with_capacity(spare)).is_ready());
    }
    assert_eq!(
        transport.stream().rooms(),
        [4 * 1024, 8 * 1024, 100, 16 * 1024]
    );
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
