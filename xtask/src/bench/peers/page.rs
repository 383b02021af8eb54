//! The page about a comparison.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::bench::peers::group::Group;
use crate::bench::peers::reasons::reason;
use crate::bench::peers::record::{Record, Side};
use crate::bench::peers::results::Results;
use crate::bench::peers::section::section;
use crate::bench::peers::standing::{self, Standing};
use crate::bench::peers::table::Table;
use crate::bench::peers::topic::TOPICS;
use crate::bench::peers::verdict::Verdict;

/// The whole page; `pictures` are names and descriptions of pictures, which lie beside it.
///
/// The text must be true of any run: who is ahead, only the figures say.
pub(super) fn page(groups: &[(Group, Results)], pictures: &[(&str, &str)]) -> String {
    let newest = groups.iter().map(|(_, results)| &results.run);
    let Some(newest) = newest.max_by_key(|run| run.began) else {
        return String::new();
    };
    let number = rivals(groups).to_string();
    let mut page = INTRODUCTION.replace("NUMBER", &number);
    if groups.iter().any(|(_, results)| results.run.is_quick) {
        page.push_str(QUICK);
    }
    page.push_str(&standing::summary(&Standing::all(groups)));
    for (name, alt) in pictures {
        let _ = write!(
            page,
            "\n<picture>\n  <source media=\"(prefers-color-scheme: dark)\" srcset=\"{}\">\n  \
             <img src=\"{}\" alt=\"{alt}\">\n</picture>\n",
            picture(name, "dark"),
            picture(name, "light")
        );
    }
    page.push_str(HOW_TO_READ);
    page.push_str("\n## The run\n\n| | |\n|---|---|\n");
    for (name, value) in newest.facts() {
        let _ = writeln!(page, "| {name} | {value} |");
    }
    let _ = writeln!(page, "| libraries | {} |", versions(groups));
    page.push_str("\nWhat was run, as it is typed in `benches/peers`:\n\n```text\n");
    for (_, results) in groups.iter().filter(|(_, r)| r.missing.is_none()) {
        let _ = writeln!(page, "{}", results.command);
    }
    page.push_str("```\n");
    for (group, results) in groups {
        page.push_str(&section(*group, results, &newest.date()));
    }
    page.push_str(&behind(groups));
    page
}

/// The file of a picture, beside the page.
pub(super) fn picture(name: &str, theme: &str) -> String {
    format!("benchmarks-{name}-{theme}.svg")
}

/// Every cell in which a rival is ahead, with the reason if there is one.
fn behind(groups: &[(Group, Results)]) -> String {
    let mut rows = String::new();
    for topic in TOPICS {
        for (group, results) in groups.iter().filter(|(group, _)| *group == topic.group) {
            for table in Table::all(topic, &results.records) {
                for (index, column) in table.columns.iter().enumerate() {
                    if table.best_verdict(index) != Some(Verdict::Behind) {
                        continue;
                    }
                    let Some((ours, our_figure)) = table.best_of_ours(index) else {
                        continue;
                    };
                    let Some((rival, figure)) = table.best_rival(index) else {
                        continue;
                    };
                    let place = [topic.summary, &table.heading, &column.title];
                    let place: Vec<&str> = place.into_iter().filter(|p| !p.is_empty()).collect();
                    let why = reason(*group, &column.cell, rival).unwrap_or("no reason known");
                    let _ = writeln!(
                        rows,
                        "| {} | {}: {} | {}: {} | {:.2}× | {why} |",
                        place.join("; "),
                        ours.way,
                        topic.unit.show(our_figure.median),
                        rival.markdown(),
                        topic.unit.show(figure.median),
                        our_figure.median / figure.median,
                    );
                }
            }
        }
    }
    if rows.is_empty() {
        return "\n## Where Tautline is behind\n\nIn no cell of this run.\n".to_owned();
    }
    format!(
        "\n## Where Tautline is behind\n\nEvery cell in which the best rival is ahead by more than the noise.\n\n\
         | cell | Tautline at its best | the best rival | | why |\n|---|---|---|---:|---|\n{rows}"
    )
}

/// Names and versions of all who took part, ours first.
fn versions(groups: &[(Group, Results)]) -> String {
    let known: BTreeSet<(bool, &str, &str)> = records(groups)
        .map(|record| {
            let is_theirs = record.contestant.side() != Side::Ours;
            (
                is_theirs,
                record.contestant.library.as_str(),
                record.version.as_str(),
            )
        })
        .collect();
    let known = known
        .iter()
        .map(|(_, name, version)| format!("{name} {version}"));
    known.collect::<Vec<_>>().join(", ")
}

