//! What the fuzz targets of Tautline do with their input, one module a target.
//!
//! A target takes bytes and panics when Tautline does what it must not. That is all that a fuzzer,
//! or a test which replays a corpus, has to know; nothing in here needs either.
//!
//! Most inputs begin with a few bytes that choose how a case is set up, and go on with what a peer
//! sends, as it is on the wire, so that a recording of a connection makes a good seed.
#![forbid(unsafe_code)]

pub mod connection;
pub mod deflate;
pub mod differential;
pub mod handshake;
pub mod header;
pub mod operations;

mod cuts;
mod frames;
mod oracle;
mod peer;
mod strict_inflater;
mod text;

/// A target: its name, and what it does with an input.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name of its program and of its corpus.
    pub name: &'static str,
    /// Runs one case.
    pub run: fn(&[u8]),
}

/// The targets in the order in which they are run.
pub const TARGETS: [Target; 6] = [
    Target {
        name: "deflate",
        run: deflate::run,
    },
    Target {
        name: "header",
        run: header::run,
    },
    Target {
        name: "handshake",
        run: handshake::run,
    },
    Target {
        name: "connection",
        run: connection::run,
    },
    Target {
        name: "operations",
        run: operations::run,
    },
    Target {
        name: "differential",
        run: differential::run,
    },
];
