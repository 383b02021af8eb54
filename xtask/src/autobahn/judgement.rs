//! Whether a run passes, and what is to be said about it.

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use console::style;
use serde_json::Value;

use crate::autobahn::Plan;
use crate::autobahn::case_id::{CaseId, category_name};
use crate::autobahn::report::{Outcome, Report};
use crate::autobahn::summary::{Tally, count};

/// What a report says about a run.
pub(super) struct Judgement {
    pub(super) tally: Tally,
    /// The table and every case that does not pass, for a person.
    pub(super) text: String,
}

impl Judgement {
    /// A run passes if its report holds exactly the chosen cases, and each passes.
    pub(super) fn new(report: &Report, plan: &Plan) -> Self {
        let failures = failures(report);
        let others = other_cases(report, plan);
        let passed = failures.is_empty() && others.is_empty();

        let title = plan.title();
        let page = plan.directory.join("index.html");
        let mut lines = vec![
            style(&title).bold().to_string(),
            table(report).to_string(),
            format!("report: {}", page.display()),
        ];
        lines.extend(informational(report));
        lines.extend(failures);
        lines.extend(others);
        if !passed {
            let end = style(format!("{title} does not pass")).red().bold();
            lines.push(end.to_string());
        }
        Self {
            tally: Tally::new(plan, report, passed),
            text: lines.join("\n") + "\n",
        }
    }
}

/// A line for each case that is not OK and need not be.
fn informational(report: &Report) -> Vec<String> {
    let cases = report.cases.iter();
    cases
        .filter(|(case, verdict)| verdict.passes(case) && verdict.outcome() != Outcome::Ok)
        .map(|(case, verdict)| format!("{case}: {verdict}, as it should be"))
        .collect()
}

/// What is known about each case that does not pass.
fn failures(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for (case, verdict) in &report.cases {
        if verdict.passes(case) {
            continue;
        }
        let detail = report.detail(verdict);
        lines.push(style(format!("{case}: {verdict}")).red().to_string());
        lines.push(format!("  result:   {}", detail.result));
        if detail.result_close != detail.result {
            lines.push(format!("  close:    {}", detail.result_close));
        }
        lines.push(format!("  expected: {}", short(&detail.expected)));
        lines.push(format!("  received: {}", short(&detail.received)));
        lines.push(format!("  {}", report.page(verdict).display()));
    }
    lines
}

/// The cases that are chosen or reported, and not both.
fn other_cases(report: &Report, plan: &Plan) -> Vec<String> {
    let chosen: BTreeSet<&CaseId> = plan.cases.iter().collect();
    let reported: BTreeSet<&CaseId> = report.cases.keys().collect();
    let mut lines = Vec::new();
    for (what, cases) in [
        ("not in the report", chosen.difference(&reported)),
        ("in the report but not chosen", reported.difference(&chosen)),
    ] {
        let cases: Vec<String> = cases.map(ToString::to_string).collect();
        if !cases.is_empty() {
            let title = style(format!("{} cases {what}:", cases.len())).red();
            lines.push(format!("{title}\n  {}", shorten(&cases.join(" "))));
        }
    }
    lines
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
    use std::path::PathBuf;

    use super::{Judgement, shorten};
    use crate::autobahn::adapter::Adapter;
    use crate::autobahn::case_id::choose;
    use crate::autobahn::report::Report;
    use crate::autobahn::{Plan, Role};

    /// A run of all cases.
    fn plan() -> Plan {
        Plan {
            adapter: Adapter::Smol,
            role: Role::Client,
            cases: choose(&[], &[]).unwrap(),
            jobs: 1,
            agent: "agent".to_owned(),
            directory: PathBuf::new(),
        }
    }

    /// The report of a run in which every case is as good as it can be, but for those below one
    /// of `categories`, whose verdict is `other` or which are left out.
    fn judge(categories: &[u16], other: Option<&str>) -> Judgement {
        let plan = plan();
        let mut verdicts = Vec::new();
        for case in &plan.cases {
            let best = match case.to_string().as_str() {
                "7.1.6" | "7.13.1" | "7.13.2" => "INFORMATIONAL",
                _ => "OK",
            };
            let verdict = if categories.contains(&case.category()) {
                other
            } else {
                Some(best)
            };
            verdicts.extend(verdict.map(|verdict| (case.clone(), verdict)));
        }
        Judgement::new(&Report::of(verdicts), &plan)
    }

    #[test]
    fn a_run_passes_with_514_ok_and_3_informational() {
        let Judgement { tally, text } = judge(&[], None);
        assert!(tally.passed, "{text}");
        assert_eq!(
            tally.to_string(),
            "autobahn smol client: 514 ok, 3 informational, 0 non-strict, 0 unimplemented, \
             0 failed, 0 unclean"
        );
        assert!(
            text.contains("7.13.1: INFORMATIONAL / OK, as it should be"),
            "{text}"
        );
    }

    /// What the runners say of an endpoint that does not offer compression, or does not take the
    /// offer.
    #[test]
    fn a_run_without_compression_does_not_pass() {
        let Judgement { tally, text } = judge(&[12, 13], Some("UNIMPLEMENTED"));
        assert!(!tally.passed);
        assert!(
            tally
                .to_string()
                .contains("298 ok, 3 informational, 0 non-strict, 216 unimpl")
        );
        assert!(text.contains("13.7.18: UNIMPLEMENTED / OK"), "{text}");
        assert!(text.contains("smol client does not pass"), "{text}");
    }

    #[test]
    fn a_run_that_leaves_chosen_cases_out_does_not_pass() {
        let Judgement { tally, text } = judge(&[12, 13], None);
        assert!(!tally.passed);
        assert!(text.contains("216 cases not in the report:"), "{text}");
        assert!(text.contains("  12.1.1 12.1.2 "), "{text}");
    }

    #[test]
    fn one_bad_category_fails_the_run() {
        for verdict in ["NON-STRICT", "INFORMATIONAL", "FAILED", "UNIMPLEMENTED"] {
            let Judgement { tally, text } = judge(&[10], Some(verdict));
            assert!(!tally.passed, "{verdict}");
            assert!(text.contains(&format!("10.1.1: {verdict} / OK")), "{text}");
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shorten("abc"), "abc");
        let long = "é".repeat(500);
        assert_eq!(shorten(&long), format!("{} ...", "é".repeat(160)));
    }
}
