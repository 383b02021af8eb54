//! `cargo xtask bench counts`: figures that do not depend on how busy a machine is.

use anyhow::bail;
use clap::{Args, ValueEnum};
use console::style;

use crate::bench::counts::baseline::Baseline;
use crate::bench::counts::comparison::Comparison;
use crate::bench::counts::conditions::Conditions;
use crate::bench::counts::measure::{Counts, Measure};
use crate::bench::counts::programs::Programs;
use crate::bench::figures::count;
use crate::workspace::Workspace;

mod baseline;
mod calls;
mod comparison;
mod conditions;
mod instructions;
mod measure;
mod memory;
mod programs;
mod tools;

/// Count instructions, system calls, heap bytes and allocations, and compare with the baseline.
///
/// Counted are the instructions of a message under callgrind, and of an opening handshake; the system
/// calls of a message with strace, on tokio over loopback; the heap bytes of a connection on tokio that
/// waits; and the allocations of a message with their bytes. An echo in memory, which never waits, is
/// what instructions and allocations are of.
///
/// Fails when a count is more than 3% above benches/counts/baseline.json, or is on one side only, and
/// says which are as far below. Needs Linux, valgrind and strace.
///
/// Instructions depend on the compiler, on the processor's family and on the system's library. If
/// these are not the baseline's, instructions are shown and not judged. Another version of zlib-rs,
/// tokio or bytes counts as a change of Tautline.
#[derive(Args)]
pub(crate) struct Options {
    /// Write what was counted as the new baseline.
    #[arg(long, conflicts_with = "skip")]
    update: bool,

    /// Leave something out; may be given several times.
    #[arg(long, value_enum, value_name = "WHAT")]
    skip: Vec<Part>,
}

/// What is counted by one program.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Instructions,
    Calls,
    Memory,
}

impl Part {
    fn measures(self) -> &'static [Measure] {
        match self {
            Self::Instructions => &[Measure::Instructions],
            Self::Calls => &[Measure::Calls],
            Self::Memory => &[
                Measure::IdleHeap,
                Measure::Allocations,
                Measure::AllocatedBytes,
            ],
        }
    }
}

pub(super) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("the counts need callgrind, strace and epoll, so they are taken on Linux");
    }
    let path = workspace.root.join("benches/counts/baseline.json");
    let parts: Vec<_> = Part::value_variants()
        .iter()
        .filter(|part| !options.skip.contains(part))
        .collect();
    // What is missing is said before anything is built.
    let valgrind = match parts.contains(&&Part::Instructions) {
        true => Some(tools::valgrind()?),
        false => None,
    };
    if parts.contains(&&Part::Calls) {
        tools::strace()?;
    }
    let baseline = match options.update {
        true => None,
        false => Some(Baseline::read(&path)?),
    };
    let conditions = Conditions::here(workspace, valgrind)?;

    let programs = Programs::build(workspace)?;
    let mut counts = Counts::default();
    for part in &parts {
        counts.extend(match part {
            Part::Instructions => instructions::count(&programs)?,
            Part::Calls => calls::count(&programs)?,
            Part::Memory => memory::count(&programs)?,
        });
    }

    let Some(baseline) = baseline else {
        Baseline::new(conditions, &counts).write(&path)?;
        println!("wrote {}", path.display());
        return Ok(());
    };
    let measures: Vec<_> = parts.iter().flat_map(|part| part.measures()).collect();
    let differences = conditions.differences(&baseline.conditions);
    let mut failures = 0;
    for &&measure in &measures {
        let comparison = Comparison::new(&counts, &baseline, measure);
        println!(
            "\n{}\n{}",
            style(measure.title()).bold(),
            comparison.table()
        );
        if measure == Measure::Instructions && !differences.is_empty() {
            println!("{}", unjudged(&differences));
            continue;
        }
        if let Some(improved) = comparison.improvements() {
            println!("{}", style(improved).green());
        }
        if let Some(findings) = comparison.findings() {
            println!("{}", style(findings).red());
            failures += comparison.failures();
        }
    }
    if failures > 0 {
        bail!(
            "{} not as the baseline has it; if it is meant to be so: cargo xtask bench counts \
             --update",
            count(failures as u64, "count")
        );
    }
    Ok(())
}

fn unjudged(differences: &[String]) -> String {
    let headline = "INSTRUCTIONS ARE NOT JUDGED: the baseline was made under other conditions";
    let mut lines = style(headline).yellow().bold().to_string();
    for difference in differences {
        lines.push_str("\n  ");
        lines.push_str(difference);
    }
    lines
}
