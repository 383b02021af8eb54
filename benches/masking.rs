//! Masking: in place ([`mask::apply`]) and while copying ([`mask::copy`]), beside a plain copy of
//! the same bytes, so that the report of a size shows how far masking is from free.
//!
//! One iteration masks one payload with one key. **A byte is a byte of payload.**
//! [`mask::apply_and_scan`] also looks for bytes that are not ASCII, as is done for text.
//!
//! The buffers of `masking/aligned` begin on a cache line. Those of `masking/unaligned` do not, and
//! source and destination begin at different places of theirs: a payload lies wherever its header
//! ends.
//!
//! Left out: where the bytes come from. The same buffers are used over and over, so that all sizes
//! that fit a cache are found there; a payload that was just read is in a cache, too.

use std::hint::black_box;

use benches::criterion;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tautline::frame::mask;

fn masking(criterion: &mut Criterion) {
    for (name, [from_skew, to_skew]) in [("aligned", [0, 0]), ("unaligned", [1, 6])] {
        let mut group = criterion.benchmark_group(format!("masking/{name}"));
        for size in SIZES {
            group.throughput(Throughput::Bytes(size as u64));
            let (mut from, mut to) = (vec![0x5a; size + 2 * LINE], vec![0; size + 2 * LINE]);
            let from = skewed(&mut from, from_skew, size);
            let to = skewed(&mut to, to_skew, size);
            group.bench_function(BenchmarkId::new("apply", size), |bencher| {
                bencher.iter(|| mask::apply(black_box(to), black_box(KEY)));
            });
            group.bench_function(BenchmarkId::new("apply_and_scan", size), |bencher| {
                bencher.iter(|| mask::apply_and_scan(black_box(to), black_box(KEY)));
            });
            group.bench_function(BenchmarkId::new("copy", size), |bencher| {
                bencher.iter(|| mask::copy(black_box(from), black_box(to), black_box(KEY)));
            });
            group.bench_function(BenchmarkId::new("memcpy", size), |bencher| {
                bencher.iter(|| black_box(&mut *to).copy_from_slice(black_box(from)));
            });
        }
        group.finish();
    }
}

/// The `size` bytes of `buffer` that begin `skew` bytes behind the start of a cache line.
fn skewed(buffer: &mut [u8], skew: usize, size: usize) -> &mut [u8] {
    let start = buffer.as_ptr().align_offset(LINE) + skew;
    &mut buffer[start..start + size]
}

const SIZES: [usize; 7] = [5, 16, 125, 1024, 16 * 1024, 64 * 1024, 1024 * 1024];

/// Bytes of a cache line, and the widest vector there is.
const LINE: usize = 64;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

criterion_group!(name = benches; config = criterion(); targets = masking);
criterion_main!(benches);
