//! The pages that say what is defended name tests and attacks that exist.
//!
//! A test is written as in the tables of requirements,
//! `` `tautline-frame::tests/header.rs::name` ``, and an attack of `cargo xtask hostile` as
//! `` `hostile::name` ``. In a table with a column "proof", no cell of that column is empty.

use std::path::Path;

use crate::tidy::Finding;
use crate::tidy::requirements::{cells, find_test};
use crate::tidy::tree::{File, Tree};
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace, tree: &Tree, findings: &mut Vec<Finding>) {
    for path in PAGES.map(Path::new) {
        let Some(file) = tree.file(path) else {
            findings.push(Finding::new(path, 1, "the page is missing"));
            continue;
        };
        scan(file, findings, &|proof| match proof {
            Proof::Test {
                package,
                source,
                function,
            } => find_test(workspace, tree, package, source, function),
            Proof::Attack(name) => find_attack(tree, name),
        });
    }
}

/// The pages.
const PAGES: [&str; 2] = ["docs/limits.md", "docs/threat-model.md"];

/// What a page names in backticks to prove something.
enum Proof<'a> {
    Test {
        package: &'a str,
        source: &'a str,
        function: &'a str,
    },
    Attack(&'a str),
}

impl<'a> Proof<'a> {
    fn read(code: &'a str) -> Option<Self> {
        let parts: Vec<&str> = code.split("::").collect();
        match parts.as_slice() {
            ["hostile", name] => Some(Self::Attack(name)),
            [package, source, function] if source.ends_with(".rs") => Some(Self::Test {
                package,
                source,
                function,
            }),
            _ => None,
        }
    }
}

fn find_attack(tree: &Tree, name: &str) -> Result<(), String> {
    let line = format!("name: \"{name}\",");
    let mut attacks = tree.rust_below(Path::new("xtask/src/hostile/attacks"));
    match attacks.any(|file| file.text.lines().any(|have| have.trim() == line)) {
        true => Ok(()),
        false => Err(format!("there is no attack {name}")),
    }
}

fn scan(file: &File, findings: &mut Vec<Finding>, find: &dyn Fn(Proof<'_>) -> Result<(), String>) {
    // Where the column is, in the table that the line belongs to.
    let mut column = None;
    for (index, line) in file.text.lines().enumerate() {
        let mut add = |message: String| {
            findings.push(Finding::new(&file.path, index + 1, message));
        };
        let cells = cells(line);
        if cells.is_empty() {
            column = None;
        } else if let Some(found) = cells.iter().position(|cell| cell == "proof") {
            column = Some(found);
        } else if column.is_some_and(|column| cells.get(column).is_none_or(String::is_empty)) {
            add("the row has no proof".to_owned());
        }
        for code in line.split('`').skip(1).step_by(2) {
            if let Some(Err(message)) = Proof::read(code).map(find) {
                add(message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Proof, find_attack, scan};
    use crate::tidy::tree::Tree;

    #[test]
    fn what_a_page_names_exists_and_every_row_has_a_proof() {
        let page = "Text with `a::b` and `p::tests/a.rs::gone`.\n\n\
                    | threat | proof |\n|---|---|\n\
                    | a | `p::tests/a.rs::works`, `hostile::flood` |\n\
                    | b |  |\n| c | none: it is the application's |\n\n\
                    | other | table |\n|---|---|\n| d | |\n\
                    `hostile::rain`\n";
        let mut findings = Vec::new();
        for file in Tree::of(&[("docs/a.md", page)]).files() {
            scan(file, &mut findings, &|proof| match proof {
                Proof::Test {
                    function: "works", ..
                }
                | Proof::Attack("flood") => Ok(()),
                Proof::Test { function, .. } => Err(format!("no {function}")),
                Proof::Attack(name) => Err(format!("no {name}")),
            });
        }
        let found: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "docs/a.md:1: no gone",
                "docs/a.md:6: the row has no proof",
                "docs/a.md:12: no rain",
            ]
        );
    }

    #[test]
    fn an_attack_is_known_by_its_name() {
        let source = "Attack {\n    name: \"flood\",\n}";
        let tree = Tree::of(&[("xtask/src/hostile/attacks/floods.rs", source)]);
        assert!(find_attack(&tree, "flood").is_ok());
        assert!(find_attack(&tree, "floo").is_err());
    }
}
