//! Links between the Markdown files lead somewhere.

use std::path::{Component, Path, PathBuf};

use crate::markdown::{anchor, links, prose};
use crate::tidy::Finding;
use crate::tidy::tree::{File, Tree};
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace, tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.with_extension("md") {
        scan(
            file,
            tree,
            &|path| workspace.root.join(path).exists(),
            findings,
        );
    }
}

fn scan(file: &File, tree: &Tree, exists: &dyn Fn(&Path) -> bool, findings: &mut Vec<Finding>) {
    for (index, line) in prose(&file.text).iter().enumerate() {
        for link in links(line).into_iter().filter(|link| is_local(link)) {
            let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => Some(file.path.clone()),
                _ => resolve(&file.path, path),
            };
            let message = match target {
                None => format!("the link to {link} leaves the project"),
                Some(target) if !exists(&target) => format!("the link to {link} leads nowhere"),
                Some(target) => match tree.file(&target) {
                    Some(target) if !has_anchor(target, fragment) => {
                        format!("{} has no heading #{fragment}", target.path.display())
                    }
                    _ => continue,
                },
            };
            findings.push(Finding::new(&file.path, index + 1, message));
        }
    }
}

/// Not a web address, and not a path of rustdoc such as `crate::Header`.
fn is_local(link: &str) -> bool {
    !link.contains("://") && !link.starts_with("mailto:") && !link.contains("::")
}

/// The target relative to the root; `None` if it lies above.
fn resolve(from: &Path, link: &str) -> Option<PathBuf> {
    let mut target = from.parent().unwrap_or(Path::new("")).to_owned();
    for component in Path::new(link).components() {
        match component {
            Component::ParentDir => {
                if !target.pop() {
                    return None;
                }
            }
            Component::Normal(name) => target.push(name),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(target)
}

fn has_anchor(file: &File, fragment: &str) -> bool {
    // A fragment in another kind of file is a line number.
    if fragment.is_empty()
        || file
            .path
            .extension()
            .is_none_or(|extension| extension != "md")
    {
        return true;
    }
    file.text
        .lines()
        .filter_map(anchor)
        .any(|anchor| anchor == fragment)
        || file.text.contains(&format!("id=\"{fragment}\""))
}

#[cfg(test)]
mod tests {
    use super::scan;
    use crate::tidy::tree::Tree;

    #[test]
    fn links_lead_to_files_and_headings() {
        let cases = [
            ("[a](../README.md)", 0),
            ("[a](other.md#part-two)", 0),
            ("[a](other.md#part-three)", 1),
            ("[a](#here)", 0),
            ("[a](#there)", 1),
            ("[a](missing.md)", 1),
            ("[a](../../outside.md)", 1),
            ("[a](https://example.com/missing.md)", 0),
            ("[`A`](crate::A)", 0),
            ("`[a](missing.md)`", 0),
            ("[a]: missing.md", 1),
        ];
        for (line, count) in cases {
            let page = format!("# Here\n\n{line}\n");
            let tree = Tree::of(&[
                ("docs/page.md", &page),
                ("docs/other.md", "## Part two\n"),
                ("README.md", ""),
            ]);
            let file = tree.files().next().unwrap();
            let mut findings = Vec::new();
            let exists = |path: &std::path::Path| tree.file(path).is_some();
            scan(file, &tree, &exists, &mut findings);
            assert_eq!(findings.len(), count, "{line}: {findings:?}");
            assert!(findings.iter().all(|finding| finding.line == 3));
        }
    }
}
