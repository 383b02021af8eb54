//! `cargo xtask autobahn`: the Autobahn test suite against an adapter.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::{Args, ValueEnum};
use console::style;

use crate::autobahn::adapter::{Adapter, AdapterChoice};
use crate::autobahn::case_id::{CaseId, choose};
use crate::autobahn::install::Home;
use crate::autobahn::report::Report;
use crate::autobahn::runner::{Runner, RunnerChoice};
use crate::autobahn::summary::Tally;
use crate::autobahn::testee::Testee;
use crate::autobahn::watch::{Progress, wait_for_end, wait_for_port};
use crate::process::Guarded;
use crate::workspace::Workspace;

mod adapter;
mod case_id;
mod install;
mod report;
mod runner;
mod summary;
mod testee;
mod watch;

/// Run the Autobahn test suite against an adapter and judge the report.
///
/// Finds or installs its runner by itself. The order of `--runner auto` is: `wstest` named by
/// $AUTOBAHN_WSTEST or found in PATH; kosoku, a Python 3 package (needs Python 3.10 or newer),
/// which goes first among what can be installed because it runs the cases in seconds and listens
/// on loopback by itself; `wstest` installed for a Python 2.7 that really runs; and docker with
/// the image of the Autobahn project, if an engine answers. Installed runners live in
/// target/autobahn.
///
/// The command fails on every verdict but OK, or INFORMATIONAL in 7.1.6, 7.13.1 and 7.13.2, and
/// when the report does not hold exactly the cases that were chosen. Reports (HTML and JSON) are
/// written to target/autobahn, by adapter and role.
#[derive(Args)]
pub(crate) struct Options {
    /// The adapter under test.
    #[arg(long, value_enum, default_value_t = AdapterChoice::Tokio)]
    adapter: AdapterChoice,

    /// Which side of the connection Tautline plays.
    #[arg(long, value_enum, default_value_t = RoleChoice::Both)]
    role: RoleChoice,

    /// Cases to run, for example `6.*,9.*`; a category such as `6` means all of it.
    ///
    /// The default is all but 12.* and 13.*, which test compression.
    #[arg(long, value_delimiter = ',', value_name = "PATTERN")]
    cases: Vec<String>,

    /// What runs the cases.
    #[arg(long, value_enum, default_value_t = RunnerChoice::Auto)]
    runner: RunnerChoice,

    /// Cases in flight. `wstest` testing a server runs one at a time whatever this says.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,

    /// The program under test, instead of building the workspace's `autobahn-testee`.
    ///
    /// It is started as `PATH --adapter NAME server --listen 127.0.0.1:0`, and must then print
    /// `listening on 127.0.0.1:PORT` and echo, and as `PATH --adapter NAME client --url URL
    /// --agent NAME --jobs N`, and must then run all cases and print `case N/M` after each.
    #[arg(long, value_name = "PATH")]
    testee: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RoleChoice {
    Server,
    Client,
    Both,
}

impl RoleChoice {
    fn roles(self) -> &'static [Role] {
        match self {
            Self::Server => &[Role::Server],
            Self::Client => &[Role::Client],
            Self::Both => &[Role::Server, Role::Client],
        }
    }
}

/// The side that is under test.
#[derive(Clone, Copy)]
enum Role {
    Server,
    Client,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

/// What one run needs to know, whichever runner it uses.
struct Plan {
    adapter: Adapter,
    role: Role,
    cases: Vec<CaseId>,
    jobs: u16,
    /// The name under which the report lists the implementation.
    agent: String,
    /// The report's directory: empty when the run starts.
    directory: PathBuf,
}

impl Plan {
    /// What messages call the run.
    fn title(&self) -> String {
        format!("{} {}", self.adapter.name(), self.role.name())
    }

    /// A file beside the report's directory, named after it.
    fn log(&self, of: &str) -> PathBuf {
        self.directory.with_extension(format!("{of}.log"))
    }
}

/// Runs the suite. A run that is judged bad gives a code and no error: the counts come last.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    let cases = choose(&options.cases)?;
    let home = Home::new(workspace.target.join("autobahn"))?;
    let runner = Runner::find(options.runner, &home)?;
    let testee = Testee::new(workspace, options.testee.as_deref())?;
    let plural = if cases.len() == 1 { "" } else { "s" };
    println!(
        "Autobahn test suite, {} case{plural}, {runner}",
        cases.len()
    );
    if options.cases.is_empty() {
        println!("12.* and 13.* (compression) are left out");
    }

