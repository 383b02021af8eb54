//! Opening handshakes over loopback TCP: accept, read the request, answer it, and notice that the
//! client has reset the connection.

use std::time::Duration;

use clap::Args;
use rustix::net::sockopt::set_socket_linger;
use serde_json::{Map, Value, json};

use crate::{
    child::Server,
    contender,
    contestants::{self, Work},
    cores::Cores,
    handshake,
    progress::Progress,
    samples::Samples,
    serve,
};

const GROUP: &str = "handshake";

#[derive(Args)]
pub(crate) struct Options {
    /// Only these: libraries, or ways of them as `peers list` names them.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Where server and generator run.
    #[arg(long, default_value = "one")]
    cores: Cores,
    /// Rounds in which the contestants take turns.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Handshakes of a round.
    #[arg(long, default_value_t = 2000)]
    count: usize,
    /// One short round, to see whether all of it works; the figures mean little.
    #[arg(long)]
    quick: bool,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let (rounds, count) = if options.quick {
        (1, 100)
    } else {
        (options.rounds, options.count)
    };
    options.cores.pin_generator()?;
    let contestants = contestants::chosen(&options.only)?;
    let progress = Progress::new(rounds)?;
    let cell: Map<String, Value> = [("cores".to_owned(), json!(options.cores.name()))]
        .into_iter()
        .collect();
    let start = |contestant| {
        let serve = serve::Options::default().cores(options.cores)?;
        let server = Server::start(contestant, &serve)?;
        open(&server, count / 10)?;
        Ok((server, Samples::default()))
    };
    let mut running =
        contender::prepare(GROUP, Work::Loopback, &cell, &contestants, &progress, start)?;
    for round in 1..=rounds {
        progress.next(format!("round {round} of {count} handshakes each"));
        for (_, (server, samples)) in &mut running {
            let before = server.cpu()?;
            open(server, count)?;
            let cpu = server.cpu()? - before;
            samples.push(cpu.as_secs_f64() * 1e6 / count as f64);
        }
        progress.done();
    }
    for (record, (_, samples)) in running {
        let record = record.figure("cpu", "us/handshake", &samples);
        progress.suspend(|| record.print())?;
    }
    Ok(())
}

/// Opens connections one after the other and resets each, which leaves nothing behind.
fn open(server: &Server, count: usize) -> anyhow::Result<()> {
    for _ in 0..count {
        let (stream, _) = handshake::open(server.address, None)?;
        set_socket_linger(&stream, Some(Duration::ZERO))?;
    }
    Ok(())
}
