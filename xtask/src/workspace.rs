//! What `cargo metadata` says about the workspace.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::process;

/// The crates that hold protocol and nothing else, from the bottom of the architecture upwards.
///
/// A crate that does not exist yet may be named here; the checks skip what is not in the workspace.
pub(crate) const PROTOCOL_CRATES: &[&str] = &[
    "tautline-frame",
    "tautline-message",
    "tautline-deflate",
    "tautline-handshake",
    "tautline-connection",
];

/// The facade: the one published crate whose documentation may show other crates of the family.
pub(crate) const FACADE: &str = "tautline";

/// The workspace as cargo sees it.
#[derive(Deserialize)]
pub(crate) struct Workspace {
    pub(crate) packages: Vec<Package>,
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
    #[serde(rename = "target_directory")]
    pub(crate) target: PathBuf,
}

impl Workspace {
    pub(crate) fn load() -> anyhow::Result<Self> {
        let output =
            process::output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
        serde_json::from_str(&output).context("cannot read the output of cargo metadata")
    }

    /// The members that are meant for crates.io.
    pub(crate) fn published(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| package.is_published())
    }

    pub(crate) fn package(&self, name: &str) -> anyhow::Result<&Package> {
        let found = self.packages.iter().find(|package| package.name == name);
        let Some(package) = found else {
            bail!("the workspace has no package {name}")
        };
        Ok(package)
    }
}

/// One member of the workspace.
#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) targets: Vec<Target>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
    pub(crate) manifest_path: PathBuf,
    /// `None`: any registry. An empty list: `publish = false`.
    publish: Option<Vec<String>>,
}

impl Package {
    pub(crate) fn is_published(&self) -> bool {
        self.publish
            .as_ref()
            .is_none_or(|registries| !registries.is_empty())
    }

    /// The directory that holds the manifest.
    pub(crate) fn directory(&self) -> &Path {
        self.manifest_path
            .parent()
            .expect("a manifest lies in a directory")
    }
}

/// One line of a manifest's dependency tables.
#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// The version requirement.
    pub(crate) req: String,
    /// `None` is a normal dependency, else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

/// A library, binary, test, example or bench of a package.
#[derive(Deserialize)]
pub(crate) struct Target {
    pub(crate) kind: Vec<String>,
    pub(crate) src_path: PathBuf,
}

impl Target {
    /// Whether this is a crate's own library or program, not a test, example, bench or build script.
    pub(crate) fn is_crate_root(&self) -> bool {
        self.kind
            .iter()
            .any(|kind| ["lib", "bin", "proc-macro"].contains(&kind.as_str()))
    }
}

/// A command for the cargo that started this tool.
pub(crate) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
