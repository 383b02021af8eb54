//! What is particular to futures-io streams and to the runtimes over them: sockets, scripted
//! streams, pipes in memory, and timers by the clock.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    reason = "what fails in the helpers of a test fails the test"
)]

mod support;

mod any_stream;
mod deadlines;
#[cfg(feature = "smol")]
mod executors;
mod reading;
mod sockets;
mod turns;
mod writing;
