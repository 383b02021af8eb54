//! What came of an attack on one victim, and what to think of it.

use std::collections::BTreeMap;
use std::fmt;

use crate::hostile::attack::{Attack, Bounds};
use crate::hostile::ending::{Case, Ending};

/// What an attack has done to one victim.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    pub(super) cases: Vec<Case>,
    /// The most memory above that before the attack, in KiB.
    pub(super) kibibytes: u64,
    /// Processor time of the victim.
    pub(super) cpu_millis: u64,
    pub(super) millis: u64,
    pub(super) troubles: Vec<Trouble>,
}

/// What must not happen to a victim, whatever is done to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// The process is gone.
    Crashed,
    /// It took so much memory that it was killed.
    Killed,
    /// An honest peer finds nobody any more.
    StoppedAnswering,
    /// It goes on working though nobody is there.
    Spins,
    /// It has said that a thread panicked.
    Panicked,
    /// It has kept sockets whose peers are gone.
    KeepsSockets(usize),
    /// The attack could not be made, which says nothing of the victim.
    NotMade(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crashed => f.write_str("crashed"),
            Self::Killed => f.write_str("killed for its memory"),
            Self::StoppedAnswering => f.write_str("stopped answering"),
            Self::Spins => f.write_str("goes on working for nobody"),
            Self::Panicked => f.write_str("a task panicked"),
            Self::KeepsSockets(1) => f.write_str("keeps a socket"),
            Self::KeepsSockets(count) => write!(f, "keeps {count} sockets"),
            Self::NotMade(why) => write!(f, "not made: {why}"),
        }
    }
}

/// Whose choices an outcome is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// Every ending as it was decided for Tautline.
    Exact,
    /// Any ending that does no harm.
    Sound,
}

impl Outcome {
    /// What is wrong with it, a line each. Nothing if all is well.
    pub(super) fn complaints(&self, attack: &Attack, measure: Measure) -> Vec<String> {
        let mut complaints: Vec<String> = self.troubles.iter().map(ToString::to_string).collect();
        for case in &self.cases {
            let good = match measure {
                Measure::Exact => case.is_exact(),
                Measure::Sound => case.is_sound(),
            };
            if !good {
                let wanted: Vec<String> = case.wanted.iter().map(ToString::to_string).collect();
                let (label, seen) = (&case.label, case.seen);
                complaints.push(format!("{label}: {seen}, not {}", wanted.join(" or ")));
            }
        }
        complaints.extend(self.excesses(attack.bounds));
        complaints
    }

    /// What went over its bound.
    pub(super) fn excesses(&self, bounds: Bounds) -> Vec<String> {
        let Bounds {
            kibibytes,
            cpu_millis,
            seconds,
        } = bounds;
        let mut excesses = Vec::new();
        if self.kibibytes > kibibytes {
            let (is, may) = (size(self.kibibytes), size(kibibytes));
            excesses.push(format!("{is} of memory, over {may}"));
        }
        if self.cpu_millis > cpu_millis {
            let (is, may) = (time(self.cpu_millis), time(cpu_millis));
            excesses.push(format!("{is} of processor time, over {may}"));
        }
        if self.millis > seconds * 1000 {
            let is = time(self.millis);
            excesses.push(format!("took {is}, over {seconds} s"));
        }
        excesses
    }

    /// How often each ending was seen.
    pub(super) fn endings(&self) -> BTreeMap<Ending, usize> {
        let mut endings = BTreeMap::new();
        for case in &self.cases {
            *endings.entry(case.seen).or_default() += 1;
        }
        endings
    }

    /// Takes another outcome of the same attack in: all cases, and the most of all that was used.
    pub(super) fn merge(&mut self, other: Self) {
        self.cases.extend(other.cases);
        self.kibibytes = self.kibibytes.max(other.kibibytes);
        self.cpu_millis = self.cpu_millis.max(other.cpu_millis);
        self.millis = self.millis.max(other.millis);
        self.troubles.extend(other.troubles);
        self.troubles.sort();
        self.troubles.dedup();
    }
}

