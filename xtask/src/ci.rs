//! `cargo xtask ci`: everything that CI runs.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use console::style;

use crate::deny;
use crate::process;
use crate::sanitize;
use crate::workspace::{Workspace, cargo};

/// Run everything that CI runs, the quick and telling steps first.
///
/// Stops at the first step that fails. With CI=true in the environment the browser tests must find
/// their browser, and `interop` every peer; elsewhere they say so and pass without. `counts` needs
/// valgrind and strace everywhere. `deny` is left out, and said to be, where cargo-deny is not
/// installed: to build it takes minutes. So is `sanitize` where the nightly toolchain has no source of
/// the standard library or no Miri; with CI=true they are added if that is possible.
#[derive(Args)]
pub(crate) struct Options {
    /// Leave a step out; may be given several times.
    #[arg(long, value_enum, value_name = "STEP")]
    skip: Vec<Step>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_header(["step", "result", "time"]);
    let mut tests = Tests::default();
    let mut failed = None;
    for &step in Step::value_variants() {
        if failed.is_some() || options.skip.contains(&step) {
            table.add_row([step.name(), "not run".to_owned(), String::new()]);
            continue;
        }
        if step == Step::Deny && !deny::is_installed() {
            table.add_row([step.name(), "no cargo-deny".to_owned(), String::new()]);
            continue;
        }
        if step == Step::Sanitize
            && let Err(missing) = sanitize::prepare()
        {
            println!("\n{}", style(format!("sanitize: {missing:#}")).bold());
            table.add_row([step.name(), "not installed".to_owned(), String::new()]);
            continue;
        }
        let begin = Instant::now();
        let result = step.run(workspace, &mut tests);
        let word = if result.is_ok() { "ok" } else { "FAILED" };
        table.add_row([step.name(), word.to_owned(), minutes(begin.elapsed())]);
        if let Err(error) = result {
            failed = Some(error);
        }
    }
    println!("\n{table}");
    if tests.complete {
        println!("{} passed, {} failed", tests.passed, tests.failed);
    }
    failed.map_or(Ok(()), Err)
}

/// The steps in their order: what fails fast comes first.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    Fmt,
    Tidy,
    Clippy,
    Doc,
    NoStd,
    Standalone,
    Powerset,
    Deny,
    Test,
    Loom,
    Counts,
    Sanitize,
    Fuzz,
    Interop,
    Hostile,
    Load,
    Autobahn,
    /// The other runtimes, without the cases of compression, which is the same on all of them and
    /// takes most of the time.
    AutobahnAdapters,
}

impl Step {
    fn name(self) -> String {
        let value = self.to_possible_value().expect("no step is hidden");
        value.get_name().to_owned()
    }

    fn run(self, workspace: &Workspace, tests: &mut Tests) -> anyhow::Result<()> {
        let mut command = self.command()?;
        command.current_dir(&workspace.root);
        self.run_one(command, tests)?;
        for (directory, arguments) in self.elsewhere() {
            let mut command = cargo();
            command
                .args(arguments.split(' '))
                .current_dir(workspace.root.join(directory))
                .env("CARGO_TARGET_DIR", workspace.target.join(directory));
            println!("\nin {directory}:");
            self.run_one(command, tests)?;
        }
        Ok(())
    }

    fn run_one(self, mut command: Command, tests: &mut Tests) -> anyhow::Result<()> {
        let shown = match self.is_own_task() {
            true => {
                let arguments: Vec<_> = command.get_args().map(|a| a.to_string_lossy()).collect();
                format!("cargo xtask {}", arguments.join(" "))
            }
            false => process::show(&command),
        };
        println!("\n{}", style(format!("{}: {shown}", self.name())).bold());
        let status = match self {
            Self::Test => tests.run(&mut command)?,
            _ => command
                .status()
                .with_context(|| format!("cannot start {shown}"))?,
        };
        if !status.success() {
            bail!("{shown} ended with {status}");
        }
        Ok(())
    }

