//! `cargo xtask bench`: benchmarks, and the pages that show their results.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use console::style;

use crate::bench::comparison::Comparison;
use crate::bench::figures::capitalized;
use crate::bench::run::Run;
use crate::bench::tables::{Figures, Unit};
use crate::process;
use crate::workspace::{Workspace, cargo};

mod chart;
mod comparison;
mod criterion;
mod figures;
mod page;
mod run;
mod tables;

/// Run benchmarks, and write the pages and pictures that show what they measured.
///
/// Without a subcommand: `runtimes`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    subject: Option<Subject>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand)]
enum Subject {
    /// Compare the runtimes that have an adapter.
    ///
    /// Runs the benchmark `runtimes`, which takes minutes and wants an idle machine, and writes
    /// benchmarks.md, benchmarks-runtimes-light.svg and benchmarks-runtimes-dark.svg.
    Runtimes(Settings),
}

#[derive(Args)]
struct Settings {
    /// Show the results of the last complete run again.
    #[arg(long)]
    no_run: bool,

    /// Measure each figure for a second only, to see that everything works.
    #[arg(long, conflicts_with = "no_run")]
    quick: bool,

    /// Where the page and the pictures go; docs if left out.
    #[arg(long, value_name = "DIRECTORY")]
    output: Option<PathBuf>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    match &options.subject {
        None => runtimes(workspace, &options.settings),
        Some(Subject::Runtimes(settings)) => runtimes(workspace, settings),
    }
}

fn runtimes(workspace: &Workspace, settings: &Settings) -> anyhow::Result<()> {
    let home = workspace.target.join("criterion");
    let record = home.join("runtimes.run.json");
    let run = if settings.no_run {
        Run::read(&record)?
    } else {
        measure(workspace, settings, &home, &record)?
    };
    let measurements = criterion::read(&home, "runtimes/", run.began)?;
    let comparison = Comparison::new(&measurements)?;

    println!();
    for (name, value) in run.facts() {
        println!("{} {value}", style(format!("{name}:")).bold());
    }
    for pattern in comparison.patterns() {
        for unit in Unit::ALL {
            let figures = Figures::new(&comparison, pattern, unit);
            let title = format!("{}: {}", capitalized(pattern), unit.name());
            println!("\n{}\n{}", style(title).bold(), figures.terminal());
        }
    }

    let docs = workspace.root.join("docs");
    let output = settings.output.as_deref().unwrap_or(&docs);
    fs::create_dir_all(output).with_context(|| format!("cannot create {}", output.display()))?;
    println!();
    for theme in &chart::Theme::ALL {
        let svg = chart::svg(&comparison, &run.caption(), theme)?;
        write(&output.join(picture(theme.name)), &svg)?;
    }
    write(
        &output.join("benchmarks.md"),
        &page::page(&comparison, &run, picture),
    )
}

/// Runs the benchmark and leaves a record of the run.
fn measure(
    workspace: &Workspace,
    settings: &Settings,
    home: &Path,
    record: &Path,
) -> anyhow::Result<Run> {
    let mut command = cargo();
    command.args(["bench", "-p", "benches", "--bench", "runtimes"]);
    let mut typed = "cargo xtask bench".to_owned();
    if settings.quick {
        command.args(["--", "--measurement-time", "1", "--warm-up-time", "0.5"]);
        typed.push_str(" --quick");
    }
    let arguments: Vec<_> = command.get_args().map(|a| a.to_string_lossy()).collect();
    let commands = [typed, format!("cargo {}", arguments.join(" "))];
    let run = Run::begin(workspace, commands, settings.quick)?;

    // A run that breaks off leaves new results beside old ones, which are no run.
    if record.exists() {
        fs::remove_file(record).with_context(|| format!("cannot remove {}", record.display()))?;
    }
    command
        .current_dir(&workspace.root)
        .env("CRITERION_HOME", home);
    println!("{}", style(process::show(&command)).bold());
    let status = command.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("the benchmark ended with {status}");
    }
    run.write(record)?;
    Ok(run)
}

/// The file of a picture, beside the page.
fn picture(theme: &str) -> String {
    format!("benchmarks-runtimes-{theme}.svg")
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    println!("wrote {}", path.display());
    Ok(())
}
