//! What only this adapter promises. What it promises with the others is tested in the crate
//! `tautline`, once for all of them.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    reason = "what fails in the helpers of a test fails the test"
)]

mod clock;
mod corking;
mod streams;
mod threads;

use tautline_tokio::{Config, Role, WebSocket};
use tokio::io::{AsyncRead, AsyncWrite};

/// A connection with the opening handshake behind it.
fn open<S>(stream: S, role: Role) -> WebSocket<S>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    WebSocket::<S>::from_handshake(stream, role, Default::default(), Config::new())
}
