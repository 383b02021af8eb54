//! The extension from both ends: its negotiation and its codec.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, in its helpers, too"
)]

mod support;

mod alone;
mod client;
mod compressor;
mod decompressor;
mod differential;
mod memory;
mod pairs;
mod params;
mod peers;
mod server;
mod settings;
mod windows;
