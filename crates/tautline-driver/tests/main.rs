//! What a connection does over a transport, a clock and an executor that the tests hold in hand.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, in its helpers, too"
)]

mod support;

mod cancellation;
mod closing;
mod closing_orders;
mod connect_gate;
mod connecting;
mod corking;
mod errors;
mod failing;
mod flushing;
mod halves;
mod handshake;
mod keepalive;
mod keys;
mod memory;
mod pair;
mod serving;
mod simulation;
mod slow_messages;
#[cfg(feature = "futures")]
mod streams;
mod turns;
mod unclean_ends;
mod upgrading;
