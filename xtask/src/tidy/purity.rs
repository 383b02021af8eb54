//! Protocol crates name no socket, clock, runtime or random source.

use std::path::Path;

use crate::rust_source::{Identifier, Literals, identifiers, strip};
use crate::tidy::Finding;
use crate::tidy::tree::{Tree, line_of_key};
use crate::workspace::{PROTOCOL_CRATES, Workspace};

pub(super) fn check(workspace: &Workspace, tree: &Tree, findings: &mut Vec<Finding>) {
    for name in PROTOCOL_CRATES {
        let Ok(package) = workspace.package(name) else {
            continue;
        };
        for file in tree.rust_below(&workspace.source(package)) {
            scan(&file.path, &file.text, name, findings);
        }
        let path = workspace.manifest(package);
        for dependency in &package.dependencies {
            let used = dependency.kind.as_deref() != Some("dev");
            if used && CRATES.contains(&dependency.name.replace('-', "_").as_str()) {
                let line = line_of_key(tree.file(&path), &dependency.name);
                let message = format!("{name} must not depend on {}", dependency.name);
                findings.push(Finding::new(&path, line, message));
            }
        }
    }
}

fn scan(path: &Path, source: &str, name: &str, findings: &mut Vec<Finding>) {
    let code = strip(source, Literals::Blank);
    for identifier in identifiers(&code) {
        if let Some(what) = impurity(&identifier) {
            let message = format!("{name} names {what} `{}`", identifier.name);
            findings.push(Finding::new(path, identifier.line, message));
        }
    }
}

fn impurity(identifier: &Identifier<'_>) -> Option<&'static str> {
    let name = identifier.name;
    if SOCKETS.contains(&name) {
        return Some("the socket");
    }
    if CLOCKS.contains(&name) {
        return Some("the clock");
    }
    // `core::net` has addresses only; `std::net` is the module with the sockets.
    let from_std = identifier.before.contains("std::");
    if from_std && ["net", "thread", "fs"].contains(&name) {
        return Some("the system module");
    }
    // A variable may be called `rand`: a crate is named in a path, or in a `use`.
    let before = identifier.before.trim_end();
    let named = identifier.after.starts_with("::")
        || before.ends_with("use")
        || before.ends_with("extern crate");
    (named && CRATES.contains(&name)).then_some("the crate")
}

const SOCKETS: &[&str] = &[
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "UnixStream",
    "UnixListener",
];

const CLOCKS: &[&str] = &["Instant", "SystemTime"];

/// Runtimes, sources of randomness, and their lower layers.
const CRATES: &[&str] = &[
    "tokio",
    "async_std",
    "smol",
    "async_io",
    "async_net",
    "mio",
    "futures_io",
    "socket2",
    "getrandom",
    "rand",
    "rand_core",
    "fastrand",
    "rustls",
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::scan;

    #[test]
    fn effects_are_found_and_values_are_not() {
        let cases = [
            ("use std::net::TcpStream;", 2),
            ("use std::{fmt, net};", 1),
            ("use core::net::Ipv6Addr;", 0),
            ("use core::time::Duration;", 0),
            ("use std::time::{Duration, Instant};", 1),
            ("let now = std::time::SystemTime::now();", 1),
            ("use tokio::io;", 1),
            ("use rand;", 1),
            ("let key = rand;", 0),
            ("fn operand(rand: u32) {}", 0),
            ("getrandom::fill(&mut key)?;", 1),
            ("/// As `tokio::net` does.\nfn f() {}", 0),
            ("let s = \"std::net\";", 0),
        ];
        for (source, count) in cases {
            let mut findings = Vec::new();
            scan(Path::new("lib.rs"), source, "x", &mut findings);
            assert_eq!(findings.len(), count, "{source}: {findings:?}");
        }
    }
}
