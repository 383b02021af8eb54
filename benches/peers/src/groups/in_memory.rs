//! Echoes over a transport that never waits: what a message costs a library and nobody else.
//!
//! The thread's processor time is divided by the messages. Contestants take turns in every round of
//! a cell, so that a machine that becomes slower becomes slower for all. Before that, what each has
//! written is taken apart and compared once.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Map, Value, json};
use tokio::runtime::{self, Runtime};

use crate::{
    contender,
    contestants::{self, Contestant, Work},
    progress::Progress,
    ring::{Frames, Reads, Ring},
    samples::Samples,
    wire::{Head, Kind, Role, apply},
};

const GROUP: &str = "in_memory";

#[derive(Args)]
pub(crate) struct Options {
    /// Only these: libraries, or ways of them as `peers list` names them.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    #[arg(long, value_delimiter = ',', default_value = "server,client")]
    roles: Vec<Role>,
    #[arg(long, value_delimiter = ',', default_value = "binary,text")]
    kinds: Vec<Kind>,
    /// Bytes of a message.
    #[arg(long, value_delimiter = ',', default_values_t = [16, 125, 1024, 16 * 1024, 64 * 1024, 1024 * 1024])]
    sizes: Vec<usize>,
    /// Whether a read ends with a frame or fills the buffer.
    #[arg(long, value_delimiter = ',', default_value = "permsg,full")]
    reads: Vec<Reads>,
    /// Rounds in which the contestants take turns.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Milliseconds that a contestant has in a round.
    #[arg(long, default_value_t = 40)]
    time: u64,
    /// One short round, to see whether all of it works; the figures mean little.
    #[arg(long)]
    quick: bool,
}

/// What is measured of everybody.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Cell {
    #[arg(long, default_value = "server")]
    role: Role,
    #[arg(long, default_value = "binary")]
    kind: Kind,
    /// Bytes of a message.
    #[arg(long, default_value_t = 16)]
    size: usize,
    /// Whether a read ends with a frame or fills the buffer.
    #[arg(long, default_value = "permsg")]
    reads: Reads,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let contestants = contestants::chosen(&options.only)?;
    let (rounds, time) = if options.quick {
        (1, Duration::from_millis(2))
    } else {
        (options.rounds, Duration::from_millis(options.time))
    };
    let cells = cells(options);
    let runtime = runtime()?;
    let progress = Progress::new(cells.len())?;
    for cell in cells {
        progress.next(format!("{cell:?}"));
        let frames = cell.frames();
        let running = contender::prepare(
            GROUP,
            Work::InMemory(cell.role),
            &cell.members(),
            &contestants,
            &progress,
            |contestant| {
                check(&runtime, contestant, cell, &frames)?;
                let messages = messages(&runtime, contestant, cell, &frames, time);
                Ok((contestant, messages))
            },
        )?;
        let mut samples = vec![Samples::default(); running.len()];
        for _ in 0..rounds {
            for ((_, (contestant, messages)), samples) in running.iter().zip(&mut samples) {
                let time = cpu(&runtime, *contestant, cell, &frames, *messages);
                samples.push(time.as_nanos() as f64 / *messages as f64);
            }
        }
        for ((record, _), samples) in running.into_iter().zip(samples) {
            let record = record.figure("cpu", "ns/message", &samples);
            progress.suspend(|| record.print())?;
        }
        progress.done();
    }
    Ok(())
}

/// Runs so many messages of a cell and does nothing else, for tools that count instructions.
pub(crate) fn count(contestant: &str, cell: Cell, messages: u64) -> anyhow::Result<()> {
    let contestant = contestants::named(contestant)?;
    let ring = Ring::new(&cell.frames(), cell.reads, messages);
    runtime()?.block_on(contestant.echo(ring, cell.role));
    Ok(())
}

