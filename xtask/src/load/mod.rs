//! `cargo xtask load`: many connections at once against a real server process.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use console::style;

use crate::autobahn::adapter::AdapterChoice;
use crate::autobahn::testee::Testee;
use crate::load::page::Page;
use crate::load::plan::{Amounts, Plan};
use crate::load::scenario::Scenario;
use crate::workspace::Workspace;

mod descriptors;
mod event;
mod judgement;
mod memory;
mod page;
mod plan;
mod record;
mod run;
mod scenario;
mod summary;

/// Put load on an echo server, in a process of its own, over loopback.
///
/// Thousands of idle connections, active ones, storms of new ones, and ones that do not read what
/// they are sent, for a bounded time. The load comes from a second process, on tokio whatever the
/// server runs on. The memory of the server is watched from outside.
///
/// The command fails if a connection is refused or lost, an echo differs or does not come, a closing
/// handshake is not clean, or the server holds more memory than it may: for peers that do not read,
/// for a storm, or when everybody has gone and the same load comes again. Times are shown and are no
/// failure.
///
/// Needs /proc as Linux has it, and a file descriptor for each connection in each process.
#[derive(Args)]
pub(crate) struct Options {
    /// What to put on the server.
    #[arg(value_enum, default_value_t = Scenario::Mixed)]
    scenario: Scenario,

    /// The adapter that the server runs on.
    #[arg(long, value_enum, default_value_t = AdapterChoice::Tokio)]
    adapter: AdapterChoice,

    /// About how long it takes, for each adapter; the default is 60.
    #[arg(long, value_parser = clap::value_parser!(u32).range(5..=3600))]
    seconds: Option<u32>,

    /// Connections that are opened and only answer pings; the default is 10,000.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    idle: Option<u32>,

    /// Connections that echo; the default is 1,000.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    active: Option<u32>,

    /// The size of their messages.
    #[arg(long, default_value_t = 128, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(..=16_777_216))]
    payload: u32,

    /// How long each of them waits between an echo and the next message.
    ///
    /// With 0 the processors are busy and times are those of a queue.
    #[arg(long, default_value_t = 50, value_name = "MILLISECONDS")]
    think: u32,

    /// Connections that send all they can and hardly read; the default is 100.
    ///
    /// They keep both processes busy when they catch up. Where there are so many that this takes
    /// longer than keepalive waits, the server gives them up, and rightly.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    slow: Option<u32>,

    /// Connections of a storm that are open at once.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    storm: u32,

    /// A tenth of everything in 10 seconds: 1,000 idle connections, 100 active ones, 10 slow ones.
    #[arg(long)]
    quick: bool,

    /// Write docs/load.md. Takes the mixed load, and not `--quick`.
    #[arg(long, conflicts_with = "quick")]
    write: bool,

    /// The program under load, instead of building the workspace's `autobahn-testee`.
    #[arg(long, value_name = "PATH")]
    testee: Option<PathBuf>,
}

impl Options {
    fn amounts(&self) -> Amounts {
        let tenth = if self.quick { 10 } else { 1 };
        Amounts {
            seconds: self.seconds.unwrap_or(if self.quick { 10 } else { 60 }),
            idle: self.idle.unwrap_or(10_000 / tenth),
            active: self.active.unwrap_or(1_000 / tenth),
            payload: self.payload,
            think: self.think,
            slow: self.slow.unwrap_or(100 / tenth),
            storm: self.storm,
        }
    }
}

/// Puts load on every adapter that was asked for. Faults give a code and no error: the summary
/// comes last.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    if !cfg!(target_os = "linux") {
        bail!("the memory of a process is read from /proc, which only Linux has");
    }
    if options.write && options.scenario != Scenario::Mixed {
        bail!("a page is written of the mixed load only");
    }
    let plan = Plan::new(options.scenario, options.amounts());
    descriptors::raise(plan.connections())?;
    let testee = Testee::new(workspace, options.testee.as_deref())?;
    let logs = workspace.target.join("load");
    fs::create_dir_all(&logs).with_context(|| format!("cannot make {}", logs.display()))?;
    println!("{plan}");

    let mut records = Vec::new();
    let mut faults = 0;
    for &adapter in options.adapter.adapters() {
        let record = run::run(&testee, adapter, &plan, &logs)
            .with_context(|| format!("the load on {} was not finished", adapter.name()))?;
        println!(
            "{}\n{}",
            style(adapter.name()).bold(),
            summary::of(&record, &plan)
        );
        let complaints = judgement::complaints(&record, &plan);
        for complaint in &complaints {
            println!("{} {complaint}", style("bad:").red().bold());
        }
        faults += complaints.len();
        records.push(record);
    }
    if options.write {
        let path = workspace.root.join("docs/load.md");
        let page = Page {
            plan: &plan,
            records: &records,
            run: page::this_run()?,
        };
        fs::write(&path, page.to_string())
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("written: {}", path.display());
    }
    Ok(if faults == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
