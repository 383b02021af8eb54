//! Benchmarks, and what they share.
//!
//! Each is a `[[bench]]` target of this package and says itself what it measures:
//!
//! ```text
//! cargo bench -p benches --bench codec        frame headers
//! cargo bench -p benches --bench masking      masking, beside a plain copy
//! cargo bench -p benches --bench utf8         the check of text, beside the standard library's
//! cargo bench -p benches --bench handshake    the opening handshake, both ends
//! cargo bench -p benches --bench connection   an echo without I/O
//! cargo bench -p benches --bench runtimes     an echo over TCP on every runtime
//! ```
//!
//! The programs in `counts` are for `cargo xtask bench counts`, which counts what they do instead of
//! how long it takes.
//!
//! A word behind `--` runs only the benchmarks that have it in their names. The report is
//! `target/criterion/report/index.html`.
#![forbid(unsafe_code)]

mod keys;
mod report;
mod script;

pub use keys::Keys;
pub use report::criterion;
pub use script::Script;
