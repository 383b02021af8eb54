use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::{contestants::Contestant, serve::Options};

/// An echo server in a process of its own, killed when this is dropped.
pub(crate) struct Server {
    /// The server, or strace that has started it.
    child: Child,
    pid: Pid,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a contestant's server.
    pub(crate) fn start(contestant: &dyn Contestant, options: &Options) -> anyhow::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command
            .arg("serve")
            .args(options.arguments(&contestant.name()));
        Self::launch(&mut command)
    }

    /// Starts a contestant's server under `strace -f -c`, which leaves its table at `path` when the
    /// server is [stopped](Self::stop).
    pub(crate) fn start_traced(
        contestant: &dyn Contestant,
        options: &Options,
        path: &Path,
    ) -> anyhow::Result<Self> {
        let mut command = Command::new("strace");
        command
            .args(["-f", "-c", "-o"])
            .arg(path)
            .arg(env::current_exe()?)
            .arg("serve")
            .args(options.arguments(&contestant.name()));
        Self::launch(&mut command).context("strace is needed to count system calls")
    }

    /// Kills the server and waits for its end, and for that of strace, which then has written its
    /// table.
    pub(crate) fn stop(self) {
        drop(self);
    }

    /// Starts whatever prints the address it listens at.
    fn launch(command: &mut Command) -> anyhow::Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().context("standard output is piped")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let said = line.trim().split_once(' ');
        let said = said.and_then(|(address, pid)| {
            Some((address.parse().ok()?, Pid::from_raw(pid.parse().ok()?)?))
        });
        let Some((address, pid)) = said else {
            // It has ended, or it is no server.
            child.kill()?;
            child.wait()?;
            bail!("the server said {line:?} instead of its address");
        };
        Ok(Self {
            child,
            pid,
            address,
        })
    }

    /// The processor time of all its threads so far.
    ///
    /// It is exact while they sleep, and the kernel counts it in nanoseconds.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let mut nanoseconds = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.pid))? {
            let times = fs::read_to_string(task?.path().join("schedstat"))?;
            let running = times.split(' ').next().context("an empty schedstat")?;
            nanoseconds += running.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Its resident memory in bytes.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.pid))?;
        let kibibytes = rollup
            .lines()
            .find_map(|line| line.strip_prefix("Rss:")?.strip_suffix("kB"))
            .context("smaps_rollup has no Rss")?;
        Ok(kibibytes.trim().parse::<u64>()? * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has nothing to lose, and if it is gone already that was noticed elsewhere.
        let _ = kill_process(self.pid, Signal::KILL);
        let _ = self.child.wait();
    }
}
