//! Every published crate has a README, a description, and a first page with an example.

use crate::markdown::{CodeBlock, code_blocks};
use crate::rust_source::{Literals, identifiers, strip};
use crate::tidy::Finding;
use crate::tidy::tree::{Tree, line_of_key};
use crate::workspace::{FACADE, Workspace};

pub(super) fn check(workspace: &Workspace, tree: &Tree, findings: &mut Vec<Finding>) {
    for package in workspace.published() {
        let manifest = workspace.manifest(package);
        if package
            .description
            .as_deref()
            .unwrap_or_default()
            .trim()
            .is_empty()
        {
            let line = line_of_key(tree.file(&manifest), "name");
            findings.push(Finding::new(
                &manifest,
                line,
                "the crate has no description",
            ));
        }
        let readme = manifest.with_file_name("README.md");
        if tree.file(&readme).is_none() {
            findings.push(Finding::new(&readme, 1, "the crate has no README"));
        }
        let root = workspace.source(package).join("lib.rs");
        let Some(file) = tree.file(&root) else {
            findings.push(Finding::new(&root, 1, "the crate has no library"));
            continue;
        };
        // `#![doc = include_str!("../README.md")]` makes the README the first page.
        let page = match file.text.contains("include_str!(\"../README.md\")") {
            true => tree
                .file(&readme)
                .map_or(String::new(), |readme| readme.text.clone()),
            false => inner_docs(&file.text),
        };
        let mut examples = code_blocks(&page);
        examples.retain(|block| block.doctest().is_some());
        if examples.is_empty() {
            findings.push(Finding::new(
                &root,
                1,
                "the first page has no example that is tested",
            ));
        }
        if package.name != FACADE {
            let own = package.name.replace('-', "_");
            for other in examples.iter().flat_map(|block| foreign(block, &own)) {
                let message = format!("an example on the first page of {own} uses {other}");
                findings.push(Finding::new(&root, 1, message));
            }
        }
    }
}

/// The text of the `//!` lines.
fn inner_docs(source: &str) -> String {
    let docs = source
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("//!"));
    docs.map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
        .collect()
}

/// The other crates of the family that an example names.
fn foreign(block: &CodeBlock, own: &str) -> Vec<String> {
    let code = strip(&block.code, Literals::Blank);
    identifiers(&code)
        .filter(|id| id.name.starts_with("tautline_") && id.name != own)
        .filter(|id| id.after.starts_with("::") || id.before.trim_end().ends_with("use"))
        .map(|id| id.name.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{foreign, inner_docs};
    use crate::markdown::code_blocks;

    #[test]
    fn inner_docs_are_a_page() {
        let source = "//! Page.\n//!\n//! ```\n//!     indented\n//! ```\n\n/// Item.\nfn f() {}\n";
        assert_eq!(inner_docs(source), "Page.\n\n```\n    indented\n```\n");
    }

    #[test]
    fn other_crates_of_the_family_are_found_in_examples() {
        let page =
            "```\nuse tautline_frame::Header;\nlet tautline_x = tautline_message::f();\n```\n";
        let blocks = code_blocks(page);
        assert_eq!(foreign(&blocks[0], "tautline_frame"), ["tautline_message"]);
    }
}
