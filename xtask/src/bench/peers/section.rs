//! A group on the page: its tables, with notes below them.

use std::fmt::Write;

use crate::bench::figures::capitalized;
use crate::bench::peers::group::Group;
use crate::bench::peers::record::{Figure, Side};
use crate::bench::peers::results::Results;
use crate::bench::peers::table::{Entry, Row, Table};
use crate::bench::peers::topic::{TOPICS, Topic};

/// The section about a group; `date` is that of the page.
pub(super) fn section(group: Group, results: &Results, date: &str) -> String {
    let mut text = format!("\n## {}\n\n{}\n", group.title(), group.text());
    if let Some(tool) = &results.missing {
        let _ = writeln!(
            text,
            "\nNot measured: there was no `{tool}` on this machine."
        );
        return text;
    }
    if results.run.date() != date {
        let _ = writeln!(text, "Measured on {}.", results.run.date());
    }
    let mut notes = Notes::default();
    for topic in TOPICS.iter().filter(|topic| topic.group == group) {
        if !topic.title.is_empty() {
            let _ = writeln!(text, "\n### {}", topic.title);
        }
        for table in Table::all(topic, &results.records) {
            if !table.heading.is_empty() {
                let level = if topic.title.is_empty() {
                    "###"
                } else {
                    "####"
                };
                let heading = capitalized(&table.heading);
                // Anchors are headings, and there is one "With context takeover" for each topic.
                let heading = match topic.title {
                    "" => heading,
                    title => format!("{heading} ({})", title.to_lowercase()),
                };
                let _ = writeln!(text, "\n{level} {heading}");
            }
            let _ = write!(text, "\n{}", markdown(&table, topic, &mut notes));
        }
    }
    text + &notes.list()
}

fn markdown(table: &Table, topic: &Topic, notes: &mut Notes) -> String {
    let columns = 0..table.columns.len();
    let titles: Vec<&str> = table.columns.iter().map(|c| c.title.as_str()).collect();
    let mut text = format!("| | {} |\n|---|", titles.join(" | "));
    text.push_str(&"---:|".repeat(titles.len()));
    text.push('\n');

    let has_rivals = columns.clone().any(|c| table.best_rival(c).is_some());
    if has_rivals {
        let best = columns
            .clone()
            .map(|column| match table.best_rival(column) {
                None => "–".to_owned(),
                Some((rival, figure)) => {
                    format!("{}<br>{}", rival.markdown(), topic.unit.show(figure.median))
                }
            });
        let best: Vec<String> = best.collect();
        let _ = writeln!(text, "| *the best rival needs* | {} |", best.join(" | "));
    }
    for row in table.rows.iter().filter(|row| !is_refused(row)) {
        let entries = columns.clone().map(|column| match &row.entries[column] {
            Entry::Absent => "–".to_owned(),
            Entry::Refused(why) => {
                let note = format!("{}: {why}", row.contestant.markdown());
                format!("– {}", notes.mark(&note))
            }
            Entry::Measured(figure) => {
                let show = |figure: &Figure| match table.best_rival(column) {
                    Some((_, best)) if best.median > 0.0 => {
                        format!("{:.2}×", figure.median / best.median)
                    }
                    _ => topic.unit.show(figure.median),
                };
                let number = show(figure);
                // Whoever has the same number is as good, whatever its further digits are.
                let is_least = table.least(column).map(show).as_ref() == Some(&number);
                match has_rivals && is_least && row.contestant.side() != Side::Floor {
                    true => format!("**{number}**"),
                    false => number,
                }
            }
        });
        let entries: Vec<String> = entries.collect();
        let _ = writeln!(text, "| {} | {} |", name(row, notes), entries.join(" | "));
    }

    let refused = table.rows.iter().filter(|row| is_refused(row));
    let refused: Vec<String> = refused
        .filter_map(|row| {
            let why = row.entries.iter().find_map(|entry| match entry {
                Entry::Refused(why) => Some(why),
                Entry::Measured(_) | Entry::Absent => None,
            })?;
            let mark = notes.mark(why);
            Some(format!("{}&nbsp;{mark}", row.contestant.markdown()))
        })
        .collect();
    if !refused.is_empty() {
        let _ = writeln!(text, "\nNot in this table: {}.", refused.join(", "));
    }
    text
}

