//! The program under test.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::autobahn::Plan;
use crate::autobahn::adapter::Adapter;
use crate::autobahn::runner::Runner;
use crate::autobahn::watch::wait_for_port;
use crate::process::{self, Guarded, Launch};
use crate::workspace::{Workspace, cargo};

/// A program that echoes through any of the adapters, as a server or as a client.
pub(crate) struct Testee(PathBuf);

impl Testee {
    /// Takes `program`, or builds the workspace's own with optimisations.
    pub(crate) fn new(workspace: &Workspace, program: Option<&Path>) -> anyhow::Result<Self> {
        let program = match program {
            // Relative paths are looked up in PATH unless they have a directory.
            Some(path) => path
                .canonicalize()
                .with_context(|| format!("no program under test at {}", path.display()))?,
            None => build(workspace)?,
        };
        Ok(Self(program))
    }

    /// Starts the echo server as it is without flags.
    pub(super) fn serve(
        &self,
        adapter: Adapter,
        log: &Path,
    ) -> anyhow::Result<(Guarded, SocketAddr)> {
        let (server, address, _) = self.serve_with(adapter, &[], log)?;
        Ok((server, address))
    }

    /// Starts the echo server and waits until it accepts connections. What it prints from then on is
    /// told as well.
    pub(crate) fn serve_with(
        &self,
        adapter: Adapter,
        flags: &[String],
        log: &Path,
    ) -> anyhow::Result<(Guarded, SocketAddr, Receiver<String>)> {
        let mut command = self.command(adapter);
        command.args(["server", "--listen", "127.0.0.1:0"]);
        command.args(flags);
        let launch = Launch {
            name: "the testee".to_owned(),
            command,
            farewell: None,
        };
        let (server, lines) = Guarded::spawn(launch, log)?;
        let begin = Instant::now();
        let line = loop {
            if let Ok(line) = lines.recv_timeout(Duration::from_millis(100)) {
                break line;
            }
            if let Some(status) = server.ended()? {
                bail!(
                    "the testee ended before it listened ({status}); see {}",
                    log.display()
                );
            }
            if begin.elapsed() > START {
                bail!("the testee has not said where it listens after {START:?}");
            }
        };
        let address: SocketAddr = line
            .strip_prefix("listening on ")
            .and_then(|address| address.parse().ok())
            .with_context(|| format!("the testee says {line:?}, not `listening on IP:PORT`"))?;
        if !address.ip().is_loopback() {
            bail!("the testee listens on {address}, which is not loopback");
        }
        wait_for_port(&server, address.port())?;
        Ok((server, address, lines))
    }

    /// The client that runs every case the server at `url` has.
    pub(super) fn client(&self, url: &str, plan: &Plan, runner: &Runner) -> Launch {
        let mut command = self.command(plan.adapter);
        command.args(["client", "--url", url]);
        command.args(["--agent", &plan.agent, "--jobs", &plan.jobs.to_string()]);
        if runner.wants_the_offer_named() {
            command.arg("--no-context-takeover");
        }
        Launch {
            name: "the testee".to_owned(),
            command,
            farewell: None,
        }
    }

    /// The client that has a conversation with the echo server at `url`.
    pub(crate) fn talk(
        &self,
        adapter: Adapter,
        url: &str,
        conversation: &Path,
        flags: &[String],
    ) -> Launch {
        let mut command = self.command(adapter);
        command.args(["talk", "--url", url, "--conversation"]);
        command.arg(conversation).args(flags);
        Launch {
            name: "the testee".to_owned(),
            command,
            farewell: None,
        }
    }

    /// The program on an adapter; what it is to do is to be added.
    pub(crate) fn command(&self, adapter: Adapter) -> Command {
        let mut command = Command::new(&self.0);
        command.args(["--adapter", adapter.name()]);
        command.envs(adapter.environment());
        command
    }
}

fn build(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let mut command = cargo();
    command
        .current_dir(&workspace.root)
        .args(["build", "--release", "-p", PACKAGE]);
    println!("{}", process::show(&command));
    // Asked of cargo, because CARGO_TARGET_DIR and build.target both move the program.
    command.arg("--message-format=json-render-diagnostics");
    command.stderr(std::process::Stdio::inherit());
    let output = command.output().context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the testee does not build");
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Artifact>(line).ok())
        .find(|artifact| artifact.target.name == PACKAGE)
        .and_then(|artifact| artifact.executable);
    executable.context("cargo has built no program called autobahn-testee")
}

/// One message of `cargo build --message-format=json`: only artifacts have these fields.
#[derive(Deserialize)]
struct Artifact {
    target: ArtifactTarget,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct ArtifactTarget {
    name: String,
}

const PACKAGE: &str = "autobahn-testee";

const START: Duration = Duration::from_secs(30);
