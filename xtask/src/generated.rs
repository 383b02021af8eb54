//! Packages that are written under the target directory to be built by cargo.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::workspace::{Workspace, cargo};

/// A package outside the workspace, as a user would have it.
pub(crate) struct GeneratedPackage {
    directory: PathBuf,
    build: PathBuf,
}

impl GeneratedPackage {
    /// Writes `manifest` and `sources` (paths below `src`) into `target/<group>/<name>`.
    ///
    /// Packages of one group share their build directory, so that common dependencies are built
    /// once.
    pub(crate) fn write(
        workspace: &Workspace,
        group: &str,
        name: &str,
        manifest: &str,
        sources: &[(String, String)],
    ) -> anyhow::Result<Self> {
        let group = workspace.target.join(group);
        let directory = group.join(name);
        if directory.exists() {
            fs::remove_dir_all(&directory)
                .with_context(|| format!("cannot empty {}", directory.display()))?;
        }
        write(&directory.join("Cargo.toml"), manifest)?;
        for (path, source) in sources {
            write(&directory.join("src").join(path), source)?;
        }
        // The versions that the workspace is tested with; cargo drops the rest of the file.
        let lock = workspace.root.join("Cargo.lock");
        fs::copy(&lock, directory.join("Cargo.lock"))
            .with_context(|| format!("cannot copy {}", lock.display()))?;
        Ok(Self {
            directory,
            build: group.join("build"),
        })
    }

    /// `cargo` with a subcommand, for this package.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut command = cargo();
        command
            .current_dir(&self.directory)
            .args([subcommand, "--quiet", "--target-dir"]);
        command.arg(&self.build);
        command
    }
}

/// `name = { path = .. }` for a crate of the workspace, with further `keys` of the table.
pub(crate) fn path_dependency(
    workspace: &Workspace,
    name: &str,
    keys: &str,
) -> anyhow::Result<String> {
    let path = workspace.package(name)?.directory().display().to_string();
    // A JSON string is a TOML string.
    let path = serde_json::to_string(&path)?;
    Ok(format!("{name} = {{ path = {path}{keys} }}\n"))
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let directory = path
        .parent()
        .expect("the path was joined from a directory and a name");
    fs::create_dir_all(directory)
        .and_then(|()| fs::write(path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}
