use std::{str::FromStr, time::Duration};

use anyhow::{Context as _, bail};

/// Loads that run at once for a time: `active+slow=10`.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    name: String,
    length: Duration,
}

impl Stage {
    /// The names of its loads, joined by `+`.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn length(&self) -> Duration {
        self.length
    }

    pub(super) fn has_active(&self) -> bool {
        self.has("active")
    }

    pub(super) fn has_slow(&self) -> bool {
        self.has("slow")
    }

    pub(super) fn has_storm(&self) -> bool {
        self.has("storm")
    }

    fn has(&self, load: &str) -> bool {
        self.name.split('+').any(|name| name == load)
    }
}

impl FromStr for Stage {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, seconds) = text.split_once('=').context("it lacks `=SECONDS`")?;
        for load in name.split('+') {
            if !["idle", "active", "slow", "storm"].contains(&load) {
                bail!("there is no load {load:?}");
            }
        }
        Ok(Self {
            name: name.to_owned(),
            length: Duration::try_from_secs_f64(seconds.parse()?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Stage;

    #[test]
    fn a_stage_has_loads_and_a_length() {
        let stage: Stage = "active+storm=1.5".parse().unwrap();
        assert_eq!(stage.name(), "active+storm");
        assert_eq!(stage.length(), Duration::from_millis(1500));
        assert!(stage.has_active() && stage.has_storm() && !stage.has_slow());
    }

    #[test]
    fn what_is_no_stage_is_refused() {
        for text in ["active", "=1", "sturm=1", "idle=x", "idle=-1", "idle=nan"] {
            assert!(text.parse::<Stage>().is_err(), "{text}");
        }
    }
}
