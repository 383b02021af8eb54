//! The programs that can run the suite: finding one, and its command lines.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, id as process_id};

use anyhow::{Context, bail};
use clap::ValueEnum;
use serde_json::json;

use crate::autobahn::Plan;
use crate::autobahn::install::{Home, KOSOKU};
use crate::process::{self, Launch};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RunnerChoice {
    /// The first that works: wstest in PATH, kosoku, wstest for Python 2.7, docker.
    Auto,
    /// The original suite: $AUTOBAHN_WSTEST, or PATH, or installed for Python 2.7.
    Wstest,
    /// The same cases on a new engine: installed for Python 3.10 or newer.
    Kosoku,
    /// The original suite in the image of the Autobahn project (Linux).
    Docker,
}

/// A runner that has been seen to work.
pub(super) enum Runner {
    Kosoku {
        /// The interpreter of the virtual environment.
        python: PathBuf,
        client: PathBuf,
        server: PathBuf,
    },
    Wstest(Wstest),
    Docker,
}

pub(super) struct Wstest {
    /// The program and its first arguments.
    program: Vec<OsString>,
    /// Where its packages are, if its interpreter does not know.
    packages: Option<PathBuf>,
    hooks: PathBuf,
    /// As it tells it: `AutobahnTestSuite 25.10.1`.
    version: String,
}

impl Runner {
    /// Finds or installs a runner.
    ///
    /// # Errors
    ///
    /// With everything that was looked for, and why it would not do.
    pub(super) fn find(choice: RunnerChoice, home: &Home) -> anyhow::Result<Self> {
        let kosoku = || -> anyhow::Result<Self> {
            Ok(Self::Kosoku {
                python: home.kosoku()?,
                client: home.kosoku_client(),
                server: home.kosoku_server(),
            })
        };
        let python27 = || Wstest::installed(home).map(Self::Wstest);
        let path = || Wstest::in_path(home).map(Self::Wstest);
        let mut searches: Vec<(&str, &dyn Fn() -> anyhow::Result<Self>)> = Vec::new();
        if matches!(choice, RunnerChoice::Auto | RunnerChoice::Wstest) {
            if let Some(program) = env::var_os("AUTOBAHN_WSTEST") {
                // Somebody has asked for this one: no other will do.
                return Wstest::probe(program, home)
                    .map(Self::Wstest)
                    .context("$AUTOBAHN_WSTEST names a program that does not work");
            }
            searches.push(("wstest in PATH", &path));
        }
        if matches!(choice, RunnerChoice::Auto | RunnerChoice::Kosoku) {
            searches.push(("kosoku", &kosoku));
        }
        if matches!(choice, RunnerChoice::Auto | RunnerChoice::Wstest) {
            searches.push(("wstest for Python 2.7", &python27));
        }
        if matches!(choice, RunnerChoice::Auto | RunnerChoice::Docker) {
            searches.push(("docker", &docker));
        }

        let mut reasons = String::new();
        for (name, search) in searches {
            match search() {
                Ok(runner) => return Ok(runner),
                Err(reason) => reasons.push_str(&format!("\n- {name}: {reason:#}")),
            }
        }
        bail!("nothing here can run the Autobahn test suite; looked for:{reasons}")
    }

    /// The run against a server at `address`.
    pub(super) fn fuzzing_client(
        &self,
        address: SocketAddr,
        plan: &Plan,
    ) -> anyhow::Result<Launch> {
        let servers = json!([{ "agent": plan.agent, "url": format!("ws://{address}") }]);
        match self {
            Self::Kosoku { python, client, .. } => {
                let mut command = Command::new(python);
                command
                    .arg(client)
                    .arg(address.to_string())
                    .arg(&plan.directory);
                command.arg(plan.jobs.to_string());
                command.args(plan.cases.iter().map(ToString::to_string));
                Ok(launch("kosoku", command))
            }
            Self::Wstest(wstest) => {
                let spec = write_spec(plan, "servers", servers, &plan.directory)?;
                let mut command = wstest.command();
                command.args(["-m", "fuzzingclient", "-s"]).arg(spec);
                Ok(launch("wstest", command))
            }
            Self::Docker => {
                write_spec(plan, "servers", servers, REPORTS.as_ref())?;
                // A client listens nowhere, and the host's loopback is where the testee is.
                Ok(container(plan, &["--network", "host"], "fuzzingclient"))
            }
        }
    }

    /// The run that listens on a loopback `port` for a client.
    pub(super) fn fuzzing_server(&self, port: u16, plan: &Plan) -> anyhow::Result<Launch> {
        let url = json!(format!("ws://127.0.0.1:{port}"));
        match self {
            Self::Kosoku { python, server, .. } => {
                let mut command = Command::new(python);
                command.arg(server);
                command.args(["-m", "fuzzingserver", &format!("127.0.0.1:{port}"), "-o"]);
                command.arg(&plan.directory);
                for case in &plan.cases {
                    command.arg("-i").arg(case.to_string());
                }
                Ok(launch("kosoku", command))
            }
            Self::Wstest(wstest) => {
                let spec = write_spec(plan, "url", url, &plan.directory)?;
                let mut command = wstest.command();
                // "-u 0": without its web page, which would take port 8080.
                command
                    .args(["-m", "fuzzingserver", "-u", "0", "-s"])
                    .arg(spec);
                Ok(launch("wstest", command))
            }
            Self::Docker => {
                write_spec(plan, "url", url, REPORTS.as_ref())?;
                // All interfaces inside the container, loopback only outside.
                let publish = format!("127.0.0.1:{port}:{port}");
                Ok(container(plan, &["--publish", &publish], "fuzzingserver"))
            }
        }
    }

