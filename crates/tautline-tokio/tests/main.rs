//! Clients and servers over loopback sockets, pipes in memory and a clock that can be stopped.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    reason = "what fails in the helpers of a test fails the test"
)]

mod support;

mod closing;
mod connecting;
#[cfg(feature = "futures")]
mod futures;
mod halves;
mod keepalive;
mod pending;
mod send;
mod serve;
mod sizes;
#[cfg(feature = "rustls")]
mod tls;
#[cfg(not(feature = "rustls"))]
mod tls_off;
mod upgrade;
