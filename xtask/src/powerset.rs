//! `cargo xtask powerset`: every combination of features, and none that brings too much.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};

use crate::workspace::{Workspace, cargo};
use crate::{isolation, process};

pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    isolation::check(workspace)?;
    let checks: Vec<(&str, String)> = workspace
        .published()
        .flat_map(|package| {
            combinations(&package.features)
                .into_iter()
                .map(|features| (package.name.as_str(), features))
        })
        .collect();
    let bar = ProgressBar::new(checks.len() as u64);
    let template = "[{bar:40.green}] {pos}/{len} {msg}, {eta} left";
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    bar.set_style(style.progress_chars("=> "));
    bar.enable_steady_tick(Duration::from_millis(200));

    let mut failures = Vec::new();
    for (package, features) in &checks {
        bar.set_message(format!("{package} [{features}]"));
        let mut command = cargo();
        command
            .current_dir(&workspace.root)
            .args(["check", "--quiet", "--package", package]);
        command.args(["--no-default-features", "--features", features]);
        match process::quiet(&mut command) {
            Ok(()) => bar.suspend(|| println!("{package} [{features}]")),
            Err(error) => {
                bar.suspend(|| println!("{package} [{features}]: {error:#}"));
                failures.push(format!("{package} [{features}]"));
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if !failures.is_empty() {
        bail!(
            "{} of {} do not compile: {}",
            failures.len(),
            checks.len(),
            failures.join(", ")
        );
    }
    println!("{} combinations of features compile", checks.len());
    Ok(())
}

/// Every set of features that compiles something else than the sets before it.
///
/// `default` is a set of the others and no feature of its own. A set that only adds what another
/// member of it turns on anyway is left out. An optional dependency that some feature names as
/// `dep:x` is no feature; one that is not named so appears here as cargo's implicit feature.
fn combinations(features: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let names: Vec<&str> = features
        .keys()
        .map(String::as_str)
        .filter(|&name| name != "default")
        .collect();
    let mut seen = BTreeSet::new();
    let mut combinations = Vec::new();
    for bits in 0..1_u32 << names.len() {
        let chosen: Vec<&str> = (0..names.len())
            .filter(|index| bits >> index & 1 == 1)
            .map(|index| names[index])
            .collect();
        if seen.insert(closure(features, &chosen)) {
            combinations.push(chosen.join(","));
        }
    }
    combinations
}

/// Everything that `chosen` turns on in its own package.
fn closure<'a>(
    features: &'a BTreeMap<String, Vec<String>>,
    chosen: &[&'a str],
) -> BTreeSet<&'a str> {
    let mut active = BTreeSet::new();
    let mut queue = chosen.to_vec();
    while let Some(name) = queue.pop() {
        if let Some(implied) = features.get(name)
            && active.insert(name)
        {
            queue.extend(implied.iter().map(String::as_str));
        }
    }
    active
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::combinations;

    fn sets(features: &[(&str, &[&str])]) -> Vec<String> {
        let owned = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
        let features: BTreeMap<_, _> = features
            .iter()
            .map(|&(name, list)| (name.to_owned(), owned(list)))
            .collect();
        combinations(&features)
    }

    #[test]
    fn every_set_appears_once() {
        assert_eq!(sets(&[]), [""]);
        assert_eq!(sets(&[("default", &["std"]), ("std", &[])]), ["", "std"]);
        assert_eq!(
            sets(&[("a", &["dep:x"]), ("b", &[])]),
            ["", "a", "b", "a,b"]
        );
    }

    #[test]
    fn a_set_that_another_implies_is_left_out() {
        assert_eq!(sets(&[("a", &["b"]), ("b", &[])]), ["", "a", "b"]);
        assert_eq!(sets(&[("a", &["b"]), ("b", &["a"])]), ["", "a"]);
    }
}