    let mut tallies = Vec::new();
    for &adapter in options.adapter.adapters() {
        for &role in options.role.roles() {
            let plan = Plan {
                adapter,
                role,
                cases: cases.clone(),
                jobs: options.jobs,
                agent: format!("tautline-{}", adapter.name()),
                directory: home.report(adapter.name(), role.name())?,
            };
            println!();
            // A run that breaks says something about its adapter only: the others still count.
            tallies.push(one_run(&runner, &testee, &plan).unwrap_or_else(|error| {
                let title = format!("{} does not finish:", plan.title());
                println!("{} {error:#}", style(title).red().bold());
                Tally::unfinished(&plan)
            }));
        }
    }

    println!();
    for tally in &tallies {
        println!("{tally}");
    }
    if options.adapter == AdapterChoice::All {
        println!("{}", summary::of_runs(&tallies));
    }
    let passed = tallies.iter().all(|tally| tally.passed);
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// One adapter in one role: the run, its report, and the judgement.
fn one_run(runner: &Runner, testee: &Testee, plan: &Plan) -> anyhow::Result<Tally> {
    match plan.role {
        Role::Server => test_server(runner, testee, plan)?,
        Role::Client => test_client(runner, testee, plan)?,
    }
    let report = Report::read(&plan.directory)?;
    let passed = summary::show(&report, plan);
    summary::save(&runner.to_string(), &report, plan)?;
    Ok(Tally::new(plan, &report, passed))
}

/// The runner plays the client.
fn test_server(runner: &Runner, testee: &Testee, plan: &Plan) -> anyhow::Result<()> {
    let (server, address) = testee.serve(plan.adapter, &plan.log("testee"))?;
    let log = plan.log("runner");
    let (client, lines) = Guarded::spawn(runner.fuzzing_client(address, plan)?, &log)?;
    let mut progress = Progress::new("server", plan.cases.len());
    // The exit status says nothing: wstest ends with 0 whatever happened, kosoku with 1 for a
    // failed case. The report is the judge.
    wait_for_end(&client, &lines, &mut progress).map_err(|error| with_log(&error, &log))?;
    progress.finish();
    if let Some(status) = server.ended()? {
        let error = anyhow!("the testee did not survive the run ({status})");
        return Err(with_log(&error, &plan.log("testee")));
    }
    Ok(())
}

/// The runner plays the server.
fn test_client(runner: &Runner, testee: &Testee, plan: &Plan) -> anyhow::Result<()> {
    let port = free_port()?;
    let log = plan.log("runner");
    let (server, _lines) = Guarded::spawn(runner.fuzzing_server(port, plan)?, &log)?;
    wait_for_port(&server, port).map_err(|error| with_log(&error, &log))?;
    refuse_other_interfaces(port)?;

    let log = plan.log("testee");
    let url = format!("ws://127.0.0.1:{port}");
    let (client, lines) = Guarded::spawn(testee.client(&url, plan, runner), &log)?;
    let mut progress = Progress::new("client", plan.cases.len());
    let status =
        wait_for_end(&client, &lines, &mut progress).map_err(|error| with_log(&error, &log))?;
    progress.finish();
    if !status.success() {
        return Err(with_log(&anyhow!("the testee failed ({status})"), &log));
    }
    // The testee has asked for the report and seen the answer, but kosoku writes only afterwards,
    // while it ends; wstest has written and stays.
    if runner.ends_with_the_report() {
        watch::wait_for_exit(&server, Duration::from_secs(60))
            .map_err(|error| with_log(&error, &plan.log("runner")))?;
    }
    Ok(())
}

/// A loopback port that was free a moment ago.
fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}

/// Fails when the server on `port` listens on more than 127.0.0.1.
///
/// Another loopback address can be bound next to 127.0.0.1 but not next to 0.0.0.0, which tells
/// the two apart without asking the system's tables. Only Linux gives the whole 127/8 to loopback.
fn refuse_other_interfaces(port: u16) -> anyhow::Result<()> {
    if cfg!(target_os = "linux") && TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), port)).is_err()
    {
        bail!("the runner listens on more than 127.0.0.1; try --runner kosoku");
    }
    Ok(())
}

/// Adds the place and the last lines of what a program has printed.
fn with_log(error: &anyhow::Error, log: &Path) -> anyhow::Error {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let tail = &lines[lines.len().saturating_sub(10)..];
    if tail.is_empty() {
        return anyhow!("{error:#}; it has printed nothing");
    }
    anyhow!(
        "{error:#}; the end of {}:\n{}",
        log.display(),
        style(tail.join("\n")).dim()
    )
}
