//! `cargo xtask bench`: benchmarks, and the pages that show their results.

use std::fs;
use std::path::Path;

use anyhow::Context;
use clap::{Args, Subcommand};

use crate::workspace::Workspace;

mod canvas;
mod counts;
mod figures;
mod peers;
mod run;
mod runtimes;

/// Run benchmarks, and write the pages and pictures that show what they measured.
///
/// Without a subcommand: `runtimes`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
// The groups of arguments are named after their types, and that name is taken by those of `runtimes`.
#[group(skip)]
pub(crate) struct Options {
    #[command(subcommand)]
    subject: Option<Subject>,
    #[command(flatten)]
    runtimes: runtimes::Options,
}

#[derive(Subcommand)]
enum Subject {
    Runtimes(runtimes::Options),
    Peers(peers::Options),
    Counts(counts::Options),
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    match &options.subject {
        None => runtimes::run(workspace, &options.runtimes),
        Some(Subject::Runtimes(options)) => runtimes::run(workspace, options),
        Some(Subject::Peers(options)) => peers::run(workspace, options),
        Some(Subject::Counts(options)) => counts::run(workspace, options),
    }
}

/// Writes a page or a picture, and says so.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    println!("wrote {}", path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command};

    use super::Options;

    #[test]
    fn options_and_subcommands_go_together() {
        let command = Options::augment_args(Command::new("bench"));
        command.clone().debug_assert();
        for words in [&["bench", "--quick"][..], &["bench", "peers", "--render"]] {
            assert!(
                command.clone().try_get_matches_from(words).is_ok(),
                "{words:?}"
            );
        }
        let both = ["bench", "--quick", "peers"];
        assert!(command.try_get_matches_from(both).is_err());
    }
}
