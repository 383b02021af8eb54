//! The memory of another process.

use std::fs;

use anyhow::Context;

/// The resident memory of a process, in KiB.
pub(super) fn resident(process: u32) -> anyhow::Result<u64> {
    let path = format!("/proc/{process}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    kibibytes(&status).with_context(|| format!("no VmRSS in {path}"))
}

fn kibibytes(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{kibibytes, resident};

    #[test]
    fn resident_memory_is_a_line_of_the_status() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(kibibytes(status), Some(1024));
        assert_eq!(kibibytes("Name:\tx\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_some() {
        assert!(resident(std::process::id()).unwrap() > 100);
    }
}
