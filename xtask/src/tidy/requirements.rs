//! The table of requirements names tests that exist.
//!
//! A row is `| R6455-5.2-06 | requirement | tests | note |`. A test is written in backticks as
//! package, path in the package and function: `` `tautline-frame::tests/header.rs::name` ``.

use std::collections::BTreeMap;
use std::path::Path;

use crate::rust_source::{Literals, strip};
use crate::tidy::Finding;
use crate::tidy::tree::{File, Tree};
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace, tree: &Tree, findings: &mut Vec<Finding>) {
    let path = Path::new("docs/rfc6455.md");
    let Some(file) = tree.file(path) else {
        findings.push(Finding::new(
            path,
            1,
            "the table of requirements is missing",
        ));
        return;
    };
    scan(file, findings, &|package, source, function| {
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
    });
}

fn scan(
    file: &File,
    findings: &mut Vec<Finding>,
    find_test: &dyn Fn(&str, &str, &str) -> Result<(), String>,
) {
    let mut seen = BTreeMap::new();
    for (index, line) in file.text.lines().enumerate() {
        let cells = cells(line);
        let Some(id) = cells.first().filter(|cell| is_requirement(cell)) else {
            continue;
        };
        let mut find = |message: String| {
            findings.push(Finding::new(&file.path, index + 1, message));
        };
        if let Some(first) = seen.insert(id.clone(), index + 1) {
            find(format!("{id} appears twice, first on line {first}"));
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

/// The cells of a table row; none if the line is no row. `\|` and a bar in backticks are text.
fn cells(line: &str) -> Vec<String> {
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

fn is_requirement(cell: &str) -> bool {
    let mut chars = cell.chars();
    chars.next() == Some('R') && chars.next().is_some_and(|c| c.is_ascii_digit())
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
    use super::{cells, has_test, is_behaviour, scan};
    use crate::tidy::tree::Tree;

    fn findings(table: &str) -> Vec<String> {
        let tree = Tree::of(&[("docs/rfc6455.md", table)]);
        let mut findings = Vec::new();
        scan(
            tree.files().next().unwrap(),
            &mut findings,
            &|package, path, function| match (package, path, function) {
                ("p", "tests/a.rs", "works") => Ok(()),
                _ => Err("no such test".to_owned()),
            },
        );
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn good_rows_have_a_test_or_a_note() {
        let table = "| ID | requirement | tests | note |\n|---|---|---|---|\n\
                     | R6455-1-01 | a | `p::tests/a.rs::works`, `p::tests/a.rs::works` | |\n\
                     | R6455-1-02 | b | | the application's |\n";
        assert!(findings(table).is_empty(), "{:?}", findings(table));
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
        ];
        for (row, message) in cases {
            let found = findings(row);
            assert_eq!(found.len(), 1, "{row}: {found:?}");
            assert!(
                found[0].starts_with("docs/rfc6455.md:1: R6455-1-01"),
                "{found:?}"
            );
            assert!(found[0].contains(message), "{found:?}");
        }
        let row = "| R6455-1-01 | a | | b |\n";
        assert!(findings(&row.repeat(2))[0].contains("appears twice, first on line 1"));
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
