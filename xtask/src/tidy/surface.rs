//! Every adapter has the same public names: a program changes its runtime by changing its imports.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use syn::{Item, UseTree, Visibility};

use crate::rust_source::{Literals, identifiers, strip};
use crate::tidy::Finding;
use crate::tidy::tree::Tree;
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace, tree: &Tree, findings: &mut Vec<Finding>) {
    let file = |package: &str, name: &str| -> Option<PathBuf> {
        Some(
            workspace
                .source(workspace.package(package).ok()?)
                .join(name),
        )
    };
    let Some(tokio) = file("tautline-tokio", "lib.rs") else {
        return;
    };
    for module in ["async_std.rs", "smol.rs"] {
        if let Some(module) = file("tautline-async-std", module) {
            compare(tree, &tokio, &module, findings);
        }
    }
}

/// Reports what only one of two files has.
fn compare(tree: &Tree, one: &Path, other: &Path, findings: &mut Vec<Finding>) {
    let mut read = |path: &Path| match names(tree, path) {
        Ok(names) => Some(names),
        Err(message) => {
            findings.push(Finding::new(path, 1, message));
            None
        }
    };
    let (Some(ones), Some(others)) = (read(one), read(other)) else {
        return;
    };
    for (path, names, without) in [
        (one, &ones, (other, &others)),
        (other, &others, (one, &ones)),
    ] {
        let common = |name: &&String| !RUNTIME_SPECIFIC.contains(&name.as_str());
        for name in names.difference(without.1).filter(common) {
            let line = tree.file(path).map_or(1, |file| line_of(&file.text, name));
            let message = format!("`{name}` is public here and not in {}", without.0.display());
            findings.push(Finding::new(path, line, message));
        }
    }
}

/// The public names of a file; a glob is known by its path.
fn names(tree: &Tree, path: &Path) -> Result<BTreeSet<String>, String> {
    let file = tree.file(path).ok_or("the adapter has no such file")?;
    let parsed = syn::parse_file(&file.text).map_err(|error| format!("no Rust: {error}"))?;
    let mut names = BTreeSet::new();
    for item in &parsed.items {
        let (visibility, name) = match item {
            Item::Use(item) if is_public(&item.vis) => {
                imported(&item.tree, "", &mut names);
                continue;
            }
            Item::Const(item) => (&item.vis, &item.ident),
            Item::Enum(item) => (&item.vis, &item.ident),
            Item::Fn(item) => (&item.vis, &item.sig.ident),
            Item::Mod(item) => (&item.vis, &item.ident),
            Item::Static(item) => (&item.vis, &item.ident),
            Item::Struct(item) => (&item.vis, &item.ident),
            Item::Trait(item) => (&item.vis, &item.ident),
            Item::Type(item) => (&item.vis, &item.ident),
            // What a macro would define cannot be compared.
            Item::Macro(_) => return Err("a macro hides public names from this check".to_owned()),
            _ => continue,
        };
        if is_public(visibility) {
            names.insert(name.to_string());
        }
    }
    Ok(names)
}

/// The names that a `use` brings.
fn imported(tree: &UseTree, prefix: &str, names: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => {
            imported(&path.tree, &format!("{prefix}{}::", path.ident), names);
        }
        UseTree::Name(name) => {
            names.insert(name.ident.to_string());
        }
        UseTree::Rename(rename) => {
            names.insert(rename.rename.to_string());
        }
        UseTree::Glob(_) => {
            names.insert(format!("{prefix}*"));
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                imported(tree, prefix, names);
            }
        }
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// The first line of code with `name`; a glob is found by the last part of its path.
fn line_of(source: &str, name: &str) -> usize {
    let word = name.trim_end_matches("::*");
    let word = word.rsplit("::").next().unwrap_or(word);
    let code = strip(source, Literals::Blank);
    identifiers(&code)
        .find(|identifier| identifier.name == word)
        .map_or(1, |identifier| identifier.line)
}

/// What names a runtime itself.
const RUNTIME_SPECIFIC: &[&str] = &[
    "Tokio",
    "TokioRuntime",
    "AsyncStdRuntime",
    "SmolRuntime",
    "FuturesIo",
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::compare;
    use crate::tidy::tree::Tree;

    const TOKIO: &str = "pub use driver::neutral::*;\npub use stream::MaybeTlsStream;\n\
                         pub use transport::Tokio;\nmod stream;\npub mod tls;\n\
                         pub async fn connect() {}\npub type Serve<H> = driver::Serve<H>;\n";

    fn findings(module: &str) -> Vec<String> {
        let tree = Tree::of(&[("lib.rs", TOKIO), ("smol.rs", module)]);
        let mut findings = Vec::new();
        let [one, other] = ["lib.rs", "smol.rs"].map(Path::new);
        compare(&tree, one, other, &mut findings);
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_may_come_in_any_way() {
        let module = "pub use crate::{tls, stream::Stream as MaybeTlsStream, FuturesIo};\n\
                      pub use driver::neutral::*;\npub struct SmolRuntime;\nuse std::fmt;\n\
                      pub fn connect() {}\npub struct Serve<H>(H);\nfn private() {}\n\
                      pub(crate) fn also() {}\n";
        assert!(findings(module).is_empty(), "{:?}", findings(module));
    }

    #[test]
    fn what_one_adapter_lacks_is_found_in_both_directions() {
        let module = "pub use driver::plain::*;\n/// As `connect_twice`.\npub mod tls {}\n\
                      pub type Serve<H> = H;\npub fn connect() {}\npub fn connect_twice() {}\n";
        let expected = [
            "lib.rs:2: `MaybeTlsStream` is public here and not in smol.rs",
            "lib.rs:1: `driver::neutral::*` is public here and not in smol.rs",
            "smol.rs:6: `connect_twice` is public here and not in lib.rs",
            "smol.rs:1: `driver::plain::*` is public here and not in lib.rs",
        ];
        assert_eq!(findings(module), expected);
    }

    #[test]
    fn what_cannot_be_compared_is_found() {
        assert!(findings("adapter! { Smol }")[0].contains("a macro hides"));
        assert!(findings("pub fn")[0].contains("no Rust"));
        let mut findings = Vec::new();
        let tree = Tree::of(&[("lib.rs", TOKIO)]);
        let [one, other] = ["lib.rs", "smol.rs"].map(Path::new);
        compare(&tree, one, other, &mut findings);
        assert_eq!(
            findings[0].to_string(),
            "smol.rs:1: the adapter has no such file"
        );
    }
}
