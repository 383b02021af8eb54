//! A sans-I/O echo: a masked frame in, a message out, a frame back; text is checked.

use std::hint::black_box;

use bytes::{Buf, BytesMut};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tautline::{
    Message,
    connection::{Connection, Event},
};

fn echo(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("connection/server");
    for size in [16, 125, 1024, 16 * 1024, 64 * 1024] {
        group.throughput(Throughput::Bytes(size as u64));
        for (kind, message) in [
            ("text", Message::text("a".repeat(size))),
            ("binary", Message::binary(vec![0x5a; size])),
        ] {
            let mut client = Connection::client(|| [0x37, 0xfa, 0x21, 0x3d]);
            client.send(message).expect("the connection is open");
            let output = client.output();
            let frame = output.copy_to_bytes(output.remaining());
            let mut server = Connection::server();
            let mut input = BytesMut::new();
            group.bench_function(BenchmarkId::new(kind, size), |bencher| {
                bencher.iter(|| {
                    input.extend_from_slice(black_box(&frame));
                    while let Ok(Some(event)) = server.receive(&mut input) {
                        if let Event::Message(message) = event {
                            server.send(message).expect("the connection is open");
                        }
                    }
                    let output = server.output();
                    while output.has_remaining() {
                        let count = black_box(output.chunk()).len();
                        output.advance(count);
                    }
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, echo);
criterion_main!(benches);
