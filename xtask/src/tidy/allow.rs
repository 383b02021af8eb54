//! Lints are answered with `#[expect(.., reason = "..")]`, never switched off with `allow`.

use std::path::Path;

use crate::rust_source::{Identifier, Literals, identifiers, strip};
use crate::tidy::Finding;
use crate::tidy::tree::Tree;
use crate::workspace::Workspace;

pub(super) fn check(_: &Workspace, tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.with_extension("rs") {
        scan(&file.path, &file.text, findings);
    }
}

fn scan(path: &Path, source: &str, findings: &mut Vec<Finding>) {
    let code = strip(source, Literals::Blank);
    for identifier in identifiers(&code).filter(is_lint_attribute) {
        let message = "`allow` hides when it is not needed any more; use `expect` with a reason";
        findings.push(Finding::new(path, identifier.line, message));
    }
}

/// A method may be called `allow`: only an attribute counts.
fn is_lint_attribute(identifier: &Identifier<'_>) -> bool {
    let before: String = identifier.before.split_whitespace().collect();
    let in_attribute =
        before.ends_with("#[") || before.ends_with("#![") || before.contains("cfg_attr(");
    identifier.name == "allow" && identifier.after.trim_start().starts_with('(') && in_attribute
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::scan;

    #[test]
    fn attributes_are_found_and_methods_are_not() {
        let cases = [
            ("#[allow(dead_code)]", 1),
            ("#![allow(dead_code)]", 1),
            ("# [ allow (dead_code)]", 1),
            ("#[cfg_attr(test, allow(dead_code))]", 1),
            ("#[expect(dead_code, reason = \"x\")]", 0),
            ("policy.allow(origin)", 0),
            ("// #[allow(dead_code)]", 0),
            ("let s = \"#[allow(x)]\";", 0),
        ];
        for (source, count) in cases {
            let mut findings = Vec::new();
            scan(Path::new("lib.rs"), source, &mut findings);
            assert_eq!(findings.len(), count, "{source}");
        }
    }
}
