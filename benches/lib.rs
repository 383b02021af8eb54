//! Benchmarks are the `[[bench]]` targets of this package: `cargo bench -p benches --bench codec`.
#![forbid(unsafe_code)]
