//! `cargo xtask loom`: what the halves of a connection share, in every order of their threads.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use clap::Args;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use console::style;

use crate::process;
use crate::workspace::{Workspace, cargo};

/// Try every order in which threads can use what the halves of a connection share.
///
/// Runs the models in crates/tautline-driver/tests/loom: halves and corked handlers in several threads,
/// with the locks and flags of loom in place of those of the standard library. Loom runs a model again
/// and again, each time in another order, up to a number of interruptions that the model names. A
/// wake-up that is lost is a deadlock to it. A stable toolchain does.
#[derive(Args)]
pub(crate) struct Options {
    /// Only the models that have this in their names.
    model: Option<String>,

    /// How often threads may be interrupted where they need not wait, in every model: 3 to 5 where
    /// nothing is said. With each one more it takes several times as long.
    #[arg(long, value_name = "N")]
    preemptions: Option<u8>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let mut command = command(workspace, options);
    println!(
        "{}",
        style(format!("{FLAGS} {}", process::show(&command))).bold()
    );
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo")?;
    let stdout = child
        .stdout
        .take()
        .expect("standard output was asked for as a pipe");

    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_header(["model", "orders", "seconds"]);
    let mut orders = 0;
    for line in BufReader::new(stdout).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        println!("{line}");
        if let Some(explored) = Explored::read(&line) {
            orders += explored.orders;
            table.add_row([
                explored.model.to_owned(),
                explored.orders.to_string(),
                explored.seconds.to_owned(),
            ]);
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{} ended with {status}", process::show(&command));
    }
    if orders == 0 {
        bail!("there is no such model");
    }
    println!("{table}");
    println!("{orders} orders");
    Ok(())
}

fn command(workspace: &Workspace, options: &Options) -> Command {
    let mut command = cargo();
    command
        .current_dir(&workspace.root)
        .args(["test", "--package", "tautline-driver", "--lib", "--release"])
        .arg("--target-dir")
        .arg(workspace.target.join("loom"))
        .arg("--")
        .arg(format!(
            "models::{}",
            options.model.as_deref().unwrap_or_default()
        ))
        .arg("--nocapture")
        .env("RUSTFLAGS", FLAGS)
        // What takes time is the search, in loom: the rest need not be as fast as can be.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true");
    if let Some(preemptions) = options.preemptions {
        command.env("LOOM_MAX_PREEMPTIONS", preemptions.to_string());
    }
    command
}

/// What a model says at its end.
#[derive(Debug, PartialEq, Eq)]
struct Explored<'a> {
    model: &'a str,
    orders: u64,
    seconds: &'a str,
}

impl<'a> Explored<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let (name, numbers) = line.rsplit_once(": ")?;
        let (orders, seconds) = numbers.split_once(" orders in ")?;
        Some(Self {
            // Where tests run one by one, the name is there twice.
            model: name.rsplit_once("models::")?.1,
            orders: orders.parse().ok()?,
            seconds: seconds.strip_suffix(" s")?,
        })
    }
}

/// What has the driver built with loom.
const FLAGS: &str = "--cfg tautline_loom";

#[cfg(test)]
mod tests {
    use super::Explored;

    #[test]
    fn what_models_say_is_read_and_nothing_else() {
        let explored = Some(Explored {
            model: "halves::all_are_woken",
            orders: 5210,
            seconds: "0.8",
        });
        let line = "models::halves::all_are_woken: 5210 orders in 0.8 s";
        assert_eq!(Explored::read(line), explored);
        let line = format!("test models::halves::all_are_woken ... {line}");
        assert_eq!(Explored::read(&line), explored);
        for line in ["running 14 tests", "test models::halves::a ... ok", ""] {
            assert_eq!(Explored::read(line), None);
        }
    }
}
