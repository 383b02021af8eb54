//! `cargo xtask sanitize`: tests of code that is `unsafe`, or shared by threads, under a sanitizer.

use std::env;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use console::style;

use crate::process;
use crate::workspace::Workspace;

/// Run tests under AddressSanitizer, ThreadSanitizer and Miri, with a nightly toolchain.
///
/// `address` finds accesses outside of what was allocated, in the crates that have `unsafe`. `miri`
/// interprets some of their tests and finds what the rules of Rust forbid. `thread` finds data races,
/// between the halves of connections, corked handlers and their writers. What is missing is said; with
/// CI=true in the environment components of the toolchain are added.
#[derive(Args)]
pub(crate) struct Options {
    /// One of them instead of all.
    #[arg(value_enum)]
    sanitizer: Option<Sanitizer>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sanitizer {
    Address,
    Thread,
    Miri,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let sanitizers = match &options.sanitizer {
        Some(sanitizer) => std::slice::from_ref(sanitizer),
        None => Sanitizer::value_variants(),
    };
    // For all of them first: who is told that something is missing should not have waited for the rest.
    let nightly = Nightly::with_components(sanitizers)?;
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_header(["sanitizer", "tests of", "seconds"]);
    for sanitizer in sanitizers {
        for tests in sanitizer.tests() {
            let mut command = sanitizer.command(workspace, &nightly);
            tests.name_in(&mut command);
            println!("{}", style(process::show(&command)).bold());
            let begin = Instant::now();
            let status = command.status().context("cannot start cargo")?;
            if !status.success() {
                bail!("{} ended with {status}", process::show(&command));
            }
            let seconds = begin.elapsed().as_secs().to_string();
            table.add_row([&sanitizer.name(), tests.package, &seconds]);
        }
    }
    println!("{table}");
    Ok(())
}

/// Looks for what all sanitizers need. With CI=true it is added if it is not there.
pub(crate) fn prepare() -> anyhow::Result<()> {
    Nightly::with_components(Sanitizer::value_variants()).map(drop)
}

/// Some tests of a package.
struct Tests {
    package: &'static str,
    /// The test programs; all of them if none is named.
    programs: &'static [&'static str],
    /// What their names must have in them, one of it, if there is any.
    only: &'static [&'static str],
    /// What their names must not have in them.
    skip: &'static [&'static str],
}

impl Tests {
    fn of(package: &'static str) -> Self {
        Self {
            package,
            programs: &[],
            only: &[],
            skip: &[],
        }
    }

    fn name_in(&self, command: &mut Command) {
        command.args(["--package", self.package]);
        if self.programs.is_empty() {
            command.arg("--tests");
        }
        for program in self.programs {
            command.args(["--test", program]);
        }
        command.arg("--").args(self.only);
        for name in self.skip {
            command.args(["--skip", name]);
        }
    }
}

/// A part of a toolchain that is installed by itself.
struct Component {
    name: &'static str,
    /// Something of it, below the root of the toolchain.
    path: &'static str,
}

const SOURCE: Component = Component {
    name: "rust-src",
    path: "lib/rustlib/src/rust/library",
};

const MIRI: Component = Component {
    name: "miri",
    path: "bin/cargo-miri",
};

impl Sanitizer {
    fn name(self) -> String {
        let value = self.to_possible_value().expect("no sanitizer is hidden");
        value.get_name().to_owned()
    }

