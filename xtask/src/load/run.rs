//! One server under load, from its start to its end.

use std::collections::BTreeMap;
use std::mem;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};

use crate::autobahn::adapter::Adapter;
use crate::autobahn::testee::Testee;
use crate::load::event::{Event, Tick};
use crate::load::memory::resident;
use crate::load::plan::Plan;
use crate::load::record::{Record, StageMemory, StageRecord, peak};
use crate::load::summary::{grouped, size, time};
use crate::process::{Guarded, Launch};

/// Starts a server, puts the load on it, sees what it has left when everybody has gone, and does it
/// again.
///
/// # Errors
///
/// When a process does not start, ends too early, or does not end in time.
pub(super) fn run(
    testee: &Testee,
    adapter: Adapter,
    plan: &Plan,
    logs: &Path,
) -> anyhow::Result<Record> {
    let log = |of: &str| logs.join(format!("{}.{of}.log", adapter.name()));
    let flags = [
        "--no-compression".to_owned(),
        format!("--keepalive={}", plan.keepalive().as_millis()),
        format!("--tell-heap={}", SAMPLE.as_millis()),
    ];
    let (server, address, told) = testee.serve_with(adapter, &flags, &log("server"))?;
    let start = |add: &dyn Fn(&mut Command)| {
        let mut command = testee.command(Adapter::Tokio);
        add(&mut command);
        let name = "the load".to_owned();
        let launch = Launch {
            name,
            command,
            farewell: None,
        };
        Guarded::spawn(launch, &log("load"))
    };
    let mut watch = Watch::new(&server, plan.amounts.seconds);

    let (warm_up, lines) = start(&|command| Plan::warm_up(command, address))?;
    watch.follow(&warm_up, &lines)?;
    watch.stages.clear();
    let before = resident(server.id())?;
    let heap_before = heap(&told)?;

    let (load, lines) = start(&|command| plan.add_to(command, address))?;
    watch.follow(&load, &lines)?;
    let stages = mem::take(&mut watch.stages);
    watch.line.0.set_message("everybody has gone");
    thread::sleep(REST);
    let after = resident(server.id())?;
    let heap_after = heap(&told)?;

    let (again, lines) = start(&|command| plan.add_again(command, address))?;
    watch.follow(&again, &lines)?;
    if let Some(status) = server.ended()? {
        bail!("the server has ended ({status})");
    }
    Ok(Record {
        adapter: adapter.name(),
        before,
        stages,
        after,
        heap: (heap_before, heap_after),
        again: peak(&watch.stages),
        errors: watch.errors,
    })
}

/// What the server has allocated, in bytes, as it told last.
fn heap(told: &Receiver<String>) -> anyhow::Result<u64> {
    let line = told.try_iter().last();
    line.as_deref()
        .and_then(|line| line.strip_prefix("heap ")?.parse().ok())
        .with_context(|| format!("the server says {line:?}, not `heap BYTES`"))
}

/// Listens to the load and looks at the server.
struct Watch<'a> {
    server: &'a Guarded,
    begin: Instant,
    limit: Duration,
    line: Line,
    stages: Vec<StageRecord>,
    errors: BTreeMap<String, u64>,
}

impl<'a> Watch<'a> {
    fn new(server: &'a Guarded, seconds: u32) -> Self {
        let template = "[{bar:20.green}] {elapsed} {msg}";
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        let bar = ProgressBar::new(seconds.into()).with_style(style.progress_chars("=> "));
        bar.enable_steady_tick(Duration::from_millis(200));
        let limit = Duration::from_secs(seconds.into()) * 2 + GRACE;
        Self {
            server,
            begin: Instant::now(),
            limit,
            line: Line(bar),
            stages: Vec::new(),
            errors: BTreeMap::new(),
        }
    }

    /// Until the load has told its last.
    fn follow(&mut self, load: &Guarded, lines: &Receiver<String>) -> anyhow::Result<()> {
        let mut stage = String::new();
        let mut memory = StageMemory::default();
        let mut last = (Instant::now(), Tick::default());
        loop {
            let resident = resident(self.server.id()).context("the server has ended")?;
            memory.sample(resident);
            if self.begin.elapsed() > self.limit {
                bail!("the load has not ended after {:?}", self.limit);
            }
            let line = match lines.recv_timeout(SAMPLE) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("{} ended too early: its log says why", load.name())
                }
            };
            match serde_json::from_str(&line).with_context(|| format!("the load says {line:?}"))? {
                Event::Begin { stage: name } => {
                    stage = name;
                    memory = StageMemory::default();
                }
                Event::Tick(tick) => {
                    let now = Instant::now();
                    self.show(&stage, (now - last.0, last.1), tick, resident);
                    last = (now, tick);
                }
                Event::End(report) => self.stages.push(StageRecord { report, memory }),
                Event::Errors(errors) => {
                    for (what, count) in errors {
                        *self.errors.entry(what).or_default() += count;
                    }
                    return Ok(());
                }
            }
        }
    }

    fn show(&self, stage: &str, (span, before): (Duration, Tick), now: Tick, resident: u64) {
        let rate = |before: u64, now: u64| {
            let rate = now.saturating_sub(before) as f64 / span.as_secs_f64().max(0.001);
            grouped(rate as u64)
        };
        self.line.0.set_position(self.begin.elapsed().as_secs());
        self.line.0.set_message(format!(
            "{stage}: {} open, {} echoes/s, p99 {}, {} handshakes/s, server {}, {} errors",
            grouped(now.open),
            rate(before.echoes, now.echoes),
            time(now.p99),
            rate(before.handshakes, now.handshakes),
            size(resident * 1024),
            now.errors
        ));
    }
}

/// A line on the terminal that is gone when the load is over, however it ends.
struct Line(ProgressBar);

impl Drop for Line {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// How often memory is looked at, at least.
const SAMPLE: Duration = Duration::from_millis(50);

/// The server has seen every closing handshake by then, and has freed what it frees.
const REST: Duration = Duration::from_secs(2);

/// How much longer than twice its time a load may take: whoever hears nothing waits for 30 seconds.
const GRACE: Duration = Duration::from_secs(90);