fn cells(options: &Options) -> Vec<Cell> {
    let mut cells = Vec::new();
    for &role in &options.roles {
        for &kind in &options.kinds {
            for &reads in &options.reads {
                cells.extend(options.sizes.iter().map(|&size| Cell {
                    role,
                    kind,
                    size,
                    reads,
                }));
            }
        }
    }
    cells
}

/// Timers are there for those who want them; nothing here waits for one.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Ok(runtime::Builder::new_current_thread()
        .enable_all()
        .build()?)
}

impl Cell {
    fn frames(self) -> Arc<Frames> {
        Arc::new(Frames::new(self.role, self.kind, self.size))
    }

    fn members(self) -> Map<String, Value> {
        [
            ("role", json!(name(&self.role))),
            ("kind", json!(name(&self.kind))),
            ("message", json!(self.size)),
            ("reads", json!(name(&self.reads))),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
    }
}

/// As on the command line.
fn name(value: &impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

/// Whether the contestant really echoes what the ring holds.
pub(crate) fn check(
    runtime: &Runtime,
    contestant: &dyn Contestant,
    cell: Cell,
    frames: &Arc<Frames>,
) -> anyhow::Result<()> {
    let checked = frames.count() + BEHIND_THE_END;
    let mut ring = Ring::new(frames, cell.reads, checked as u64);
    let written = ring.keep_written();
    runtime.block_on(contestant.echo(ring, cell.role));
    let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
    let mut rest = written.as_mut_slice();
    for index in 0..checked {
        let (head, size) = Head::decode(rest).context("an echo is missing")?;
        let expected = Head::message(cell.kind, cell.size, head.key);
        ensure!(head == expected, "the echo begins as {head:?}");
        let is_client = cell.role == Role::Client;
        ensure!(head.key.is_some() == is_client, "the mask is wrong");
        let (payload, behind) = rest[size..]
            .split_at_mut_checked(head.len)
            .context("an echo is cut off")?;
        apply(head.key, payload);
        ensure!(payload == frames.payload(index), "echo {index} differs");
        rest = behind;
    }
    Ok(())
}

/// Messages that are checked after the ring has begun anew.
const BEHIND_THE_END: usize = 3;

fn cpu(
    runtime: &Runtime,
    contestant: &dyn Contestant,
    cell: Cell,
    frames: &Arc<Frames>,
    messages: u64,
) -> Duration {
    let ring = Ring::new(frames, cell.reads, messages);
    let before = thread_time();
    runtime.block_on(contestant.echo(ring, cell.role));
    thread_time() - before
}

/// How many messages take about `time`.
fn messages(
    runtime: &Runtime,
    contestant: &dyn Contestant,
    cell: Cell,
    frames: &Arc<Frames>,
    time: Duration,
) -> u64 {
    let mut messages = 16;
    loop {
        let took = cpu(runtime, contestant, cell, frames, messages);
        if took * 4 > time {
            let scale = time.as_secs_f64() / took.as_secs_f64();
            return (messages as f64 * scale).ceil() as u64;
        }
        messages *= 2;
    }
}

/// The processor time of this thread so far.
pub(super) fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::{Cell, check, runtime};
    use crate::{
        contestants::{self, Verdict, Work},
        ring::Reads,
        wire::{Kind, Role},
    };

    #[test]
    fn every_contestant_echoes_in_memory() {
        let runtime = runtime().unwrap();
        for contestant in contestants::all() {
            for role in [Role::Client, Role::Server] {
                if !matches!(contestant.judge(Work::InMemory(role)), Verdict::Does(_)) {
                    continue;
                }
                for kind in [Kind::Text, Kind::Binary] {
                    for reads in [Reads::Permsg, Reads::Full] {
                        for size in [1, 125, 126, 16_384, 100_000] {
                            let cell = Cell {
                                role,
                                kind,
                                size,
                                reads,
                            };
                            check(&runtime, &*contestant, cell, &cell.frames()).unwrap_or_else(
                                |error| panic!("{}, {cell:?}: {error:#}", contestant.name()),
                            );
                        }
                    }
                }
            }
        }
    }
}
