//! Records side by side: a row for each contestant, a column for each cell.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::bench::peers::record::{Contestant, Figure, Record, Side};
use crate::bench::peers::topic::{Measure, Topic, words};
use crate::bench::peers::verdict::{Noise, Tally, Verdict};

/// One table of a topic.
pub(super) struct Table {
    /// What its cells have in common, in words; empty if the topic has one table.
    pub(super) heading: String,
    pub(super) columns: Vec<Column>,
    /// Ours, then the rivals, those that need least first, then the floor.
    pub(super) rows: Vec<Row>,
    noise: Noise,
}

/// One cell, as everybody was measured in it.
pub(super) struct Column {
    pub(super) title: String,
    pub(super) cell: Map<String, Value>,
    measure: &'static Measure,
}

/// A contestant.
pub(super) struct Row {
    pub(super) contestant: Contestant,
    /// How its work differs from the others'.
    pub(super) notes: Vec<String>,
    /// As many as there are columns.
    pub(super) entries: Vec<Entry>,
}

/// A contestant in a cell.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    Measured(Figure),
    /// Why it cannot.
    Refused(String),
    /// It does not take part.
    Absent,
}

impl Table {
    /// The tables of a topic, in the order in which their cells were measured.
    pub(super) fn all(topic: &Topic, records: &[Record]) -> Vec<Self> {
        let mut tables: Vec<(String, Vec<&Record>)> = Vec::new();
        for record in records {
            let heading = describe(&record.cell, topic.tables);
            match tables.iter_mut().find(|(known, _)| *known == heading) {
                Some((_, records)) => records.push(record),
                None => tables.push((heading, vec![record])),
            }
        }
        let tables = tables.into_iter();
        tables
            .map(|(heading, records)| Self::new(topic, heading, &records))
            .collect()
    }

    fn new(topic: &Topic, heading: String, records: &[&Record]) -> Self {
        let mut columns: Vec<Column> = Vec::new();
        let mut rows: Vec<Row> = Vec::new();
        for record in records {
            for measure in topic.measures {
                if column(&columns, record, measure).is_none() {
                    columns.push(Column {
                        title: title(topic, measure, &record.cell),
                        cell: record.cell.clone(),
                        measure,
                    });
                }
            }
            if !rows.iter().any(|row| row.contestant == record.contestant) {
                rows.push(Row {
                    contestant: record.contestant.clone(),
                    notes: Vec::new(),
                    entries: Vec::new(),
                });
            }
        }
        for row in &mut rows {
            row.entries = vec![Entry::Absent; columns.len()];
        }
        for record in records {
            let row = rows.iter_mut();
            let row = row.into_iter().find(|r| r.contestant == record.contestant);
            let row = row.expect("every contestant has a row");
            for note in &record.notes {
                if !row.notes.contains(note) {
                    row.notes.push(note.clone());
                }
            }
            for measure in topic.measures {
                let column = column(&columns, record, measure);
                let column = column.expect("every cell has a column");
                row.entries[column] = match (&record.refused, record.sum(measure.figures)) {
                    (Some(why), _) => Entry::Refused(why.clone()),
                    (None, Some(figure)) => Entry::Measured(figure),
                    (None, None) => Entry::Absent,
                };
            }
        }
        let mut table = Self {
            heading,
            columns,
            rows,
            noise: topic.noise,
        };
        table.sort();
        table
    }

    /// The rival that needs least in a column.
    pub(super) fn best_rival(&self, column: usize) -> Option<(&Contestant, &Figure)> {
        self.best(column, Side::Rival)
    }

    /// The way of ours that needs least in a column.
    pub(super) fn best_of_ours(&self, column: usize) -> Option<(&Contestant, &Figure)> {
        self.best(column, Side::Ours)
    }

    /// How a contestant of ours does in a column; `None` if it or everybody else is missing.
    pub(super) fn verdict(&self, row: &Row, column: usize) -> Option<Verdict> {
        let (_, theirs) = self.best_rival(column)?;
        Some(self.noise.judge(row.figure(column)?, theirs))
    }

    /// How the best of ours does in a column.
    pub(super) fn best_verdict(&self, column: usize) -> Option<Verdict> {
        let (_, ours) = self.best_of_ours(column)?;
        let (_, theirs) = self.best_rival(column)?;
        Some(self.noise.judge(ours, theirs))
    }

