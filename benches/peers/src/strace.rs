//! System calls of a server, as `strace -f -c` counts them.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;

/// Calls by name.
pub(crate) struct Calls(BTreeMap<String, u64>);

/// What reads from a socket.
pub(crate) const READS: &[&str] = &["read", "readv", "recvfrom", "recvmsg"];
/// What writes to a socket.
pub(crate) const WRITES: &[&str] = &["sendmmsg", "sendmsg", "sendto", "write", "writev"];
/// What waits for sockets.
pub(crate) const WAITS: &[&str] = &["epoll_pwait", "epoll_pwait2", "epoll_wait"];

impl Calls {
    /// Reads the table that strace has left.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let table = fs::read_to_string(path)?;
        Self::parse(&table).with_context(|| format!("not a table of strace: {table}"))
    }

    fn parse(table: &str) -> Option<Self> {
        let mut calls = BTreeMap::new();
        for line in table.lines() {
            let columns: Vec<_> = line.split_whitespace().collect();
            // % time, seconds, usecs/call, calls, errors if there are any, syscall.
            let &[_, _, _, count, .., name] = columns.as_slice() else {
                continue;
            };
            if let Ok(count) = count.parse() {
                calls.insert(name.to_owned(), count);
            }
        }
        (!calls.is_empty()).then_some(Self(calls))
    }

    /// How many calls there were of any of `names`.
    pub(crate) fn of(&self, names: &[&str]) -> u64 {
        names.iter().filter_map(|&name| self.0.get(name)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::{Calls, READS, WRITES};

    #[test]
    fn calls_are_counted_with_and_without_errors() {
        let table = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000600           6       100         7 recvfrom
 30.00    0.000300           3        90           sendto
 10.00    0.000100           1        10           writev
------ ----------- ----------- --------- --------- ----------------
100.00    0.001000           5       200         7 total
";
        let calls = Calls::parse(table).unwrap();
        assert_eq!((calls.of(READS), calls.of(WRITES)), (100, 100));
        assert!(Calls::parse("strace: no such thing").is_none());
    }
}
