//! `unsafe` stays in one module of each crate that may have it, and is forbidden elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::rust_source::{Literals, identifiers, strip};
use crate::tidy::Finding;
use crate::tidy::tree::Tree;
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace, tree: &Tree, findings: &mut Vec<Finding>) {
    for package in &workspace.packages {
        let source = workspace.source(package);
        if MAY_BE_UNSAFE.contains(&package.name.as_str()) {
            let files = tree.rust_below(&source);
            let lines =
                files.filter_map(|file| Some((file.path.as_path(), first_unsafe(&file.text)?)));
            one_module(&source, lines.collect(), findings);
            continue;
        }
        for target in package
            .targets
            .iter()
            .filter(|target| target.is_crate_root())
        {
            let path = workspace.relative(&target.src_path);
            if tree.file(&path).is_some_and(|root| !forbids(&root.text)) {
                findings.push(Finding::new(&path, 1, "missing `#![forbid(unsafe_code)]`"));
            }
        }
    }

    // Tests, examples and what lies outside the packages: no attribute of a library reaches them.
    let sources: Vec<_> = workspace
        .packages
        .iter()
        .filter(|package| MAY_BE_UNSAFE.contains(&package.name.as_str()))
        .map(|package| workspace.source(package))
        .collect();
    for file in tree.with_extension("rs") {
        if sources.iter().any(|source| file.path.starts_with(source)) {
            continue;
        }
        if let Some(line) = first_unsafe(&file.text) {
            findings.push(Finding::new(&file.path, line, "`unsafe` has no place here"));
        }
    }
}

/// Reports every file with `unsafe` when they belong to more than one module of the crate.
fn one_module(source: &Path, files: BTreeMap<&Path, usize>, findings: &mut Vec<Finding>) {
    let module = |path: &Path| {
        let below = path.strip_prefix(source).unwrap_or(path);
        below
            .components()
            .next()
            .map(|first| Path::new(first.as_os_str()).with_extension(""))
    };
    let modules: BTreeSet<_> = files.keys().map(|path| module(path)).collect();
    if modules.len() > 1 {
        for (path, line) in files {
            let message = format!(
                "`unsafe` in {} modules of the crate, not in one",
                modules.len()
            );
            findings.push(Finding::new(path, line, message));
        }
    }
}

fn first_unsafe(source: &str) -> Option<usize> {
    let code = strip(source, Literals::Blank);
    identifiers(&code)
        .find(|identifier| identifier.name == "unsafe")
        .map(|found| found.line)
}

fn forbids(source: &str) -> bool {
    let code: String = strip(source, Literals::Blank).split_whitespace().collect();
    code.contains("#![forbid(unsafe_code")
}

/// The masking kernels, and the string type over shared bytes.
const MAY_BE_UNSAFE: &[&str] = &["tautline-frame", "tautline-message"];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{first_unsafe, forbids, one_module};

    #[test]
    fn unsafe_is_a_token_not_a_word() {
        assert_eq!(first_unsafe("fn f() {}\nunsafe { g() }"), Some(2));
        assert_eq!(
            first_unsafe("// unsafe\n#![forbid(unsafe_code)]\nlet s = \"unsafe\";"),
            None
        );
    }

    #[test]
    fn the_forbidding_attribute_is_found() {
        assert!(forbids("//! Page.\n\n#![forbid(unsafe_code)]\n"));
        assert!(forbids("#![forbid( unsafe_code, missing_docs )]"));
        assert!(!forbids("// #![forbid(unsafe_code)]"));
        assert!(!forbids("#![deny(unsafe_code)]"));
    }

    #[test]
    fn a_module_may_have_several_files() {
        let cases: &[(&[&str], usize)] = &[
            (&[], 0),
            (&["src/mask.rs"], 0),
            (&["src/mask.rs", "src/mask/sse2.rs", "src/mask/avx2.rs"], 0),
            (&["src/mask/sse2.rs", "src/header.rs"], 2),
        ];
        for &(files, count) in cases {
            let files = files.iter().map(|&file| (Path::new(file), 1)).collect();
            let mut findings = Vec::new();
            one_module(Path::new("src"), files, &mut findings);
            assert_eq!(findings.len(), count, "{findings:?}");
        }
    }
}
