//! The programs that count, and how to get them.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::process;

/// Asks valgrind for its version.
pub(super) fn valgrind() -> anyhow::Result<String> {
    let version = version("valgrind", "instructions")?;
    Ok(version.trim().replace("valgrind-", ""))
}

/// Asks whether strace is there.
pub(super) fn strace() -> anyhow::Result<()> {
    version("strace", "calls").map(drop)
}

fn version(program: &str, part: &str) -> anyhow::Result<String> {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null());
    match command.output() {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Ok(output) => bail!("{} ended with {}", process::show(&command), output.status),
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "{program} is not there: install it (apt-get install {program}), or leave out what it \
             counts with --skip {part}"
        ),
        Err(error) => Err(error).context(format!("cannot start {program}")),
    }
}