/// How many other libraries there are.
fn rivals(groups: &[(Group, Results)]) -> usize {
    let rivals = records(groups).filter(|record| record.contestant.side() == Side::Rival);
    let rivals: BTreeSet<&str> = rivals.map(|r| r.contestant.library.as_str()).collect();
    rivals.len()
}

fn records(groups: &[(Group, Results)]) -> impl Iterator<Item = &Record> {
    groups.iter().flat_map(|(_, results)| &results.records)
}

const INTRODUCTION: &str = "<!-- Written by `cargo xtask bench peers`: edits are lost. -->

# Beside other libraries

Tautline and NUMBER other WebSocket libraries for Rust, doing the same work on the same machine, in turns. How
Tautline does on tokio, async-std and smol is [a page of its own](runtimes.md), and so is
[what compression costs](compression.md).
";

const QUICK: &str = "
> This has results of a quick run, with a short round for each figure. It shows that everything works,
> and little more.
";

const HOW_TO_READ: &str = "
## How to read this

Less is better everywhere. A number with × is what a library needs as a multiple of what the best *rival* needs in the
same column: 0.50× is half of it. The first row of a table says who that is, and what it needs. The least of a
column is bold. Rows are in the order of their mean.

Tautline has several ways to be used, and each is a row. `recv_ref` lends the message and queues the reply beside it;
`send` receives messages that are owned and hands each reply over; `cork`, which is what `serve` gives to a
handler, lets replies leave together when the handler waits; `split` has two halves. Rivals that can queue are there in their
usual way and once more as `feed`, queued and flushed by hand. *tokio `raw`* is plain TCP: it is
no WebSocket and no rival, but what any server needs at least.

Everybody does the same work: masks as RFC 6455 demands with keys that cannot be foretold, checked text, a flush for every
message where the way is not to queue, the same limits, no pings and timeouts that only some have. Every echo is
compared before anything is measured. Where one differs in spite of that, a note says so.
[benches/peers](../benches/peers/README.md) has the rules, and the loops themselves.

Figures are medians over rounds in which the contestants take turns, so that a machine that becomes slower becomes
slower for all. *Ahead* and *behind* are differences of more than 5%, or 1% where calls and instructions are counted,
in the median as well as in the minimum of the rounds. What is less is *level*: another run may have it the other way
round.
";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::page;
    use crate::bench::peers::group::Group;
    use crate::bench::peers::record::tests::record;
    use crate::bench::peers::results::Results;
    use crate::bench::peers::results::tests::results;
    use crate::bench::peers::table::tests::loopback;

    fn groups() -> Vec<(Group, Results)> {
        let handshakes = ["tautline:send", "wtx"]
            .map(|name| record(name, &json!({ "cores": "one" }), &[("cpu", 20.0)]));
        vec![
            (Group::Loopback, results(loopback())),
            (Group::Handshake, results(handshakes.to_vec())),
        ]
    }

    #[test]
    fn the_summary_counts_cells_by_topic_and_way() {
        let page = page(&groups(), &[("small", "Bars")]);
        for text in [
            "Tautline and 3 other WebSocket libraries",
            "Of 4 cells, Tautline at its best is ahead of the best rival in 1, level with it in 2, and \
             [behind](#where-tautline-is-behind) in 1.",
            "| | cells | ahead | level | behind | `cork` | `send` |\n|---|---:|---:|---:|---:|---:|---:|\n",
            "| loopback: processor time of the server | 3 | 1 | 1 | 1 | 1 · 0 · 1 | 1 · 1 · 1 |\n",
            "| opening handshake: processor time of the server | 1 | 0 | 1 | 0 | – | 0 · 1 · 0 |\n",
            "srcset=\"benchmarks-small-dark.svg\"",
            "<img src=\"benchmarks-small-light.svg\" alt=\"Bars\">",
            "| libraries | tautline 1.2.3, soketto 1.2.3, tokio 1.2.3, wtx 1.2.3, yawc 1.2.3 |",
            "```text\npeers something --quick\npeers something --quick\n```\n",
        ] {
            assert!(page.contains(text), "{text:?} is not in {page}");
        }
        assert!(!page.contains("quick run"));
    }

    #[test]
    fn a_cell_that_is_lost_is_listed_and_no_reason_is_made_up() {
        let page = page(&groups(), &[]);
        let row = "| loopback: processor time of the server; 1 connection; 1 KiB | send: 5.00 µs | yawc: 4.00 µs \
                   | 1.25× | no reason known |\n";
        assert!(page.ends_with(row), "{page}");
        let won = [(Group::Loopback, results(loopback()[1..6].to_vec()))];
        assert!(super::page(&won, &[]).ends_with("In no cell of this run.\n"));
    }

    #[test]
    fn a_quick_run_is_called_one() {
        let mut groups = groups();
        groups[0].1.run.is_quick = true;
        assert!(page(&groups, &[]).contains("results of a quick run"));
    }
}
