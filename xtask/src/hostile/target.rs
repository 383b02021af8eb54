//! Who can be attacked, and the programs that stand for them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use clap::ValueEnum;
use serde::Deserialize;

use crate::autobahn::adapter::Adapter;
use crate::autobahn::testee::Testee;
use crate::hostile::attack::{KEEPALIVE, Mode, Play};
use crate::process::{self, Launch};
use crate::workspace::{Workspace, cargo};

/// What `--target` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TargetChoice {
    Tautline,
    TokioTungstenite,
    Fastwebsockets,
    TokioWebsockets,
    Yawc,
    SockudoWs,
    Wtx,
    Soketto,
    /// Tautline and every other library.
    All,
}

impl TargetChoice {
    /// The libraries besides Tautline that were asked for.
    pub(super) fn rivals(choices: &[Self]) -> Vec<Rival> {
        let all = choices.contains(&Self::All);
        let is_wanted = |rival: &&Rival| all || choices.contains(&rival.choice);
        RIVALS.iter().filter(is_wanted).copied().collect()
    }

    pub(super) fn has_tautline(choices: &[Self]) -> bool {
        choices.contains(&Self::Tautline) || choices.contains(&Self::All)
    }
}

/// Another library.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rival {
    choice: TargetChoice,
    /// On crates.io, and in our other program.
    pub(super) name: &'static str,
    /// Whether it has permessage-deflate that works, as a server.
    deflate: bool,
    /// The same as a client.
    client_deflate: bool,
}

const RIVALS: &[Rival] = &[
    rival(TargetChoice::TokioTungstenite, "tokio-tungstenite", false),
    rival(TargetChoice::Fastwebsockets, "fastwebsockets", false),
    rival(TargetChoice::TokioWebsockets, "tokio-websockets", false),
    rival(TargetChoice::Yawc, "yawc", true).and_client(),
    rival(TargetChoice::SockudoWs, "sockudo-ws", true),
    rival(TargetChoice::Wtx, "wtx", true).and_client(),
    rival(TargetChoice::Soketto, "soketto", false),
];

/// `deflate` is about the server: clients that can compress say so besides.
const fn rival(choice: TargetChoice, name: &'static str, deflate: bool) -> Rival {
    Rival {
        choice,
        name,
        deflate,
        client_deflate: false,
    }
}

impl Rival {
    const fn and_client(self) -> Self {
        Self {
            client_deflate: true,
            ..self
        }
    }
}

/// One that is attacked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    Tautline(Adapter),
    Rival(Rival),
}

impl Target {
    /// Which column it belongs to.
    pub(super) fn library(self) -> &'static str {
        match self {
            Self::Tautline(_) => "tautline",
            Self::Rival(rival) => rival.name,
        }
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::Tautline(adapter) => format!("tautline {}", adapter.name()),
            Self::Rival(rival) => rival.name.to_owned(),
        }
    }

    pub(super) fn is_tautline(self) -> bool {
        matches!(self, Self::Tautline(_))
    }

    /// Whether it can be set up like that for an attack on its server, or on its client.
    pub(super) fn can(self, mode: Mode, play: Play) -> bool {
        match (self, mode, play) {
            (Self::Tautline(_), ..) | (_, Mode::Plain, _) => true,
            (Self::Rival(rival), Mode::Deflate, Play::Server(_)) => rival.deflate,
            (Self::Rival(rival), Mode::Deflate, Play::Client(_)) => rival.client_deflate,
            (Self::Rival(_), Mode::Keepalive, _) => false,
        }
    }
}

/// The programs, built.
pub(super) struct Programs {
    testee: Option<Testee>,
    victim: Option<PathBuf>,
}

impl Programs {
    pub(super) fn new(
        workspace: &Workspace,
        tautline: bool,
        rivals: bool,
        testee: Option<&Path>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            testee: tautline
                .then(|| Testee::new(workspace, testee))
                .transpose()?,
            victim: rivals.then(|| build(workspace)).transpose()?,
        })
    }

    /// An echo server that says where it listens.
    pub(super) fn server(&self, target: Target, mode: Mode) -> Launch {
        let flags = match mode {
            Mode::Plain => vec!["--no-compression".to_owned()],
            Mode::Deflate => Vec::new(),
            Mode::Keepalive => vec![
                "--no-compression".to_owned(),
                format!("--keepalive={}", KEEPALIVE.as_millis()),
            ],
        };
        let arguments = ["server", "--listen", "127.0.0.1:0"].map(str::to_owned);
        self.launch(target, arguments.into_iter().chain(flags))
    }

    /// A client that visits a server some times and says how that was.
    pub(super) fn client(&self, target: Target, mode: Mode, url: &str, times: u32) -> Launch {
        let flags = match mode {
            Mode::Deflate => None,
            _ => Some("--no-compression".to_owned()),
        };
        let times = times.to_string();
        let arguments = ["visit", "--url", url, "--times", &times].map(str::to_owned);
        self.launch(target, arguments.into_iter().chain(flags))
    }

    /// The version of a library in a run.
    pub(super) fn version(&self, library: &str) -> anyhow::Result<String> {
        if library == "tautline" {
            // One version for all of the workspace.
            return Ok(env!("CARGO_PKG_VERSION").to_owned());
        }
        let mut command = Command::new(self.victim());
        let printed = process::output(command.args(["version", library]))?;
        Ok(printed.trim().to_owned())
    }

    fn launch(&self, target: Target, arguments: impl IntoIterator<Item = String>) -> Launch {
        let mut command = match (target, &self.testee) {
            (Target::Tautline(adapter), Some(testee)) => testee.command(adapter),
            (Target::Tautline(_), None) => unreachable!("it was built for its attacks"),
            (Target::Rival(rival), _) => {
                let mut command = Command::new(self.victim());
                command.args(["--library", rival.name]);
                command
            }
        };
        command.args(arguments);
        // Printing where a panic was takes more memory than most attacks.
        command.env("RUST_BACKTRACE", "0");
        Launch {
            name: target.name(),
            command,
            farewell: None,
        }
    }

    fn victim(&self) -> &Path {
        self.victim
            .as_deref()
            .expect("it was built for the libraries to be attacked")
    }
}

/// Builds the program with the other libraries, which is in a workspace of its own.
fn build(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let mut command = cargo();
    command.current_dir(workspace.root.join("benches/peers"));
    command.args(["build", "--profile", "victim", "--bin", PROGRAM]);
    println!("{} (in benches/peers)", process::show(&command));
    command.arg("--message-format=json-render-diagnostics");
    command.stderr(Stdio::inherit());
    let output = command.output().context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the program with the other libraries does not build");
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Artifact>(line).ok())
        .find(|artifact| artifact.target.name == PROGRAM)
        .and_then(|artifact| artifact.executable);
    executable.context("cargo has built no program called victim")
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

const PROGRAM: &str = "victim";

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::{RIVALS, TargetChoice};

    #[test]
    fn every_library_can_be_chosen_by_its_name() {
        for rival in RIVALS {
            let choice = TargetChoice::from_str(rival.name, false).unwrap();
            assert_eq!(TargetChoice::rivals(&[choice]).len(), 1);
        }
        assert_eq!(
            TargetChoice::rivals(&[TargetChoice::All]).len(),
            RIVALS.len()
        );
        assert!(TargetChoice::rivals(&[TargetChoice::Tautline]).is_empty());
    }
}
