//! An echo without I/O: one message in, the same message out, through [`Connection`].
//!
//! By role (`connection/server` receives masked frames and sends plain ones, `connection/client`
//! the reverse, each frame with a fresh key from the operating system), by kind of message and by
//! size. `text` is ASCII, `mixed` is text of several scripts; both are checked to be UTF-8, as
//! always. **One iteration is one message, and a byte is a byte of its payload**, counted once
//! though it passes in and out.
//!
//! Unmasking happens in place, so every iteration needs its input anew: it is copied into the input
//! buffer within the timing, in place of the kernel's copy when a socket is read. `input` is that
//! copy alone. What there is to be written is taken off the output as if a socket had taken it, and
//! not copied anywhere.
//!
//! Left out: system calls, waiting, and what an adapter does around them.

use std::hint::black_box;

use benches::{Keys, Script, criterion};
use bytes::{Buf, Bytes, BytesMut};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tautline::{
    Limits, Message, Role,
    connection::{Connection, Event, MaskKeys},
};

fn echo(criterion: &mut Criterion) {
    for (name, role, peer) in [
        ("server", Role::Server, Role::Client),
        ("client", Role::Client, Role::Server),
    ] {
        let mut group = criterion.benchmark_group(format!("connection/{name}"));
        for size in SIZES {
            group.throughput(Throughput::Bytes(size as u64));
            for (kind, message) in [
                ("text", Message::text(Script::Ascii.text(size))),
                ("mixed", Message::text(Script::Mixed.text(size))),
                ("binary", Message::binary(vec![0x5a; size])),
            ] {
                let frame = frame(peer, message.clone());
                assert_echo(role, peer, &frame, &message);

                let mut connection = connection(role);
                let mut input = BytesMut::new();
                group.bench_function(BenchmarkId::new(kind, size), |bencher| {
                    bencher.iter(|| {
                        input.extend_from_slice(black_box(&frame));
                        turn(&mut connection, &mut input);
                        let output = connection.output();
                        while output.has_remaining() {
                            let written = black_box(output.chunk()).len();
                            output.advance(written);
                        }
                    });
                });
            }
            let frame = frame(peer, Message::binary(vec![0x5a; size]));
            let mut input = BytesMut::new();
            group.bench_function(BenchmarkId::new("input", size), |bencher| {
                bencher.iter(|| {
                    input.extend_from_slice(black_box(&frame));
                    black_box(&mut input).clear();
                });
            });
        }
        group.finish();
    }
}

/// Answers every message of the input with itself.
fn turn<K: MaskKeys>(connection: &mut Connection<K>, input: &mut BytesMut) {
    while let Some(event) = connection.receive(input).expect("the peer breaks no rule") {
        if let Event::Message(message) = event {
            connection.send(message).expect("the connection is open");
        }
    }
}

/// What is measured is an echo: the peer gets its message back.
fn assert_echo(role: Role, peer: Role, frame: &[u8], message: &Message) {
    let mut end = connection(role);
    turn(&mut end, &mut BytesMut::from(frame));
    let output = end.output();
    let mut echo = BytesMut::from(output.copy_to_bytes(output.remaining()));
    let received = connection(peer)
        .receive(&mut echo)
        .expect("the echo breaks no rule");
    assert_eq!(received, Some(Event::Message(message.clone())));
}

/// The one frame of a message, as this end sends it.
fn frame(role: Role, message: Message) -> Bytes {
    let mut connection = connection(role);
    connection.send(message).expect("the connection is open");
    let output = connection.output();
    output.copy_to_bytes(output.remaining())
}

fn connection(role: Role) -> Connection<Keys> {
    Connection::with_limits(role, Keys::new(), Limits::default())
}

const SIZES: [usize; 6] = [16, 125, 1024, 16 * 1024, 64 * 1024, 1024 * 1024];

criterion_group!(name = benches; config = criterion(); targets = echo);
criterion_main!(benches);