fn name(row: &Row, notes: &mut Notes) -> String {
    let marks: Vec<String> = row
        .notes
        .iter()
        // What was agreed on is what was asked for, in one order of words or another.
        .filter(|note| !note.starts_with("agreed on "))
        .map(|note| notes.mark(note))
        .collect();
    let name = row.contestant.markdown();
    let name = match row.contestant.side() {
        Side::Ours => format!("**{name}**"),
        Side::Rival => name,
        Side::Floor => format!("*{name}*"),
    };
    match marks.is_empty() {
        true => name,
        false => format!("{name} {}", marks.join(" ")),
    }
}

fn is_refused(row: &Row) -> bool {
    row.entries
        .iter()
        .all(|entry| !matches!(entry, Entry::Measured(_)))
}

/// What is said below the tables of a section, each once.
#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    /// The mark that stands for a note.
    fn mark(&mut self, note: &str) -> String {
        let index = self.0.iter().position(|known| known == note);
        let index = index.unwrap_or_else(|| {
            self.0.push(note.to_owned());
            self.0.len() - 1
        });
        format!("<sup>{}</sup>", index + 1)
    }

    fn list(&self) -> String {
        let mut text = String::new();
        for (index, note) in self.0.iter().enumerate() {
            let begin = if index == 0 { "\n" } else { "" };
            let _ = writeln!(text, "{begin}{}. {note}", index + 1);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::section;
    use crate::bench::peers::group::Group;
    use crate::bench::peers::record::tests::{record, refused};
    use crate::bench::peers::results::tests::results;
    use crate::bench::peers::table::tests::loopback;

    #[test]
    fn cells_are_multiples_of_the_best_rival_and_the_least_is_bold() {
        let mut records = loopback();
        for record in records.iter_mut().filter(|r| r.contestant.way == "cork") {
            record.notes = vec!["together".to_owned()];
        }
        let text = section(Group::Loopback, &results(records), "2023-11-14");
        let expected = "
### 1 connection

| | 20 B | 1 KiB |
|---|---:|---:|
| *the best rival needs* | yawc<br>4.00 µs | yawc<br>4.00 µs |
| **tautline `cork`** <sup>1</sup> | **0.50×** | 1.30× |
| **tautline `send`** | 0.75× | 1.25× |
| yawc | 1.00× | **1.00×** |
| wtx | 2.00× | 2.00× |
| *tokio `raw`* | 0.25× | – |

Not in this table: soketto&nbsp;<sup>2</sup>.
";
        assert!(text.contains(expected), "{text}");
        assert!(text.ends_with("\n1. together\n2. it cannot\n"), "{text}");
        assert!(!text.contains("Measured on"));
    }

    #[test]
    fn who_cannot_do_one_cell_has_a_footnote_there() {
        let cell = |level| json!({ "message": 1024, "takeover": true, "level": level });
        let mut agreed = record("wtx", &cell(6), &[("cpu", 30.0), ("reply", 400.0)]);
        agreed.notes = vec!["agreed on permessage-deflate".to_owned()];
        let records = vec![agreed, refused("wtx", &cell(1), "not this one")];
        let text = section(Group::Deflate, &results(records), "2023-11-14");
        for part in [
            "\n### Processor time\n\n#### With context takeover (processor time)\n",
            "| | 1 KiB, level 6 | 1 KiB, level 1 |",
            "| wtx | **1.00×** | – <sup>1</sup> |",
            "\n1. wtx: not this one\n",
            "| *the best rival needs* | wtx<br>400 B | – |",
        ] {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
        assert!(!text.contains("agreed on"), "{text}");
    }

    #[test]
    fn where_nobody_is_compared_the_figures_are_absolute() {
        let cell = json!({ "connections": 5000, "threads": "cores" });
        let figures = [
            ("idle", 2048.0),
            ("after_16_kib", 2048.0),
            ("after_1_mib", 4096.0),
        ];
        let records = vec![record("tautline:send", &cell, &figures)];
        let text = section(Group::IdleMemory, &results(records), "2023-11-14");
        let row = "| **tautline `send`** | 2.00 KiB | 2.00 KiB | 4.00 KiB |";
        assert!(text.contains(row), "{text}");
    }

    #[test]
    fn what_was_left_out_and_what_is_of_another_day_is_said() {
        let mut left_out = results(Vec::new());
        left_out.missing = Some("valgrind".to_owned());
        let text = section(Group::Instructions, &left_out, "2023-11-14");
        assert!(text.ends_with("Not measured: there was no `valgrind` on this machine.\n"));
        let text = section(Group::Loopback, &results(loopback()), "2023-11-15");
        assert!(text.contains("Measured on 2023-11-14."), "{text}");
    }
}
