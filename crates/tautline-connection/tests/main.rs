//! What a connection makes of bytes, calls and time.
#![forbid(unsafe_code)]

mod support;

mod backoff;
mod close_codes;
mod closing;
mod closing_model;
mod control;
#[cfg(feature = "deflate")]
mod deflate;
mod failing;
mod floods;
mod fragmentation;
mod framing;
mod halves;
mod limits;
mod masking;
mod output;
mod pair;
mod prepared;
mod round_trip;
mod sending;
mod splits;
mod text;
mod timers;
#[cfg(feature = "std")]
mod vectored;