    /// The verdicts on ours: on the best in each column, and on each way.
    pub(super) fn tallies(&self) -> (Tally, BTreeMap<String, Tally>) {
        let mut best = Tally::default();
        let mut ways: BTreeMap<String, Tally> = BTreeMap::new();
        for column in 0..self.columns.len() {
            if let Some(verdict) = self.best_verdict(column) {
                best.add(verdict);
            }
            for row in &self.rows {
                if row.contestant.side() == Side::Ours
                    && let Some(verdict) = self.verdict(row, column)
                {
                    let way = row.contestant.way.clone();
                    ways.entry(way).or_default().add(verdict);
                }
            }
        }
        (best, ways)
    }

    /// The least that anybody needs in a column, the floor left out.
    pub(super) fn least(&self, column: usize) -> Option<&Figure> {
        let sides = [Side::Ours, Side::Rival].into_iter();
        let figures = sides.filter_map(|side| Some(self.best(column, side)?.1));
        figures.min_by(|a, b| a.median.total_cmp(&b.median))
    }

    fn best(&self, column: usize, side: Side) -> Option<(&Contestant, &Figure)> {
        let rows = self.rows.iter().filter(|r| r.contestant.side() == side);
        rows.filter_map(|row| Some((&row.contestant, row.figure(column)?)))
            .min_by(|(_, a), (_, b)| a.median.total_cmp(&b.median))
    }

    /// By the mean of the logarithms of what a row needs beside the best rival, or beside one.
    fn sort(&mut self) {
        let references: Vec<f64> = (0..self.columns.len())
            .map(|column| self.best_rival(column).map_or(1.0, |(_, f)| f.median))
            .collect();
        self.rows.sort_by_cached_key(|row| {
            let logarithms: Vec<f64> = references
                .iter()
                .enumerate()
                .filter_map(|(column, reference)| {
                    Some((row.figure(column)?.median / reference).ln())
                })
                .collect();
            let mean = logarithms.iter().sum::<f64>() / logarithms.len() as f64;
            let place = match row.contestant.side() {
                Side::Ours => 0,
                Side::Rival if logarithms.is_empty() => 2,
                Side::Rival => 1,
                Side::Floor => 3,
            };
            // Thousandths are enough to be in order, and numbers of this kind can be compared.
            (place, (mean * 1000.0) as i64)
        });
    }
}

impl Row {
    pub(super) fn figure(&self, column: usize) -> Option<&Figure> {
        match &self.entries[column] {
            Entry::Measured(figure) => Some(figure),
            Entry::Refused(_) | Entry::Absent => None,
        }
    }
}

/// The column that a measure of a record belongs in.
fn column(columns: &[Column], record: &Record, measure: &Measure) -> Option<usize> {
    let is_it =
        |column: &Column| column.cell == record.cell && column.measure.figures == measure.figures;
    columns.iter().position(is_it)
}

fn title(topic: &Topic, measure: &Measure, cell: &Map<String, Value>) -> String {
    let cell = describe(cell, topic.columns);
    if topic.measures.len() > 1 || cell.is_empty() {
        let parts = [cell.as_str(), measure.title];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(", ")
    } else {
        cell
    }
}

