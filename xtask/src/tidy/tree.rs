//! The files that the checks read.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::process;
use crate::workspace::{Package, Workspace};

/// Every text file that is tracked, or would be if it were added.
pub(super) struct Tree {
    files: Vec<File>,
}

/// A text file; its path is relative to the root of the workspace.
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

impl Tree {
    pub(super) fn read(workspace: &Workspace) -> anyhow::Result<Self> {
        let root = &workspace.root;
        let paths = if root.join(".git").exists() {
            git_files(root)?
        } else {
            all_files(root, root)?
        };
        // A file that is deleted but still tracked, or is not text, is nothing to read.
        let read = |path: PathBuf| {
            let text = fs::read_to_string(root.join(&path)).ok()?;
            Some(File { path, text })
        };
        Ok(Self {
            files: paths.into_iter().filter_map(read).collect(),
        })
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let file = |&(path, text): &(&str, &str)| File {
            path: path.into(),
            text: text.to_owned(),
        };
        Self {
            files: files.iter().map(file).collect(),
        }
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    pub(super) fn with_extension(&self, extension: &str) -> impl Iterator<Item = &File> {
        self.files
            .iter()
            .filter(move |file| file.path.extension().is_some_and(|e| e == extension))
    }

    /// The Rust files below `directory`.
    pub(super) fn rust_below(&self, directory: &Path) -> impl Iterator<Item = &File> {
        self.with_extension("rs")
            .filter(move |file| file.path.starts_with(directory))
    }

    pub(super) fn file(&self, path: &Path) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

/// What git ignores is nobody's source.
fn git_files(root: &Path) -> anyhow::Result<BTreeSet<PathBuf>> {
    let mut git = Command::new("git");
    // A container often runs as another user than the one who owns the checkout.
    git.current_dir(root)
        .arg("-c")
        .arg(format!("safe.directory={}", root.display()));
    git.args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]);
    let list = process::output(&mut git).context("cannot ask git for the files")?;
    Ok(list
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .collect())
}

/// Every file of a source archive, where there is no git to ask.
fn all_files(root: &Path, directory: &Path) -> anyhow::Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    let entries =
        fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))?;
    for entry in entries {
        let path = entry?.path();
        if !path.is_dir() {
            files.insert(path.strip_prefix(root).unwrap_or(&path).to_owned());
        } else if !path.ends_with("target") {
            files.append(&mut all_files(root, &path)?);
        }
    }
    Ok(files)
}

/// Paths as the findings show them.
impl Workspace {
    /// `path` relative to the root.
    pub(super) fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap_or(path).to_owned()
    }

    pub(super) fn manifest(&self, package: &Package) -> PathBuf {
        self.relative(&package.manifest_path)
    }

    pub(super) fn source(&self, package: &Package) -> PathBuf {
        self.relative(package.directory()).join("src")
    }
}

/// The line of a manifest where `key` is set, for the reader of a finding.
pub(super) fn line_of_key(manifest: Option<&File>, key: &str) -> usize {
    let sets = |line: &str| {
        let rest = line.trim_start().trim_start_matches('"').strip_prefix(key);
        rest.is_some_and(|rest| {
            rest.trim_start_matches('"')
                .trim_start()
                .starts_with(['=', '.'])
        })
    };
    let text = manifest.map_or("", |file| &file.text);
    text.lines().position(sets).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::{Tree, line_of_key};

    #[test]
    fn a_key_is_found_in_a_manifest() {
        let tree = Tree::of(&[(
            "Cargo.toml",
            "[features]\nab = []\na = []\nb.workspace = true\n",
        )]);
        let manifest = tree.files().next();
        let lines = ["a", "ab", "b", "c"].map(|key| line_of_key(manifest, key));
        assert_eq!(lines, [3, 2, 4, 1]);
    }
}
