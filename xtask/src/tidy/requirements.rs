//! The tables of requirements name tests that exist, and tests cite requirements that are there.
//!
//! A row is `| R6455-5.2-06 | requirement | tests | note |`. A test is written in backticks as
//! package, path in the package and function: `` `tautline-frame::tests/header.rs::name` ``. What the
//! texts leave open has rows of the same form, from `D-01` on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::rust_source::{Literals, strip};
use crate::tidy::Finding;
use crate::tidy::tree::{File, Tree};
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace, tree: &Tree, findings: &mut Vec<Finding>) {
    // Where each identifier has its row.
    let mut rows = BTreeMap::new();
    for path in PAGES.map(Path::new) {
        let Some(file) = tree.file(path) else {
            findings.push(Finding::new(path, 1, "the page is missing"));
            continue;
        };
        scan(file, &mut rows, findings, &|package, source, function| {
            find_test(workspace, tree, package, source, function)
        });
    }
    check_citations(tree, &rows, findings);
}

/// The pages with the tables.
const PAGES: [&str; 2] = ["docs/rfc6455.md", "docs/rfc7692.md"];

pub(super) fn find_test(
    workspace: &Workspace,
    tree: &Tree,
    package: &str,
    source: &str,
    function: &str,
) -> Result<(), String> {
    let Ok(package) = workspace.package(package) else {
        return Err(format!("there is no package {package}"));
    };
    let path = workspace.relative(package.directory()).join(source);
    let Some(file) = tree.file(&path) else {
        return Err(format!("there is no file {}", path.display()));
    };
    // Behaviours of all adapters are listed beside them, and made tests there.
    let listed = || {
        let list = tree.file(&path.with_file_name("main.rs"));
        let name = path.file_stem().and_then(|stem| stem.to_str());
        list.zip(name)
            .is_some_and(|(list, name)| is_behaviour(&list.text, name, function))
    };
    match has_test(&file.text, function) || listed() {
        true => Ok(()),
        false => Err(format!("{} has no test {function}", path.display())),
    }
}

fn scan(
    file: &File,
    rows: &mut BTreeMap<String, (PathBuf, usize)>,
    findings: &mut Vec<Finding>,
    find_test: &dyn Fn(&str, &str, &str) -> Result<(), String>,
) {
    for (index, line) in file.text.lines().enumerate() {
        let cells = cells(line);
        let Some(id) = cells.first().filter(|cell| starts_as_identifier(cell)) else {
            continue;
        };
        let mut find = |message: String| {
            findings.push(Finding::new(&file.path, index + 1, message));
        };
        if !is_identifier(id) {
            find(format!("{id} is no identifier of a requirement"));
        }
        if let Some((path, line)) = rows.insert(id.clone(), (file.path.clone(), index + 1)) {
            let path = path.display();
            find(format!("{id} appears twice, first in {path}:{line}"));
        }
        let [_, _, tests, note] = cells.as_slice() else {
            find(format!(
                "{id}: the row has {} cells and not four",
                cells.len()
            ));
            continue;
        };
        let tests: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        if tests.is_empty() && note.trim_matches(['-', '–', '—', ' ']).is_empty() {
            find(format!("{id} has neither a test nor a note that says why"));
        }
        for test in tests {
            let parts: Vec<&str> = test.split("::").collect();
            let found = match parts.as_slice() {
                [package, source, function] => find_test(package, source, function),
                _ => Err(format!(
                    "`{test}` is not of the form package::path::function"
                )),
            };
            if let Err(message) = found {
                find(format!("{id}: {message}"));
            }
        }
    }
}

/// What tests say they prove has a row.
fn check_citations(
    tree: &Tree,
    rows: &BTreeMap<String, (PathBuf, usize)>,
    findings: &mut Vec<Finding>,
) {
    let is_test = |file: &&File| file.path.iter().any(|part| part == "tests");
    for file in tree.with_extension("rs").filter(is_test) {
        for (index, line) in file.text.lines().enumerate() {
            let words = line.split(|c: char| !c.is_ascii_alphanumeric() && !"-.".contains(c));
            let ids = words
                .map(|word| word.trim_end_matches('.'))
                .filter(|word| is_identifier(word) && !rows.contains_key(*word));
            findings.extend(ids.map(|id| {
                let message =
                    format!("{id} is cited, and is in none of the tables of requirements");
                Finding::new(&file.path, index + 1, message)
            }));
        }
    }
}

