//! In how many cells Tautline is ahead.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use crate::bench::figures::count;
use crate::bench::peers::group::Group;
use crate::bench::peers::results::Results;
use crate::bench::peers::table::Table;
use crate::bench::peers::topic::TOPICS;
use crate::bench::peers::verdict::Tally;

/// How Tautline does in a topic.
pub(super) struct Standing {
    /// The topic.
    name: &'static str,
    /// At its best in each cell.
    best: Tally,
    /// Used in one way alone.
    ways: BTreeMap<String, Tally>,
}

impl Standing {
    /// The standings in the topics in which somebody is compared.
    pub(super) fn all(groups: &[(Group, Results)]) -> Vec<Self> {
        let mut standings = Vec::new();
        for topic in TOPICS {
            for (_, results) in groups.iter().filter(|(group, _)| *group == topic.group) {
                let mut standing = Self {
                    name: topic.summary,
                    best: Tally::default(),
                    ways: BTreeMap::new(),
                };
                for table in Table::all(topic, &results.records) {
                    let (best, ways) = table.tallies();
                    standing.best.merge(best);
                    for (way, tally) in ways {
                        standing.ways.entry(way).or_default().merge(tally);
                    }
                }
                if standing.best.total() > 0 {
                    standings.push(standing);
                }
            }
        }
        standings
    }
}

/// For a terminal.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally {
            ahead,
            level,
            behind,
        } = self.best;
        let name = self.name;
        write!(
            f,
            "{name}: ahead in {ahead}, level in {level}, behind in {behind}"
        )
    }
}

/// The standings as the page begins.
pub(super) fn summary(standings: &[Standing]) -> String {
    let mut all = Tally::default();
    for standing in standings {
        all.merge(standing.best);
    }
    let names: BTreeSet<&String> = standings.iter().flat_map(|s| s.ways.keys()).collect();
    let mut text = format!(
        "\n## In short\n\nOf {}, Tautline at its best is ahead of the best rival in {}, level with it in {}, \
         and [behind](#where-tautline-is-behind) in {}.\n\n",
        count(all.total() as u64, "cell"),
        all.ahead,
        all.level,
        all.behind
    );
    let heads: String = names.iter().map(|name| format!(" `{name}` |")).collect();
    let _ = writeln!(text, "| | cells | ahead | level | behind |{heads}");
    let _ = writeln!(text, "|---|{}", "---:|".repeat(4 + names.len()));
    for Standing { name, best, ways } in standings {
        let Tally {
            ahead,
            level,
            behind,
        } = best;
        let cells = best.total();
        let _ = write!(text, "| {name} | {cells} | {ahead} | {level} | {behind} |");
        for name in &names {
            let tally = ways.get(*name).map_or_else(
                || "–".to_owned(),
                |t| format!("{} · {} · {}", t.ahead, t.level, t.behind),
            );
            let _ = write!(text, " {tally} |");
        }
        text.push('\n');
    }
    text.push_str(
        "\nThe last columns are the same for one way of using Tautline alone: ahead · level · behind, of the best \
         rival\nused in its best way.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::{Standing, summary};
    use crate::bench::peers::group::Group;
    use crate::bench::peers::results::tests::results;
    use crate::bench::peers::table::tests::loopback;

    #[test]
    fn standings_are_of_the_best_way_and_of_each() {
        let standings = Standing::all(&[(Group::Loopback, results(loopback()))]);
        let lines: Vec<String> = standings.iter().map(ToString::to_string).collect();
        let expected =
            "loopback: processor time of the server: ahead in 1, level in 1, behind in 1";
        assert_eq!(lines, [expected]);
        let text = summary(&standings);
        assert!(text.contains("Of 3 cells"), "{text}");
        let row =
            "| loopback: processor time of the server | 3 | 1 | 1 | 1 | 1 · 0 · 1 | 1 · 1 · 1 |\n";
        assert!(text.contains(row), "{text}");
    }

    #[test]
    fn a_topic_without_rivals_is_not_listed() {
        let ours = loopback()
            .into_iter()
            .filter(|r| r.contestant.library == "tautline");
        let standings = Standing::all(&[(Group::Loopback, results(ours.collect()))]);
        assert!(standings.is_empty());
    }
}
