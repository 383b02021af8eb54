//! Showing a report: a table, what is wrong, one line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Context;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use console::style;
use serde_json::{Value, json};

use crate::autobahn::Plan;
use crate::autobahn::case_id::{CaseId, category_name};
use crate::autobahn::report::{Outcome, Report};

/// Prints the table and every case that does not pass; says whether the run passes.
pub(super) fn show(title: &str, report: &Report, plan: &Plan) -> anyhow::Result<bool> {
    println!("{}\n{}", style(title).bold(), table(report));
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
    Ok(passed)
}

/// The one line that says it all.
pub(super) fn line(title: &str, report: &Report) -> String {
    let counts = count(report.cases.values().map(|verdict| verdict.outcome()));
    let columns: Vec<String> = Outcome::ALL
        .iter()
        .map(|kind| format!("{} {}", counts[kind], kind.name()))
        .collect();
    format!("autobahn {title}: {}", columns.join(", "))
}

/// Writes `summary.json` beside the report: the counts, and what produced them.
pub(super) fn save(
    title: &str,
    runner: &str,
    report: &Report,
    directory: &Path,
) -> anyhow::Result<()> {
    let counts = count(report.cases.values().map(|verdict| verdict.outcome()));
    let counts: BTreeMap<&str, usize> = counts
        .into_iter()
        .map(|(outcome, count)| (outcome.name(), count))
        .collect();
    let summary =
        json!({ "run": title, "runner": runner, "cases": report.cases.len(), "counts": counts });
    let path = directory.join("summary.json");
    fs::write(&path, format!("{summary:#}\n"))
        .with_context(|| format!("cannot write {}", path.display()))
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
    use super::{count, shorten};
    use crate::autobahn::report::Outcome;

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
