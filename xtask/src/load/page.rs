//! docs/load.md.

use std::fmt;
use std::fs;
use std::thread;

use anyhow::Context;

use crate::load::plan::Plan;
use crate::load::record::Record;
use crate::load::summary::{HEADS, memory, rows};

/// The page about a load on some adapters.
pub(super) struct Page<'a> {
    pub(super) plan: &'a Plan,
    pub(super) records: &'a [Record],
    /// When it was, and where.
    pub(super) run: String,
}

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(INTRODUCTION)?;
        writeln!(f, "\n## What was seen\n\n{}", self.run)?;
        writeln!(f, "\n{}.", self.plan)?;
        for record in self.records {
            writeln!(f, "\n### {}\n", record.adapter)?;
            writeln!(f, "| {} |", HEADS.join(" | "))?;
            writeln!(f, "|---|--:|---{}|", "|--:".repeat(HEADS.len() - 3))?;
            for row in record.stages.iter().flat_map(rows) {
                writeln!(f, "| {} |", row.join(" | "))?;
            }
            writeln!(f)?;
            for line in memory(record, self.plan) {
                writeln!(f, "* {line}")?;
            }
            let errors: u64 = record.errors.values().sum();
            writeln!(f, "* errors: {errors}")?;
        }
        Ok(())
    }
}

/// When it was, and where.
pub(super) fn this_run() -> anyhow::Result<String> {
    let today = time::OffsetDateTime::now_utc().date();
    let cores = thread::available_parallelism().context("no number of processors")?;
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").context("no kernel release")?;
    // What distributions append to it tells of the build, not of the kernel.
    let release = release.split('-').next().unwrap_or_default();
    Ok(format!(
        "{today}, Linux {}, {cores} logical processors, which server and load share.",
        release.trim()
    ))
}

const INTRODUCTION: &str = "\
# Under load

```sh
cargo xtask load                          # everything at once, a minute, tokio
cargo xtask load --quick                  # a tenth of it, ten seconds
cargo xtask load --adapter all
cargo xtask load idle --idle 50000 --seconds 120
cargo xtask load active --think 0         # as fast as it goes
cargo xtask load --write                  # this page; wants an idle machine
```

puts load on the echo server of `xtask/testee`, which is a process of its own, without compression and
with keepalive. The load is a second process, with Tautline's client on tokio. All of it is on loopback.
Each connection takes a file descriptor in each process; the command raises the soft limit as far as it
needs, and says what to do if the hard limit is lower.

| load | what it does |
|---|---|
| `idle` | connections that are opened 2,000 in a second, answer pings, and echo once before they close |
| `active` | each sends a message, waits for its echo, thinks, and sends the next |
| `slow` | each sends messages of 8 KiB as fast as the server takes them; half of them read nothing for a while, half a message every 100 ms, then they read what there is, and so on |
| `storm` | connect, one echo, closing handshake, and again, without a pause |

The default is `mixed`: idle connections, then active ones beside them, then slow readers, too, then a
storm on top of all that. `open` and `close` are the stages in which the idle connections come and go.
Every echo is compared with what was sent.

Times of an echo are from the call that sends to the arrival; those of a handshake are from the begin of
the TCP connection to the end of the opening handshake. A connection sends nothing while it waits, so a
stall counts once for each connection and not once for each message that it held up. Load and server
have the same processors: the times are those of both.

The command fails on any error: a connection that is refused or lost, an echo that differs or takes longer
than 30 seconds, a closing handshake that is not clean. It fails on four amounts of memory besides, those
of resident memory with 4 MiB on top.

* **What is left**: the server counts what it has allocated, and when everybody has gone, that is what it
  was before, but for 128 bytes for each connection of the most there were at once, the room that the lists
  of a runtime and of the server keep, and 1 MiB for the buffers of threads.
* **Slow readers** may cost 256 KiB each: what is queued for one up to the high-water mark of 64 KiB, and
  the message that goes over it, in a buffer that grows by doubling; what that was before it grew; and what
  was read behind it. Their cost is the peak beside slow readers less the peak before them. What the
  kernel holds for their sockets is not in it.
* **A storm** may cost 128 bytes for each of its connections. There are the same few at any moment, so memory
  that rises with their number has not been freed: a connection holds over 1,500 bytes.
* **The same again**: when everybody has gone, all of the load comes once more, for three seconds. It
  may take a quarter more than the first peak. What was freed is there to be taken again; what was not
  comes on top.

Why not the resident memory after the load? It hardly shows what was freed. glibc keeps that in arenas, one
or more for each thread, and gives back only the free end of an arena, where a small block that is still in
use holds all that is below it. `malloc_trim`, which gives back free pages wherever they are, is not
called. What three mixed loads had left of a server on tokio was looked at once: 43 MiB were resident, and
7 MiB were left after a `malloc_trim` from outside; 5 MiB were there at the start.

`server` is the peak of the server's resident memory (VmRSS) in a stage. The memory before the load was
taken after half a second of a small storm, so that the program's own pages are not counted as those of
connections.
";

#[cfg(test)]
mod tests {
    use super::Page;
    use crate::load::plan::Plan;
    use crate::load::plan::tests::AMOUNTS;
    use crate::load::record::tests::record;
    use crate::load::scenario::Scenario;

    #[test]
    fn a_page_has_a_table_for_each_adapter() {
        let page = Page {
            plan: &Plan::new(Scenario::Mixed, AMOUNTS),
            records: &[record(), record()],
            run: "Once.".to_owned(),
        };
        let page = page.to_string();
        assert_eq!(page.matches("\n### tokio\n").count(), 2);
        for text in [
            "\n| active | 10.0 s | echoes | 200,000 | 20,000 | 150 µs | 900 µs | 2.50 ms | 12.3 ms \
             | 2.00 s | 40.0 MiB |\n",
            "\n* an idle connection: 2,621 bytes\n",
            "\n* errors: 0\n",
            "\nOnce.\n",
        ] {
            assert!(page.contains(text), "{text:?} is not in {page}");
        }
    }
}
