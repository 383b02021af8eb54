//! The runtimes that have an adapter, compared: criterion measures, this shows.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use console::style;

use crate::bench::canvas::Theme;
use crate::bench::figures::capitalized;
use crate::bench::run::Run;
use crate::bench::runtimes::comparison::Comparison;
use crate::bench::runtimes::tables::{Figures, Unit};
use crate::bench::write;
use crate::workspace::{Workspace, cargo};
use crate::{cargo_tree, process};

mod chart;
mod comparison;
mod criterion;
mod page;
mod tables;

/// Compare the runtimes that have an adapter.
///
/// Runs the benchmark `runtimes`, which takes minutes and wants an idle machine, and writes
/// runtimes.md, runtimes-light.svg and runtimes-dark.svg.
#[derive(Args)]
pub(super) struct Options {
    /// Show the results of the last complete run again.
    #[arg(long)]
    render: bool,

    /// Measure each figure for a second only, to see that everything works.
    #[arg(long, conflicts_with = "render")]
    quick: bool,

    /// Where the page and the pictures go; docs if left out.
    #[arg(long, value_name = "DIRECTORY")]
    output: Option<PathBuf>,
}

pub(super) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let home = workspace.target.join("criterion");
    let record = home.join("runtimes.run.json");
    let run = if options.render {
        Run::read(&record)?
    } else {
        measure(workspace, options, &home, &record)?
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
    let output = options.output.as_deref().unwrap_or(&docs);
    fs::create_dir_all(output).with_context(|| format!("cannot create {}", output.display()))?;
    println!();
    for theme in &Theme::ALL {
        let svg = chart::svg(&comparison, &run.caption(), theme)?;
        write(&output.join(picture(theme.name)), &svg)?;
    }
    write(
        &output.join("runtimes.md"),
        &page::page(&comparison, &run, picture),
    )
}

/// Runs the benchmark and leaves a record of the run.
fn measure(
    workspace: &Workspace,
    options: &Options,
    home: &Path,
    record: &Path,
) -> anyhow::Result<Run> {
    let mut command = cargo();
    command.args(["bench", "-p", "benches", "--bench", "runtimes"]);
    let mut typed = "cargo xtask bench runtimes".to_owned();
    if options.quick {
        command.args(["--", "--measurement-time", "1", "--warm-up-time", "0.5"]);
        typed.push_str(" --quick");
    }
    let arguments: Vec<_> = command.get_args().map(|a| a.to_string_lossy()).collect();
    let commands = [typed, format!("cargo {}", arguments.join(" "))];
    let run = Run::begin(workspace, &commands, packages(workspace)?, options.quick)?;

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

/// What decides how fast the compared programs are, as far as a run links it.
fn packages(workspace: &Workspace) -> anyhow::Result<Vec<(String, String)>> {
    let edges = ["--edges", "normal,build,dev"];
    let found = cargo_tree::packages(workspace, "benches", &edges)?;
    let packages = PACKAGES.iter().filter_map(|&name| {
        let versions = found.get(name)?;
        Some((name.to_owned(), versions.join(" and ")))
    });
    Ok(packages.collect())
}

/// The file of a picture, beside the page.
fn picture(theme: &str) -> String {
    format!("runtimes-{theme}.svg")
}

const PACKAGES: &[&str] = &[
    "tautline",
    "tokio",
    "mio",
    "async-std",
    "async-global-executor",
    "smol",
    "async-executor",
    "async-io",
    "polling",
    "rustls",
    "criterion",
];
