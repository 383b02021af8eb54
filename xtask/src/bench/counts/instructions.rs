use std::env;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, bail};

use crate::bench::counts::measure::{Counts, Measure};
use crate::bench::counts::programs::{Programs, Scenario, progress};
use crate::process;

/// Runs every scenario under callgrind: one on each processor, because what others do is in no
/// count.
pub(super) fn count(programs: &Programs) -> anyhow::Result<Counts> {
    let program = &programs.instructions;
    let scenarios = Scenario::list(program)?;
    let bar = progress("instructions", scenarios.len());
    let next = AtomicUsize::new(0);
    let work = || {
        let mut counted = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(scenario) = scenarios.get(index) else {
                return anyhow::Ok(counted);
            };
            let few = instructions(program, &scenario.name, scenario.few)?;
            let many = instructions(program, &scenario.name, scenario.many)?;
            counted.push((index, scenario.each_time(few, many)));
            bar.inc(1);
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let counted: anyhow::Result<Vec<_>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let results = workers
            .into_iter()
            .map(|worker| worker.join().expect("errors are returned, not thrown"));
        results.collect()
    });
    bar.finish_and_clear();
    let mut counted = counted?.concat();
    counted.sort_by_key(|(index, _)| *index);
    let mut counts = Counts::default();
    for (scenario, (_, each)) in scenarios.into_iter().zip(counted) {
        counts.add(Measure::Instructions, scenario.name, each);
    }
    Ok(counts)
}

fn instructions(program: &Path, scenario: &str, times: u64) -> anyhow::Result<u64> {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([scenario, &times.to_string()])
        // The environment lies on the stack and would move it.
        .env_clear()
        .envs(env::var_os("PATH").map(|path| ("PATH", path)))
        .env("GLIBC_TUNABLES", TUNABLES)
        .stdin(Stdio::null());
    let output = command
        .output()
        .with_context(|| format!("cannot start {}", process::show(&command)))?;
    let said = String::from_utf8_lossy(&output.stderr);
    match collected(&said) {
        Some(count) if output.status.success() => Ok(count),
        _ => bail!(
            "{} ended with {}\n{said}",
            process::show(&command),
            output.status
        ),
    }
}

/// Reads what callgrind says last: `==1== Collected : 123`.
fn collected(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.contains("Collected :"))?;
    let (_, number) = line.split_once("Collected :")?;
    number.trim().parse().ok()
}

/// Keeps glibc from copying with one repeated instruction, which callgrind counts once for every
/// byte.
const TUNABLES: &str = "glibc.cpu.x86_rep_movsb_threshold=1000000000:\
                        glibc.cpu.x86_rep_stosb_threshold=1000000000";

#[cfg(test)]
mod tests {
    use super::collected;

    #[test]
    fn the_number_of_instructions_is_found() {
        let said = "==7== Events    : Ir\n==7== Collected : 2046761\n==7== \n";
        assert_eq!(collected(said), Some(2_046_761));
        assert_eq!(collected("valgrind: cannot execute"), None);
    }
}
