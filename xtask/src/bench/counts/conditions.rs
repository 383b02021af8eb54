use std::env::consts::ARCH;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::process;
use crate::workspace::Workspace;

/// What numbers of instructions depend on besides the source.
#[derive(Serialize, Deserialize)]
pub(super) struct Conditions {
    rustc: String,
    architecture: String,
    /// Whether the processor has AVX2, which copying, masking, and the check of UTF-8 make use of.
    /// Callgrind hides what is newer.
    avx2: bool,
    /// The system's library: it allocates and copies.
    libc: String,
    /// What valgrind counts does not change with its version, or should not.
    valgrind: String,
}

impl Conditions {
    /// Those of this machine; `valgrind` is `None` if nothing is counted with it.
    pub(super) fn here(workspace: &Workspace, valgrind: Option<String>) -> anyhow::Result<Self> {
        let mut rustc = Command::new("rustc");
        rustc.current_dir(&workspace.root).arg("--version");
        // Only glibc knows this name.
        let libc = process::output(Command::new("getconf").arg("GNU_LIBC_VERSION"));
        Ok(Self {
            rustc: process::output(&mut rustc)?.trim().to_owned(),
            architecture: ARCH.to_owned(),
            avx2: has_avx2(),
            libc: libc.map_or_else(|_| "not glibc".to_owned(), |name| name.trim().to_owned()),
            valgrind: valgrind.unwrap_or_default(),
        })
    }

    /// What makes numbers of instructions incomparable, a line each.
    pub(super) fn differences(&self, baseline: &Self) -> Vec<String> {
        let avx2 = |conditions: &Self| match conditions.avx2 {
            true => "AVX2".to_owned(),
            false => "no AVX2".to_owned(),
        };
        let pairs = [
            ("compiler", baseline.rustc.clone(), self.rustc.clone()),
            (
                "architecture",
                baseline.architecture.clone(),
                self.architecture.clone(),
            ),
            ("processor", avx2(baseline), avx2(self)),
            ("library", baseline.libc.clone(), self.libc.clone()),
        ];
        pairs
            .into_iter()
            .filter(|(_, then, now)| then != now)
            .map(|(what, then, now)| format!("{what}: {then} then, {now} now"))
            .collect()
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx2() -> bool {
    false
}

#[cfg(test)]
pub(super) mod tests {
    use super::Conditions;

    pub(in crate::bench::counts) fn conditions() -> Conditions {
        Conditions {
            rustc: "rustc 1.95.0 (abc 2026-01-01)".to_owned(),
            architecture: "abacus".to_owned(),
            avx2: true,
            libc: "glibc 2.36".to_owned(),
            valgrind: "3.19.0".to_owned(),
        }
    }

    #[test]
    fn what_changes_instructions_is_a_difference_and_the_tool_is_not() {
        let mut other = conditions();
        other.valgrind = "3.26.0".to_owned();
        assert!(other.differences(&conditions()).is_empty());
        other.avx2 = false;
        other.libc = "glibc 2.41".to_owned();
        assert_eq!(
            other.differences(&conditions()),
            [
                "processor: AVX2 then, no AVX2 now",
                "library: glibc 2.36 then, glibc 2.41 now"
            ]
        );
    }
}
