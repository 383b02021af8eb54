//! The check that text is UTF-8, beside the standard library's, by script and size.
//!
//! * `whole` is [`validate_utf8`], for a message that has arrived.
//! * `chunks` is [`Utf8Validator`], for one that arrives in pieces: each is a segment of TCP in
//!   size, and most are cut inside a character unless it is ASCII.
//! * `core` is [`str::from_utf8`] on the whole text.
//!
//! **A byte is a byte of text**, all of it valid: that is the case to be fast in, and the only one
//! in which all of the text is looked at. Left out: unmasking, which finds text that is all ASCII
//! on the way, so that a connection need not come here for it.

use std::hint::black_box;

use benches::{Script, criterion};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tautline::message::{InvalidUtf8, Utf8Validator, validate_utf8};

fn utf8(criterion: &mut Criterion) {
    for script in Script::ALL {
        let mut group = criterion.benchmark_group(format!("utf8/{}", script.name()));
        for size in SIZES {
            group.throughput(Throughput::Bytes(size as u64));
            let text = script.text(size);
            let bytes = text.as_bytes();
            group.bench_function(BenchmarkId::new("whole", size), |bencher| {
                bencher.iter(|| validate_utf8(black_box(bytes)).is_ok());
            });
            if size > CHUNK {
                group.bench_function(BenchmarkId::new("chunks", size), |bencher| {
                    bencher.iter(|| validate_in_chunks(black_box(bytes)).is_ok());
                });
            }
            group.bench_function(BenchmarkId::new("core", size), |bencher| {
                bencher.iter(|| str::from_utf8(black_box(bytes)).is_ok());
            });
            assert_eq!(validate_utf8(bytes), Ok(&*text));
            assert_eq!(validate_in_chunks(bytes), Ok(()));
        }
        group.finish();
    }
}

fn validate_in_chunks(bytes: &[u8]) -> Result<(), InvalidUtf8> {
    let mut validator = Utf8Validator::new();
    for chunk in bytes.chunks(CHUNK) {
        validator.push(chunk)?;
    }
    validator.finish()
}

const SIZES: [usize; 6] = [16, 125, 1024, 16 * 1024, 64 * 1024, 1024 * 1024];

/// What a segment carries over Ethernet, nearly: a prime, so that pieces are cut in every possible
/// way.
const CHUNK: usize = 1447;

criterion_group!(name = benches; config = criterion(); targets = utf8);
criterion_main!(benches);
