//! Frame headers: decode and encode, by the form of the length.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tautline::frame::{Header, OpCode};

fn codec(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("header");
    for payload_len in [16, 1024, 1024 * 1024] {
        let header = Header {
            fin: true,
            rsv1: false,
            opcode: OpCode::Binary,
            mask: Some([0x37, 0xfa, 0x21, 0x3d]),
            payload_len,
        };
        group.bench_with_input(
            BenchmarkId::new("encode", payload_len),
            &header,
            |bencher, header| {
                bencher.iter(|| black_box(header).encode());
            },
        );
        let bytes = header.encode();
        group.bench_with_input(
            BenchmarkId::new("decode", payload_len),
            &*bytes,
            |bencher, bytes| {
                bencher.iter(|| Header::decode(black_box(bytes)));
            },
        );
    }
    group.finish();
}

criterion_group!(benches, codec);
criterion_main!(benches);
