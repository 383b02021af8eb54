//! Every feature of a published crate does something.

use std::collections::BTreeMap;

use crate::rust_source::{Literals, strip};
use crate::tidy::Finding;
use crate::tidy::tree::{Tree, line_of_key};
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace, tree: &Tree, findings: &mut Vec<Finding>) {
    for package in workspace.published() {
        let source: String = tree
            .rust_below(&workspace.source(package))
            .map(|file| strip(&file.text, Literals::Keep))
            .collect();
        let path = workspace.manifest(package);
        for feature in idle(&package.features, &source) {
            let line = line_of_key(tree.file(&path), feature);
            let message = format!("feature `{feature}` turns nothing on and is in no `cfg`");
            findings.push(Finding::new(&path, line, message));
        }
    }
}

/// The features that neither turn something on nor are asked for in `source`.
fn idle<'a>(features: &'a BTreeMap<String, Vec<String>>, source: &str) -> Vec<&'a str> {
    // `feature = "x"` in any spacing.
    let source: String = source.split_whitespace().collect();
    let works = |name: &str, values: &[String]| {
        !values.is_empty() || source.contains(&format!("feature=\"{name}\""))
    };
    // An empty `default` is how a crate says that it has no default features.
    features
        .iter()
        .filter(|(name, values)| *name != "default" && !works(name, values))
        .map(|(name, _)| name.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::idle;

    #[test]
    fn a_feature_turns_something_on_or_is_asked_for() {
        let features: BTreeMap<String, Vec<String>> = [
            ("default", vec![]),
            ("std", vec![]),
            ("tls", vec!["dep:rustls".to_owned()]),
            ("all", vec!["std".to_owned()]),
            ("idle", vec![]),
        ]
        .into_iter()
        .map(|(name, values)| (name.to_owned(), values))
        .collect();
        assert_eq!(
            idle(&features, "#[cfg(feature = \"std\")] mod x;"),
            ["idle"]
        );
        assert_eq!(
            idle(&features, "#[cfg(feature=\"standard\")]"),
            ["idle", "std"]
        );
    }
}