    /// Whether the runner as a server only takes an offer that names `client_no_context_takeover`,
    /// where it is to be agreed on; RFC 7692 section 7.1.1.2 lets a server ask for it unasked.
    pub(super) fn wants_the_offer_named(&self) -> bool {
        matches!(self, Self::Kosoku { .. })
    }

    /// How many cases in flight leave each of them enough time.
    pub(super) fn usual_jobs(&self) -> u16 {
        match self {
            // One waits while the other works.
            Self::Kosoku { .. } => 2,
            // Large messages take it so long that small ones beside them run out of time.
            Self::Wstest(_) | Self::Docker => 1,
        }
    }

    /// Whether the runner as a server ends by itself after the report was asked for.
    pub(super) fn ends_with_the_report(&self) -> bool {
        matches!(self, Self::Kosoku { .. })
    }
}

impl fmt::Display for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kosoku { .. } => write!(f, "kosoku {KOSOKU}"),
            Self::Wstest(wstest) => write!(f, "wstest ({})", wstest.version),
            Self::Docker => write!(f, "{IMAGE}"),
        }
    }
}

impl Wstest {
    fn in_path(home: &Home) -> anyhow::Result<Self> {
        Self::probe("wstest".into(), home)
    }

    fn installed(home: &Home) -> anyhow::Result<Self> {
        let (python, packages) = home.python27()?;
        let main = "from autobahntestsuite import wstest; wstest.run()";
        let program = vec![python.into(), "-c".into(), main.into()];
        Self::checked(program, Some(packages), home)
    }

    fn probe(program: OsString, home: &Home) -> anyhow::Result<Self> {
        Self::checked(vec![program], None, home)
    }

    /// Runs it once: a program that is there and does not work is common for Python 2.
    fn checked(
        program: Vec<OsString>,
        packages: Option<PathBuf>,
        home: &Home,
    ) -> anyhow::Result<Self> {
        let mut wstest = Self {
            program,
            packages,
            hooks: home.hooks(),
            version: String::new(),
        };
        let versions = process::output(wstest.command().arg("-a"))?;
        let version = versions
            .lines()
            .find(|line| line.starts_with("AutobahnTestSuite"));
        let Some(version) = version else {
            bail!("`wstest -a` does not name the Autobahn test suite");
        };
        wstest.version = version.to_owned();
        Ok(wstest)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program[0]);
        command.args(&self.program[1..]);
        command
            .env("PYTHONPATH", &self.hooks)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        // Progress is read from its output, which Python holds back when it is no terminal.
        command.env("PYTHONUNBUFFERED", "1");
        if let Some(packages) = &self.packages {
            command.env("TAUTLINE_PACKAGES", packages);
        }
        command
    }
}

fn docker() -> anyhow::Result<Runner> {
    // Not `docker --version`, which answers without an engine.
    process::quiet(Command::new("docker").arg("info")).context("no engine answers")?;
    Ok(Runner::Docker)
}

fn container(plan: &Plan, network: &[&str], mode: &str) -> Launch {
    let name = format!(
        "tautline-autobahn-{}-{}-{}",
        plan.adapter.name(),
        plan.role.name(),
        process_id()
    );
    let mut command = Command::new("docker");
    command
        .args(["run", "--rm", "--init", "--name", &name])
        .args(network);
    command
        .arg("--volume")
        .arg(format!("{}:{REPORTS}", plan.directory.display()));
    command.args([
        "--env",
        "PYTHONUNBUFFERED=1",
        IMAGE,
        "wstest",
        "-m",
        mode,
        "-u",
        "0",
        "-s",
    ]);
    command.arg(format!("{REPORTS}/{SPEC}"));
    // Killing the docker client leaves the container running.
    let farewell = ["docker", "kill", &name].map(str::to_owned).to_vec();
    Launch {
        name: "docker".to_owned(),
        command,
        farewell: Some(farewell),
    }
}

fn launch(name: &str, command: Command) -> Launch {
    Launch {
        name: name.to_owned(),
        command,
        farewell: None,
    }
}

/// Writes wstest's configuration into the report's directory and returns its path.
fn write_spec(
    plan: &Plan,
    key: &str,
    value: serde_json::Value,
    outdir: &Path,
) -> anyhow::Result<PathBuf> {
    let cases: Vec<String> = plan.cases.iter().map(ToString::to_string).collect();
    let mut spec = json!({
        "outdir": outdir,
        "cases": cases,
        "exclude-cases": [],
        "exclude-agent-cases": {},
    });
    spec[key] = value;
    let path = plan.directory.join(SPEC);
    fs::write(&path, spec.to_string())
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// The image of the Autobahn project, with the same suite that is installed without docker.
const IMAGE: &str = "crossbario/autobahn-testsuite:25.10.1";

/// Where the report's directory is mounted in a container.
const REPORTS: &str = "/reports";

const SPEC: &str = "wstest.json";
