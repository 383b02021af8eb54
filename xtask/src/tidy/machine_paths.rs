//! No tracked file holds a path of somebody's machine.

use crate::tidy::Finding;
use crate::tidy::tree::{File, Tree};
use crate::workspace::Workspace;

pub(super) fn check(_: &Workspace, tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.files() {
        scan(file, findings);
    }
}

fn scan(file: &File, findings: &mut Vec<Finding>) {
    for (index, line) in file.text.lines().enumerate() {
        for path in PATHS {
            if line
                .match_indices(path)
                .any(|(position, _)| begins_a_path(&line[..position]))
            {
                let message = format!("a path of one machine: {path}");
                findings.push(Finding::new(&file.path, index + 1, message));
            }
        }
        // A lock file that was made behind a mirror is of no use to others.
        let is_lock = file
            .path
            .file_name()
            .is_some_and(|name| name == "Cargo.lock");
        if is_lock && line.starts_with("source = ") && !line.contains(CRATES_IO) {
            findings.push(Finding::new(
                &file.path,
                index + 1,
                "a package not from crates.io",
            ));
        }
    }
}

/// In `https://example.com/home/` the slash begins nothing.
fn begins_a_path(before: &str) -> bool {
    !before.ends_with(|c: char| c.is_alphanumeric() || ".-_~*)}]".contains(c))
}

/// Joined from pieces, or this file would be its own first finding.
const PATHS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/tmp/", "target"),
];

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[cfg(test)]
mod tests {
    use super::scan;
    use crate::tidy::tree::Tree;

    #[test]
    fn paths_of_a_machine_are_found() {
        let home = concat!("/ho", "me/");
        let cases = [
            ("a.rs", format!("let path = \"{home}me/x\";"), 1),
            ("a.md", format!("see file://{home}me/x"), 1),
            ("a.md", format!("see https://example.com{home}x"), 0),
            ("a.md", "a plain line".to_owned(), 0),
            (
                "Cargo.lock",
                "source = \"git+https://example.com/x\"".to_owned(),
                1,
            ),
            (
                "Cargo.lock",
                format!("source = \"{}\"", super::CRATES_IO),
                0,
            ),
        ];
        for (path, text, count) in cases {
            let tree = Tree::of(&[(path, &text)]);
            let mut findings = Vec::new();
            scan(tree.files().next().unwrap(), &mut findings);
            assert_eq!(findings.len(), count, "{text}");
        }
    }
}
