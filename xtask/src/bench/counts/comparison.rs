use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use crate::bench::counts::baseline::Baseline;
use crate::bench::counts::measure::{Counts, Measure};

/// The counts of a measure beside those of the baseline.
pub(super) struct Comparison {
    measure: Measure,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    change: Change,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    /// No more than what is tolerated.
    Little {
        then: f64,
        now: f64,
    },
    Worse {
        then: f64,
        now: f64,
    },
    Better {
        then: f64,
        now: f64,
    },
    /// The baseline does not have it.
    New {
        now: f64,
    },
    /// Only the baseline has it.
    Gone {
        then: f64,
    },
}

/// How much of a change is tolerated. Counts are exact; what they are of, down to how the compiler
/// lays out a function, is not always worth a new baseline.
const TOLERANCE: f64 = 0.03;

impl Change {
    fn new(measure: Measure, then: Option<f64>, now: f64) -> Self {
        let Some(then) = then else {
            return Self::New { now };
        };
        let tolerated = (then * TOLERANCE).max(measure.slack());
        if now > then + tolerated {
            Self::Worse { then, now }
        } else if now < then - tolerated {
            Self::Better { then, now }
        } else {
            Self::Little { then, now }
        }
    }

    /// Then and now.
    fn values(self) -> (Option<f64>, Option<f64>) {
        match self {
            Self::Little { then, now } | Self::Worse { then, now } | Self::Better { then, now } => {
                (Some(then), Some(now))
            }
            Self::New { now } => (None, Some(now)),
            Self::Gone { then } => (Some(then), None),
        }
    }

    fn percent(self) -> String {
        match self.values() {
            (Some(then), Some(now)) if then == now => "=".to_owned(),
            (Some(then), Some(now)) if then > 0.0 => {
                format!("{:+.1}%", (now - then) / then * 100.0)
            }
            (Some(_), Some(_)) => "more than none".to_owned(),
            (None, _) => "new".to_owned(),
            (_, None) => "gone".to_owned(),
        }
    }

    /// A baseline that lacks something, or has what nobody counts, tells nothing about it: that is
    /// a failure as well.
    const fn is_failure(self) -> bool {
        matches!(
            self,
            Self::Worse { .. } | Self::New { .. } | Self::Gone { .. }
        )
    }
}

impl Comparison {
    pub(super) fn new(counts: &Counts, baseline: &Baseline, measure: Measure) -> Self {
        let counts = counts.of(measure);
        let counted = counts.iter().map(|(name, now)| Row {
            name: name.clone(),
            change: Change::new(measure, baseline.get(measure, name), *now),
        });
        let gone = baseline.names(measure).filter_map(|name| {
            if counts.iter().any(|(counted, _)| counted == name) {
                return None;
            }
            Some(Row {
                name: name.to_owned(),
                change: Change::Gone {
                    then: baseline.get(measure, name)?,
                },
            })
        });
        Self {
            measure,
            rows: counted.chain(gone).collect(),
        }
    }

    pub(super) fn table(&self) -> Table {
        let mut table = Table::new();
        table
            .load_style(UTF8_FULL_CONDENSED)
            .set_header(["", "baseline", "now", "change"]);
        for row in &self.rows {
            let (then, now) = row.change.values();
            let percent = row.change.percent();
            table.add_row([
                row.name.clone(),
                self.figure(then),
                self.figure(now),
                match row.change {
                    Change::Worse { .. } => format!("worse {percent}"),
                    Change::Better { .. } => format!("better {percent}"),
                    _ => percent,
                },
            ]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    pub(super) fn failures(&self) -> usize {
        let failures = self.rows.iter().filter(|row| row.change.is_failure());
        failures.count()
    }

    /// What fails, a line each.
    pub(super) fn findings(&self) -> Option<String> {
        self.lines("not as the baseline has it:", Change::is_failure)
    }

    /// What is better than the baseline, a line each.
    pub(super) fn improvements(&self) -> Option<String> {
        self.lines("improved: update the baseline", |change| {
            matches!(change, Change::Better { .. })
        })
    }

    fn lines(&self, headline: &str, wanted: impl Fn(Change) -> bool) -> Option<String> {
        let mut lines = headline.to_owned();
        for row in self.rows.iter().filter(|row| wanted(row.change)) {
            lines.push_str(&format!("\n  {}: {}", row.name, row.change.percent()));
        }
        (lines.len() > headline.len()).then_some(lines)
    }

    fn figure(&self, value: Option<f64>) -> String {
        let decimals = self.measure.decimals();
        value.map_or_else(String::new, |value| format!("{value:.decimals$}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Comparison};
    use crate::bench::counts::baseline::Baseline;
    use crate::bench::counts::baseline::tests::counts;
    use crate::bench::counts::conditions::tests::conditions;
    use crate::bench::counts::measure::Measure;

    #[test]
    fn a_change_is_judged_by_its_share_and_by_the_unit() {
        let cases = [
            (Measure::Instructions, 1000.0, 1030.0, "little"),
            (Measure::Instructions, 1000.0, 1031.0, "worse"),
            (Measure::Instructions, 1000.0, 970.0, "little"),
            (Measure::Instructions, 1000.0, 969.0, "better"),
            (Measure::AllocatedBytes, 16.0, 17.0, "little"),
            (Measure::AllocatedBytes, 16.0, 18.0, "worse"),
            (Measure::Allocations, 0.0, 0.01, "little"),
            (Measure::Allocations, 0.0, 1.0, "worse"),
            (Measure::Calls, 1.0, 1.062, "worse"),
            (Measure::Calls, 0.063, 0.064, "little"),
            (Measure::Calls, 0.063, 0.125, "worse"),
        ];
        for (measure, then, now, expected) in cases {
            let found = match Change::new(measure, Some(then), now) {
                Change::Little { .. } => "little",
                Change::Worse { .. } => "worse",
                Change::Better { .. } => "better",
                Change::New { .. } | Change::Gone { .. } => "other",
            };
            assert_eq!(found, expected, "{measure:?}: {then}, {now}");
        }
    }

    #[test]
    fn what_is_new_or_gone_or_worse_fails_and_what_is_better_is_told() {
        let measure = Measure::Instructions;
        let then = counts(
            measure,
            &[
                ("same", 10.0),
                ("worse", 10.0),
                ("better", 10.0),
                ("gone", 10.0),
            ],
        );
        let baseline = Baseline::new(conditions(), &then);
        let now = counts(
            measure,
            &[
                ("same", 10.0),
                ("worse", 12.0),
                ("better", 8.0),
                ("new", 1.0),
            ],
        );
        let comparison = Comparison::new(&now, &baseline, measure);
        assert_eq!(comparison.failures(), 3);
        assert_eq!(
            comparison.findings().unwrap(),
            "not as the baseline has it:\n  worse: +20.0%\n  new: new\n  gone: gone"
        );
        assert_eq!(
            comparison.improvements().unwrap(),
            "improved: update the baseline\n  better: -20.0%"
        );
        let table = comparison.table().to_string();
        assert!(table.contains('='), "{table}");

        let same = Comparison::new(&then, &baseline, measure);
        assert_eq!(same.failures(), 0);
        assert!(same.findings().is_none() && same.improvements().is_none());
    }

    #[test]
    fn something_in_place_of_nothing_has_no_percentage() {
        let change = Change::new(Measure::Allocations, Some(0.0), 1.0);
        assert_eq!(change.percent(), "more than none");
        let change = Change::new(Measure::Allocations, Some(0.0), 0.0);
        assert_eq!(change.percent(), "=");
    }
}
