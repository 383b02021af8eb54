//! The comparison as tables, for Markdown and for a terminal.

use std::fmt::Write;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, Table};

use crate::bench::figures::{figure, size};
use crate::bench::runtimes::comparison::{Comparison, Row};
use crate::bench::runtimes::criterion::Estimate;

/// One unit for one pattern: a row for each load, a column for each runtime.
pub(super) struct Figures {
    header: Vec<String>,
    rows: Vec<Vec<Figure>>,
}

/// What the numbers count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Messages,
    Mebibytes,
    Microseconds,
}

impl Unit {
    pub(super) const ALL: [Self; 3] = [Self::Messages, Self::Mebibytes, Self::Microseconds];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Messages => "Messages per second",
            Self::Mebibytes => "MiB per second",
            Self::Microseconds => "Microseconds per message and connection",
        }
    }

    fn show(self, connections: u64, row: &Row, rate: &Estimate) -> String {
        match self {
            Self::Messages => {
                let spread = rate.spread() * 100.0;
                let number = figure(rate.value);
                if row.is_best(rate) {
                    return format!("{number} ±{spread:.1}%");
                }
                let ratio = rate.value / row.best();
                format!("{number} ±{spread:.1}% ({ratio:.2}×)")
            }
            Self::Mebibytes => figure(row.mebibytes(rate)),
            Self::Microseconds => figure(connections as f64 * 1e6 / rate.value),
        }
    }
}

struct Figure {
    text: String,
    is_best: bool,
}

impl Figures {
    pub(super) fn new(comparison: &Comparison, pattern: &str, unit: Unit) -> Self {
        let mut header = vec!["connections".to_owned(), "payload".to_owned()];
        header.extend(comparison.runtimes.iter().cloned());
        let plain = |text| Figure {
            text,
            is_best: false,
        };
        let row = |(connections, row): (u64, &Row)| {
            let mut figures = vec![plain(connections.to_string()), plain(size(row.payload))];
            figures.extend(comparison.runtimes.iter().map(
                |runtime| match row.rates.get(runtime) {
                    None => plain("not measured".to_owned()),
                    Some(rate) => Figure {
                        text: unit.show(connections, row, rate),
                        is_best: row.is_best(rate),
                    },
                },
            ));
            figures
        };
        Self {
            header,
            rows: comparison.rows(pattern).map(row).collect(),
        }
    }

    pub(super) fn markdown(&self) -> String {
        let mut text = format!("| {} |\n", self.header.join(" | "));
        let _ = writeln!(text, "|{}", "---:|".repeat(self.header.len()));
        for row in &self.rows {
            let cells: Vec<String> = row
                .iter()
                .map(|figure| match figure.is_best {
                    true => format!("**{}**", figure.text),
                    false => figure.text.clone(),
                })
                .collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        text
    }

    pub(super) fn terminal(&self) -> Table {
        let mut table = Table::new();
        table
            .load_style(UTF8_FULL_CONDENSED)
            .set_header(&self.header);
        for row in &self.rows {
            let cells = row.iter().map(|figure| Cell::new(&figure.text));
            table.add_row(cells.map(|cell| cell.set_alignment(CellAlignment::Right)));
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::{Figures, Unit};
    use crate::bench::runtimes::comparison::Comparison;
    use crate::bench::runtimes::comparison::tests::measured;

    fn figures(unit: Unit) -> Figures {
        let comparison = Comparison::new(&[
            measured("ping-pong/100", "tokio", 1024, 100, 1e6),
            measured("ping-pong/100", "smol", 1024, 100, 2e6),
            measured("ping-pong/100", "smol", 65536, 100, 4e6),
        ])
        .unwrap();
        Figures::new(&comparison, "ping-pong", unit)
    }

    #[test]
    fn the_fastest_is_bold_and_the_others_have_their_ratio() {
        let expected = "| connections | payload | tokio | smol |\n|---:|---:|---:|---:|\n\
            | 100 | 1 KiB | **100,000 ±11.1%** | 50,000 ±11.1% (0.50×) |\n\
            | 100 | 64 KiB | not measured | **25,000 ±11.1%** |\n";
        assert_eq!(figures(Unit::Messages).markdown(), expected);
    }

    #[test]
    fn every_unit_is_derived_from_the_same_time() {
        let row = |unit| {
            let markdown = figures(unit).markdown();
            markdown.lines().nth(2).unwrap().to_owned()
        };
        let mebibytes = row(Unit::Mebibytes);
        assert_eq!(mebibytes, "| 100 | 1 KiB | **97.7** | 48.8 |");
        // Each of the 100 connections has a hundredth of the messages.
        let microseconds = row(Unit::Microseconds);
        assert_eq!(microseconds, "| 100 | 1 KiB | **1,000** | 2,000 |");
    }

    #[test]
    fn the_terminal_shows_the_same_figures() {
        let table = figures(Unit::Messages).terminal().to_string();
        for text in ["64 KiB", "100,000 ±11.1%", "(0.50×)", "not measured"] {
            assert!(table.contains(text), "{table}");
        }
    }
}