/// KiB as MiB, or GiB.
pub(super) fn size(kibibytes: u64) -> String {
    match kibibytes {
        0..100 => "0 MiB".to_owned(),
        100..1_000_000 => format!("{:.1} MiB", kibibytes as f64 / 1024.0),
        _ => format!("{:.1} GiB", kibibytes as f64 / 1024.0 / 1024.0),
    }
}

/// Milliseconds, or seconds.
pub(super) fn time(millis: u64) -> String {
    match millis {
        0..1000 => format!("{millis} ms"),
        _ => format!("{:.1} s", millis as f64 / 1000.0),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Measure, Outcome, Trouble, size, time};
    use crate::hostile::attack::{Attack, Group, LITTLE, PLAIN, Play};
    use crate::hostile::ending::{Case, Ending};

    /// An attack that does nothing.
    pub(in crate::hostile) const ATTACK: Attack = Attack {
        name: "tickle",
        what: "a feather",
        group: Group::Framing,
        rows: &["F1"],
        modes: PLAIN,
        bounds: LITTLE,
        waits: false,
        play: Play::Server(|_| Ok(Vec::new())),
    };

    /// An outcome within all bounds.
    pub(in crate::hostile) fn outcome(seen: &[Ending]) -> Outcome {
        let wanted = &[Ending::Close(1002)];
        Outcome {
            cases: seen
                .iter()
                .map(|seen| Case::new("case", *seen, wanted))
                .collect(),
            kibibytes: 1024,
            cpu_millis: 20,
            millis: 300,
            troubles: Vec::new(),
        }
    }

    #[test]
    fn the_right_endings_within_the_bounds_are_no_reason_to_complain() {
        let outcome = outcome(&[Ending::Close(1002); 3]);
        assert!(outcome.complaints(&ATTACK, Measure::Exact).is_empty());
    }

    #[test]
    fn another_refusal_is_wrong_for_tautline_only() {
        let outcome = outcome(&[Ending::Close(1002), Ending::Reset]);
        let complaints = outcome.complaints(&ATTACK, Measure::Exact);
        assert_eq!(complaints, ["case: reset, not 1002"]);
        assert!(outcome.complaints(&ATTACK, Measure::Sound).is_empty());
    }

    #[test]
    fn every_bound_is_looked_at() {
        let mut outcome = outcome(&[]);
        outcome.kibibytes = LITTLE.kibibytes + 1024;
        outcome.cpu_millis = LITTLE.cpu_millis + 1;
        outcome.millis = LITTLE.seconds * 1000 + 100;
        let complaints = outcome.complaints(&ATTACK, Measure::Sound);
        assert_eq!(complaints.len(), 3, "{complaints:?}");
        assert_eq!(complaints[0], "9.0 MiB of memory, over 8.0 MiB");
    }

    #[test]
    fn trouble_is_complained_of_whatever_else_happened() {
        let mut outcome = outcome(&[Ending::Close(1002)]);
        outcome.troubles.push(Trouble::KeepsSockets(2));
        let complaints = outcome.complaints(&ATTACK, Measure::Sound);
        assert_eq!(complaints, ["keeps 2 sockets"]);
    }

    #[test]
    fn outcomes_merge_to_the_most_of_each() {
        let mut one = outcome(&[Ending::Close(1002)]);
        let mut other = outcome(&[Ending::Ended]);
        other.cpu_millis = 700;
        other.troubles.push(Trouble::Crashed);
        one.merge(other.clone());
        one.merge(other);
        assert_eq!(
            (one.kibibytes, one.cpu_millis, one.millis),
            (1024, 700, 300)
        );
        assert_eq!(one.troubles, [Trouble::Crashed]);
        assert_eq!(one.endings()[&Ending::Ended], 2);
    }

    #[test]
    fn figures_have_units() {
        let cases = [(0, "0 MiB"), (2048, "2.0 MiB"), (3 << 20, "3.0 GiB")];
        for (kibibytes, text) in cases {
            assert_eq!(size(kibibytes), text);
        }
        assert_eq!(time(30), "30 ms");
        assert_eq!(time(12_340), "12.3 s");
    }
}
