//! Masking in place and while copying, beside a plain copy of the same bytes.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tautline::frame::mask;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

fn masking(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("masking");
    for size in [16, 125, 1024, 16 * 1024, 64 * 1024, 1024 * 1024] {
        group.throughput(Throughput::Bytes(size as u64));
        let from = vec![0x5a; size];
        let mut to = vec![0; size];
        group.bench_function(BenchmarkId::new("apply", size), |bencher| {
            bencher.iter(|| mask::apply(black_box(&mut to), black_box(KEY)));
        });
        group.bench_function(BenchmarkId::new("copy", size), |bencher| {
            bencher.iter(|| mask::copy(black_box(&from), black_box(&mut to), black_box(KEY)));
        });
        group.bench_function(BenchmarkId::new("memcpy", size), |bencher| {
            bencher.iter(|| black_box(&mut to[..]).copy_from_slice(black_box(&from)));
        });
    }
    group.finish();
}

criterion_group!(benches, masking);
criterion_main!(benches);
