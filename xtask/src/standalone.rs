//! `cargo xtask standalone`: each protocol crate alone in an empty project.
//!
//! Alone means without the rest of the family. An example may name what its crate itself depends
//! on and shows in its interface, as a user would who adds `http` beside it.

use std::fs;

use anyhow::{Context, bail};

use crate::generated::{GeneratedPackage, path_dependency};
use crate::markdown::{CodeBlock, Doctest, code_blocks};
use crate::process;
use crate::rust_source::{Literals, identifiers, strip};
use crate::workspace::{Dependency, Package, Workspace};

pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    for name in CRATES {
        examples(workspace, name)?;
    }
    Ok(())
}

fn examples(workspace: &Workspace, name: &str) -> anyhow::Result<()> {
    let crate_alone = workspace.package(name)?;
    let readme = crate_alone.directory().join("README.md");
    let text =
        fs::read_to_string(&readme).with_context(|| format!("cannot read {}", readme.display()))?;
    let examples: Vec<(String, CodeBlock, Doctest)> = code_blocks(&text)
        .into_iter()
        .filter_map(|block| block.doctest().map(|kind| (block, kind)))
        .enumerate()
        .map(|(index, (block, kind))| (format!("example{}", index + 1), block, kind))
        .collect();
    if examples.is_empty() {
        bail!("{} has no example", readme.display());
    }

    let mut manifest = MANIFEST.replace("NAME", &format!("uses-{name}"));
    manifest.push_str(&path_dependency(workspace, name, "")?);
    let code: String = examples
        .iter()
        .map(|(_, block, _)| block.code.as_str())
        .collect();
    let shown = shown_dependencies(workspace, crate_alone, &code);
    for dependency in &shown {
        manifest.push_str(&format!("{} = \"{}\"\n", dependency.name, dependency.req));
    }
    let source = |(bin, block, _): &(String, CodeBlock, Doctest)| {
        (format!("bin/{bin}.rs"), program(&block.code))
    };
    let sources: Vec<_> = examples.iter().map(source).collect();
    let package = GeneratedPackage::write(workspace, "standalone", name, &manifest, &sources)?;
    for (bin, _, kind) in &examples {
        let subcommand = match kind {
            Doctest::Run => "run",
            Doctest::Compile => "build",
        };
        process::quiet(package.cargo(subcommand).args(["--bin", bin]))
            .with_context(|| format!("{bin} of {}", readme.display()))?;
    }
    let beside: Vec<&str> = shown
        .iter()
        .map(|dependency| dependency.name.as_str())
        .collect();
    let beside = if beside.is_empty() {
        "nothing".to_owned()
    } else {
        beside.join(", ")
    };
    println!("{name}: the examples of its README work; beside it they need {beside}");
    Ok(())
}

/// The dependencies from outside the workspace that `code` names.
fn shown_dependencies<'a>(
    workspace: &Workspace,
    package: &'a Package,
    code: &str,
) -> Vec<&'a Dependency> {
    let code = strip(code, Literals::Blank);
    let named =
        |name: &str| identifiers(&code).any(|id| id.name == name && id.after.starts_with("::"));
    let outside = package.dependencies.iter().filter(|dependency| {
        dependency.kind.is_none() && workspace.package(&dependency.name).is_err()
    });
    outside
        .filter(|dependency| named(&dependency.name.replace('-', "_")))
        .collect()
}

/// A whole program from an example, by the rules of rustdoc.
fn program(example: &str) -> String {
    let shown = |line: &str| match line.trim_start() {
        "#" => String::new(),
        hidden if hidden.starts_with("# ") => hidden[2..].to_owned(),
        _ => line.to_owned(),
    };
    let code: Vec<String> = example.lines().map(shown).collect();
    let code = code.join("\n");
    let stripped = strip(&code, Literals::Blank);
    let mut words = identifiers(&stripped).map(|identifier| (identifier.before, identifier.name));
    if words.any(|(before, name)| name == "main" && before.trim_end().ends_with("fn")) {
        return code;
    }
    // `Ok::<(), E>(())` at the end is how an example may use `?`.
    if stripped.trim_end().ends_with("(())") {
        return format!(
            "fn main() {{\nfn example() -> \
             Result<(), impl core::fmt::Debug> {{\n{code}\n}}\nexample().unwrap();\n}}\n"
        );
    }
    format!("fn main() {{\n{code}\n}}\n")
}

/// The crates that promise to be useful alone.
const CRATES: &[&str] = &[
    "tautline-frame",
    "tautline-message",
    "tautline-deflate",
    "tautline-handshake",
    "tautline-connection",
    "tautline-driver",
];

const MANIFEST: &str = r#"[package]
name = "NAME"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
"#;

#[cfg(test)]
mod tests {
    use super::program;

    #[test]
    fn an_example_becomes_a_program() {
        let cases = [
            ("let x = 1;", "fn main() {\nlet x = 1;\n}\n"),
            ("fn main() {}", "fn main() {}"),
            ("// fn main()\nf();", "fn main() {\n// fn main()\nf();\n}\n"),
            (
                "# use a::b;\n#\n#[test]",
                "fn main() {\nuse a::b;\n\n#[test]\n}\n",
            ),
        ];
        for (example, expected) in cases {
            assert_eq!(program(example), expected, "{example}");
        }
    }

    #[test]
    fn an_example_may_use_the_question_mark() {
        let source = program("f()?;\nOk::<(), Error>(())\n");
        assert!(source.contains("fn example() -> Result<(), impl core::fmt::Debug> {\nf()?;"));
        assert!(source.contains("example().unwrap();"));
    }
}
