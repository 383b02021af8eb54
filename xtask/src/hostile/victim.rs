//! A process under attack: what it has taken of memory, processor time and sockets.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::process::{Guarded, Launch};

/// A process that somebody attacks.
pub(super) struct Victim {
    process: Guarded,
    lines: Receiver<String>,
    directory: String,
    before: Usage,
}

/// What a process holds and has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Resident now, in KiB.
    pub(super) resident: u64,
    /// The most that ever was resident, in KiB.
    pub(super) peak: u64,
    /// Processor time of all threads, in milliseconds.
    pub(super) cpu: u64,
    pub(super) sockets: usize,
}

/// How an attack went, from outside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    pub(super) millis: u64,
    /// The memory that the victim had above its start, in KiB, if it was killed for that.
    pub(super) killed_at: Option<u64>,
}

impl Victim {
    pub(super) fn start(launch: Launch, log: &Path) -> anyhow::Result<Self> {
        let (process, lines) = Guarded::spawn(launch, log)?;
        let directory = format!("/proc/{}", process.id());
        Ok(Self {
            process,
            lines,
            directory,
            before: Usage::default(),
        })
    }

    /// The address that a server says it listens on.
    pub(super) fn address(&self) -> anyhow::Result<SocketAddr> {
        let line = self
            .line(START)?
            .context("it has not said where it listens")?;
        let address: SocketAddr = line
            .strip_prefix("listening on ")
            .and_then(|address| address.parse().ok())
            .with_context(|| format!("it says {line:?}, not `listening on IP:PORT`"))?;
        if !address.ip().is_loopback() {
            bail!("it listens on {address}, which is not loopback");
        }
        Ok(address)
    }

    /// The next line that the process prints, if one comes in time.
    ///
    /// # Errors
    ///
    /// When the process has ended.
    pub(super) fn line(&self, wait: Duration) -> anyhow::Result<Option<String>> {
        match self.lines.recv_timeout(wait) {
            Ok(line) => Ok(Some(line)),
            Err(_) if self.has_died()? => bail!("it has ended"),
            Err(_) => Ok(None),
        }
    }

    pub(super) fn has_died(&self) -> anyhow::Result<bool> {
        Ok(self.process.ended()?.is_some())
    }

    /// What it uses from now on is on account of an attack, and so are `connections` that are
    /// there already.
    pub(super) fn begin(&mut self, connections: usize) -> anyhow::Result<()> {
        // Forgets the peak of the start; where that is forbidden, `used` does without.
        let _ = fs::write(format!("{}/clear_refs", self.directory), "5");
        self.before = Usage::of(&self.directory)?;
        self.before.sockets = self.before.sockets.saturating_sub(connections);
        Ok(())
    }

    /// What it has used since [`begin`](Self::begin).
    pub(super) fn used(&self) -> anyhow::Result<Usage> {
        let now = Usage::of(&self.directory)?;
        Ok(Usage {
            resident: now.resident.saturating_sub(self.before.resident),
            // The start itself may have taken more than what was left when the attack began.
            peak: match now.peak > self.before.peak {
                true => now.peak - self.before.resident,
                false => 0,
            },
            cpu: now.cpu - self.before.cpu,
            sockets: now.sockets.saturating_sub(self.before.sockets),
        })
    }

    /// Whether it has let go of every socket, in `wait` at most.
    pub(super) fn leaked(&self, wait: Duration) -> anyhow::Result<usize> {
        let begin = Instant::now();
        loop {
            let sockets = self.used()?.sockets;
            if sockets == 0 || begin.elapsed() > wait {
                return Ok(sockets);
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether it goes on working though nobody asks it to.
    pub(super) fn is_spinning(&self) -> anyhow::Result<bool> {
        for _ in 0..SPINS {
            let cpu = Usage::of(&self.directory)?.cpu;
            thread::sleep(SPIN);
            if u128::from(Usage::of(&self.directory)?.cpu - cpu) < SPIN.as_millis() / 3 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Runs `attack` while somebody watches that the process does not take all memory of the
    /// machine.
    pub(super) fn watched<T>(&self, attack: impl FnOnce() -> T) -> (T, Watch) {
        let over = AtomicBool::new(false);
        let killed = AtomicU64::new(0);
        let (process, directory, before) = (&self.process, &self.directory, self.before.resident);
        let (result, millis) = thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let resident = Usage::of(directory).map_or(0, |usage| usage.resident);
                    if resident > TOO_MUCH {
                        killed.store(resident - before, Ordering::Relaxed);
                        process.kill();
                        return;
                    }
                    thread::sleep(Duration::from_millis(20));
                }
            });
            let begin = Instant::now();
            let result = attack();
            over.store(true, Ordering::Relaxed);
            (result, begin.elapsed().as_millis() as u64)
        });
        let killed = killed.into_inner();
        let watch = Watch {
            millis,
            killed_at: (killed > 0).then_some(killed),
        };
        (result, watch)
    }
}

impl Usage {
    /// What the process with this directory below /proc holds and has used.
    fn of(directory: &str) -> anyhow::Result<Self> {
        let read = |name: &str| {
            let path = format!("{directory}/{name}");
            fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
        };
        let status = read("status")?;
        let entries = fs::read_dir(format!("{directory}/fd"))?;
        let is_socket = |entry: &fs::DirEntry| {
            let target = fs::read_link(entry.path());
            target.is_ok_and(|target| target.to_string_lossy().starts_with("socket:"))
        };
        Ok(Self {
            resident: kibibytes(&status, "VmRSS:").context("no VmRSS")?,
            peak: kibibytes(&status, "VmHWM:").context("no VmHWM")?,
            cpu: processor_time(&read("stat")?).context("no processor time")?,
            sockets: entries.flatten().filter(is_socket).count(),
        })
    }
}

/// A figure of `/proc/<id>/status`.
fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// User and system time in `/proc/<id>/stat`, in milliseconds.
fn processor_time(stat: &str) -> Option<u64> {
    // The name of the program stands in parentheses and may have spaces in it.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some((ticks()? + ticks()?) * MILLIS_PER_TICK)
}

/// Linux tells processes a tick of 10 ms, whatever the kernel itself uses.
const MILLIS_PER_TICK: u64 = 10;

/// 3 GiB: enough to tell a flood from a leak, and little enough that the machine lives on.
const TOO_MUCH: u64 = 3 << 20;

/// Memory is given back and streams are closed in a moment; whoever works longer does not stop.
const SPIN: Duration = Duration::from_millis(60);
const SPINS: usize = 8;

/// How long a program may take to listen.
const START: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::{kibibytes, processor_time};

    #[test]
    fn memory_is_read_from_the_status() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(kibibytes(status, "VmHWM:"), Some(2048));
        assert_eq!(kibibytes(status, "VmRSS:"), Some(1024));
        assert_eq!(kibibytes(status, "VmSwap:"), None);
    }

    #[test]
    fn processor_time_is_read_behind_any_name() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 150 25 0 0 20 0 3 0 1";
        assert_eq!(processor_time(stat), Some(1750));
        assert_eq!(processor_time("nonsense"), None);
    }
}
