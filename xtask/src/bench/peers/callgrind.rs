//! Instructions of a message, as callgrind counts them.

use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::Context;
use serde_json::{Map, Value, json};

use crate::bench::peers::group::Pace;
use crate::bench::peers::record::{Figure, Record};
use crate::process;

/// Counts for everybody who takes part, by the records of `in-memory`, in several processes at a
/// time: what a count is does not depend on what else is running.
///
/// `progress` is told how many of how many are done.
pub(super) fn count(
    program: &Path,
    taking_part: &[Record],
    pace: Pace,
    progress: impl Fn(usize, usize) + Sync,
) -> anyhow::Result<Vec<Record>> {
    let cells = match pace {
        Pace::Full => CELLS,
        Pace::Quick => &CELLS[..1],
    };
    let mut jobs: Vec<(&Cell, &Record)> = Vec::new();
    for cell in cells {
        let same_role = |record: &&Record| record.cell.get("role") == Some(&json!(cell.role));
        jobs.extend(
            taking_part
                .iter()
                .filter(same_role)
                .map(|record| (cell, record)),
        );
    }
    let next = Mutex::new(0);
    let counted: Mutex<Vec<Option<anyhow::Result<Record>>>> =
        Mutex::new(jobs.iter().map(|_| None).collect());
    let work = || {
        loop {
            let index = {
                let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
                *next += 1;
                *next - 1
            };
            let Some((cell, record)) = jobs.get(index) else {
                return;
            };
            let result = cell.count(program, record);
            let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
            counted[index] = Some(result);
            progress(counted.iter().flatten().count(), jobs.len());
        }
    };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(work);
        }
    });
    let counted = counted.into_inner().unwrap_or_else(PoisonError::into_inner);
    counted.into_iter().flatten().collect()
}

/// What is run, as a person types it in `benches/peers`.
pub(super) const COMMAND: &str =
    "valgrind --tool=callgrind target/release/peers count NAME --size BYTES";

/// What is counted: binary messages, one a read.
struct Cell {
    role: &'static str,
    size: u64,
    /// Messages of the long run; the short one has a tenth.
    messages: u64,
}

impl Cell {
    fn count(&self, program: &Path, record: &Record) -> anyhow::Result<Record> {
        let mut counted = record.clone();
        counted.cell = self.members();
        counted.figures.clear();
        if counted.refused.is_some() {
            return Ok(counted);
        }
        let contestant = record.contestant.argument();
        let (short, long) = (self.messages / 10, self.messages);
        let run = |messages| self.instructions(program, &contestant, messages);
        let (mut few, again, mut many) = (run(short)?, run(short)?, run(long)?);
        let mut rounds = 1;
        if few.abs_diff(again) > few / 1000 {
            // Something in it depends on the time, as a clock that is calibrated: the least of several
            // runs has least of that.
            few = few.min(again);
            for _ in 1..REPEATS {
                few = few.min(run(short)?);
                many = many.min(run(long)?);
            }
            rounds = REPEATS;
        }
        let value = (many as f64 - few as f64) / (long - short) as f64;
        counted.figures.push(Figure {
            name: "instructions".to_owned(),
            median: value,
            minimum: value,
            rounds,
        });
        Ok(counted)
    }

    /// The instructions of a process that echoes so many messages.
    fn instructions(&self, program: &Path, contestant: &str, messages: u64) -> anyhow::Result<u64> {
        let mut command = Command::new("valgrind");
        command
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(program)
            .args(["count", contestant, "--role", self.role])
            .args(["--size", &self.size.to_string()])
            .args(["--messages", &messages.to_string()])
            .env("GLIBC_TUNABLES", TUNABLES);
        let output = command.output().context("cannot start valgrind")?;
        let printed = String::from_utf8_lossy(&output.stderr);
        collected(&printed)
            .filter(|_| output.status.success())
            .with_context(|| format!("{} gives no number:\n{printed}", process::show(&command)))
    }

    fn members(&self) -> Map<String, Value> {
        [
            ("role", json!(self.role)),
            ("kind", json!("binary")),
            ("message", json!(self.size)),
            ("reads", json!("permsg")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
    }
}

/// What callgrind says at the end: `==123== Collected : 456`.
fn collected(printed: &str) -> Option<u64> {
    let number = printed
        .lines()
        .find_map(|line| line.split_once("Collected :"))?
        .1;
    number.trim().parse().ok()
}

/// Large copies and fills by vector instructions: valgrind counts `rep movsb` once for each byte.
const TUNABLES: &str = "glibc.cpu.x86_rep_movsb_threshold=1000000000:\
                        glibc.cpu.x86_rep_stosb_threshold=1000000000";

/// Runs of what is different each time.
const REPEATS: usize = 3;

const CELLS: &[Cell] = &[
    cell("server", 16, 50_000),
    cell("server", 1024, 50_000),
    cell("server", 65_536, 1_000),
    cell("client", 16, 50_000),
    cell("client", 1024, 50_000),
    cell("client", 65_536, 1_000),
];

const fn cell(role: &'static str, size: u64, messages: u64) -> Cell {
    Cell {
        role,
        size,
        messages,
    }
}

#[cfg(test)]
mod tests {
    use super::collected;

    #[test]
    fn the_number_of_instructions_is_found() {
        let printed = "==7== Callgrind, a call-graph generating cache profiler\n==7== \n\
                       ==7== Events    : Ir\n==7== Collected : 1938791\n==7== \n";
        assert_eq!(collected(printed), Some(1_938_791));
        assert_eq!(collected("valgrind: no such program"), None);
    }
}
