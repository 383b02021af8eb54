//! The page about a run.

use std::fmt::Write;

use crate::bench::figures::{capitalized, count, integer};
use crate::bench::run::Run;
use crate::bench::runtimes::comparison::Comparison;
use crate::bench::runtimes::tables::{Figures, Unit};

/// The whole page; `picture` names the SVG file of a theme.
///
/// The text must be true of any run: what is fast and what is not, only the figures say.
pub(super) fn page(comparison: &Comparison, run: &Run, picture: impl Fn(&str) -> String) -> String {
    let mut page = INTRODUCTION
        .replace("DARK", &picture("dark"))
        .replace("LIGHT", &picture("light"));
    if run.is_quick {
        page.push_str(QUICK);
    }
    page.push_str(HOW_TO_READ);
    page.push_str("\n## The run\n\n| | |\n|---|---|\n");
    for (name, value) in run.facts() {
        let _ = writeln!(page, "| {name} | {value} |");
    }
    for pattern in comparison.patterns() {
        let _ = writeln!(page, "\n## {}\n", capitalized(pattern));
        let _ = writeln!(page, "One iteration: {}.", iterations(comparison, pattern));
        for unit in Unit::ALL {
            let figures = Figures::new(comparison, pattern, unit);
            let _ = writeln!(page, "\n### {} ({pattern})\n", unit.name());
            page.push_str(&figures.markdown());
        }
    }
    page
}

/// How many messages an iteration has: `1 message with 1 connection, 100 with 100 connections`.
fn iterations(comparison: &Comparison, pattern: &str) -> String {
    let workloads = comparison.workloads.iter().filter(|w| w.pattern == pattern);
    let descriptions = workloads.map(|workload| {
        let messages = || workload.rows.iter().map(|row| row.messages);
        let (least, most) = (messages().min().unwrap_or(0), messages().max().unwrap_or(0));
        let number = match least == most {
            true => count(most, "message"),
            // Big messages may be fewer.
            false => format!("{} to {}", integer(least), count(most, "message")),
        };
        format!(
            "{number} over {}",
            count(workload.connections, "connection")
        )
    });
    descriptions.collect::<Vec<_>>().join(", ")
}

const INTRODUCTION: &str = "<!-- Written by `cargo xtask bench runtimes`: edits are lost. -->

# Benchmarks of the runtimes

The same echo on every runtime that has an adapter: the same protocol code, driver and settings, and
nothing but the runtime's sockets, timers and scheduler between them. Tautline beside other libraries is
[a page of its own](benchmarks.md).

<picture>
  <source media=\"(prefers-color-scheme: dark)\" srcset=\"DARK\">
  <img src=\"LIGHT\" alt=\"Bars of messages per second by runtime, for each payload and number of connections; the tables on this page have the same figures\">
</picture>
";

const QUICK: &str = "
> This was a quick run, with a second of measurement for each figure. It shows that everything works,
> and little more.
";

const HOW_TO_READ: &str = "
## How to read this

Every figure is about echoes: a message goes from a client to the server and back, counts as one,
and its payload counts once. Clients and server are in one process on one runtime, connected over
loopback, and share the processors of the machine. So the figures compare runtimes that do the same
work; they are not what a server would do with its clients elsewhere, and no network takes part.

In *ping-pong* every connection waits for its echo before it sends again, so that a figure is about
waiting and waking: microseconds per message are the mean time of a round trip as one connection
sees it. In *pipelined* a connection has many messages on their way at once, so that a figure is
about work: microseconds per message are the mean time between two messages of one connection.

Rates follow from criterion's estimate of the time of one iteration. ± is the further end of its
confidence interval, and knows the noise within this run only: the same run an hour later, another
kernel or a neighbour on the machine can change a figure by more than that. The fastest of a row is
bold; the number with × is a rate as a part of the fastest one. Where intervals overlap, the order
may be chance.
";

#[cfg(test)]
mod tests {
    use super::page;
    use crate::bench::run::tests::run;
    use crate::bench::runtimes::comparison::Comparison;
    use crate::bench::runtimes::comparison::tests::measured;

    fn comparison() -> Comparison {
        Comparison::new(&[
            measured("ping-pong/1", "tokio", 32, 1, 20_000.0),
            measured("pipelined/100", "smol", 32, 6_400, 2e7),
            measured("pipelined/100", "smol", 65536, 1_600, 2e7),
        ])
        .unwrap()
    }

    #[test]
    fn a_page_has_pictures_the_run_and_every_table() {
        let page = page(&comparison(), &run(), |theme| format!("p-{theme}.svg"));
        for text in [
            "srcset=\"p-dark.svg\"",
            "src=\"p-light.svg\"",
            "| processor | Abacus 9 (wood), 2 logical processors |",
            "\n## Ping-pong\n\nOne iteration: 1 message over 1 connection.\n",
            "\n## Pipelined\n\nOne iteration: 1,600 to 6,400 messages over 100 connections.\n",
            "\n### Messages per second (ping-pong)\n\n| connections | payload | tokio | smol |\n",
            "\n### MiB per second (pipelined)\n",
        ] {
            assert!(page.contains(text), "{text:?} is not in {page}");
        }
        assert!(!page.contains("quick run"));
    }

    #[test]
    fn a_quick_run_is_called_one() {
        let mut run = run();
        run.is_quick = true;
        assert!(page(&comparison(), &run, str::to_owned).contains("This was a quick run"));
    }
}
