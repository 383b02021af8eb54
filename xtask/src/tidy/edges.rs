//! Dependencies between the crates are only those of the architecture's picture.

use std::collections::BTreeSet;

use crate::tidy::Finding;
use crate::tidy::tree::{Tree, line_of_key};
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace, tree: &Tree, findings: &mut Vec<Finding>) {
    for package in workspace.published() {
        let path = workspace.manifest(package);
        let line = |key| line_of_key(tree.file(&path), key);
        if !ARROWS.iter().any(|(name, _)| *name == package.name) {
            let message = format!(
                "{} is not in the picture of docs/architecture.md",
                package.name
            );
            findings.push(Finding::new(&path, line("name"), message));
            continue;
        }
        let below = below(&package.name);
        for dependency in &package.dependencies {
            // A test may use whatever helps to test.
            let used = dependency.kind.as_deref() != Some("dev");
            let ours = workspace
                .packages
                .iter()
                .any(|member| member.name == dependency.name);
            if used && ours && !below.contains(dependency.name.as_str()) {
                let message = format!("{} must not depend on {}", package.name, dependency.name);
                findings.push(Finding::new(&path, line(&dependency.name), message));
            }
        }
    }
}

/// Everything that can be reached from `name` along the arrows.
///
/// A crate may name what lies further down directly: the types of the lower layers appear in the
/// interfaces of the upper ones.
fn below(name: &str) -> BTreeSet<&'static str> {
    let mut reached = BTreeSet::new();
    let mut queue = vec![name];
    while let Some(name) = queue.pop() {
        let arrows = ARROWS.iter().find(|(from, _)| *from == name);
        for &to in arrows.map_or(&[] as &[&str], |(_, to)| to) {
            if reached.insert(to) {
                queue.push(to);
            }
        }
    }
    reached
}

/// The picture: each crate with the crates it stands on.
const ARROWS: &[(&str, &[&str])] = &[
    ("tautline-frame", &[]),
    ("tautline-deflate", &[]),
    ("tautline-handshake", &[]),
    ("tautline-message", &["tautline-frame"]),
    (
        "tautline-connection",
        &["tautline-message", "tautline-deflate"],
    ),
    (
        "tautline-driver",
        &["tautline-connection", "tautline-handshake"],
    ),
    ("tautline-tokio", &["tautline-driver"]),
    ("tautline-async-std", &["tautline-driver"]),
    ("tautline", &["tautline-tokio", "tautline-async-std"]),
];

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn arrows_lead_downwards_only() {
        assert!(below("tautline-frame").is_empty());
        assert!(below("tautline-connection").contains("tautline-frame"));
        assert!(!below("tautline-connection").contains("tautline-handshake"));
        assert!(!below("tautline-driver").contains("tautline-tokio"));
        assert!(below("tautline").contains("tautline-frame"));
        assert!(!below("tautline-tokio").contains("tautline-async-std"));
    }
}
