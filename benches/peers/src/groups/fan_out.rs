//! One message to many connections: what a delivery costs.
//!
//! The thread's processor time from the text to the last flush is divided by the connections. In
//! memory that is the library alone. Over loopback TCP every delivery is a system call beside, in
//! which the kernel brings the bytes to the other socket at once; reading them there is not
//! measured. There is no opening handshake, and nobody answers.
//!
//! Contestants take turns in every round of a cell, each with connections of its own that end with
//! the round. Before anything is measured, what came out is taken apart, inflated and compared.

use std::{
    io::Read,
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, ensure};
use clap::Args;
use flate2::{Decompress, FlushDecompress};
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

use super::in_memory::{self, thread_time};
use crate::{
    contender,
    contestants::{self, Audience, Contestant, Deflate, Over, Work},
    documents::documents,
    outlet::Outlet,
    progress::Progress,
    samples::Samples,
    wire::{Head, Kind},
};

const GROUP: &str = "fan_out";

#[derive(Args)]
pub(crate) struct Options {
    /// Only these: libraries, or ways of them as `peers list` names them.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    #[arg(long, value_delimiter = ',', default_value = "memory,loopback")]
    over: Vec<Over>,
    /// Connections that get every message.
    #[arg(long, value_delimiter = ',', default_values_t = [100, 1000])]
    connections: Vec<usize>,
    /// Bytes of a message.
    #[arg(long, value_delimiter = ',', default_values_t = [64, 1024, 16 * 1024])]
    sizes: Vec<usize>,
    /// Levels of zlib for messages that are compressed, without context takeover.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 3], value_parser = clap::value_parser!(u8).range(1..=9))]
    levels: Vec<u8>,
    /// Short rounds, to see whether all of it works; the figures mean little.
    #[arg(long)]
    quick: bool,
}

/// What is measured of everybody.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Cell {
    #[arg(long, default_value = "memory")]
    over: Over,
    /// Connections that get every message.
    #[arg(long, default_value_t = 1000)]
    connections: usize,
    /// Bytes of a message.
    #[arg(long, default_value_t = 64)]
    size: usize,
    /// Level of zlib, without context takeover; nothing is compressed without it.
    #[arg(long)]
    level: Option<u8>,
}

/// Messages are compressed from here on by everybody.
const COMPRESSED_FROM: usize = 1024;

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let contestants = contestants::chosen(&options.only)?;
    let (rounds, time) = if options.quick {
        (1, Duration::from_millis(2))
    } else {
        (9, Duration::from_millis(60))
    };
    let cells = cells(options);
    let runtime = in_memory::runtime()?;
    let progress = Progress::new(cells.len())?;
    for cell in cells {
        progress.next(format!("{cell:?}"));
        let texts = documents(cell.size);
        let running = contender::prepare(
            GROUP,
            cell.work(),
            &cell.members(),
            &contestants,
            &progress,
            |contestant| {
                let bytes = check(&runtime, contestant, cell, &texts)?;
                Ok((contestant, bytes))
            },
        )?;
        let mut samples = vec![Samples::default(); running.len()];
        for _ in 0..rounds {
            for ((_, (contestant, _)), samples) in running.iter().zip(&mut samples) {
                samples.push(round(&runtime, *contestant, cell, &texts, time)?);
            }
        }
        for ((record, (_, bytes)), samples) in running.into_iter().zip(samples) {
            let bytes = [bytes].into_iter().collect();
            let record = record.figure("cpu", "ns/delivery", &samples).figure(
                "frame",
                "bytes/delivery",
                &bytes,
            );
            progress.suspend(|| record.print())?;
        }
        progress.done();
    }
    Ok(())
}

/// Sends so many messages of a cell and does nothing else, for tools that count instructions.
pub(crate) fn count(contestant: &str, cell: Cell, messages: usize) -> anyhow::Result<()> {
    let contestant = contestants::named(contestant)?;
    let texts = documents(cell.size);
    let runtime = in_memory::runtime()?;
    runtime.block_on(async {
        let mut hall = Hall::open(&*contestant, cell, Keeps::Nothing)?;
        for text in texts.iter().cycle().take(messages) {
            hall.audience.tell(text).await?;
            hall.listeners.drain(text.len())?;
        }
        Ok(())
    })
}

