//! `cargo xtask hostile`: attacks on real processes over real sockets.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use console::style;
use indicatif::{ProgressBar, ProgressStyle};

use crate::autobahn::adapter::AdapterChoice;
use crate::hostile::attack::Attack;
use crate::hostile::outcome::{Measure, Outcome};
use crate::hostile::page::{Column, Page};
use crate::hostile::raid::Raid;
use crate::hostile::summary::Row;
use crate::hostile::target::{Programs, Target, TargetChoice};
use crate::workspace::Workspace;

mod attack;
mod attacks;
mod ending;
mod known;
mod outcome;
mod page;
mod peer;
mod raid;
mod received;
mod schedule;
mod summary;
mod target;
mod victim;
mod wire;

/// Attack Tautline, and other libraries, over loopback sockets.
///
/// Every attack is made on a process of its own: an echo server, or a client that visits a server
/// which means harm; with compression and without it. It has bounds on the memory, the processor
/// time and the time that it may cost, and endings that are right. After it an honest peer must be
/// served, no socket may be left, and the process must come to rest.
///
/// The command fails if an attack on Tautline goes over a bound or ends in another way than it is
/// to. Other libraries, with the settings that they come with, are measured by the same bounds, and
/// any refusal is as good as another; what is wrong with them is shown and is no failure.
///
/// Needs /proc as Linux has it.
#[derive(Args)]
pub(crate) struct Options {
    /// Who is attacked; may be given several times.
    #[arg(long, value_enum, default_value = "tautline", value_name = "LIBRARY")]
    target: Vec<TargetChoice>,

    /// The adapter that Tautline runs on.
    #[arg(long, value_enum, default_value_t = AdapterChoice::Tokio)]
    adapter: AdapterChoice,

    /// An attack to make; may be given several times. The default is all of them.
    #[arg(long, value_name = "NAME")]
    attack: Vec<String>,

    /// List the attacks and end.
    #[arg(long)]
    list: bool,

    /// Write docs/hostile.md. Takes `--target all --adapter all` and every attack.
    #[arg(long)]
    write: bool,

    /// How many attacks that work, and do not wait, are made at once.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=32))]
    jobs: u8,

    /// The program under attack, instead of building the workspace's `autobahn-testee`.
    ///
    /// It is started as that one is: `autobahn-testee server --help`, `autobahn-testee visit --help`.
    #[arg(long, value_name = "PATH")]
    testee: Option<PathBuf>,
}

/// Makes the attacks. Bad outcomes give a code and no error: the table comes last.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    let attacks = choose(&options.attack)?;
    if options.list {
        for attack in attacks {
            println!("{:24}{}", attack.name, attack.what);
        }
        return Ok(ExitCode::SUCCESS);
    }
    if !cfg!(target_os = "linux") {
        bail!("what a process takes is read from /proc, which only Linux has");
    }
    let targets = targets(options);
    let everything = options.attack.is_empty()
        && options.target.contains(&TargetChoice::All)
        && options.adapter == AdapterChoice::All;
    if options.write && !everything {
        bail!("a page is written of everything only: --target all --adapter all");
    }
    let has = |tautline| {
        targets
            .iter()
            .any(|target| target.is_tautline() == tautline)
    };
    let programs = Programs::new(workspace, has(true), has(false), options.testee.as_deref())?;
    let logs = workspace.target.join("hostile");
    fs::create_dir_all(&logs).with_context(|| format!("cannot make {}", logs.display()))?;

    let raids = raids(&targets, &attacks);
    let begin = Instant::now();
    let bar = progress(raids.len());
    let busy = usize::from(options.jobs);
    let waits = |raid: &Raid| raid.attack.waits;
    let outcomes = schedule::map(&raids, waits, busy, WAITING, |raid| {
        let outcome = raid.run(&programs, &logs);
        let complaints = complaints(raid, &outcome);
        if raid.target.is_tautline() && !complaints.is_empty() {
            let name = style(raid.name()).red().bold();
            bar.suspend(|| println!("{name}: {}", shortened(&complaints)));
        }
        bar.set_message(raid.name());
        bar.inc(1);
        outcome
    });
    bar.finish_and_clear();

    let faults = summarize(&targets, &attacks, &raids, &outcomes);
    println!("{} attacks in {:.0?}", raids.len(), begin.elapsed());
    if options.write {
        write(workspace, &programs, &attacks, &raids, &outcomes)?;
    }
    Ok(if faults == 0 {
        ExitCode::SUCCESS
    } else {
        println!(
            "{}",
            style(format!("{faults} attacks on Tautline are bad")).red()
        );
        ExitCode::FAILURE
    })
}

fn choose(names: &[String]) -> anyhow::Result<Vec<&'static Attack>> {
    let known: BTreeSet<&str> = attacks::all().map(|attack| attack.name).collect();
    if let Some(name) = names.iter().find(|name| !known.contains(name.as_str())) {
        bail!("there is no attack {name}: see `cargo xtask hostile --list`");
    }
    let is_chosen =
        |attack: &&Attack| names.is_empty() || names.iter().any(|name| name == attack.name);
    Ok(attacks::all().filter(is_chosen).collect())
}

fn targets(options: &Options) -> Vec<Target> {
    let mut targets = Vec::new();
    if TargetChoice::has_tautline(&options.target) {
        targets.extend(
            options
                .adapter
                .adapters()
                .iter()
                .copied()
                .map(Target::Tautline),
        );
    }
    targets.extend(
        TargetChoice::rivals(&options.target)
            .into_iter()
            .map(Target::Rival),
    );
    targets
}