/// Some members of a cell in words.
fn describe(cell: &Map<String, Value>, members: &[&str]) -> String {
    let words = members
        .iter()
        .filter_map(|member| Some(words(member, cell.get(*member)?)));
    let words: Vec<String> = words.filter(|words| !words.is_empty()).collect();
    words.join(", ")
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::{Entry, Table};
    use crate::bench::peers::group::Group;
    use crate::bench::peers::record::Record;
    use crate::bench::peers::record::tests::{record, refused};
    use crate::bench::peers::topic::{TOPICS, Topic};
    use crate::bench::peers::verdict::{Tally, Verdict};

    pub(in crate::bench::peers) fn topic(group: Group) -> &'static Topic {
        TOPICS.iter().find(|topic| topic.group == group).unwrap()
    }

    /// Two sizes on one connection, one of them also in bursts on 200.
    pub(in crate::bench::peers) fn loopback() -> Vec<Record> {
        let cell = |connections, message, burst| json!({ "connections": connections, "message": message, "burst": burst, "cores": "one" });
        let cpu =
            |name, cell: &Value, figure| record(name, cell, &[("cpu", figure), ("rate", 7.0)]);
        let small = cell(1, 20, 1);
        let large = cell(1, 1024, 1);
        let bursts = cell(200, 20, 16);
        vec![
            refused("soketto", &small, "it cannot"),
            cpu("tokio:raw", &small, 1.0),
            cpu("tautline:send", &small, 3.0),
            cpu("tautline:cork", &small, 2.0),
            cpu("wtx", &small, 8.0),
            cpu("yawc", &small, 4.0),
            cpu("tautline:send", &large, 5.0),
            cpu("tautline:cork", &large, 5.2),
            cpu("yawc", &large, 4.0),
            cpu("wtx", &large, 8.0),
            cpu("tautline:send", &bursts, 4.0),
            cpu("yawc", &bursts, 4.1),
        ]
    }

    #[test]
    fn records_become_tables_columns_and_rows() {
        let tables = Table::all(topic(Group::Loopback), &loopback());
        let headings: Vec<&str> = tables.iter().map(|table| table.heading.as_str()).collect();
        assert_eq!(headings, ["1 connection", "200 connections"]);
        let titles = |table: &Table| -> Vec<String> {
            table
                .columns
                .iter()
                .map(|column| column.title.clone())
                .collect()
        };
        assert_eq!(titles(&tables[0]), ["20 B", "1 KiB"]);
        assert_eq!(titles(&tables[1]), ["20 B, bursts of 16"]);
        let rows = tables[0].rows.iter().map(|row| row.contestant.argument());
        // By the mean over the columns; whoever has no figures comes behind those who have.
        assert_eq!(
            rows.collect::<Vec<_>>(),
            [
                "tautline:cork",
                "tautline:send",
                "yawc",
                "wtx",
                "soketto",
                "tokio:raw"
            ]
        );
        assert!(matches!(&tables[0].rows[4].entries[0], Entry::Refused(why) if why == "it cannot"));
        assert!(matches!(tables[0].rows[4].entries[1], Entry::Absent));
    }

    #[test]
    fn the_floor_is_neither_the_best_nor_a_rival() {
        let tables = Table::all(topic(Group::Loopback), &loopback());
        let (rival, figure) = tables[0].best_rival(0).unwrap();
        assert_eq!((rival.argument().as_str(), figure.median), ("yawc", 4.0));
        let (ours, _) = tables[0].best_of_ours(0).unwrap();
        assert_eq!(ours.way, "cork");
        assert_eq!(tables[0].least(0).unwrap().median, 2.0);
        assert_eq!(tables[0].least(1).unwrap().median, 4.0);
    }

    #[test]
    fn the_best_way_and_every_way_are_judged() {
        let tables = Table::all(topic(Group::Loopback), &loopback());
        assert_eq!(tables[0].best_verdict(1), Some(Verdict::Behind));
        let (best, ways) = tables[0].tallies();
        let tally = |ahead, level, behind| Tally {
            ahead,
            level,
            behind,
        };
        assert_eq!(best, tally(1, 0, 1));
        assert_eq!(ways["cork"], tally(1, 0, 1));
        let (best, ways) = tables[1].tallies();
        assert_eq!(best, tally(0, 1, 0));
        assert_eq!(ways.len(), 1);
    }

    #[test]
    fn several_measures_are_columns() {
        let cell = json!({ "connections": 5000, "threads": "one" });
        let figures = [
            ("idle", 2048.0),
            ("after_16_kib", 3000.0),
            ("after_1_mib", 4000.0),
        ];
        let records = [record("tautline:send", &cell, &figures)];
        let tables = Table::all(topic(Group::IdleMemory), &records);
        assert_eq!(tables[0].heading, "5,000 connections, one thread");
        let titles: Vec<&str> = tables[0].columns.iter().map(|c| c.title.as_str()).collect();
        assert_eq!(
            titles,
            ["after the handshake", "after 16 KiB", "after 1 MiB"]
        );
        // Nobody to be compared with.
        assert_eq!(tables[0].best_verdict(0), None);
    }
}
