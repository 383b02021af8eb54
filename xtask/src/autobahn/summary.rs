//! Showing a report: a table, what is wrong, one line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;

use anyhow::Context;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use console::style;
use serde_json::{Value, json};

use crate::autobahn::Plan;
use crate::autobahn::case_id::{CaseId, category_name};
use crate::autobahn::report::{Outcome, Report};

/// Prints the table and every case that does not pass; says whether the run passes.
pub(super) fn show(report: &Report, plan: &Plan) -> bool {
    let title = plan.title();
    println!("{}\n{}", style(&title).bold(), table(report));
    println!("report: {}", plan.directory.join("index.html").display());

    let mut passed = true;
    for (case, verdict) in &report.cases {
        if verdict.outcome() == Outcome::Ok && verdict.passes(case) {
            continue;
        }
        let verdicts = format!("{} / {}", verdict.behavior, verdict.behavior_close);
        if verdict.passes(case) {
            println!("{case}: {verdicts}, as it should be");
            continue;
        }
        passed = false;
        let detail = report.detail(verdict);
        println!("{}", style(format!("{case}: {verdicts}")).red());
        println!("  result:   {}", detail.result);
        if detail.result_close != detail.result {
            println!("  close:    {}", detail.result_close);
        }
        println!("  expected: {}", short(&detail.expected));
        println!("  received: {}", short(&detail.received));
        println!("  {}", report.page(verdict).display());
    }

    let chosen: BTreeSet<&CaseId> = plan.cases.iter().collect();
    let reported: BTreeSet<&CaseId> = report.cases.keys().collect();
    for (what, cases) in [
        ("not in the report", chosen.difference(&reported)),
        ("in the report but not chosen", reported.difference(&chosen)),
    ] {
        let cases: Vec<String> = cases.map(ToString::to_string).collect();
        if !cases.is_empty() {
            passed = false;
            println!("{}", style(format!("{} cases {what}:", cases.len())).red());
            println!("  {}", shorten(&cases.join(" ")));
        }
    }
    if !passed {
        println!("{}", style(format!("{title} does not pass")).red().bold());
    }
    passed
}

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

fn table(report: &Report) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    let mut header = vec!["category"];
    header.extend(Outcome::ALL.iter().map(|outcome| outcome.name()));
    table.set_header(header);

    let mut categories: BTreeMap<u16, Vec<Outcome>> = BTreeMap::new();
    for (case, verdict) in &report.cases {
        categories
            .entry(case.category())
            .or_default()
            .push(verdict.outcome());
    }
    for (category, outcomes) in categories {
        table.add_row(row(
            format!("{category:>2} {}", category_name(category)),
            outcomes,
        ));
    }
    let all = report.cases.values().map(|verdict| verdict.outcome());
    table.add_row(row("   all".to_owned(), all));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn row(name: String, outcomes: impl IntoIterator<Item = Outcome>) -> Vec<String> {
    let counts = count(outcomes);
    let mut row = vec![name];
    row.extend(Outcome::ALL.iter().map(|outcome| match counts[outcome] {
        0 => String::new(),
        count => count.to_string(),
    }));
    row
}

fn count(outcomes: impl IntoIterator<Item = Outcome>) -> BTreeMap<Outcome, usize> {
    let mut counts: BTreeMap<_, _> = Outcome::ALL.iter().map(|&outcome| (outcome, 0)).collect();
    for outcome in outcomes {
        *counts.entry(outcome).or_default() += 1;
    }
    counts
}

fn short(value: &Value) -> String {
    match value {
        Value::Null => "(not in the report)".to_owned(),
        value => shorten(&value.to_string()),
    }
}

/// About a line of a wide terminal: payloads may be megabytes.
fn shorten(text: &str) -> String {
    const LIMIT: usize = 160;
    match text.char_indices().nth(LIMIT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{} ...", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::{Tally, count, of_runs, shorten};
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

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shorten("abc"), "abc");
        let long = "é".repeat(500);
        assert_eq!(shorten(&long), format!("{} ...", "é".repeat(160)));
    }
}
