use std::fs;
use std::process::Command;

use anyhow::Context;

use crate::bench::counts::measure::{Counts, Measure};
use crate::bench::counts::programs::{Programs, Scenario, progress};
use crate::process;

/// Runs every scenario under strace.
pub(super) fn count(programs: &Programs) -> anyhow::Result<Counts> {
    let scenarios = Scenario::list(&programs.calls)?;
    let bar = progress("system calls", scenarios.len());
    let mut counts = Counts::default();
    for scenario in &scenarios {
        let [few, many] =
            [scenario.few, scenario.many].map(|times| calls(programs, scenario, times));
        let (few, many) = (few?, many?);
        for (kind, of) in [
            ("reads", Calls::reads as fn(&Calls) -> u64),
            ("writes", Calls::writes),
            ("others", Calls::others),
        ] {
            let each = scenario.each_time(of(&few), of(&many));
            counts.add(Measure::Calls, format!("{}: {kind}", scenario.name), each);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(counts)
}

fn calls(programs: &Programs, scenario: &Scenario, times: u64) -> anyhow::Result<Calls> {
    let path = programs.scratch.join("strace.txt");
    let mut command = Command::new("strace");
    command
        .args(["-c", "-U", "calls,name", "-o"])
        .arg(&path)
        .arg(&programs.calls)
        .args([&scenario.name, &times.to_string()]);
    process::quiet(&mut command)?;
    let table = fs::read_to_string(&path)
        .with_context(|| format!("strace has not written {}", path.display()))?;
    Calls::parse(&table).with_context(|| format!("not a table of strace: {table}"))
}

/// System calls by name.
struct Calls(Vec<(String, u64)>);

impl Calls {
    /// Reads a table of two columns, the number of calls and their name.
    fn parse(table: &str) -> Option<Self> {
        let rows = table.lines().filter_map(|line| {
            let (count, name) = line.trim().split_once(' ')?;
            Some((name.trim().to_owned(), count.parse().ok()?))
        });
        let rows: Vec<_> = rows.filter(|(name, _)| name != "total").collect();
        (!rows.is_empty()).then_some(Self(rows))
    }

    fn reads(&self) -> u64 {
        self.sum(|name| READS.contains(&name))
    }

    fn writes(&self) -> u64 {
        self.sum(|name| WRITES.contains(&name))
    }

    /// Waiting, for the most part.
    fn others(&self) -> u64 {
        self.sum(|name| !READS.contains(&name) && !WRITES.contains(&name))
    }

    fn sum(&self, wanted: impl Fn(&str) -> bool) -> u64 {
        let wanted = self.0.iter().filter(|(name, _)| wanted(name));
        wanted.map(|(_, count)| count).sum()
    }
}

const READS: &[&str] = &["read", "readv", "recvfrom", "recvmsg"];
const WRITES: &[&str] = &["sendmmsg", "sendmsg", "sendto", "write", "writev"];

#[cfg(test)]
mod tests {
    use super::Calls;

    #[test]
    fn calls_are_counted_by_kind() {
        let table = "\
    calls syscall
--------- ----------------
      161 sendto
       12 recvfrom
        7 read
        1 write
       15 epoll_wait
--------- ----------------
      196 total
";
        let calls = Calls::parse(table).unwrap();
        assert_eq!(
            (calls.reads(), calls.writes(), calls.others()),
            (19, 162, 15)
        );
        assert!(Calls::parse("strace: no such thing\n").is_none());
    }
}
