use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use crate::bench::counts::conditions::Conditions;
use crate::bench::counts::measure::{Counts, Measure};

/// What was counted once, and is compared with since.
#[derive(Serialize, Deserialize)]
pub(super) struct Baseline {
    pub(super) conditions: Conditions,
    /// Sorted, so that a change of the file shows what has changed.
    counts: BTreeMap<Measure, BTreeMap<String, Number>>,
}

impl Baseline {
    pub(super) fn new(conditions: Conditions, counts: &Counts) -> Self {
        let of = |measure| {
            let counts = counts.of(measure).iter();
            counts
                .map(|(name, value)| (name.clone(), number(*value)))
                .collect()
        };
        let counts = counts.measures().map(|measure| (measure, of(measure)));
        Self {
            conditions,
            counts: counts.collect(),
        }
    }

    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| {
            format!(
                "cannot read {}; cargo xtask bench counts --update writes it",
                path.display()
            )
        })?;
        serde_json::from_str(&text).with_context(|| format!("cannot use {}", path.display()))
    }

    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    pub(super) fn get(&self, measure: Measure, name: &str) -> Option<f64> {
        self.counts.get(&measure)?.get(name)?.as_f64()
    }

    pub(super) fn names(&self, measure: Measure) -> impl Iterator<Item = &str> {
        let counts = self.counts.get(&measure).into_iter();
        counts.flat_map(|counts| counts.keys().map(String::as_str))
    }
}

/// Whole numbers without a fraction, as people write them.
fn number(value: f64) -> Number {
    match value.fract() {
        0.0 => Number::from(value as i64),
        _ => Number::from_f64(value).expect("what was counted is finite"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::Baseline;
    use crate::bench::counts::conditions::tests::conditions;
    use crate::bench::counts::measure::{Counts, Measure};

    pub(in crate::bench::counts) fn counts(measure: Measure, values: &[(&str, f64)]) -> Counts {
        let mut counts = Counts::default();
        for (name, value) in values {
            counts.add(measure, (*name).to_owned(), *value);
        }
        counts
    }

    #[test]
    fn a_baseline_is_sorted_rounded_and_read_as_it_was_written() {
        let mut all = counts(Measure::Calls, &[("b", 2.0625), ("a", 3.00001)]);
        all.extend(counts(Measure::Instructions, &[("c", 123.6)]));
        let baseline = Baseline::new(conditions(), &all);
        let text = serde_json::to_string(&baseline).unwrap();
        let expected = r#""counts":{"instructions":{"c":124},"calls":{"a":3,"b":2.063}}"#;
        assert!(text.contains(expected), "{text}");
        let read: Baseline = serde_json::from_str(&text).unwrap();
        assert_eq!(read.get(Measure::Calls, "b"), Some(2.063));
        assert_eq!(read.get(Measure::Calls, "c"), None);
        assert_eq!(read.names(Measure::Calls).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(read.names(Measure::IdleHeap).count(), 0);
    }
}
