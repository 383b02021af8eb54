//! Echoes of compressed JSON over loopback TCP.
//!
//! Ten connections send [`DOCUMENTS`] messages in turn, each waiting for its echo. All sides
//! compress with the same level of zlib, the same window, and with or without context takeover.
//! Without it the generator has compressed everything beforehand; with it, it compresses along, as
//! every message depends on the ones before it. In the first round every reply is inflated and
//! compared.

mod traffic;

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::{Map, json};

use self::traffic::DeflateTraffic;
use crate::{
    child::Server,
    clients::{Clients, Extent},
    contender,
    contestants::{self, Contestant, Deflate, Work},
    cores::Cores,
    documents::{DOCUMENTS, documents},
    progress::Progress,
    running::Running,
    serve,
};

const GROUP: &str = "deflate";

#[derive(Args)]
pub(crate) struct Options {
    /// Only these: libraries, or ways of them as `peers list` names them.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Levels of zlib. soketto has no other than 1.
    #[arg(long, value_delimiter = ',', default_values_t = [6, 3, 1], value_parser = clap::value_parser!(u8).range(1..=9))]
    levels: Vec<u8>,
    /// Windows, as base-2 logarithms.
    #[arg(long, value_delimiter = ',', default_values_t = [15], value_parser = clap::value_parser!(u8).range(9..=15))]
    windows: Vec<u8>,
    /// Bytes of a message.
    #[arg(long, value_delimiter = ',', default_values_t = [1024, 65_536])]
    sizes: Vec<usize>,
    /// Connections whose memory is measured.
    #[arg(long, default_value_t = 1000)]
    idle: usize,
    /// Where server and generator run.
    #[arg(long, default_value = "one")]
    cores: Cores,
    /// Rounds in which the contestants take turns.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Milliseconds that a contestant has in a round.
    #[arg(long, default_value_t = 700)]
    time: u64,
    /// One short round, to see whether all of it works; the figures mean little.
    #[arg(long)]
    quick: bool,
}

/// Connections that send at once.
const CONNECTIONS: usize = 10;

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    options.cores.pin_generator()?;
    let contestants = contestants::chosen(&options.only)?;
    let (rounds, time) = if options.quick {
        (1, Duration::from_millis(100))
    } else {
        (options.rounds, Duration::from_millis(options.time))
    };
    let mut cells = Vec::new();
    for &window in &options.windows {
        for takeover in [false, true] {
            for &level in &options.levels {
                let deflate = Deflate {
                    level,
                    takeover,
                    window,
                };
                cells.extend(options.sizes.iter().map(|&size| (deflate, size)));
            }
        }
    }
    let progress = Progress::new(cells.len())?;
    for (deflate, size) in cells {
        progress.next(format!("{size} bytes, {deflate:?}"));
        let documents = documents(size);
        let mut running = contender::prepare(
            GROUP,
            Work::Deflate(deflate),
            &cell(deflate, size, options.cores),
            &contestants,
            &progress,
            |contestant| start(contestant, deflate, &documents, options),
        )?;
        for _ in 0..rounds {
            for (_, (running, _)) in &mut running {
                running.round(time);
            }
        }
        for (record, (running, resident)) in running {
            let record = match running.traffic.uncompressed() {
                0 => record,
                replies => record.notes([format!("{replies} replies came uncompressed")]),
            };
            let resident = [resident].into_iter().collect();
            let record = running
                .finish(record)
                .figure("resident", "bytes/connection", &resident);
            progress.suspend(|| record.print())?;
        }
        progress.done();
    }
    Ok(())
}

