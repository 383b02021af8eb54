use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a count is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Measure {
    Instructions,
    Calls,
    IdleHeap,
    Allocations,
    AllocatedBytes,
}

impl Measure {
    /// The name that the program which counts memory has for it.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "idle-heap" => Some(Self::IdleHeap),
            "allocations" => Some(Self::Allocations),
            "allocated-bytes" => Some(Self::AllocatedBytes),
            _ => None,
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Instructions => "Instructions a message",
            Self::Calls => "System calls a message",
            Self::IdleHeap => "Heap bytes of a connection that waits",
            Self::Allocations => "Allocations a message",
            Self::AllocatedBytes => "Bytes allocated a message",
        }
    }

    /// By how much a small count may differ before it counts as a change: less than one more for
    /// each message or connection, and for what is counted in whole units one of them.
    pub(super) const fn slack(self) -> f64 {
        match self {
            Self::Instructions | Self::IdleHeap | Self::AllocatedBytes => 1.0,
            Self::Calls | Self::Allocations => 0.01,
        }
    }

    /// The digits behind the point that mean something.
    pub(super) const fn decimals(self) -> usize {
        match self {
            Self::Instructions | Self::IdleHeap | Self::AllocatedBytes => 0,
            Self::Calls | Self::Allocations => 3,
        }
    }

    /// Without the digits that mean nothing.
    pub(super) fn rounded(self, value: f64) -> f64 {
        let scale = 10_f64.powi(self.decimals() as i32);
        (value * scale).round() / scale
    }
}

/// What was counted, in the order of the programs.
#[derive(Default)]
pub(super) struct Counts(BTreeMap<Measure, Vec<(String, f64)>>);

impl Counts {
    pub(super) fn add(&mut self, measure: Measure, name: String, value: f64) {
        let counts = self.0.entry(measure).or_default();
        counts.push((name, measure.rounded(value)));
    }

    pub(super) fn extend(&mut self, other: Self) {
        for (measure, counts) in other.0 {
            self.0.entry(measure).or_default().extend(counts);
        }
    }

    pub(super) fn of(&self, measure: Measure) -> &[(String, f64)] {
        self.0.get(&measure).map_or(&[], Vec::as_slice)
    }

    pub(super) fn measures(&self) -> impl Iterator<Item = Measure> {
        self.0.keys().copied()
    }
}
