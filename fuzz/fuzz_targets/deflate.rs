//! See [`tautline_fuzz::deflate`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tautline_fuzz::deflate::run(data));