/// The cells of a table row; none if the line is no row. `\|` and a bar in backticks are text.
pub(super) fn cells(line: &str) -> Vec<String> {
    let Some(line) = line.trim().strip_prefix('|') else {
        return Vec::new();
    };
    let mut cells = vec![String::new()];
    let mut in_code = false;
    let mut escaped = false;
    for c in line.chars() {
        in_code ^= c == '`';
        if c == '|' && !in_code && !escaped {
            cells.push(String::new());
        } else if let Some(cell) = cells.last_mut() {
            cell.push(c);
        }
        escaped = c == '\\';
    }
    // Behind the last bar.
    cells.pop();
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// Whether this is meant as one, in the first cell of a row.
fn starts_as_identifier(cell: &str) -> bool {
    let number = cell.strip_prefix('R').or(cell.strip_prefix("D-"));
    number.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == 'I'))
}

/// Whether this is `R<document>-<section>-<number>`, or `D-<number>`; numbers have two digits.
fn is_identifier(text: &str) -> bool {
    let mut parts = text.split('-');
    let document = parts.next().unwrap_or_default();
    let sections = match document.strip_prefix('R') {
        Some("IANA") => 1,
        Some(number) if is_number(number) && number.len() == 4 => 1,
        _ if document == "D" => 0,
        _ => return false,
    };
    let rest: Vec<&str> = parts.collect();
    rest.len() == sections + 1
        && rest
            .last()
            .is_some_and(|number| is_number(number) && number.len() == 2)
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether `source` has a function of that name with an attribute that makes it a test.
fn has_test(source: &str, function: &str) -> bool {
    let code = strip(source, Literals::Blank);
    let lines: Vec<&str> = code.lines().collect();
    let defines = |line: &str| {
        let rest = line
            .split_once(&format!("fn {function}"))
            .map(|(_, rest)| rest);
        rest.is_some_and(|rest| rest.starts_with(['(', '<']))
    };
    let is_test = |index: usize| {
        let above = lines[..index].iter().rev().map(|line| line.trim());
        let mut attributes = above.take_while(|line| line.is_empty() || line.starts_with("#["));
        attributes.any(|line| line.contains("test"))
    };
    (0..lines.len()).any(|index| defines(lines[index]) && is_test(index))
}

/// Whether the macro call `suite!` in `source` lists the function under the name of its file.
fn is_behaviour(source: &str, file: &str, function: &str) -> bool {
    let code = strip(source, Literals::Blank);
    let suite = code
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != "suite! {");
    let behaviours = suite.skip_while(|line| line.strip_suffix(" {") != Some(file));
    let mut behaviours = behaviours.skip(1).take_while(|line| *line != "}");
    behaviours.any(|line| line.strip_suffix(',') == Some(function))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{cells, check_citations, has_test, is_behaviour, is_identifier, scan};
    use crate::tidy::tree::Tree;

    /// The findings in pages of requirements, of which there is a test `p::tests/a.rs::works`.
    fn findings(pages: &[(&str, &str)]) -> Vec<String> {
        let (mut rows, mut findings) = (BTreeMap::new(), Vec::new());
        for page in Tree::of(pages).files() {
            scan(
                page,
                &mut rows,
                &mut findings,
                &|package, path, function| match (package, path, function) {
                    ("p", "tests/a.rs", "works") => Ok(()),
                    _ => Err("no such test".to_owned()),
                },
            );
        }
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn good_rows_have_a_test_or_a_note() {
        let table = "| ID | requirement | tests | note |\n|---|---|---|---|\n\
                     | R6455-1-01 | a | `p::tests/a.rs::works`, `p::tests/a.rs::works` | |\n\
                     | R6455-1-02 | b | | the application's |\n";
        let findings = findings(&[("docs/rfc6455.md", table)]);
        assert!(findings.is_empty(), "{findings:?}");
    }

    #[test]
    fn bad_rows_are_found() {
        let cases = [
            ("| R6455-1-01 | a | | |", "neither a test nor a note"),
            ("| R6455-1-01 | a | - | — |", "neither a test nor a note"),
            (
                "| R6455-1-01 | a | `p::tests/a.rs::gone` | |",
                "no such test",
            ),
            ("| R6455-1-01 | a | `works` | |", "not of the form"),
            ("| R6455-1-01 | a | `p::tests/a.rs::works` |", "3 cells"),
            ("| R6455-1-011 | a | | b |", "no identifier"),
        ];
        for (row, message) in cases {
            let found = findings(&[("docs/rfc6455.md", row)]);
            assert_eq!(found.len(), 1, "{row}: {found:?}");
            assert!(
                found[0].starts_with("docs/rfc6455.md:1: R6455-1-01"),
                "{found:?}"
            );
            assert!(found[0].contains(message), "{found:?}");
        }
    }

    #[test]
    fn an_identifier_has_one_row() {
        let row = "| R6455-1-01 | a | | b |\n| D-01 | c | | d |\n";
        assert_eq!(
            findings(&[("a.md", row), ("b.md", row)]),
            [
                "b.md:1: R6455-1-01 appears twice, first in a.md:1",
                "b.md:2: D-01 appears twice, first in a.md:2",
            ]
        );
    }

    #[test]
    fn what_tests_cite_is_in_a_table() {
        let source = "/// R6455-1-01: as D-01 says, and R6455-1-02.\n#[test]\nfn works() {}\n\
                      // (D-02, utf-8, R1-1, C3)\n";
        let tree = Tree::of(&[
            ("crates/p/tests/a.rs", source),
            ("crates/p/src/lib.rs", source),
        ]);
        let row = |id: &str| (id.to_owned(), ("a.md".into(), 1));
        let mut findings = Vec::new();
        check_citations(
            &tree,
            &BTreeMap::from(["R6455-1-01", "D-01"].map(row)),
            &mut findings,
        );
        let found: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("crates/p/tests/a.rs:1: R6455-1-02 is cited"));
        assert!(found[1].starts_with("crates/p/tests/a.rs:4: D-02 is cited"));
    }

    #[test]
    fn identifiers_have_one_form() {
        for id in ["R6455-1-01", "R7692-7.2.3-01", "RIANA-close-04", "D-13"] {
            assert!(is_identifier(id), "{id}");
        }
        for id in [
            "",
            "R6455",
            "R6455-1",
            "R6455-1-1",
            "R6455-01",
            "D-1",
            "D-1-01",
            "RFC-1-01",
        ] {
            assert!(!is_identifier(id), "{id}");
        }
    }

    #[test]
    fn bars_in_cells_are_text() {
        assert_eq!(cells(r"| a \| b | `c | d` |"), [r"a \| b", "`c | d`"]);
        assert!(cells("no row").is_empty());
    }

    #[test]
    fn a_test_has_a_name_and_an_attribute() {
        let source = "/// R6455-1-01\n#[tokio::test]\nasync fn works() {}\n\nfn helper() {}\n\
                      // #[test] fn commented() {}\n\
                      #[test]\n/// Doc.\n#[should_panic(expected = \"x\")]\nfn panics() {}\n";
        assert!(has_test(source, "works"));
        assert!(has_test(source, "panics"));
        assert!(!has_test(source, "helper"));
        assert!(!has_test(source, "work"));
        assert!(!has_test(source, "commented"));
    }

    #[test]
    fn a_behaviour_is_listed_under_its_file() {
        let source = "macro_rules! suite { () => {}; }\n\nsuite! {\n    closing {\n        works,\n    \
                      }\n    #[cfg(x)]\n    tls {\n        speaks,\n        // silent,\n    }\n}\n";
        assert!(is_behaviour(source, "closing", "works"));
        assert!(is_behaviour(source, "tls", "speaks"));
        assert!(!is_behaviour(source, "closing", "speaks"));
        assert!(!is_behaviour(source, "tls", "silent"));
        assert!(!is_behaviour(source, "tls", "speak"));
        assert!(!is_behaviour("closing {\n works,\n}\n", "closing", "works"));
    }
}
