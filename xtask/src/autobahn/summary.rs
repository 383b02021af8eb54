//! The figures of a run: in a file, in one line, and beside those of the other runs.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;

use anyhow::Context;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use serde_json::json;

use crate::autobahn::Plan;
use crate::autobahn::report::{Outcome, Report};

/// Writes `summary.json` beside the report: the counts, and what produced them.
pub(super) fn save(runner: &str, report: &Report, plan: &Plan) -> anyhow::Result<()> {
    let counts = count(report.cases.values().map(|verdict| verdict.outcome()));
    let counts: BTreeMap<&str, usize> = counts
        .into_iter()
        .map(|(outcome, count)| (outcome.name(), count))
        .collect();
    let summary = json!({
        "run": plan.title(),
        "runner": runner,
        "cases": report.cases.len(),
        "counts": counts,
    });
    let path = plan.directory.join("summary.json");
    fs::write(&path, format!("{summary:#}\n"))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Every run in one table, a line each.
pub(super) fn of_runs(tallies: &[Tally]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    let mut header = vec!["adapter", "role"];
    header.extend(Outcome::ALL.iter().map(|outcome| outcome.name()));
    table.set_header(header);
    for tally in tallies {
        let mut row = vec![tally.adapter.to_owned(), tally.role.to_owned()];
        match &tally.counts {
            Some(counts) => row.extend(counts.values().map(ToString::to_string)),
            None => row.extend(Outcome::ALL.map(|_| "-".to_owned())),
        }
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// What is left of one run when all are over.
pub(super) struct Tally {
    adapter: &'static str,
    role: &'static str,
    pub(super) passed: bool,
    /// `None` if there is no report.
    counts: Option<BTreeMap<Outcome, usize>>,
}

impl Tally {
    pub(super) fn new(plan: &Plan, report: &Report, passed: bool) -> Self {
        Self {
            passed,
            counts: Some(count(
                report.cases.values().map(|verdict| verdict.outcome()),
            )),
            ..Self::unfinished(plan)
        }
    }

    pub(super) fn unfinished(plan: &Plan) -> Self {
        Self {
            adapter: plan.adapter.name(),
            role: plan.role.name(),
            passed: false,
            counts: None,
        }
    }
}

/// The one line that says it all.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "autobahn {} {}: ", self.adapter, self.role)?;
        let Some(counts) = &self.counts else {
            return f.write_str("does not finish");
        };
        let columns: Vec<String> = counts
            .iter()
            .map(|(kind, count)| format!("{count} {}", kind.name()))
            .collect();
        f.write_str(&columns.join(", "))
    }
}

/// How many outcomes there are of each kind, zeros included.
pub(super) fn count(outcomes: impl IntoIterator<Item = Outcome>) -> BTreeMap<Outcome, usize> {
    let mut counts: BTreeMap<_, _> = Outcome::ALL.iter().map(|&outcome| (outcome, 0)).collect();
    for outcome in outcomes {
        *counts.entry(outcome).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::{Tally, count, of_runs};
    use crate::autobahn::report::Outcome;

    #[test]
    fn every_run_has_a_line() {
        let tally = |role, counts| Tally {
            adapter: "smol",
            role,
            passed: true,
            counts,
        };
        let runs = [
            tally("server", Some(count([Outcome::Ok, Outcome::Unclean]))),
            tally("client", None),
        ];
        let lines = runs.each_ref().map(ToString::to_string);
        assert_eq!(
            lines[0],
            "autobahn smol server: 1 ok, 0 informational, 0 non-strict, 0 unimplemented, \
             0 failed, 1 unclean"
        );
        assert_eq!(lines[1], "autobahn smol client: does not finish");
        let table = of_runs(&runs).to_string();
        let row = |role| table.lines().find(|line| line.contains(role)).unwrap();
        assert_eq!(row("server").matches('0').count(), 4, "{table}");
        assert_eq!(row("client").matches('-').count(), 6, "{table}");
    }

    #[test]
    fn outcomes_are_counted_with_zeros() {
        let counts = count([Outcome::Ok, Outcome::Failed, Outcome::Ok]);
        let columns: Vec<usize> = counts.into_values().collect();
        assert_eq!(columns, [2, 0, 0, 0, 1, 0]);
    }
}
