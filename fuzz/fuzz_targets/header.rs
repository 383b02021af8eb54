//! See [`tautline_fuzz::header`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tautline_fuzz::header::run(data));
