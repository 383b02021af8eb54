//! Waiting for processes: for a port to open, for cases to finish, for an end.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::process::Guarded;

/// A bar that advances with every finished case.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Adds a line to `bars`, which are those of the runs beside this one.
    pub(super) fn new(bars: &MultiProgress, run: String, cases: usize) -> Self {
        let bar = bars.add(ProgressBar::new(cases as u64).with_message(run));
        let template =
            "{msg:16} [{bar:40.green}] {pos:3}/{len} cases, {elapsed} elapsed, {eta} left";
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        bar.set_style(style.progress_chars("=> "));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Waits until `process` ends, counting the cases it tells about.
///
/// # Errors
///
/// When no case finishes for [`STALL`]: a run that hangs must fail, not wait for somebody.
pub(super) fn wait_for_end(
    process: &Guarded,
    lines: &Receiver<String>,
    progress: &mut Progress,
) -> anyhow::Result<ExitStatus> {
    let mut last = Instant::now();
    loop {
        match lines.recv_timeout(Duration::from_millis(100)) {
            Ok(line) if tells_of_a_case(&line) => {
                progress.0.inc(1);
                last = Instant::now();
            }
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                if let Some(status) = process.ended()? {
                    return Ok(status);
                }
                if last.elapsed() > STALL {
                    bail!("{} has not finished a case for {STALL:?}", process.name());
                }
            }
        }
    }
}

/// Waits until `process` accepts connections on a loopback `port`.
pub(super) fn wait_for_port(process: &Guarded, port: u16) -> anyhow::Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let begin = Instant::now();
    while TcpStream::connect_timeout(&address, POLL).is_err() {
        if let Some(status) = process.ended()? {
            bail!("{} ended before it listened ({status})", process.name());
        }
        if begin.elapsed() > START {
            bail!(
                "{} does not listen on {address} after {START:?}",
                process.name()
            );
        }
        thread::sleep(POLL);
    }
    Ok(())
}

/// Waits until `process` ends by itself.
pub(super) fn wait_for_exit(process: &Guarded, limit: Duration) -> anyhow::Result<ExitStatus> {
    let begin = Instant::now();
    loop {
        if let Some(status) = process.ended()? {
            return Ok(status);
        }
        if begin.elapsed() > limit {
            bail!("{} has not ended after {limit:?}", process.name());
        }
        thread::sleep(POLL);
    }
}

/// The first is what the testee and our kosoku program print, the second is wstest.
fn tells_of_a_case(line: &str) -> bool {
    line.starts_with("case ") || line.starts_with("Running test case ID ")
}

/// The slowest case gives up by itself after less than two minutes.
const STALL: Duration = Duration::from_secs(300);

/// A container engine may have to fetch its image first.
const START: Duration = Duration::from_secs(300);

/// How long a program may take to listen is a matter of seconds, so this is often enough.
const POLL: Duration = Duration::from_millis(50);
