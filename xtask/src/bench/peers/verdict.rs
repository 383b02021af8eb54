//! Who is ahead, as far as the noise lets it be told.

use crate::bench::peers::record::Figure;

/// What a cell says about one figure beside another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Ahead,
    Level,
    Behind,
}

/// How large a difference has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noise {
    /// Times and resident memory are different every time: what is below five percent is taken for
    /// chance.
    Measured,
    /// Calls and instructions are counted: the same program has the same number, but for a seed of a
    /// hash here and a clock there.
    Counted,
}

impl Noise {
    /// The least difference that counts, as a part.
    pub(super) const fn part(self) -> f64 {
        match self {
            Self::Measured => 0.05,
            Self::Counted => 0.01,
        }
    }

    /// Judges `ours` beside `theirs`. A difference has to show in the medians and in the minima: in
    /// one of them alone it may come from rounds that something else has disturbed.
    pub(super) fn judge(self, ours: &Figure, theirs: &Figure) -> Verdict {
        let is_less = |less: &Figure, more: &Figure| {
            let factor = 1.0 + self.part();
            less.median * factor < more.median && less.minimum * factor < more.minimum
        };
        if is_less(ours, theirs) {
            Verdict::Ahead
        } else if is_less(theirs, ours) {
            Verdict::Behind
        } else {
            Verdict::Level
        }
    }
}

/// How many verdicts there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) ahead: usize,
    pub(super) level: usize,
    pub(super) behind: usize,
}

impl Tally {
    pub(super) fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Ahead => self.ahead += 1,
            Verdict::Level => self.level += 1,
            Verdict::Behind => self.behind += 1,
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.ahead += other.ahead;
        self.level += other.level;
        self.behind += other.behind;
    }

    pub(super) const fn total(self) -> usize {
        self.ahead + self.level + self.behind
    }
}

#[cfg(test)]
mod tests {
    use super::{Noise, Tally, Verdict};
    use crate::bench::peers::record::Figure;

    fn figure(median: f64, minimum: f64) -> Figure {
        Figure {
            name: "cpu".to_owned(),
            median,
            minimum,
            rounds: 9,
        }
    }

    #[test]
    fn a_difference_counts_if_median_and_minimum_have_it() {
        let theirs = figure(100.0, 90.0);
        let cases = [
            (Noise::Measured, figure(94.0, 85.0), Verdict::Ahead),
            // A quiet round of theirs was as fast.
            (Noise::Measured, figure(94.0, 89.0), Verdict::Level),
            (Noise::Measured, figure(96.0, 86.0), Verdict::Level),
            (Noise::Measured, figure(104.0, 94.0), Verdict::Level),
            (Noise::Measured, figure(120.0, 91.0), Verdict::Level),
            (Noise::Measured, figure(106.0, 95.0), Verdict::Behind),
            (Noise::Counted, figure(98.0, 88.0), Verdict::Ahead),
            (Noise::Counted, figure(102.0, 92.0), Verdict::Behind),
            (Noise::Counted, figure(100.5, 90.5), Verdict::Level),
        ];
        for (noise, ours, expected) in cases {
            assert_eq!(noise.judge(&ours, &theirs), expected, "{ours:?}");
        }
    }

    #[test]
    fn verdicts_are_counted() {
        let mut tally = Tally::default();
        for verdict in [Verdict::Ahead, Verdict::Ahead, Verdict::Behind] {
            tally.add(verdict);
        }
        let mut sum = Tally::default();
        sum.merge(tally);
        sum.add(Verdict::Level);
        assert_eq!(
            (sum.ahead, sum.level, sum.behind, sum.total()),
            (2, 1, 1, 4)
        );
    }
}
