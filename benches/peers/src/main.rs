//! Tautline beside the other WebSocket libraries for Rust, doing the same work.
//!
//! A subcommand is a group of measurements. It prints one [`Record`](record::Record) a line, as JSON,
//! on standard output, and says on standard error what it is at.
#![forbid(unsafe_code)]

mod child;
mod clients;
mod contender;
mod contestants;
mod cores;
mod documents;
mod groups;
mod handshake;
mod outlet;
mod progress;
mod record;
mod ring;
mod running;
mod samples;
mod serve;
mod strace;
mod traffic;
mod versions;
mod wire;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about, version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Echoes of compressed JSON: server CPU, bytes of a reply, memory of a connection.
    Deflate(groups::deflate::Options),
    /// Echoes over a transport that never waits: processor time of a message.
    InMemory(groups::in_memory::Options),
    /// Runs a cell of `in-memory` and nothing else, for tools that count instructions.
    Count {
        contestant: String,
        #[command(flatten)]
        cell: groups::in_memory::Cell,
        #[arg(long, default_value_t = 1000)]
        messages: u64,
    },
    /// One message to many connections: processor time of a delivery.
    FanOut(groups::fan_out::Options),
    /// Runs a cell of `fan-out` and nothing else, for tools that count instructions.
    CountFanOut {
        contestant: String,
        #[command(flatten)]
        cell: groups::fan_out::Cell,
        #[arg(long, default_value_t = 10)]
        messages: usize,
    },
    /// Resident memory of connections that are idle, before and after large messages.
    IdleMemory(groups::idle_memory::Options),
    /// Echoes over loopback TCP: server CPU and rates, or system calls.
    Loopback(groups::loopback::Options),
    /// Opening handshakes: server CPU.
    Handshake(groups::handshake::Options),
    /// Lists the contestants.
    List,
    /// Runs an echo server until it is killed; what the other commands measure.
    #[command(hide = true)]
    Serve(serve::Options),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Deflate(options) => groups::deflate::run(&options),
        Command::InMemory(options) => groups::in_memory::run(&options),
        Command::Count {
            contestant,
            cell,
            messages,
        } => groups::in_memory::count(&contestant, cell, messages),
        Command::FanOut(options) => groups::fan_out::run(&options),
        Command::CountFanOut {
            contestant,
            cell,
            messages,
        } => groups::fan_out::count(&contestant, cell, messages),
        Command::IdleMemory(options) => groups::idle_memory::run(&options),
        Command::Loopback(options) => groups::loopback::run(&options),
        Command::Handshake(options) => groups::handshake::run(&options),
        Command::List => {
            for contestant in contestants::all() {
                println!("{} ({})", contestant.name(), contestant.version()?);
            }
            Ok(())
        }
        Command::Serve(options) => serve::run(&options),
    }
}
