//! File descriptors: every connection takes one in each process.

use anyhow::{Context, bail};
use rlimit::Resource;

/// Raises the limit of this process, which those that it starts inherit, so that each can have as
/// many connections.
///
/// # Errors
///
/// When only an administrator can raise it so far; the message says what to do.
pub(super) fn raise(connections: u32) -> anyhow::Result<()> {
    let needed = u64::from(connections) + SPARE;
    let (soft, hard) = Resource::NOFILE
        .get()
        .context("cannot ask for the limit of open files")?;
    if soft >= needed {
        return Ok(());
    }
    if hard < needed {
        bail!(
            "{connections} connections need {needed} open files in a process, and the hard limit is \
             {hard}: raise it (`ulimit -Hn {needed}` as root, or LimitNOFILE= of the service), or take \
             fewer, for example --idle {}",
            hard.saturating_sub(SPARE) / 2
        );
    }
    Resource::NOFILE
        .set(needed, hard)
        .context("cannot raise the limit of open files")
}

/// Standard streams, pollers, libraries, and connections that are still being closed.
const SPARE: u64 = 500;

#[cfg(test)]
mod tests {
    use super::raise;

    #[test]
    fn a_few_connections_are_always_possible_and_too_many_are_explained() {
        raise(10).unwrap();
        if rlimit::Resource::NOFILE.get().unwrap().1 < u64::from(u32::MAX) {
            let error = raise(u32::MAX).unwrap_err().to_string();
            assert!(error.contains("ulimit -Hn 4294967795"), "{error}");
        }
    }
}
