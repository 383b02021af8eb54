//! `cargo xtask tidy`: rules that no compiler checks.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::tidy::tree::Tree;
use crate::workspace::Workspace;

mod allow;
mod crate_pages;
mod edges;
mod features;
mod links;
mod machine_paths;
mod proofs;
mod purity;
mod requirements;
mod surface;
mod tree;
mod unsafe_code;

/// Runs every check and prints what it finds.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let tree = Tree::read(workspace)?;
    let mut findings = Vec::new();
    for check in [
        edges::check,
        purity::check,
        unsafe_code::check,
        allow::check,
        features::check,
        crate_pages::check,
        surface::check,
        requirements::check,
        proofs::check,
        links::check,
        machine_paths::check,
    ] {
        check(workspace, &tree, &mut findings);
    }
    findings.sort();
    findings.dedup();
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("tidy");
            Ok(())
        }
        1 => bail!("1 finding"),
        count => bail!("{count} findings"),
    }
}

/// Something that breaks a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// Relative to the root of the workspace.
    path: PathBuf,
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: &Path, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.message)
    }
}
