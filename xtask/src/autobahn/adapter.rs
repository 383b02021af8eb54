//! The adapters that can be under test.

use std::thread;

use clap::ValueEnum;

/// What `--adapter` takes.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AdapterChoice {
    Tokio,
    AsyncStd,
    Smol,
    /// One after the other.
    All,
}

impl AdapterChoice {
    pub(crate) fn adapters(self) -> &'static [Adapter] {
        match self {
            Self::Tokio => &[Adapter::Tokio],
            Self::AsyncStd => &[Adapter::AsyncStd],
            Self::Smol => &[Adapter::Smol],
            Self::All => &[Adapter::Tokio, Adapter::AsyncStd, Adapter::Smol],
        }
    }
}

/// The runtime that the program under test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Adapter {
    Tokio,
    AsyncStd,
    Smol,
}

impl Adapter {
    /// What the program under test and the directory of the reports call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::AsyncStd => "async-std",
            Self::Smol => "smol",
        }
    }

    /// Variables without which the runtime would use one thread.
    pub(crate) fn environment(self) -> Option<(&'static str, String)> {
        let threads = || thread::available_parallelism().map_or(1, usize::from);
        match self {
            Self::Tokio | Self::AsyncStd => None,
            Self::Smol => Some(("SMOL_THREADS", threads().to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::AdapterChoice;

    #[test]
    fn all_is_every_adapter_that_can_be_chosen_alone() {
        let choices = AdapterChoice::value_variants();
        let alone: Vec<_> = choices
            .iter()
            .filter(|&&choice| choice != AdapterChoice::All)
            .flat_map(|choice| {
                let value = choice.to_possible_value().unwrap();
                assert_eq!(choice.adapters()[0].name(), value.get_name());
                choice.adapters()
            })
            .collect();
        assert!(AdapterChoice::All.adapters().iter().eq(alone));
    }
}