fn cells(options: &Options) -> Vec<Cell> {
    let mut cells = Vec::new();
    for &over in &options.over {
        for &connections in &options.connections {
            cells.extend(options.sizes.iter().map(|&size| Cell {
                over,
                connections,
                size,
                level: None,
            }));
        }
    }
    // Whoever keeps two states of zlib for every connection needs memory for them.
    let fewest = options.connections.iter().min();
    if let (true, Some(&connections)) = (options.over.contains(&Over::Memory), fewest) {
        for &level in &options.levels {
            let sizes = options.sizes.iter().copied();
            cells.extend(
                sizes
                    .filter(|&size| size >= COMPRESSED_FROM)
                    .map(|size| Cell {
                        over: Over::Memory,
                        connections,
                        size,
                        level: Some(level),
                    }),
            );
        }
    }
    cells
}

impl Cell {
    fn deflate(self) -> Option<Deflate> {
        self.level.map(|level| Deflate {
            level,
            takeover: false,
            window: 15,
        })
    }

    fn work(self) -> Work {
        Work::FanOut {
            over: self.over,
            deflate: self.deflate(),
        }
    }

    fn members(self) -> Map<String, Value> {
        let over = match self.over {
            Over::Memory => "memory",
            Over::Loopback => "loopback",
        };
        let mut members: Map<_, _> = [
            ("over", json!(over)),
            ("connections", json!(self.connections)),
            ("message", json!(self.size)),
            ("compressed", json!(self.level.is_some())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect();
        if let Some(level) = self.level {
            members.insert("level".to_owned(), json!(level));
        }
        members
    }
}

/// An audience and the other ends of its connections.
struct Hall {
    audience: Box<dyn Audience>,
    listeners: Listeners,
}

/// Who hears it.
enum Listeners {
    /// Nobody, or whoever looks at what was written.
    Memory(Vec<Arc<Mutex<Vec<u8>>>>),
    Loopback(Vec<TcpStream>),
}

/// What a transport in memory does with what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeps {
    Nothing,
    Everything,
}

/// Whoever sends less than it should is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);

impl Hall {
    /// To be called on the runtime that the sockets belong to.
    fn open(contestant: &dyn Contestant, cell: Cell, keeps: Keeps) -> anyhow::Result<Self> {
        let mut outlets = Vec::with_capacity(cell.connections);
        let listeners = match cell.over {
            Over::Memory => {
                let mut kept = Vec::new();
                for _ in 0..cell.connections {
                    let written = (keeps == Keeps::Everything).then(Arc::default);
                    kept.extend(written.clone());
                    outlets.push(Outlet::Memory { written });
                }
                Listeners::Memory(kept)
            }
            Over::Loopback => {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
                let address = listener.local_addr()?;
                let mut far = Vec::with_capacity(cell.connections);
                for _ in 0..cell.connections {
                    let stream = TcpStream::connect(address)?;
                    stream.set_read_timeout(Some(PATIENCE))?;
                    far.push(stream);
                    let (near, _) = listener.accept()?;
                    near.set_nonblocking(true)?;
                    near.set_nodelay(true)?;
                    outlets.push(Outlet::Tcp(tokio::net::TcpStream::from_std(near)?));
                }
                Listeners::Loopback(far)
            }
        };
        Ok(Self {
            audience: contestant.audience(outlets, cell.deflate())?,
            listeners,
        })
    }
}

impl Listeners {
    /// Hears a text of `len` bytes, of which over loopback all has to come uncompressed.
    fn hear(
        &self,
        len: usize,
        mut frame: impl FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        match self {
            Self::Memory(kept) => {
                for written in kept {
                    let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
                    frame(&written)?;
                    written.clear();
                }
            }
            Self::Loopback(streams) => {
                let mut buffer = vec![0; frame_len(len)];
                for mut stream in streams {
                    let read = stream.read_exact(&mut buffer);
                    read.context("not all of it came")?;
                    frame(&buffer)?;
                }
            }
        }
        Ok(())
    }

