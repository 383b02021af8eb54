//! Echoes over loopback TCP, from servers in processes of their own.
//!
//! Every connection sends a message, or a burst of them, and waits for all the echoes. What counts
//! is the server's processor time; the rate is that of server and generator together. System calls
//! are counted in a mode of its own, as counting slows all down.

use std::{env, fs, process, time::Duration};

use clap::Args;
use serde_json::{Map, Value, json};

use crate::{
    child::Server,
    clients::{Clients, Extent},
    contender,
    contestants::{self, Contestant, Work},
    cores::Cores,
    progress::Progress,
    running::Running,
    samples::Samples,
    serve,
    strace::{Calls, READS, WAITS, WRITES},
    traffic::EchoTraffic,
};

const GROUP: &str = "loopback";

#[derive(Args)]
pub(crate) struct Options {
    /// Only these: libraries, or ways of them as `peers list` names them.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    #[arg(long, value_delimiter = ',', default_values_t = [1, 10, 200])]
    connections: Vec<usize>,
    /// Bytes of messages that are sent one at a time.
    #[arg(long, value_delimiter = ',', default_values_t = [20, 1024, 16 * 1024, 64 * 1024])]
    sizes: Vec<usize>,
    /// Messages of a burst, which there are of the smallest size; 1 for none.
    #[arg(long, default_value_t = 16)]
    burst: usize,
    /// Counts reads, writes and waits with strace instead of measuring time.
    #[arg(long)]
    syscalls: bool,
    /// Where server and generator run.
    #[arg(long, default_value = "one")]
    cores: Cores,
    /// Rounds in which the contestants take turns.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Milliseconds that a contestant has in a round.
    #[arg(long, default_value_t = 500)]
    time: u64,
    /// Messages whose system calls are counted.
    #[arg(long, default_value_t = 10_000)]
    messages: usize,
    /// One short round, to see whether all of it works; the figures mean little.
    #[arg(long)]
    quick: bool,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    connections: usize,
    size: usize,
    burst: usize,
    cores: Cores,
}

/// Bursts of one connection alone are a test of the generator.
const MIN_BURSTING: usize = 2;

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    options.cores.pin_generator()?;
    let contestants = contestants::chosen(&options.only)?;
    let cells = cells(options);
    let progress = Progress::new(cells.len())?;
    for cell in cells {
        progress.next(format!("{cell:?}"));
        if options.syscalls {
            count(cell, options, &contestants, &progress)?;
        } else {
            measure(cell, options, &contestants, &progress)?;
        }
        progress.done();
    }
    Ok(())
}

fn cells(options: &Options) -> Vec<Cell> {
    let mut cells = Vec::new();
    for &connections in &options.connections {
        cells.extend(options.sizes.iter().map(|&size| Cell {
            connections,
            size,
            burst: 1,
            cores: options.cores,
        }));
    }
    let bursting = |&&connections: &&usize| connections >= MIN_BURSTING;
    if let Some(&size) = options.sizes.iter().min()
        && options.burst > 1
    {
        cells.extend(
            options
                .connections
                .iter()
                .filter(bursting)
                .map(|&connections| Cell {
                    connections,
                    size,
                    burst: options.burst,
                    cores: options.cores,
                }),
        );
    }
    cells
}

