//! Building `benches/peers` and running its groups, one after the other.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use console::style;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::bench::peers::callgrind;
use crate::bench::peers::group::{Group, Pace};
use crate::bench::peers::record::Record;
use crate::bench::peers::results::{Results, Store};
use crate::bench::run::Run;
use crate::process::{Guarded, Launch};
use crate::workspace::{Workspace, cargo};

/// What is to be measured.
pub(super) struct Plan<'a> {
    pub(super) groups: Vec<Group>,
    pub(super) pace: Pace,
    /// The contestants; everybody if there is none.
    pub(super) only: &'a [String],
    /// What a person has typed.
    pub(super) typed: String,
}

/// Measures all groups of a plan and keeps what comes out, group by group.
pub(super) fn measure(workspace: &Workspace, plan: &Plan<'_>, store: &Store) -> anyhow::Result<()> {
    let mut groups = Vec::new();
    for &group in &plan.groups {
        let missing = group.tool().filter(|tool| !is_installed(tool));
        if let Some(tool) = missing {
            println!(
                "{} {} is left out: install {tool} (apt-get install {tool})",
                style("note:").yellow().bold(),
                group.name()
            );
        }
        groups.push((group, missing));
    }
    let program = build(workspace)?;
    let run = Run::begin(
        workspace,
        std::slice::from_ref(&plan.typed),
        Vec::new(),
        plan.pace == Pace::Quick,
    )?;
    let present = || groups.iter().filter(|(_, missing)| missing.is_none());
    let total: Duration = present().map(|(group, _)| group.estimate(plan.pace)).sum();
    println!(
        "{} groups, about {} on two cores that do nothing else",
        present().count(),
        minutes(total)
    );
    let bar = Bar::new(total)?;
    for (group, missing) in &groups {
        if missing.is_none() {
            bar.begin(*group, plan.pace);
        }
        let records = match missing {
            Some(_) => Vec::new(),
            None if *group == Group::Instructions => instructions(&program, plan, store, &bar)?,
            None => records(&program, *group, &plan.arguments(*group), store, &bar)?,
        };
        let results = Results {
            run: run.clone(),
            command: plan.command(*group),
            missing: missing.map(str::to_owned),
            records,
        };
        store.write(*group, &results)?;
        if missing.is_none() {
            bar.end(*group, results.records.len());
        }
    }
    Ok(())
}

impl Plan<'_> {
    fn arguments(&self, group: Group) -> Vec<String> {
        let mut arguments = group.arguments(self.pace);
        if !self.only.is_empty() {
            arguments.extend(["--only".to_owned(), self.only.join(",")]);
        }
        arguments
    }

    /// As it is typed in `benches/peers`.
    fn command(&self, group: Group) -> String {
        if group == Group::Instructions {
            return callgrind::COMMAND.to_owned();
        }
        let arguments = self.arguments(group).join(" ");
        format!("cargo run --release -- {arguments}")
    }
}

