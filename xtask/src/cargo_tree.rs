//! What `cargo tree` says: the packages that a package brings, with its features as chosen.

use std::collections::BTreeMap;

use crate::process;
use crate::workspace::{Workspace, cargo};

/// The packages that are compiled for `package` on this machine, with their versions.
///
/// `arguments` choose features and kinds of dependencies.
pub(crate) fn packages(
    workspace: &Workspace,
    package: &str,
    arguments: &[&str],
) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let mut command = cargo();
    command.current_dir(&workspace.root);
    command.args(["tree", "--package", package, "--prefix", "none"]);
    command.args(["--format", "{p}"]).args(arguments);
    Ok(parse(&process::output(&mut command)?))
}

/// Reads lines as `tokio v1.47.1`, `tautline v0.1.0 (/a/path)` or `bytes v1.11.0 (*)`.
pub(crate) fn parse(tree: &str) -> BTreeMap<String, Vec<String>> {
    let mut packages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in tree.lines() {
        let mut words = line.split(' ');
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            let versions = packages.entry(name.to_owned()).or_default();
            let version = version.trim_start_matches('v').to_owned();
            if !versions.contains(&version) {
                versions.push(version);
            }
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_tree_is_read_as_packages() {
        let found = parse(
            "tautline v0.1.0 (/a/path)\ntautline-async-std v0.1.0 (/a/path)\n\
             async-channel v2.5.0\nasync-io v2.6.0\nasync-channel v1.9.0\nasync-io v2.6.0 (*)\n",
        );
        assert_eq!(found["async-io"], ["2.6.0"]);
        assert_eq!(found["async-channel"], ["2.5.0", "1.9.0"]);
        assert_eq!(found["tautline"], ["0.1.0"]);
        assert_eq!(found.len(), 4);
    }
}