impl Cell {
    fn members(self) -> Map<String, Value> {
        [
            ("connections", json!(self.connections)),
            ("message", json!(self.size)),
            ("burst", json!(self.burst)),
            ("cores", json!(self.cores.name())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
    }

    /// Bursts of a connection that make about so many messages of all, and one at least.
    fn bursts(self, messages: usize) -> u64 {
        messages.div_ceil(self.connections * self.burst) as u64
    }
}

fn measure(
    cell: Cell,
    options: &Options,
    contestants: &[Box<dyn Contestant>],
    progress: &Progress,
) -> anyhow::Result<()> {
    let (rounds, time) = if options.quick {
        (1, Duration::from_millis(50))
    } else {
        (options.rounds, Duration::from_millis(options.time))
    };
    let start = |contestant| {
        let options = serve::Options::default().cores(cell.cores)?;
        let server = Server::start(contestant, &options)?;
        let mut clients = Clients::connect(server.address, cell.connections, None)?;
        let mut traffic = EchoTraffic::new(cell.size, cell.connections);
        clients.run(&mut traffic, cell.burst, Extent::Bursts(cell.bursts(2000)))?;
        traffic.stop_checking();
        Ok(Running::new(server, clients, traffic, cell.burst))
    };
    let members = cell.members();
    let mut running = contender::prepare(
        GROUP,
        Work::Loopback,
        &members,
        contestants,
        progress,
        start,
    )?;
    for _ in 0..rounds {
        for (_, running) in &mut running {
            running.round(time);
        }
    }
    for (record, running) in running {
        let record = running.finish(record);
        progress.suspend(|| record.print())?;
    }
    Ok(())
}

/// Counts the system calls of a short and a long run: what both have, such as the handshakes, is
/// not in the difference.
fn count(
    cell: Cell,
    options: &Options,
    contestants: &[Box<dyn Contestant>],
    progress: &Progress,
) -> anyhow::Result<()> {
    let messages = if options.quick {
        1000
    } else {
        options.messages
    };
    let (short, long) = (messages / 5, messages / 5 + messages);
    let difference = |contestant| {
        let (few, base) = trace(contestant, cell, cell.bursts(short))?;
        let (many, calls) = trace(contestant, cell, cell.bursts(long))?;
        let figure = move |names| {
            let calls = calls.of(names) as f64 - base.of(names) as f64;
            calls / (many as f64 - few as f64)
        };
        Ok([READS, WRITES, WAITS].map(figure))
    };
    let members = cell.members();
    let counted = contender::prepare(
        GROUP,
        Work::Loopback,
        &members,
        contestants,
        progress,
        difference,
    )?;
    for (mut record, figures) in counted {
        for (name, figure) in ["reads", "writes", "waits"].into_iter().zip(figures) {
            let samples: Samples = [figure].into_iter().collect();
            record = record.figure(name, "calls/message", &samples);
        }
        progress.suspend(|| record.print())?;
    }
    Ok(())
}

/// Runs a server under strace; also says how many messages it has echoed.
fn trace(contestant: &dyn Contestant, cell: Cell, bursts: u64) -> anyhow::Result<(u64, Calls)> {
    let path = env::temp_dir().join(format!("peers-strace-{}", process::id()));
    let options = serve::Options::default().cores(cell.cores)?;
    let server = Server::start_traced(contestant, &options, &path)?;
    let mut clients = Clients::connect(server.address, cell.connections, None)?;
    let mut traffic = EchoTraffic::new(cell.size, cell.connections);
    let outcome = clients.run(&mut traffic, cell.burst, Extent::Bursts(bursts))?;
    server.stop();
    let calls = Calls::read(&path)?;
    fs::remove_file(&path)?;
    Ok((outcome.messages, calls))
}

#[cfg(test)]
mod tests {
    use crate::{
        clients::{Clients, Extent},
        contestants::{self, Verdict, Work},
        traffic::EchoTraffic,
    };

    #[test]
    fn every_contestant_echoes_over_loopback() {
        for contestant in contestants::all() {
            if !matches!(contestant.judge(Work::Loopback), Verdict::Does(_)) {
                continue;
            }
            let name = contestant.name();
            let address = contestants::serve_on_thread(&*contestant, None);
            for (connections, size, burst) in
                [(1, 1, 1), (3, 20, 16), (2, 1024, 4), (2, 300_000, 2)]
            {
                let mut clients = Clients::connect(address, connections, None).unwrap();
                let mut traffic = EchoTraffic::new(size, connections);
                let outcome = clients
                    .run(&mut traffic, burst, Extent::Bursts(5))
                    .unwrap_or_else(|error| panic!("{name}, {size} bytes: {error:#}"));
                let messages = (connections * burst * 5) as u64;
                assert_eq!(outcome.messages, messages, "{name}");
                assert_eq!(outcome.reply_bytes, messages * size as u64, "{name}");
            }
        }
    }
}
