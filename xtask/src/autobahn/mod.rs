//! `cargo xtask autobahn`: the Autobahn test suite against an adapter.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use console::style;
use indicatif::MultiProgress;

use crate::autobahn::adapter::{Adapter, AdapterChoice};
use crate::autobahn::case_id::{CaseId, choose};
use crate::autobahn::install::Home;
use crate::autobahn::runner::{Runner, RunnerChoice};
use crate::autobahn::summary::Tally;
use crate::autobahn::testee::Testee;
use crate::side_by_side;
use crate::workspace::Workspace;

pub(crate) mod adapter;
mod case_id;
pub(crate) mod install;
mod judgement;
mod one_run;
mod report;
mod runner;
mod summary;
pub(crate) mod testee;
mod watch;

/// Run the Autobahn test suite against an adapter and judge the report.
///
/// Finds or installs its runner by itself. The order of `--runner auto` is: `wstest` named by
/// $AUTOBAHN_WSTEST or found in PATH; kosoku, a Python 3 package (needs Python 3.10 or newer),
/// which goes first among what can be installed because it is several times faster and listens on
/// loopback by itself; `wstest` installed for a Python 2.7 that really runs; and docker with
/// the image of the Autobahn project, if an engine answers. Installed runners live in
/// target/autobahn.
///
/// The command fails on every verdict but OK, or INFORMATIONAL in 7.1.6, 7.13.1 and 7.13.2, and
/// when the report does not hold exactly the cases that were chosen. UNIMPLEMENTED, which is what
/// an endpoint without compression gets in 12.* and 13.*, fails, too. Reports (HTML and JSON) are
/// written to target/autobahn, by adapter and role.
#[derive(Args)]
pub(crate) struct Options {
    /// The adapter under test.
    #[arg(long, value_enum, default_value_t = AdapterChoice::Tokio)]
    adapter: AdapterChoice,

    /// Which side of the connection Tautline plays.
    #[arg(long, value_enum, default_value_t = RoleChoice::Both)]
    role: RoleChoice,

    /// Cases to run, for example `6.*,9.*`; a category such as `6` means all of it. The default is
    /// every case.
    #[arg(long, value_delimiter = ',', value_name = "PATTERN")]
    cases: Vec<String>,

    /// Cases to leave out: `12,13` test compression and take most of the time.
    #[arg(long, value_delimiter = ',', value_name = "PATTERN")]
    skip: Vec<String>,

    /// What runs the cases.
    #[arg(long, value_enum, default_value_t = RunnerChoice::Auto)]
    runner: RunnerChoice,

    /// Cases in flight in a run; by default one for wstest and two for kosoku.
    ///
    /// The suite gives up a case of small messages after a minute, and a runner has one thread for
    /// all cases: beside many large messages a minute is not always enough. Against a server,
    /// `wstest` runs one at a time whatever this says.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: Option<u16>,

    /// Runs side by side, if there is more than one adapter or role.
    ///
    /// A run keeps between one and two cores busy: the runner's one, and a part of another.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=6))]
    runs: u8,

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
    let cases = choose(&options.cases, &options.skip)?;
    let home = Home::new(workspace.target.join("autobahn"))?;
    let runner = Runner::find(options.runner, &home)?;
    let testee = Testee::new(workspace, options.testee.as_deref())?;
    let plural = if cases.len() == 1 { "" } else { "s" };
    println!(
        "Autobahn test suite, {} case{plural}, {runner}",
        cases.len()
    );

    let mut plans = Vec::new();
    for &adapter in options.adapter.adapters() {
        for &role in options.role.roles() {
            plans.push(Plan {
                adapter,
                role,
                cases: cases.clone(),
                jobs: options.jobs.unwrap_or(runner.usual_jobs()),
                agent: format!("tautline-{}", adapter.name()),
                directory: home.report(adapter.name(), role.name())?,
            });
        }
    }
    let bars = MultiProgress::new();
    let tallies = side_by_side::map(&plans, options.runs.into(), |plan| {
        let (text, tally) = match one_run::run(&runner, &testee, plan, &bars) {
            Ok(judgement) => (judgement.text, judgement.tally),
            // A run that breaks says something about its adapter only: the others still count.
            Err(error) => {
                let title = format!("{} does not finish:", plan.title());
                let text = format!("{} {error:#}\n", style(title).red().bold());
                (text, Tally::unfinished(plan))
            }
        };
        // In one piece, because another run may end at the same time.
        bars.suspend(|| print!("\n{text}"));
        tally
    });

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
