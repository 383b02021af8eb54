//! One run: an adapter in one role.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use console::style;
use indicatif::MultiProgress;

use crate::autobahn::judgement::Judgement;
use crate::autobahn::report::Report;
use crate::autobahn::runner::Runner;
use crate::autobahn::summary;
use crate::autobahn::testee::Testee;
use crate::autobahn::watch::{Progress, wait_for_end, wait_for_exit, wait_for_port};
use crate::autobahn::{Plan, Role};
use crate::process::Guarded;

/// Runs the chosen cases, reads the report, and judges it.
///
/// # Errors
///
/// When there is no report to judge.
pub(super) fn run(
    runner: &Runner,
    testee: &Testee,
    plan: &Plan,
    bars: &MultiProgress,
) -> anyhow::Result<Judgement> {
    let mut progress = Progress::new(bars, plan.title(), plan.cases.len());
    match plan.role {
        Role::Server => test_server(runner, testee, plan, &mut progress)?,
        Role::Client => test_client(runner, testee, plan, &mut progress)?,
    }
    let report = Report::read(&plan.directory)?;
    summary::save(&runner.to_string(), &report, plan)?;
    Ok(Judgement::new(&report, plan))
}

/// The runner plays the client.
fn test_server(
    runner: &Runner,
    testee: &Testee,
    plan: &Plan,
    progress: &mut Progress,
) -> anyhow::Result<()> {
    let (server, address) = testee.serve(plan.adapter, &plan.log("testee"))?;
    let log = plan.log("runner");
    let (client, lines) = Guarded::spawn(runner.fuzzing_client(address, plan)?, &log)?;
    // The exit status says nothing: wstest ends with 0 whatever happened, kosoku with 1 for a
    // failed case. The report is the judge.
    wait_for_end(&client, &lines, progress).map_err(|error| with_log(&error, &log))?;
    if let Some(status) = server.ended()? {
        let error = anyhow!("the testee did not survive the run ({status})");
        return Err(with_log(&error, &plan.log("testee")));
    }
    Ok(())
}

/// The runner plays the server.
fn test_client(
    runner: &Runner,
    testee: &Testee,
    plan: &Plan,
    progress: &mut Progress,
) -> anyhow::Result<()> {
    let port = free_port()?;
    let log = plan.log("runner");
    let (server, _lines) = Guarded::spawn(runner.fuzzing_server(port, plan)?, &log)?;
    wait_for_port(&server, port).map_err(|error| with_log(&error, &log))?;
    refuse_other_interfaces(port)?;

    let log = plan.log("testee");
    let url = format!("ws://127.0.0.1:{port}");
    let (client, lines) = Guarded::spawn(testee.client(&url, plan, runner), &log)?;
    let status = wait_for_end(&client, &lines, progress).map_err(|error| with_log(&error, &log))?;
    if !status.success() {
        return Err(with_log(&anyhow!("the testee failed ({status})"), &log));
    }
    // The testee has asked for the report and seen the answer, but kosoku writes only afterwards,
    // while it ends; wstest has written and stays.
    if runner.ends_with_the_report() {
        wait_for_exit(&server, Duration::from_secs(60))
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
