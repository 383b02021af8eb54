//! Reading a report of the suite: `index.json` and one file for each case.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::autobahn::case_id::CaseId;

/// Every case of a run with its verdicts.
pub(super) struct Report {
    pub(super) cases: BTreeMap<CaseId, Verdict>,
    directory: PathBuf,
}

impl Report {
    /// Reads the report in `directory`.
    pub(super) fn read(directory: &Path) -> anyhow::Result<Self> {
        let index = directory.join("index.json");
        let text = fs::read_to_string(&index).with_context(|| {
            format!(
                "the runner wrote no report: cannot read {}",
                index.display()
            )
        })?;
        let cases = parse(&text).with_context(|| format!("cannot use {}", index.display()))?;
        Ok(Self {
            cases,
            directory: directory.to_owned(),
        })
    }

    #[cfg(test)]
    pub(super) fn of(behaviors: Vec<(CaseId, &str)>) -> Self {
        let verdict = |behavior: &str| Verdict {
            behavior: behavior.to_owned(),
            behavior_close: "OK".to_owned(),
            report_file: String::new(),
        };
        Self {
            cases: behaviors
                .into_iter()
                .map(|(case, behavior)| (case, verdict(behavior)))
                .collect(),
            directory: PathBuf::new(),
        }
    }

    /// What the case's own file says beyond the verdict.
    ///
    /// A missing or odd file gives empty texts: the verdict stands without them.
    pub(super) fn detail(&self, verdict: &Verdict) -> Detail {
        fs::read_to_string(self.directory.join(&verdict.report_file))
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default()
    }

    /// The page about a case, for a person.
    pub(super) fn page(&self, verdict: &Verdict) -> PathBuf {
        self.directory
            .join(&verdict.report_file)
            .with_extension("html")
    }
}

/// The suite's two verdicts on a case, in its own words.
#[derive(Debug, Deserialize)]
pub(super) struct Verdict {
    pub(super) behavior: String,
    #[serde(rename = "behaviorClose")]
    pub(super) behavior_close: String,
    #[serde(rename = "reportfile")]
    report_file: String,
}

impl Verdict {
    /// The one column in which the case is counted.
    pub(super) fn outcome(&self) -> Outcome {
        let clean = matches!(self.behavior_close.as_str(), "OK" | "INFORMATIONAL");
        match self.behavior.as_str() {
            "UNIMPLEMENTED" => Outcome::Unimplemented,
            "OK" | "INFORMATIONAL" | "NON-STRICT" if !clean => Outcome::Unclean,
            "OK" => Outcome::Ok,
            "INFORMATIONAL" => Outcome::Informational,
            "NON-STRICT" => Outcome::NonStrict,
            // FAILED, kosoku's ERROR, and whatever a later suite may invent.
            _ => Outcome::Failed,
        }
    }

    /// Whether the case is as good as it can be.
    pub(super) fn passes(&self, case: &CaseId) -> bool {
        let informational = INFORMATIONAL.contains(&case.to_string().as_str());
        [&self.behavior, &self.behavior_close]
            .iter()
            .all(|verdict| *verdict == "OK" || (informational && *verdict == "INFORMATIONAL"))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.behavior, self.behavior_close)
    }
}

/// The columns of the summary, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    Ok,
    Informational,
    NonStrict,
    Unimplemented,
    Failed,
    Unclean,
}

impl Outcome {
    pub(super) const ALL: [Self; 6] = [
        Self::Ok,
        Self::Informational,
        Self::NonStrict,
        Self::Unimplemented,
        Self::Failed,
        Self::Unclean,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Informational => "informational",
            Self::NonStrict => "non-strict",
            Self::Unimplemented => "unimplemented",
            Self::Failed => "failed",
            Self::Unclean => "unclean",
        }
    }
}

/// Texts about one case.
#[derive(Default, Deserialize)]
pub(super) struct Detail {
    #[serde(default)]
    pub(super) result: String,
    #[serde(default, rename = "resultClose")]
    pub(super) result_close: String,
    #[serde(default)]
    pub(super) expected: Value,
    #[serde(default)]
    pub(super) received: Value,
}