/// Runs a group of `benches/peers` to its end and returns what it has printed.
fn records(
    program: &Path,
    group: Group,
    arguments: &[String],
    store: &Store,
    bar: &Bar,
) -> anyhow::Result<Vec<Record>> {
    let mut command = Command::new(program);
    command.args(arguments);
    let log = store.log(group);
    let launch = Launch {
        name: group.name().to_owned(),
        command,
        farewell: None,
    };
    let (child, lines) = Guarded::spawn(launch, &log)?;
    let mut records = Vec::new();
    loop {
        match lines.recv_timeout(TICK) {
            Ok(line) => {
                let record = serde_json::from_str(&line);
                records.push(record.with_context(|| format!("no record: {line}"))?);
            }
            Err(RecvTimeoutError::Timeout) => bar.tick(group, &last_progress(&log)),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let status = loop {
        match child.ended()? {
            Some(status) => break status,
            None => thread::sleep(TICK / 10),
        }
    };
    if !status.success() {
        bail!(
            "{} ended with {status}: {}; all of it is in {}",
            child.name(),
            last_progress(&log),
            log.display()
        );
    }
    Ok(records)
}

/// Counts the instructions of all who take part in `in-memory`, which a short run of that tells.
fn instructions(
    program: &Path,
    plan: &Plan<'_>,
    store: &Store,
    bar: &Bar,
) -> anyhow::Result<Vec<Record>> {
    let words = "in-memory --kinds binary --sizes 16 --reads permsg --quick";
    let mut arguments: Vec<String> = words.split(' ').map(str::to_owned).collect();
    if !plan.only.is_empty() {
        arguments.extend(["--only".to_owned(), plan.only.join(",")]);
    }
    let taking_part = records(program, Group::Instructions, &arguments, store, bar)?;
    callgrind::count(program, &taking_part, plan.pace, |done, all| {
        bar.tick(Group::Instructions, &format!("{done}/{all}"));
    })
}

/// Builds the program, showing what cargo says, and returns where it is.
fn build(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let directory = workspace.root.join("benches/peers");
    let mut command = cargo();
    command
        .current_dir(&directory)
        .args([
            "build",
            "--release",
            "--bin",
            "peers",
            "--message-format",
            "json-render-diagnostics",
        ])
        .stdout(Stdio::piped());
    println!("building benches/peers with all libraries: minutes, the first time");
    let output = command
        .spawn()
        .and_then(std::process::Child::wait_with_output);
    let output = output.context("cannot start cargo")?;
    if !output.status.success() {
        bail!("benches/peers does not build ({})", output.status);
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut programs = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    });
    programs.next_back().context("cargo names no program")
}

fn is_installed(tool: &str) -> bool {
    let mut command = Command::new(tool);
    command.arg("--version");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// What a program last said on its standard error, which is in the log beside its records.
fn last_progress(log: &Path) -> String {
    // The log grows while it is read; a line that is not whole will be so the next time.
    let text = fs::read_to_string(log).unwrap_or_default();
    let said = text.lines().rev().find(|line| !line.starts_with('{'));
    said.unwrap_or_default().to_owned()
}

/// How far everything is, by the clock: groups differ in what their cells take.
struct Bar {
    bar: ProgressBar,
    state: Mutex<State>,
}

/// Of the group that is being measured.
struct State {
    began: Instant,
    estimate: Duration,
    /// The estimates of the groups before it.
    done: Duration,
}

impl Bar {
    fn new(total: Duration) -> anyhow::Result<Self> {
        let template = "{bar:30} {elapsed} of about {prefix}  {wide_msg}";
        let style = ProgressStyle::with_template(template)?;
        let bar = ProgressBar::new(total.as_millis() as u64)
            .with_style(style)
            .with_prefix(minutes(total));
        bar.enable_steady_tick(TICK);
        let state = State {
            began: Instant::now(),
            estimate: Duration::ZERO,
            done: Duration::ZERO,
        };
        Ok(Self {
            bar,
            state: Mutex::new(state),
        })
    }

    fn begin(&self, group: Group, pace: Pace) {
        let estimate = group.estimate(pace);
        let mut state = self.state();
        *state = State {
            began: Instant::now(),
            estimate,
            done: state.done + state.estimate,
        };
        drop(state);
        if self.bar.is_hidden() {
            println!("{}: about {}", group.name(), minutes(estimate));
        }
        self.tick(group, "");
    }

    fn tick(&self, group: Group, at: &str) {
        let state = self.state();
        let position = state.done + state.began.elapsed().min(state.estimate);
        self.bar.set_position(position.as_millis() as u64);
        self.bar.set_message(format!("{} {at}", group.name()));
    }

    fn end(&self, group: Group, records: usize) {
        let took = minutes(self.state().began.elapsed());
        let line = format!("{}: {records} records in {took}", group.name());
        self.bar.suspend(|| println!("{line}"));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves times that are as good as any.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// `1:05`.
fn minutes(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    format!("{}:{:02} min", seconds / 60, seconds % 60)
}

const TICK: Duration = Duration::from_millis(250);
