//! Which loads come together, and in which order.

use clap::ValueEnum;

/// What to put on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Scenario {
    /// Idle connections; on top of them active ones, then slow readers, then a storm, too.
    Mixed,
    /// Many connections that are held for a while, with keepalive, and echo once at the end.
    Idle,
    /// Connections that echo all the time.
    Active,
    /// Connect, echo once, close, and again, as fast as it goes.
    Storm,
    /// Active connections by themselves, then beside others that do not read what they are sent.
    Slow,
}

impl Scenario {
    /// The loads that run at once, and their share of the time.
    pub(super) fn stages(self) -> &'static [(&'static str, f64)] {
        match self {
            Self::Mixed => &[
                ("idle", 0.15),
                ("active", 0.25),
                ("active+slow", 0.25),
                ("active+slow+storm", 0.35),
            ],
            Self::Idle => &[("idle", 1.0)],
            Self::Active => &[("active", 1.0)],
            Self::Storm => &[("storm", 1.0)],
            Self::Slow => &[("active", 0.5), ("active+slow", 0.5)],
        }
    }

    pub(super) fn has_idle(self) -> bool {
        matches!(self, Self::Mixed | Self::Idle)
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::Scenario;

    #[test]
    fn the_shares_of_a_scenario_are_all_of_the_time() {
        for scenario in Scenario::value_variants() {
            let sum: f64 = scenario.stages().iter().map(|(_, share)| share).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{scenario:?}");
        }
    }
}
