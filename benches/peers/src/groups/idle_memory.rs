//! Resident memory of a server's connections that wait: after the handshake, after a message of
//! 16 KiB each, and after one of 1 MiB.
//!
//! It is that of the process, as the kernel counts it, less what it was before the first
//! connection. The kernel's own memory for sockets is not in it.

use std::{thread::sleep, time::Duration};

use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Map, Value, json};

use crate::{
    child::Server,
    clients::{Clients, Extent},
    contender,
    contestants::{self, Contestant, Work},
    progress::Progress,
    samples::Samples,
    serve,
    traffic::EchoTraffic,
};

const GROUP: &str = "idle_memory";

#[derive(Args)]
pub(crate) struct Options {
    /// Only these: libraries, or ways of them as `peers list` names them.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Connections.
    #[arg(long, default_value_t = 5000)]
    connections: usize,
    /// Few connections, to see whether all of it works; the figures mean little.
    #[arg(long)]
    quick: bool,
}

/// The first message of every connection.
const MEDIUM: usize = 16 * 1024;
/// A message of some of them: whoever keeps its buffers would fill the machine with all.
const LARGE: usize = 1024 * 1024;
const LARGE_CONNECTIONS: usize = 200;
/// Connections that send at the same time.
const AT_ONCE: usize = 10;
/// File descriptors for everything else.
const OTHER_FILES: u64 = 100;
/// Until the server has given back what it gives back.
const SETTLING: Duration = Duration::from_millis(300);

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let wanted = if options.quick {
        300
    } else {
        options.connections
    };
    // Servers inherit the limit. Each end has a descriptor, in a process of its own.
    let connections = wanted.min(raise_files()?.saturating_sub(OTHER_FILES) as usize);
    let shortage = (connections < wanted).then(|| {
        format!("{connections} connections, not {wanted}: the limit of open files allows no more")
    });
    let progress = Progress::new(2)?;
    for threads in [Threads::One, Threads::Cores] {
        progress.next(format!("{connections} connections, {threads:?}"));
        let contestants: Vec<_> = contestants::chosen(&options.only)?
            .into_iter()
            .filter(|contestant| threads == Threads::One || contestant.library() == "tautline")
            .collect();
        let measured = contender::prepare(
            GROUP,
            Work::Loopback,
            &cell(connections, threads),
            &contestants,
            &progress,
            |contestant| measure(contestant, connections, threads),
        )?;
        for (record, figures) in measured {
            let mut record = record.notes(shortage.clone());
            for (name, bytes) in ["idle", "after_16_kib", "after_1_mib"]
                .into_iter()
                .zip(figures)
            {
                let samples: Samples = [bytes].into_iter().collect();
                record = record.figure(name, "bytes/connection", &samples);
            }
            progress.suspend(|| record.print())?;
        }
        progress.done();
    }
    Ok(())
}

/// The runtime of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Threads {
    One,
    /// For Tautline only, to see whether anything is kept by thread.
    Cores,
}

fn cell(connections: usize, threads: Threads) -> Map<String, Value> {
    let threads = match threads {
        Threads::One => "one",
        Threads::Cores => "cores",
    };
    [
        ("connections", json!(connections)),
        ("threads", json!(threads)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .collect()
}

fn measure(
    contestant: &dyn Contestant,
    count: usize,
    threads: Threads,
) -> anyhow::Result<[f64; 3]> {
    let mut options = serve::Options::default();
    if threads == Threads::Cores {
        options = options.multi_thread();
    }
    let server = Server::start(contestant, &options)?;
    let before = server.resident()? as f64;
    let mut clients = Clients::connect(server.address, count, None)?;
    sleep(SETTLING);
    let idle = server.resident()? as f64;
    send(&mut clients, MEDIUM, count)?;
    let medium = server.resident()? as f64;
    let large_count = LARGE_CONNECTIONS.min(count);
    send(&mut clients, LARGE, large_count)?;
    let large = server.resident()? as f64;
    let of_all = |bytes: f64| (bytes - before) / count as f64;
    let growth = (large - medium) / large_count as f64;
    Ok([of_all(idle), of_all(medium), of_all(medium) + growth])
}

/// Exchanges a message on the first `count` connections, a few at a time.
fn send(clients: &mut Clients, len: usize, count: usize) -> anyhow::Result<()> {
    let mut traffic = EchoTraffic::new(len, count);
    for start in (0..count).step_by(AT_ONCE) {
        let some = start..count.min(start + AT_ONCE);
        clients.run_some(some, &mut traffic, 1, Extent::Bursts(1))?;
    }
    sleep(SETTLING);
    Ok(())
}

/// Raises the limit of open files as far as it goes.
fn raise_files() -> anyhow::Result<u64> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    )?;
    Ok(limit.maximum.unwrap_or(u64::MAX))
}
