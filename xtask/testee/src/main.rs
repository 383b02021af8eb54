//! The endpoint that the Autobahn TestSuite tests: an echo server, and a client that echoes what
//! the test server sends.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "its output is how it tells what it does"
)]

mod cases;
mod tokio_adapter;

use std::net::SocketAddr;

use clap::{Parser, Subcommand, ValueEnum};

use crate::cases::CaseNumbers;

/// An echo endpoint for the Autobahn TestSuite.
#[derive(Debug, Parser)]
struct Args {
    /// The adapter to run on.
    #[arg(long, value_enum, default_value_t = Adapter::Tokio)]
    adapter: Adapter,
    #[command(subcommand)]
    role: Role,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Adapter {
    Tokio,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Echoes until it is killed, and prints the address that it listens on.
    Server {
        /// The address to listen on; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
    },
    /// Runs the cases of a fuzzing server, then asks it for its report.
    Client {
        /// The fuzzing server, such as `ws://127.0.0.1:9001`.
        #[arg(long)]
        url: String,
        /// The name that the report is filed under.
        #[arg(long)]
        agent: String,
        /// Cases in flight at once.
        #[arg(long, default_value_t = 1)]
        jobs: usize,
        /// Numbers of the cases to run, such as `1,2,5-9`; all if left out.
        #[arg(long)]
        cases: Option<CaseNumbers>,
    },
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    match args.adapter {
        Adapter::Tokio => match args.role {
            Role::Server { listen } => tokio_adapter::server(listen),
            Role::Client {
                url,
                agent,
                jobs,
                cases,
            } => tokio_adapter::client(&url, &agent, jobs, cases.as_ref()),
        },
    }
}
