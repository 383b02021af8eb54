//! Tautline beside other libraries: `benches/peers` measures, this drives it and shows the results.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use crate::bench::canvas::Theme;
use crate::bench::peers::group::{Group, Pace};
use crate::bench::peers::measure::{Plan, measure};
use crate::bench::peers::pictures::Picture;
use crate::bench::peers::results::Store;
use crate::bench::peers::standing::Standing;
use crate::bench::write;
use crate::workspace::Workspace;

mod bars;
mod callgrind;
mod dots;
mod group;
mod measure;
mod page;
mod pictures;
mod reasons;
mod record;
mod results;
mod section;
mod standing;
mod table;
mod topic;
mod verdict;

/// Compare Tautline with other WebSocket libraries, at equal work.
///
/// Builds and runs benches/peers, which takes a quarter of an hour and wants an idle machine with
/// two cores, and writes benchmarks.md with its pictures. Instructions need valgrind and system calls
/// strace: without them these are left out, and the page says so.
///
/// Results are kept below target/peers, a file for each group, so that some groups can be measured
/// again and the page has the newest of each. What `--quick` and `--only` measure is no result for the
/// page: it is kept apart, and its page goes to target/peers/trial.
#[derive(Args)]
pub(super) struct Options {
    /// Contestants: libraries, or ways of them as benches/peers lists them, as in `yawc,tautline:cork`.
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    only: Vec<String>,

    /// Groups of measurements; all if left out.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "GROUP")]
    groups: Vec<Group>,

    /// Measure everything in short rounds, to see that everything works.
    #[arg(long)]
    quick: bool,

    /// Show the last results again; with `--quick`, those of the last trial.
    #[arg(long, conflicts_with_all = ["only", "groups"])]
    render: bool,

    /// Where the page and the pictures go; docs if left out.
    #[arg(long, value_name = "DIRECTORY")]
    output: Option<PathBuf>,
}

pub(super) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let home = workspace.target.join("peers");
    let is_trial = options.quick || !options.only.is_empty();
    let (kept, output) = if is_trial {
        (home.join("trial"), home.join("trial"))
    } else {
        (home.join("results"), workspace.root.join("docs"))
    };
    let store = Store::new(kept)?;
    if !options.render {
        measure(workspace, &options.plan(), &store)?;
    }

    let groups = store.read()?;
    let runs = groups.iter().map(|(_, results)| &results.run);
    let Some(newest) = runs.max_by_key(|run| run.began) else {
        bail!("there are no results in {}", store.directory().display());
    };
    println!();
    for standing in Standing::all(&groups) {
        println!("{standing}");
    }
    println!();
    let output = options.output.clone().unwrap_or(output);
    fs::create_dir_all(&output).with_context(|| format!("cannot create {}", output.display()))?;
    let pictures = Picture::all(&groups);
    for picture in &pictures {
        for theme in &Theme::ALL {
            let svg = picture.svg(&newest.caption(), theme)?;
            write(&output.join(page::picture(picture.name, theme.name)), &svg)?;
        }
    }
    let named: Vec<(&str, &str)> = pictures.iter().map(|p| (p.name, p.alt)).collect();
    write(&output.join("benchmarks.md"), &page::page(&groups, &named))
}

impl Options {
    fn plan(&self) -> Plan<'_> {
        let mut typed = "cargo xtask bench peers".to_owned();
        if self.quick {
            typed.push_str(" --quick");
        }
        if !self.only.is_empty() {
            typed.push_str(&format!(" --only {}", self.only.join(",")));
        }
        let groups = match self.groups.is_empty() {
            true => Group::value_variants().to_vec(),
            false => self.groups.clone(),
        };
        Plan {
            groups,
            pace: if self.quick { Pace::Quick } else { Pace::Full },
            only: &self.only,
            typed,
        }
    }
}
