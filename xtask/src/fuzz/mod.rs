//! `cargo xtask fuzz`: the fuzz targets, and the corpora that they start from.

use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::bail;
use clap::{Args, ValueEnum};
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use console::style;
use indicatif::MultiProgress;

use crate::fuzz::campaign::Campaign;
use crate::fuzz::install::Fuzzer;
use crate::process;
use crate::side_by_side;
use crate::workspace::{Workspace, cargo};

mod campaign;
mod install;
mod status;

/// Replay the corpora of the fuzz targets, then fuzz: as many targets at once as there are processors.
///
/// Fuzzing needs a nightly toolchain, for the sanitizers, and cargo-fuzz; what is missing is said.
/// With CI=true in the environment cargo-fuzz is installed. Inputs that reach something new are kept in
/// target/fuzz/corpus, so that the next run goes on from there. An input that makes a target fail is
/// written to fuzz/artifacts, and replayed from then on.
#[derive(Args)]
pub(crate) struct Options {
    /// The targets to run; all of them if none is named.
    #[arg(value_enum, value_name = "TARGET")]
    targets: Vec<Target>,

    /// For how long each target is run.
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,

    /// Where the fuzzer's random numbers begin: the same build and corpora find the same again.
    ///
    /// Without it every run goes another way.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    seed: Option<u32>,

    /// Only run every input once. A stable toolchain does, and it takes seconds.
    #[arg(long, conflicts_with_all = ["seconds", "seed"])]
    replay: bool,
}

/// The programs in `fuzz/fuzz_targets`.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    Deflate,
    Header,
    Handshake,
    Connection,
    Operations,
    Differential,
}

impl Target {
    fn name(self) -> String {
        let value = self.to_possible_value().expect("no target is hidden");
        value.get_name().to_owned()
    }
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let home = Home::new(workspace);
    let targets = match &options.targets[..] {
        [] => Target::value_variants(),
        named => named,
    };
    if options.replay {
        return replay(&home, targets);
    }
    // Asked for first: a replay takes a build, and whoever wants to fuzz should not wait for it to
    // be told what is missing.
    let fuzzer = Fuzzer::find()?;
    replay(&home, targets)?;
    fuzzer.build(&home)?;

    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header([
        "target",
        "runs",
        "runs a second",
        "coverage",
        "result",
    ]);
    let bars = MultiProgress::new();
    let time = Duration::from_secs(options.seconds);
    let width = thread::available_parallelism().map_or(1, usize::from);
    let results = side_by_side::map(targets, width, |target| {
        Campaign::new(&home, &fuzzer, &target.name(), time, options.seed).run(&bars)
    });
    let mut failed = Vec::new();
    for (target, result) in targets.iter().zip(results) {
        let name = target.name();
        let (status, failure) = result?;
        table.add_row([
            name,
            status.runs.to_string(),
            status.rate.to_string(),
            status.coverage.to_string(),
            if failure.is_some() { "FAILED" } else { "ok" }.to_owned(),
        ]);
        if let Some(failure) = failure {
            println!("{failure}");
            failed.push(target.name());
        }
    }
    println!("{table}");
    if !failed.is_empty() {
        bail!("the fuzzer has found something: {}", failed.join(", "));
    }
    Ok(())
}

/// Runs every input of the corpora once, as tests.
fn replay(home: &Home, targets: &[Target]) -> anyhow::Result<()> {
    let mut command = cargo();
    command
        .args(["test", "--quiet", "--locked", "--no-default-features"])
        .args(["--test", "corpus", "--target-dir"])
        .arg(&home.target)
        .current_dir(&home.source)
        .arg("--")
        .args(targets.iter().map(|target| target.name()));
    println!(
        "{}",
        style(format!("replay: {}", process::show(&command))).bold()
    );
    let status = command.status()?;
    if !status.success() {
        bail!("{} ended with {status}", process::show(&command));
    }
    Ok(())
}

/// Where everything is.
struct Home {
    /// `fuzz`.
    source: PathBuf,
    /// `target/fuzz`: what is built, found and logged.
    target: PathBuf,
}

impl Home {
    fn new(workspace: &Workspace) -> Self {
        Self {
            source: workspace.root.join("fuzz"),
            target: workspace.target.join("fuzz"),
        }
    }

    /// A `cargo` of the nightly toolchain, whatever toolchain has started this program.
    fn nightly(&self) -> Command {
        let mut cargo = install::nightly();
        cargo.current_dir(&self.source);
        cargo
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use clap::ValueEnum;

    use super::Target;

    #[test]
    fn the_targets_are_those_of_the_fuzz_package_and_have_corpora() {
        let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
        let names = |directory: &str| -> BTreeSet<String> {
            let entries = fs::read_dir(fuzz.join(directory)).unwrap();
            let stem = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
            entries.map(|entry| stem(&entry.unwrap().path())).collect()
        };
        let targets: BTreeSet<_> = Target::value_variants().iter().map(|t| t.name()).collect();
        assert_eq!(targets, names("fuzz_targets"));
        assert_eq!(targets, names("corpus"));
    }
}