fn cell(deflate: Deflate, size: usize, cores: Cores) -> Map<String, serde_json::Value> {
    let zlib = if cfg!(feature = "c-zlib") {
        "zlib in C, except Tautline, and except sockudo-ws as it inflates"
    } else {
        "zlib-rs"
    };
    [
        ("message", json!(size)),
        ("takeover", json!(deflate.takeover)),
        ("level", json!(deflate.level)),
        ("window", json!(deflate.window)),
        ("connections", json!(CONNECTIONS)),
        ("cores", json!(cores.name())),
        ("zlib", json!(zlib)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .collect()
}

/// Starts the server and warms it up with checked echoes; also measures the memory of idle
/// connections, on a server of their own.
fn start(
    contestant: &dyn Contestant,
    deflate: Deflate,
    documents: &[String],
    options: &Options,
) -> anyhow::Result<(Running<DeflateTraffic>, f64)> {
    let serve = serve::Options::default()
        .deflate(deflate)
        .cores(options.cores)?;
    let resident = resident(contestant, &serve, deflate, documents, options.idle)?;
    let server = Server::start(contestant, &serve)?;
    let mut clients = connect(server.address, deflate, CONNECTIONS)?;
    let mut traffic = DeflateTraffic::new(documents, deflate, CONNECTIONS)?;
    clients.run(&mut traffic, 1, Extent::Bursts(DOCUMENTS as u64))?;
    traffic.stop_checking();
    Ok((Running::new(server, clients, traffic, 1), resident))
}

fn connect(address: SocketAddr, deflate: Deflate, count: usize) -> anyhow::Result<Clients> {
    let mut offer = "permessage-deflate".to_owned();
    if !deflate.takeover {
        offer.push_str("; server_no_context_takeover; client_no_context_takeover");
    }
    if deflate.window < 15 {
        let bits = deflate.window;
        offer.push_str(&format!(
            "; server_max_window_bits={bits}; client_max_window_bits={bits}"
        ));
    }
    let clients = Clients::connect(address, count, Some(&offer))?;
    let agreed = clients.agreed.as_deref().context("nothing was agreed on")?;
    ensure!(
        !deflate.takeover || !agreed.contains("no_context_takeover"),
        "context takeover was asked for, and {agreed} was agreed on"
    );
    Ok(clients)
}

/// Bytes of resident memory that `count` connections have each once they have exchanged a message.
fn resident(
    contestant: &dyn Contestant,
    options: &serve::Options,
    deflate: Deflate,
    documents: &[String],
    count: usize,
) -> anyhow::Result<f64> {
    let server = Server::start(contestant, options)?;
    let before = server.resident()?;
    let mut clients = connect(server.address, deflate, count)?;
    let mut traffic = DeflateTraffic::new(documents, deflate, count)?;
    clients.run(&mut traffic, 1, Extent::Bursts(1))?;
    Ok((server.resident()? as f64 - before as f64) / count as f64)
}

#[cfg(test)]
mod tests {
    use super::{connect, traffic::DeflateTraffic};
    use crate::{
        clients::Extent,
        contestants::{self, Deflate, Verdict, Work},
        documents::documents,
    };

    #[test]
    fn every_contestant_echoes_what_is_compressed() {
        for takeover in [false, true] {
            for (level, window) in [(1, 15), (6, 15), (6, 10)] {
                let deflate = Deflate {
                    level,
                    takeover,
                    window,
                };
                for contestant in contestants::all() {
                    if !matches!(contestant.judge(Work::Deflate(deflate)), Verdict::Does(_)) {
                        continue;
                    }
                    let name = contestant.name();
                    let address = contestants::serve_on_thread(&*contestant, Some(deflate));
                    for size in [1024, 16_384] {
                        let documents = &documents(size)[..4];
                        let mut traffic = DeflateTraffic::new(documents, deflate, 2).unwrap();
                        connect(address, deflate, 2)
                            .and_then(|mut clients| clients.run(&mut traffic, 1, Extent::Bursts(5)))
                            .unwrap_or_else(|error| panic!("{name}, {deflate:?}: {error:#}"));
                        assert_eq!(traffic.uncompressed(), 0, "{name}, {deflate:?}");
                    }
                }
            }
        }
    }
}
