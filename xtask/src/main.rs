//! The development tool of Tautline: `cargo xtask --help`.
//!
//! One tool instead of a drawer of scripts: conformance runs, checks that keep the architecture
//! true, and the whole of what CI does, each runnable alone on a developer's machine.

#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to its user through the standard streams"
)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use console::style;

use crate::workspace::Workspace;

mod autobahn;
mod bench;
mod cargo_tree;
mod ci;
mod deny;
mod fuzz;
mod generated;
mod hostile;
mod interop;
mod isolation;
mod load;
mod loom;
mod markdown;
mod no_std;
mod powerset;
mod process;
mod rust_source;
mod sanitize;
mod side_by_side;
mod standalone;
mod tidy;
mod workspace;

/// Build, check and test Tautline.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Autobahn(autobahn::Options),
    Interop(interop::Options),
    Hostile(hostile::Options),
    Load(load::Options),
    /// Check the architecture's rules on the source: one line per finding.
    ///
    /// Dependencies between the crates follow the picture, protocol crates name no socket, clock,
    /// runtime or random source, `unsafe` stays where it is allowed, features do something,
    /// crate pages have an example, every adapter has the same public names, the pages of
    /// requirements, limits and threats name tests that exist, links resolve, and no tracked file
    /// holds a path of somebody's machine.
    Tidy,
    /// Prove that the frame, message and connection crates build without the standard library.
    ///
    /// Links them into `#![no_std]` static libraries with their own panic handler, where a
    /// standard library anywhere in the graph is a duplicate lang item.
    NoStd,
    /// Use each protocol crate alone: run the examples of its README in an empty project.
    ///
    /// No other crate of the family is there; an example may name what its crate depends on.
    Standalone,
    Deny(deny::Options),
    /// Check that every combination of features of every published crate compiles.
    ///
    /// Also checks that the facade brings only the runtimes that its features name.
    Powerset,
    Fuzz(fuzz::Options),
    Loom(loom::Options),
    Sanitize(sanitize::Options),
    Bench(bench::Options),
    Ci(ci::Options),
}

fn main() -> ExitCode {
    let result = process::kill_children_on_interrupt().and_then(|()| run(Cli::parse().task));
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{} {error:#}", style("error:").red().bold().for_stderr());
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::load()?;
    match task {
        Task::Autobahn(options) => return autobahn::run(&workspace, &options),
        Task::Interop(options) => return interop::run(&workspace, &options),
        Task::Hostile(options) => return hostile::run(&workspace, &options),
        Task::Load(options) => return load::run(&workspace, &options),
        Task::Tidy => tidy::run(&workspace),
        Task::NoStd => no_std::run(&workspace),
        Task::Standalone => standalone::run(&workspace),
        Task::Deny(options) => deny::run(&workspace, &options),
        Task::Powerset => powerset::run(&workspace),
        Task::Loom(options) => loom::run(&workspace, &options),
        Task::Sanitize(options) => sanitize::run(&workspace, &options),
        Task::Fuzz(options) => fuzz::run(&workspace, &options),
        Task::Bench(options) => bench::run(&workspace, &options),
        Task::Ci(options) => ci::run(&workspace, &options),
    }?;
    Ok(ExitCode::SUCCESS)
}