    /// Makes room for the next text.
    fn drain(&self, len: usize) -> anyhow::Result<()> {
        self.hear(len, |_| Ok(()))
    }
}

/// The length of the frame of a text, if it is not compressed.
fn frame_len(len: usize) -> usize {
    let mut head = Vec::new();
    Head::message(Kind::Text, len, None).encode(&[], &mut head);
    head.len() + len
}

/// Whether every connection gets every text; also gives the mean length of its frames.
fn check(
    runtime: &Runtime,
    contestant: &dyn Contestant,
    cell: Cell,
    texts: &[String],
) -> anyhow::Result<f64> {
    runtime.block_on(async {
        let mut hall = Hall::open(contestant, cell, Keeps::Everything)?;
        let mut bytes = 0;
        for text in &texts[..CHECKED] {
            hall.audience.tell(text).await?;
            hall.listeners.hear(text.len(), |frame| {
                bytes += frame.len();
                let (head, size) = Head::decode(frame).context("there is no frame")?;
                ensure!(head.is_message() && head.key.is_none(), "{head:?}");
                ensure!(size + head.len == frame.len(), "it is not one frame");
                let payload = &frame[size..];
                let plain = if cell.level.is_some() {
                    ensure!(head.is_compressed(), "it is not compressed");
                    inflate(payload, text.len())?
                } else {
                    ensure!(!head.is_compressed(), "it is compressed");
                    payload.to_vec()
                };
                ensure!(plain == text.as_bytes(), "it is not the text");
                Ok(())
            })?;
        }
        Ok(bytes as f64 / (CHECKED * cell.connections) as f64)
    })
}

/// Messages that are looked at; the second shows what the first has left behind.
const CHECKED: usize = 3;

fn inflate(payload: &[u8], len: usize) -> anyhow::Result<Vec<u8>> {
    const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
    let mut plain = Vec::with_capacity(len + 1);
    let input = [payload, &TAIL].concat();
    Decompress::new(false).decompress_vec(&input, &mut plain, FlushDecompress::Sync)?;
    Ok(plain)
}

/// Nanoseconds of processor time a delivery, over about `time` of it.
fn round(
    runtime: &Runtime,
    contestant: &dyn Contestant,
    cell: Cell,
    texts: &[String],
    time: Duration,
) -> anyhow::Result<f64> {
    runtime.block_on(async {
        let mut hall = Hall::open(contestant, cell, Keeps::Nothing)?;
        let mut texts = texts.iter().cycle();
        // Buffers are made with the first.
        for text in texts.by_ref().take(CHECKED) {
            hall.audience.tell(text).await?;
            hall.listeners.drain(text.len())?;
        }
        // Sockets have room for one message; in memory the clock is looked at less often.
        let batch = match cell.over {
            Over::Memory => BATCH.div_ceil(cell.connections),
            Over::Loopback => 1,
        };
        let (mut spent, mut messages) = (Duration::ZERO, 0);
        while spent < time {
            let before = thread_time();
            for text in texts.by_ref().take(batch) {
                hall.audience.tell(text).await?;
            }
            spent += thread_time() - before;
            messages += batch;
            hall.listeners.drain(cell.size)?;
        }
        Ok(spent.as_secs_f64() * 1e9 / (messages * cell.connections) as f64)
    })
}

/// Deliveries between two looks at the clock.
const BATCH: usize = 1000;

#[cfg(test)]
mod tests {
    use super::{Cell, check};
    use crate::{
        contestants::{self, Over, Verdict},
        documents::documents,
        groups::in_memory::runtime,
    };

    #[test]
    fn every_contestant_tells_everybody() {
        let runtime = runtime().unwrap();
        for contestant in contestants::all() {
            for (over, level) in [
                (Over::Memory, None),
                (Over::Memory, Some(1)),
                (Over::Loopback, None),
            ] {
                for size in [64, 1024, 16_384] {
                    let cell = Cell {
                        over,
                        connections: 5,
                        size,
                        level,
                    };
                    let does = matches!(contestant.judge(cell.work()), Verdict::Does(_));
                    if !does || level.is_some() && size < 1024 {
                        continue;
                    }
                    let bytes = check(&runtime, &*contestant, cell, &documents(size))
                        .unwrap_or_else(|error| {
                            panic!("{}, {cell:?}: {error:#}", contestant.name())
                        });
                    assert_eq!(bytes < size as f64, level.is_some());
                }
            }
        }
    }
}