fn raids(targets: &[Target], attacks: &[&'static Attack]) -> Vec<Raid> {
    let mut raids = Vec::new();
    for &target in targets {
        for &attack in attacks {
            let modes = attack
                .modes
                .iter()
                .filter(|mode| target.can(**mode, attack.play));
            raids.extend(modes.map(|&mode| Raid {
                target,
                mode,
                attack,
            }));
        }
    }
    raids
}

fn complaints(raid: &Raid, outcome: &Outcome) -> Vec<String> {
    let measure = match raid.target {
        Target::Tautline(_) => Measure::Exact,
        Target::Rival(_) => Measure::Sound,
    };
    outcome.complaints(raid.attack, measure)
}

/// Prints the table; how many attacks on Tautline are bad.
fn summarize(
    targets: &[Target],
    attacks: &[&'static Attack],
    raids: &[Raid],
    outcomes: &[Outcome],
) -> usize {
    let merged: Vec<_> = attacks
        .iter()
        .flat_map(|attack| targets.iter().map(move |target| (*attack, target.name())))
        .filter_map(|(attack, name)| {
            let all = raids
                .iter()
                .zip(outcomes)
                .filter(|(raid, _)| raid.attack.name == attack.name && raid.target.name() == name);
            let mut merged: Option<(Outcome, Vec<String>, bool)> = None;
            for (raid, outcome) in all {
                let (sum, lines, _) = merged.get_or_insert_with(|| {
                    (Outcome::default(), Vec::new(), raid.target.is_tautline())
                });
                sum.merge(outcome.clone());
                lines.extend(complaints(raid, outcome));
            }
            let (outcome, lines, ours) = merged?;
            Some((attack, name, outcome, lines, ours))
        })
        .collect();
    let rows: Vec<Row<'_>> = merged
        .iter()
        .map(|(attack, target, outcome, complaints, _)| Row {
            attack,
            target: target.clone(),
            outcome,
            complaints,
        })
        .collect();
    println!("{}", summary::table(&rows));
    let bad = merged.iter().filter(|(.., lines, _)| !lines.is_empty());
    for (attack, target, _, lines, _) in bad.clone() {
        println!(
            "{}: {}",
            style(format!("{target}, {}", attack.name)).bold(),
            shortened(lines)
        );
    }
    bad.filter(|(.., ours)| *ours).count()
}

/// Complaints on a line; the first few, where there are many.
fn shortened(complaints: &[String]) -> String {
    let shown = complaints.len().min(COMPLAINTS);
    let mut text = complaints[..shown].join("; ");
    if complaints.len() > shown {
        text.push_str(&format!("; and {} more", complaints.len() - shown));
    }
    text
}

fn write(
    workspace: &Workspace,
    programs: &Programs,
    attacks: &[&'static Attack],
    raids: &[Raid],
    outcomes: &[Outcome],
) -> anyhow::Result<()> {
    let mut columns: Vec<Column> = Vec::new();
    for (raid, outcome) in raids.iter().zip(outcomes) {
        let library = raid.target.library();
        if columns
            .last()
            .is_none_or(|column| column.library != library)
        {
            let version = programs.version(library)?;
            columns.push(Column::new(library, version));
        }
        let column = columns.last_mut().expect("one was just added");
        column.add(raid.attack, outcome, complaints(raid, outcome));
    }
    let path = workspace.root.join("docs/hostile.md");
    let page = Page {
        attacks,
        columns: &columns,
        run: this_run()?,
    };
    fs::write(&path, page.to_string())
        .with_context(|| format!("cannot write {}", path.display()))?;
    println!("written: {}", path.display());
    Ok(())
}

/// When it was, and where.
fn this_run() -> anyhow::Result<String> {
    let now = time::OffsetDateTime::now_utc().date();
    let cores = thread::available_parallelism().context("no number of processors")?;
    let arch = env::consts::ARCH;
    Ok(format!(
        "{now}, Linux on {arch}, {cores} logical processors."
    ))
}

fn progress(raids: usize) -> ProgressBar {
    let template = "[{bar:40.green}] {pos}/{len} attacks, {elapsed} elapsed, {eta} left, {msg}";
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    let bar = ProgressBar::new(raids as u64).with_style(style.progress_chars("=> "));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// How many attacks that wait are made at once: their victims sleep, and so does this program.
const WAITING: usize = 12;

const COMPLAINTS: usize = 4;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{attacks, choose, known, shortened};
    use crate::hostile::attack::{Mode, Play};

    #[test]
    fn attacks_have_names_of_their_own_and_something_to_do() {
        let names: Vec<_> = attacks::all().map(|attack| attack.name).collect();
        let different: BTreeSet<_> = names.iter().collect();
        assert_eq!(names.len(), different.len());
        for attack in attacks::all() {
            assert!(!attack.modes.is_empty(), "{}", attack.name);
            if let Play::Client(scenes) = attack.play {
                assert!(!scenes.is_empty(), "{}", attack.name);
                assert!(!attack.modes.contains(&Mode::Keepalive), "{}", attack.name);
            }
        }
    }

    #[test]
    fn attacks_repeat_what_is_known() {
        for attack in attacks::all() {
            for row in attack.rows {
                assert!(known::ROWS.iter().any(|known| known.id == *row), "{row}");
            }
        }
    }

    #[test]
    fn attacks_are_chosen_by_name() {
        assert_eq!(choose(&["bomb".to_owned()]).unwrap().len(), 1);
        assert_eq!(choose(&[]).unwrap().len(), attacks::all().count());
        assert!(choose(&["bom".to_owned()]).is_err());
    }

    #[test]
    fn many_complaints_are_cut_short() {
        let complaints = vec!["x".to_owned(); 6];
        assert_eq!(shortened(&complaints), "x; x; x; x; and 2 more");
        assert_eq!(shortened(&complaints[..2]), "x; x");
    }
}