fn parse(text: &str) -> anyhow::Result<BTreeMap<CaseId, Verdict>> {
    // The outer key is the agent. A server that is gone half-way has two of them in kosoku's
    // report: its `Server` header, and its address for the cases that could not connect.
    let agents: BTreeMap<String, BTreeMap<String, Verdict>> = serde_json::from_str(text)?;
    let mut cases = BTreeMap::new();
    for (id, verdict) in agents.into_values().flatten() {
        if cases.insert(id.parse()?, verdict).is_some() {
            bail!("case {id} appears twice");
        }
    }
    Ok(cases)
}

/// The cases whose outcome the suite leaves to the implementation.
const INFORMATIONAL: &[&str] = &["7.1.6", "7.13.1", "7.13.2"];

#[cfg(test)]
mod tests {
    use super::{Outcome, parse};

    const INDEX: &str = r#"{"peer": {
        "1.1.1": {"behavior": "OK", "behaviorClose": "OK", "duration": 4,
                  "remoteCloseCode": 1000, "reportfile": "peer_case_1_1_1.json"},
        "7.1.6": {"behavior": "INFORMATIONAL", "behaviorClose": "INFORMATIONAL", "duration": 4,
                  "remoteCloseCode": null, "reportfile": "peer_case_7_1_6.json"}
    }}"#;

    fn verdict(behavior: &str, close: &str) -> super::Verdict {
        super::Verdict {
            behavior: behavior.to_owned(),
            behavior_close: close.to_owned(),
            report_file: String::new(),
        }
    }

    #[test]
    fn an_index_is_read_by_case() {
        let cases = parse(INDEX).unwrap();
        let outcomes: Vec<_> = cases
            .iter()
            .map(|(case, verdict)| (case.to_string(), verdict.outcome()))
            .collect();
        let expected = [
            ("1.1.1".to_owned(), Outcome::Ok),
            ("7.1.6".to_owned(), Outcome::Informational),
        ];
        assert_eq!(outcomes, expected);
    }

    #[test]
    fn an_empty_index_has_no_cases_and_a_case_cannot_appear_twice() {
        assert!(parse("{}").unwrap().is_empty());
        let verdict = r#"{"1.1.1": {"behavior": "OK", "behaviorClose": "OK", "reportfile": "f"}}"#;
        let twice = format!(r#"{{"a": {verdict}, "b": {verdict}}}"#);
        assert!(parse(&twice).is_err());
        assert!(parse("").is_err());
    }

    #[test]
    fn every_case_is_counted_in_one_column() {
        let cases = [
            ("OK", "OK", Outcome::Ok),
            ("OK", "INFORMATIONAL", Outcome::Ok),
            ("OK", "UNCLEAN", Outcome::Unclean),
            ("NON-STRICT", "OK", Outcome::NonStrict),
            ("NON-STRICT", "WRONG CODE", Outcome::Unclean),
            ("INFORMATIONAL", "FAILED BY CLIENT", Outcome::Unclean),
            ("FAILED", "UNCLEAN", Outcome::Failed),
            ("ERROR", "FAILED", Outcome::Failed),
            ("UNIMPLEMENTED", "FAILED", Outcome::Unimplemented),
            ("SOMETHING NEW", "OK", Outcome::Failed),
        ];
        for (behavior, close, outcome) in cases {
            assert_eq!(
                verdict(behavior, close).outcome(),
                outcome,
                "{behavior}, {close}"
            );
        }
    }

    #[test]
    fn only_ok_passes_and_informational_in_three_cases() {
        let cases = [
            ("1.1.1", "OK", "OK", true),
            ("1.1.1", "INFORMATIONAL", "OK", false),
            ("1.1.1", "OK", "INFORMATIONAL", false),
            ("6.4.1", "NON-STRICT", "OK", false),
            ("7.1.6", "INFORMATIONAL", "INFORMATIONAL", true),
            ("7.13.1", "INFORMATIONAL", "OK", true),
            ("7.13.2", "NON-STRICT", "OK", false),
            ("7.13.2", "INFORMATIONAL", "UNCLEAN", false),
            ("12.1.1", "UNIMPLEMENTED", "OK", false),
        ];
        for (case, behavior, close, passes) in cases {
            let id = case.parse().unwrap();
            assert_eq!(
                verdict(behavior, close).passes(&id),
                passes,
                "{case} {behavior} {close}"
            );
        }
    }
}
