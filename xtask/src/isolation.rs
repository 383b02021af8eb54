//! A program gets the runtimes that it asked for, and no other.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;

use crate::cargo_tree;
use crate::workspace::{FACADE, Workspace};

/// Asks cargo what the facade brings with every one of its runtimes alone.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    for (feature, _) in RUNTIMES {
        // The features that adapters share must not pull in another adapter's half of them.
        for features in [(*feature).to_owned(), format!("{feature},rustls,futures")] {
            // The kinds of dependencies that a user of the crate compiles.
            let kinds = ["--edges", "normal,build"];
            let chosen = ["--no-default-features", "--features", &features];
            let found = cargo_tree::packages(workspace, FACADE, &[&kinds[..], &chosen].concat())?;
            let unwanted: Vec<_> = unwanted(feature, &found).into_iter().collect();
            if let [first, ..] = unwanted[..] {
                bail!(
                    "{FACADE} [{features}] must not compile {}; `cargo tree -p {FACADE} \
                     --no-default-features --features {features} -i {first}` shows why it does",
                    unwanted.join(", ")
                );
            }
            println!("{FACADE} [{features}] compiles no other runtime");
        }
    }
    Ok(())
}

/// What of `found` belongs to another runtime than the feature's and not to its own.
fn unwanted(feature: &str, found: &BTreeMap<String, Vec<String>>) -> BTreeSet<&'static str> {
    let of = |wanted: bool| {
        let runtimes = RUNTIMES
            .iter()
            .filter(move |(name, _)| (*name == feature) == wanted);
        runtimes.flat_map(|(_, packages)| *packages)
    };
    let own: Vec<_> = of(true).collect();
    of(false)
        .filter(|&package| !own.contains(&package) && found.contains_key(*package))
        .copied()
        .collect()
}

/// The facade's feature for each runtime, and the packages that only a choice of it may bring.
const RUNTIMES: &[(&str, &[&str])] = &[
    ("tokio", &["tautline-tokio", "tokio", "tokio-rustls"]),
    (
        "async-std",
        &[
            "tautline-async-std",
            "async-std",
            "async-io",
            "futures-rustls",
        ],
    ),
    (
        "smol",
        &["tautline-async-std", "smol", "async-io", "futures-rustls"],
    ),
];

#[cfg(test)]
mod tests {
    use super::unwanted;
    use crate::cargo_tree::parse;

    const TREE: &str = "tautline v0.1.0\ntautline-async-std v0.1.0\nsmol v2.0.2\nasync-io v2.6.0\n";

    #[test]
    fn another_runtime_is_unwanted_and_shared_parts_are_not() {
        let found = parse(TREE);
        assert!(unwanted("smol", &found).is_empty());
        assert!(unwanted("async-std", &found).into_iter().eq(["smol"]));
        let all = ["async-io", "smol", "tautline-async-std"];
        assert!(unwanted("tokio", &found).into_iter().eq(all));
        let found = parse(&format!("{TREE}tokio v1.47.1\n"));
        assert!(unwanted("smol", &found).into_iter().eq(["tokio"]));
    }
}
