//! `cargo xtask deny`: licences, sources and versions of the dependencies.

use anyhow::{Context, bail};
use clap::Args;

use crate::process;
use crate::workspace::{Workspace, cargo};

/// Check the licences, sources and versions of all dependencies with cargo-deny.
///
/// What is allowed is in `.cargo/deny.toml`. Looks at every target and feature, so that cargo may have
/// to download packages that nothing here is built with.
#[derive(Args)]
pub(crate) struct Options {
    /// Also ask the RustSec database about known holes; it is fetched from GitHub.
    #[arg(long)]
    advisories: bool,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    if !is_installed() {
        bail!(
            "cargo-deny is missing: cargo install cargo-deny --locked --version {CARGO_DENY} \
             (minutes)"
        );
    }
    let mut deny = cargo();
    deny.current_dir(&workspace.root)
        .args(["deny", "--workspace", "check", "--config"])
        .args([".cargo/deny.toml", "bans", "licenses", "sources"]);
    if options.advisories {
        deny.arg("advisories");
    }
    let status = deny.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("{} ended with {status}", process::show(&deny));
    }
    Ok(())
}

/// Whether cargo-deny can be run.
pub(crate) fn is_installed() -> bool {
    process::quiet(cargo().args(["deny", "--version"])).is_ok()
}

/// The version that the configuration is written for.
const CARGO_DENY: &str = "0.18.9";
