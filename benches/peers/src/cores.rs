use std::sync::OnceLock;

use anyhow::Context;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Where the server and the generator run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Cores {
    /// Both on the same core: waking the other is cheap and always the same, so that figures can be
    /// told apart. A rate is that of server and generator together.
    One,
    /// Each on its own: a rate is that of the slower one. Waking a core that sleeps costs more than
    /// most messages do, and differs from machine to machine.
    Two,
    /// Wherever the kernel puts them.
    Any,
}

impl Cores {
    /// Puts this process, the generator, where it belongs; servers that it starts inherit that.
    pub(crate) fn pin_generator(self) -> anyhow::Result<()> {
        match self {
            Self::Any => Ok(()),
            Self::One => pin(first()?),
            Self::Two => pin(last()?),
        }
    }

    /// As on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Two => "two",
            Self::Any => "any",
        }
    }

    /// The core that a server has to move to.
    pub(crate) fn server(self) -> anyhow::Result<Option<usize>> {
        match self {
            Self::Two => first().map(Some),
            Self::One | Self::Any => Ok(None),
        }
    }
}

/// Runs the calling thread, and the threads that it starts, on one core.
pub(crate) fn pin(core: usize) -> anyhow::Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores).context("choosing a core")
}

fn first() -> anyhow::Result<usize> {
    allowed()?.into_iter().next().context("there is no core")
}

fn last() -> anyhow::Result<usize> {
    allowed()?
        .into_iter()
        .next_back()
        .context("there is no core")
}

/// The cores that this process was allowed when it started.
fn allowed() -> anyhow::Result<Vec<usize>> {
    static ALLOWED: OnceLock<Vec<usize>> = OnceLock::new();
    if let Some(cores) = ALLOWED.get() {
        return Ok(cores.clone());
    }
    let set = sched_getaffinity(None)?;
    let cores = (0..CpuSet::MAX_CPU).filter(|&core| set.is_set(core));
    Ok(ALLOWED.get_or_init(|| cores.collect()).clone())
}
