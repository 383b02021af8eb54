use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use console::style;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;

use crate::process;
use crate::workspace::{Workspace, cargo};

/// The programs in `benches/counts`, built.
pub(super) struct Programs {
    pub(super) instructions: PathBuf,
    pub(super) calls: PathBuf,
    pub(super) memory: PathBuf,
    /// A place for what a tool leaves behind.
    pub(super) scratch: PathBuf,
}

impl Programs {
    /// Builds them with the profile `bench`: optimised as a whole, as the fastest programs are.
    pub(super) fn build(workspace: &Workspace) -> anyhow::Result<Self> {
        let mut command = cargo();
        command
            .args(["bench", "-p", "benches", "--features", "counts"])
            .args(["--bench", "counts-*", "--no-run"])
            .args(["--message-format", "json-render-diagnostics"])
            .current_dir(&workspace.root);
        println!("{}", style(process::show(&command)).bold());
        let output = command
            .stderr(Stdio::inherit())
            .output()
            .context("cannot start cargo")?;
        if !output.status.success() {
            bail!("the build ended with {}", output.status);
        }
        let messages = String::from_utf8_lossy(&output.stdout);
        let find = |name| {
            executable(&messages, name).with_context(|| format!("cargo has not built {name}"))
        };
        let scratch = workspace.target.join("counts");
        fs::create_dir_all(&scratch)
            .with_context(|| format!("cannot create {}", scratch.display()))?;
        Ok(Self {
            instructions: find("counts-instructions")?,
            calls: find("counts-calls")?,
            memory: find("counts-memory")?,
            scratch,
        })
    }
}

/// Something that a program does as often as it is told to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scenario {
    pub(super) name: String,
    pub(super) few: u64,
    pub(super) many: u64,
}

impl Scenario {
    /// The scenarios of a program.
    pub(super) fn list(program: &Path) -> anyhow::Result<Vec<Self>> {
        let list = process::output(&mut Command::new(program))?;
        list.lines()
            .map(|line| Self::parse(line).with_context(|| format!("not a scenario: {line}")))
            .collect()
    }

    fn parse(line: &str) -> Option<Self> {
        let mut columns = line.split('\t');
        let name = columns.next()?.to_owned();
        let few = columns.next()?.parse().ok()?;
        let many = columns.next()?.parse().ok()?;
        (few < many && columns.next().is_none()).then_some(Self { name, few, many })
    }

    /// What one more time adds: what a process does once cancels out.
    pub(super) fn each_time(&self, few: u64, many: u64) -> f64 {
        (many as f64 - few as f64) / (self.many - self.few) as f64
    }
}

/// A bar that advances with every finished scenario.
pub(super) fn progress(part: &'static str, scenarios: usize) -> ProgressBar {
    let template = "{msg:14} [{bar:40.green}] {pos:3}/{len} scenarios, {elapsed} elapsed";
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    let bar = ProgressBar::new(scenarios as u64).with_message(part);
    bar.set_style(style.progress_chars("=> "));
    bar
}

#[derive(Deserialize)]
struct Artifact {
    target: Target,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// Looks for a program in what cargo says, a JSON object a line.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Artifact>(line).ok())
        .filter(|artifact| artifact.target.name == name)
        .find_map(|artifact| artifact.executable)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Scenario, executable};

    #[test]
    fn a_list_has_names_and_two_numbers() {
        let scenario = Scenario {
            name: "server, 16 B".to_owned(),
            few: 10,
            many: 110,
        };
        assert_eq!(Scenario::parse("server, 16 B\t10\t110"), Some(scenario));
        for line in ["", "a", "a\t1", "a\tb\t2", "a\t2\t2", "a\t1\t2\t3"] {
            assert_eq!(Scenario::parse(line), None, "{line:?}");
        }
    }

    #[test]
    fn what_is_done_once_cancels_out() {
        let scenario = Scenario {
            name: String::new(),
            few: 10,
            many: 110,
        };
        assert_eq!(scenario.each_time(1000 + 30, 1000 + 330), 3.0);
    }

    #[test]
    fn a_program_is_found_among_the_messages_of_cargo() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"a"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"b"},"executable":"deps/b-1"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(
            executable(messages, "b").as_deref(),
            Some(Path::new("deps/b-1"))
        );
        assert_eq!(executable(messages, "a"), None);
    }
}
