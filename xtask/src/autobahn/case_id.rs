//! The suite's list of cases, and choosing from it.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, bail};

/// The number of an Autobahn case, such as `6.22.34`; ordered by component.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CaseId(Vec<u16>);

impl CaseId {
    /// The first component.
    pub(super) fn category(&self) -> u16 {
        self.0[0]
    }
}

impl FromStr for CaseId {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let parts: Result<_, _> = text.split('.').map(str::parse).collect();
        parts
            .map(Self)
            .with_context(|| format!("{text} is not the number of a case"))
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "." };
            write!(f, "{separator}{part}")?;
        }
        Ok(())
    }
}

/// The name of a category, as the suite's reports call it.
pub(super) fn category_name(category: u16) -> &'static str {
    match category {
        1 => "Framing",
        2 => "Pings/Pongs",
        3 => "Reserved Bits",
        4 => "Opcodes",
        5 => "Fragmentation",
        6 => "UTF-8 Handling",
        7 => "Close Handling",
        9 => "Limits/Performance",
        12 => "Compression (payloads)",
        13 => "Compression (parameters)",
        _ => "Misc",
    }
}

/// The cases that match any of `patterns`, or all if there is none, without those that match `skip`.
///
/// `*` stands for any characters; a pattern without it also means everything below it, so `6` is
/// `6.*`, and `2.1` is not `2.10`.
///
/// # Errors
///
/// A pattern that matches nothing is an error, and so is a choice of nothing: a typing mistake must
/// not look like a passed run.
pub(super) fn choose(patterns: &[String], skip: &[String]) -> anyhow::Result<Vec<CaseId>> {
    let mut cases = all();
    for pattern in patterns.iter().chain(skip) {
        if !cases.iter().any(|case| matches(pattern, case)) {
            bail!("no case matches {pattern}");
        }
    }
    let named = |list: &[String], case: &CaseId| list.iter().any(|pattern| matches(pattern, case));
    cases.retain(|case| (patterns.is_empty() || named(patterns, case)) && !named(skip, case));
    if cases.is_empty() {
        bail!("no case is left to run");
    }
    Ok(cases)
}

fn matches(pattern: &str, case: &CaseId) -> bool {
    let (pattern, id) = (pattern.trim(), case.to_string());
    if pattern.contains('*') {
        return glob(pattern.as_bytes(), id.as_bytes());
    }
    id.strip_prefix(pattern)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*', rest @ ..] => (0..=text.len()).any(|skip| glob(rest, &text[skip..])),
        [first, rest @ ..] => text
            .split_first()
            .is_some_and(|(c, tail)| c == first && glob(rest, tail)),
    }
}

fn all() -> Vec<CaseId> {
    let case = |group: &[u16], number| CaseId([group, &[number]].concat());
    GROUPS
        .iter()
        .flat_map(|&(group, count)| (1..=count).map(move |n| case(group, n)))
        .collect()
}

/// Every group of cases in suite 25.10.1 with its size; there is no 8.* and no 11.*.
const GROUPS: &[(&[u16], u16)] = &[
    (&[1, 1], 8),
    (&[1, 2], 8),
    (&[2], 11),
    (&[3], 7),
    (&[4, 1], 5),
    (&[4, 2], 5),
    (&[5], 20),
    (&[6, 1], 3),
    (&[6, 2], 4),
    (&[6, 3], 2),
    (&[6, 4], 4),
    (&[6, 5], 5),
    (&[6, 6], 11),
    (&[6, 7], 4),
    (&[6, 8], 2),
    (&[6, 9], 4),
    (&[6, 10], 3),
    (&[6, 11], 5),
    (&[6, 12], 8),
    (&[6, 13], 5),
    (&[6, 14], 10),
    (&[6, 15], 1),
    (&[6, 16], 3),
    (&[6, 17], 5),
    (&[6, 18], 5),
    (&[6, 19], 5),
    (&[6, 20], 7),
    (&[6, 21], 8),
    (&[6, 22], 34),
    (&[6, 23], 7),
    (&[7, 1], 6),
    (&[7, 3], 6),
    (&[7, 5], 1),
    (&[7, 7], 13),
    (&[7, 9], 9),
    (&[7, 13], 2),
    (&[9, 1], 6),
    (&[9, 2], 6),
    (&[9, 3], 9),
    (&[9, 4], 9),
    (&[9, 5], 6),
    (&[9, 6], 6),
    (&[9, 7], 6),
    (&[9, 8], 6),
    (&[10, 1], 1),
    (&[12, 1], 18),
    (&[12, 2], 18),
    (&[12, 3], 18),
    (&[12, 4], 18),
    (&[12, 5], 18),
    (&[13, 1], 18),
    (&[13, 2], 18),
    (&[13, 3], 18),
    (&[13, 4], 18),
    (&[13, 5], 18),
    (&[13, 6], 18),
    (&[13, 7], 18),
];

#[cfg(test)]
mod tests {
    use super::{all, choose};

    fn list(patterns: &[&str]) -> Vec<String> {
        patterns.iter().map(|&pattern| pattern.to_owned()).collect()
    }

    fn chosen(patterns: &[&str], skip: &[&str]) -> Vec<String> {
        let cases = choose(&list(patterns), &list(skip)).unwrap();
        cases.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn all_517_cases_run_and_301_without_compression() {
        assert_eq!(chosen(&[], &[]).len(), 517);
        assert_eq!(chosen(&[], &["12", "13"]).len(), 301);
    }

    #[test]
    fn patterns_choose_whole_components() {
        let cases: &[(&[&str], usize)] = &[
            (&["5*", "10"], 21),
            (&["1.*"], 16),
            (&["1"], 16),
            (&["6.*", "9.*"], 199),
            (&["6.4"], 4),
            (&["2.1"], 1),
            (&["2.1*"], 3),
            (&["7.1.6", "7.1.*"], 6),
            (&["13.*.1"], 7),
        ];
        for &(patterns, count) in cases {
            assert_eq!(chosen(patterns, &[]).len(), count, "{patterns:?}");
            assert_eq!(chosen(&[], patterns).len(), 517 - count, "{patterns:?}");
        }
    }

    #[test]
    fn cases_are_in_the_order_of_their_numbers() {
        assert_eq!(
            chosen(&["2.1*", "1.1.8", "10"], &["3"]),
            ["1.1.8", "2.1", "2.10", "2.11", "10.1.1"]
        );
        assert!(all().is_sorted());
    }

    #[test]
    fn a_pattern_that_matches_nothing_and_a_choice_of_nothing_are_errors() {
        let bad: [(&[&str], &[&str]); 4] = [
            (&["99.*"], &[]),
            (&["1.*", "8"], &[]),
            (&[], &["11"]),
            // Nothing is left.
            (&["2.1"], &["2.*"]),
        ];
        for (patterns, skip) in bad {
            assert!(
                choose(&list(patterns), &list(skip)).is_err(),
                "{patterns:?}"
            );
        }
    }
}