    /// What the step does in the packages outside of the workspace, and where.
    fn elsewhere(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Fmt => &[
                ("fuzz", "fmt -- --check"),
                ("benches/peers", "fmt -- --check"),
            ],
            // Without the fuzzer itself, which takes a compiler for C++. What uses it is a line a target.
            // Not benches/peers: to compile nine other libraries takes minutes.
            Self::Clippy => &[(
                "fuzz",
                "clippy --locked --all-targets --no-default-features -- -D warnings",
            )],
            _ => &[],
        }
    }

    /// Whether the step is this program again: what a developer can run alone.
    fn is_own_task(self) -> bool {
        !matches!(self, Self::Fmt | Self::Clippy | Self::Doc | Self::Test)
    }

    fn command(self) -> anyhow::Result<Command> {
        let with = |mut command: Command, arguments: &str| {
            command.args(arguments.split(' '));
            Ok(command)
        };
        match self {
            Self::Fmt => with(cargo(), "fmt --all -- --check"),
            Self::Clippy => with(
                cargo(),
                "clippy --workspace --all-targets --all-features -- -D warnings",
            ),
            Self::Doc => {
                let mut doc = with(cargo(), "doc --no-deps --workspace --all-features")?;
                doc.env("RUSTDOCFLAGS", "-D warnings");
                Ok(doc)
            }
            Self::Test => {
                let mut test = with(cargo(), "test --workspace --all-features --no-fail-fast")?;
                if env::var_os("CI").is_some_and(|ci| ci == "true") {
                    test.env("TAUTLINE_REQUIRE_BROWSER", "1");
                }
                Ok(test)
            }
            Self::Tidy
            | Self::NoStd
            | Self::Standalone
            | Self::Powerset
            | Self::Deny
            | Self::Loom
            | Self::Sanitize => with(this_program()?, &self.name()),
            Self::Counts => with(this_program()?, "bench counts"),
            Self::Fuzz => with(this_program()?, FUZZ),
            Self::Interop => with(this_program()?, "interop --adapter all"),
            Self::Hostile => with(this_program()?, "hostile --adapter all"),
            Self::Load => with(this_program()?, "load --quick --adapter all"),
            Self::Autobahn => with(this_program()?, "autobahn --role both"),
            Self::AutobahnAdapters => with(
                this_program()?,
                "autobahn --adapter all --role both --skip 12,13",
            ),
        }
    }
}

/// The numbers of all test programs of one `cargo test`.
#[derive(Default)]
struct Tests {
    /// Whether the numbers explain how the step ended.
    complete: bool,
    passed: u64,
    failed: u64,
}

impl Tests {
    /// Runs `command` while adding up what the test programs print at their ends.
    fn run(&mut self, command: &mut Command) -> anyhow::Result<std::process::ExitStatus> {
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", process::show(command)))?;
        let stdout = child
            .stdout
            .take()
            .expect("standard output was asked for as a pipe");
        for line in BufReader::new(stdout).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            println!("{line}");
            self.add(&line);
        }
        let status = child.wait()?;
        // A program that does not compile or is killed leaves no numbers, and no failed test.
        self.complete = status.success() || self.failed > 0;
        Ok(status)
    }

    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        let number = |word: &str| {
            let before = result.split(word).next()?;
            before.split_whitespace().next_back()?.parse::<u64>().ok()
        };
        if let (Some(passed), Some(failed)) = (number(" passed;"), number(" failed;")) {
            self.passed += passed;
            self.failed += failed;
        }
    }
}

fn this_program() -> anyhow::Result<Command> {
    let path = env::current_exe().context("this program has no path")?;
    Ok(Command::new(path))
}

fn minutes(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

/// A minute for each target: time enough to see that all of them run, and to find what is near. Whoever
/// changes a parser runs its target for longer. With a seed, so that what fails is the change and not an
/// input that chance brings up; runs without one are for finding those.
const FUZZ: &str = "fuzz --seconds 60 --seed 1";

#[cfg(test)]
mod tests {
    use super::Tests;

    #[test]
    fn results_of_test_programs_are_added_up() {
        let mut tests = Tests::default();
        tests.add("test result: nonsense");
        assert_eq!((tests.passed, tests.failed), (0, 0));
        tests.add("running 3 tests");
        tests.add("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out");
        tests.add("test result: FAILED. 11 passed; 2 failed; 0 ignored; 0 measured");
        assert_eq!((tests.passed, tests.failed), (14, 2));
    }
}
