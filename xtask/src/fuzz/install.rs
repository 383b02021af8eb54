//! What fuzzing needs beside a stable toolchain.

use std::env;
use std::process::Command;

use anyhow::{Context, bail};
use console::style;

use crate::fuzz::Home;
use crate::process;
use crate::workspace::cargo;

/// A nightly toolchain with cargo-fuzz.
pub(super) struct Fuzzer {
    /// The machine that it builds for, which is the one it runs on.
    host: String,
}

impl Fuzzer {
    /// Looks for everything. With CI=true cargo-fuzz is installed if it is not there.
    pub(super) fn find() -> anyhow::Result<Self> {
        let mut rustc = Command::new("rustc");
        let version = process::output(rustc.args(["+nightly", "-vV"])).context(
            "fuzzing needs a nightly toolchain, for the sanitizers: \
             rustup toolchain install nightly --profile minimal",
        )?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host
            .context("rustc does not say which host it is for")?
            .to_owned();

        if process::quiet(nightly().args(["fuzz", "--version"])).is_err() {
            let mut install = cargo();
            install.args(["install", "cargo-fuzz", "--locked", "--version", CARGO_FUZZ]);
            if env::var_os("CI").is_none_or(|ci| ci != "true") {
                bail!(
                    "fuzzing needs cargo-fuzz: \
                     cargo install cargo-fuzz --locked --version {CARGO_FUZZ}"
                );
            }
            println!("{}", style(process::show(&install)).bold());
            process::quiet(&mut install)?;
        }
        Ok(Self { host })
    }

    /// Builds all targets, with the sanitizer that finds accesses outside of what was allocated.
    pub(super) fn build(&self, home: &Home) -> anyhow::Result<()> {
        let mut build = home.nightly();
        build
            .args(["fuzz", "build", "--target", &self.host, "--target-dir"])
            .arg(&home.target);
        println!(
            "{}",
            style(format!("build: {}", process::show(&build))).bold()
        );
        let status = build.status().context("cannot start cargo")?;
        if !status.success() {
            bail!("{} ended with {status}", process::show(&build));
        }
        Ok(())
    }

    /// A target that was built, as a program.
    ///
    /// Not `cargo fuzz run`, for an interrupt has to end the fuzzer itself and not only the cargo
    /// that has started it.
    pub(super) fn program(&self, home: &Home, target: &str) -> Command {
        let path = home.target.join(&self.host).join("release").join(target);
        let mut program = Command::new(path);
        // As `cargo fuzz run` has it: the standard library and the crates share their globals.
        program.env("ASAN_OPTIONS", "detect_odr_violation=0");
        program
    }
}

/// Not the cargo that has started this program: that is one of a toolchain, and only the one of
/// rustup knows what `+nightly` means.
pub(super) fn nightly() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.arg("+nightly");
    cargo
}

/// What CI installs.
const CARGO_FUZZ: &str = "0.13.2";
