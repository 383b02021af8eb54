//! Where, when and how the benchmarks were run.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};
use time::OffsetDateTime;

use crate::bench::figures::count;
use crate::process;
use crate::workspace::Workspace;

/// The record of a complete run. It is kept beside the results, so that they can be shown again with
/// the machine and the versions that they belong to.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) began: SystemTime,
    /// What a person types to do it again, and what that runs.
    commands: Vec<String>,
    pub(super) is_quick: bool,
    machine: Machine,
    rustc: String,
    /// Names and versions.
    packages: Vec<(String, String)>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Machine {
    processor: String,
    logical_processors: usize,
    bytes: u64,
    system: String,
}

impl Run {
    /// A run that begins now.
    pub(super) fn begin(
        workspace: &Workspace,
        commands: &[String],
        packages: Vec<(String, String)>,
        is_quick: bool,
    ) -> anyhow::Result<Self> {
        let mut rustc = Command::new("rustc");
        rustc.current_dir(&workspace.root).arg("--version");
        Ok(Self {
            began: SystemTime::now(),
            commands: commands.to_vec(),
            is_quick,
            machine: Machine::this(),
            rustc: process::output(&mut rustc)?.trim().to_owned(),
            packages,
        })
    }

    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path)
            .with_context(|| format!("no complete run is recorded in {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("cannot use {}", path.display()))
    }

    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        fs::write(path, serde_json::to_string(self)?)
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// The UTC day.
    pub(super) fn date(&self) -> String {
        OffsetDateTime::from(self.began).date().to_string()
    }

    /// Everything, for a table of two columns.
    pub(super) fn facts(&self) -> Vec<(&str, String)> {
        let packages: Vec<String> = self
            .packages
            .iter()
            .map(|(n, v)| format!("{n} {v}"))
            .collect();
        let commands: Vec<String> = self.commands.iter().map(|c| format!("`{c}`")).collect();
        let mut facts = vec![
            ("date", format!("{} (UTC)", self.date())),
            ("command", commands.join(", which runs ")),
            ("processor", self.machine.processors()),
            (
                "memory",
                format!("{:.1} GiB", self.machine.bytes as f64 / f64::from(1 << 30)),
            ),
            ("system", self.machine.system.clone()),
            ("compiler", self.rustc.clone()),
        ];
        if !packages.is_empty() {
            facts.push(("packages", packages.join(", ")));
        }
        facts
    }

    /// One line for a picture.
    pub(super) fn caption(&self) -> String {
        let rustc: Vec<&str> = self.rustc.split(' ').take(2).collect();
        let date = self.date();
        let quick = if self.is_quick { ", quick run" } else { "" };
        format!(
            "{}; {}; {date}{quick}",
            self.machine.processors(),
            rustc.join(" ")
        )
    }
}

impl Machine {
    fn this() -> Self {
        let wanted = RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing())
            .with_memory(MemoryRefreshKind::nothing().with_ram());
        let system = System::new_with_specifics(wanted);
        let brand = system.cpus().first().map(|cpu| cpu.brand().trim());
        let processor = brand.filter(|brand| !brand.is_empty()).unwrap_or("unknown");
        let name = System::long_os_version().unwrap_or_default();
        // What distributions append to it tells of the build, not of the kernel.
        let kernel = System::kernel_version().unwrap_or_default();
        let kernel = kernel.split('-').next().unwrap_or_default();
        Self {
            processor: format!("{processor} ({})", System::cpu_arch()),
            logical_processors: system.cpus().len(),
            bytes: system.total_memory(),
            system: format!("{name}, kernel {kernel}"),
        }
    }

    fn processors(&self) -> String {
        format!(
            "{}, {}",
            self.processor,
            count(self.logical_processors as u64, "logical processor")
        )
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::{Duration, SystemTime};

    use super::{Machine, Run};

    pub(in crate::bench) fn run() -> Run {
        Run {
            began: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
            commands: ["cargo xtask bench", "cargo bench"]
                .map(str::to_owned)
                .to_vec(),
            is_quick: false,
            machine: Machine {
                processor: "Abacus 9 (wood)".to_owned(),
                logical_processors: 2,
                bytes: 8 << 30,
                system: "Desk 1".to_owned(),
            },
            rustc: "rustc 1.95.0 (abc 2026-01-01)".to_owned(),
            packages: vec![
                ("tokio".to_owned(), "1.47.1".to_owned()),
                ("async-io".to_owned(), "1.13.0 and 2.6.0".to_owned()),
            ],
        }
    }

    #[test]
    fn a_run_tells_where_and_when_it_was() {
        let run = run();
        let facts = run.facts();
        let fact = |name| facts.iter().find(|(n, _)| *n == name).unwrap().1.as_str();
        assert_eq!(fact("date"), "2023-11-14 (UTC)");
        assert_eq!(
            fact("command"),
            "`cargo xtask bench`, which runs `cargo bench`"
        );
        assert_eq!(fact("processor"), "Abacus 9 (wood), 2 logical processors");
        assert_eq!(fact("memory"), "8.0 GiB");
        assert_eq!(fact("packages"), "tokio 1.47.1, async-io 1.13.0 and 2.6.0");
        assert_eq!(
            run.caption(),
            "Abacus 9 (wood), 2 logical processors; rustc 1.95.0; 2023-11-14"
        );
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let text = serde_json::to_string(&run()).unwrap();
        let read: Run = serde_json::from_str(&text).unwrap();
        assert_eq!(read.began, run().began);
        assert_eq!(read.facts(), run().facts());
    }

    #[test]
    fn this_machine_is_known() {
        let machine = Machine::this();
        assert!(machine.logical_processors > 0 && machine.bytes > 0);
        assert!(!machine.system.is_empty());
    }
}