    /// What it needs beside the compiler.
    const fn components(self) -> &'static [Component] {
        match self {
            Self::Address => &[],
            Self::Thread => &[SOURCE],
            Self::Miri => &[SOURCE, MIRI],
        }
    }

    /// Every test of what the sanitizer can find something in, but those that take it minutes.
    fn tests(self) -> Vec<Tests> {
        match self {
            Self::Address => vec![Tests::of("tautline-frame"), Tests::of("tautline-message")],
            Self::Thread => vec![
                // One thread, but with the locks and wakers of several.
                Tests {
                    programs: &["driver"],
                    only: &["corking", "halves"],
                    skip: &["simulation"],
                    ..Tests::of("tautline-driver")
                },
                Tests {
                    programs: &["tokio"],
                    ..Tests::of("tautline-tokio")
                },
                Tests {
                    programs: &["adapters"],
                    only: &["tokio::halves"],
                    ..Tests::of("tautline")
                },
            ],
            // An interpreter takes a thousand times as long. What goes through all lengths, codes or
            // positions is left to AddressSanitizer.
            Self::Miri => vec![
                Tests {
                    programs: &["mask"],
                    only: &["the_example", "any_chunking"],
                    ..Tests::of("tautline-frame")
                },
                Tests {
                    programs: &["assembler", "fragments", "message", "utf8_bytes"],
                    skip: &["65536_fragments"],
                    ..Tests::of("tautline-message")
                },
            ],
        }
    }

    fn command(self, workspace: &Workspace, nightly: &Nightly) -> Command {
        let mut command = Command::new("cargo");
        command.current_dir(&workspace.root).arg("+nightly");
        match self {
            Self::Address => {
                command.arg("test").env("RUSTFLAGS", "-Zsanitizer=address");
            }
            // With the standard library built anew: ThreadSanitizer would not see the locks of the one
            // that comes with the toolchain, and report what they guard.
            Self::Thread => {
                let suppressions = workspace.root.join("xtask/src/sanitize/thread.txt");
                let options = format!("suppressions={}", suppressions.display());
                command
                    .args(["test", "-Zbuild-std"])
                    .env("RUSTFLAGS", "-Zsanitizer=thread")
                    .env("TSAN_OPTIONS", options);
            }
            Self::Miri => {
                if nightly.host.starts_with("x86_64") {
                    // There is no processor that could be asked for its features.
                    command.env("RUSTFLAGS", "-Ctarget-feature=+avx2");
                }
                command
                    .args(["miri", "test"])
                    // proptest asks for the directory, the environment and random numbers.
                    .env(
                        "MIRIFLAGS",
                        "-Zmiri-disable-isolation -Zmiri-strict-provenance",
                    )
                    .env("PROPTEST_CASES", "2");
            }
        }
        command
            .arg("--all-features")
            // A target that is named keeps the flags away from build scripts and macros.
            .args(["--target", &nightly.host])
            .arg("--target-dir")
            .arg(workspace.target.join("sanitize").join(self.name()));
        command
    }
}

/// A nightly toolchain, which alone knows sanitizers.
struct Nightly {
    /// The machine that it builds for, which is the one it runs on.
    host: String,
    sysroot: String,
}

impl Nightly {
    fn with_components(sanitizers: &[Sanitizer]) -> anyhow::Result<Self> {
        let nightly = Self::find()?;
        for sanitizer in sanitizers {
            for component in sanitizer.components() {
                nightly.require(component, &sanitizer.name())?;
            }
        }
        Ok(nightly)
    }

    fn find() -> anyhow::Result<Self> {
        let ask = |question: &[&str]| {
            let mut rustc = Command::new("rustc");
            process::output(rustc.arg("+nightly").args(question)).context(
                "sanitizers need a nightly toolchain: \
                 rustup toolchain install nightly --profile minimal",
            )
        };
        let version = ask(&["-vV"])?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        Ok(Self {
            host: host
                .context("rustc does not say which host it is for")?
                .to_owned(),
            sysroot: ask(&["--print", "sysroot"])?.trim().to_owned(),
        })
    }

    /// Looks for a component. With CI=true it is added if it is not there.
    fn require(&self, component: &Component, sanitizer: &str) -> anyhow::Result<()> {
        if Path::new(&self.sysroot).join(component.path).exists() {
            return Ok(());
        }
        let mut add = Command::new("rustup");
        add.args(["component", "add", component.name])
            .args(["--toolchain", "nightly"]);
        if env::var_os("CI").is_none_or(|ci| ci != "true") {
            let (name, add) = (component.name, process::show(&add));
            bail!("{sanitizer} needs the component {name}: {add}");
        }
        println!("{}", style(process::show(&add)).bold());
        process::quiet(&mut add)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use clap::ValueEnum;

    use super::Sanitizer;

    /// All names of files and all lines below a directory.
    fn read_all(directory: &Path, text: &mut String) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            text.push_str(&path.to_string_lossy());
            text.push('\n');
            if path.is_dir() {
                read_all(&path, text);
            } else {
                text.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }

    /// A name that no test has any more would leave out, or run, nothing.
    #[test]
    fn the_tests_that_are_chosen_exist() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
        for tests in Sanitizer::value_variants()
            .iter()
            .flat_map(|sanitizer| sanitizer.tests())
        {
            let mut text = String::new();
            read_all(&crates.join(tests.package).join("tests"), &mut text);
            for name in tests.only.iter().chain(tests.skip) {
                let name = name.rsplit("::").next().unwrap();
                assert!(text.contains(name), "{} has no test {name}", tests.package);
            }
        }
    }
}
