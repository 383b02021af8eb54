//! The endpoint that other implementations are tried against: an echo server, a client that echoes
//! what a server of the Autobahn TestSuite sends, and one that talks to an echo server. All are
//! written once, for any adapter.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "its output is how it tells what it does"
)]

mod adapter;
mod cases;
mod client;
mod compression;
mod server;
mod talk;

use std::net::SocketAddr;

use clap::{Parser, Subcommand};

use crate::{adapter::Adapter, client::Cases, compression::Compression, talk::Talk};

/// An echo endpoint for the Autobahn TestSuite and for other peers.
#[derive(Debug, Parser)]
struct Args {
    /// The adapter to run on.
    #[arg(long, value_enum, default_value_t = Adapter::Tokio)]
    adapter: Adapter,
    #[command(subcommand)]
    role: Role,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Echoes until it is killed, and prints the address that it listens on.
    Server {
        /// The address to listen on; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        #[command(flatten)]
        compression: Compression,
    },
    /// Runs the cases of a fuzzing server, then asks it for its report.
    Client(Cases),
    /// Has a conversation with an echo server, and fails if anything comes back changed.
    Talk(Talk),
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    args.adapter.run(args.role)
}
