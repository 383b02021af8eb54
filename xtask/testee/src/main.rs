//! The endpoint that other implementations are tried against: an echo server, a client that echoes
//! what a server of the Autobahn TestSuite sends, one that talks to an echo server, and one that
//! visits a server that means harm. All are written once, for any adapter. Beside them, load for the
//! echo server, which is many clients on tokio.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "its output is how it tells what it does"
)]

mod adapter;
mod cases;
mod client;
mod compression;
mod heap;
mod keepalive;
mod load;
mod server;
mod talk;
mod visit;

use std::net::SocketAddr;

use clap::{Parser, Subcommand};

use crate::{
    adapter::Adapter, client::Cases, compression::Compression, heap::Heap,
    keepalive::KeepaliveMillis, load::Load, talk::Talk, visit::Visit,
};

/// An echo endpoint for the Autobahn TestSuite and for other peers.
#[derive(Debug, Parser)]
struct Args {
    /// The adapter to run on.
    #[arg(long, value_enum, default_value_t = Adapter::Tokio)]
    adapter: Adapter,
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    #[command(flatten)]
    Role(Role),
    /// Puts load on an echo server, always on tokio, and prints a line of JSON for all that happens.
    Load(Load),
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
        #[command(flatten)]
        keepalive: KeepaliveMillis,
        #[command(flatten)]
        heap: Heap,
    },
    /// Runs the cases of a fuzzing server, then asks it for its report.
    Client(Cases),
    /// Has a conversation with an echo server, and fails if anything comes back changed.
    Talk(Talk),
    /// Connects, echoes and says how it ended, then waits to be killed.
    Visit(Visit),
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    match args.task {
        Task::Role(role) => args.adapter.run(role),
        Task::Load(load) => load.run(),
    }
}
