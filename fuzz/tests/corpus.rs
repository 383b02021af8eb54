//! Runs every input of the corpora once, and those that a fuzzer has left in `artifacts`.
//!
//! This needs no fuzzer and no sanitizer, so it is what a developer runs beside the other tests.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use tautline_fuzz::TARGETS;

#[test]
fn every_input_of_deflate_is_handled() {
    replay("deflate");
}

#[test]
fn every_input_of_header_is_handled() {
    replay("header");
}

#[test]
fn every_input_of_handshake_is_handled() {
    replay("handshake");
}

#[test]
fn every_input_of_connection_is_handled() {
    replay("connection");
}

#[test]
fn every_input_of_operations_is_handled() {
    replay("operations");
}

#[test]
fn every_input_of_differential_is_handled() {
    replay("differential");
}

fn replay(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = inputs(&root.join("corpus").join(name));
    assert!(corpus.len() > 10, "{name} has no corpus to speak of");
    let artifacts = inputs(&root.join("artifacts").join(name));
    let mut failed = Vec::new();
    for input in corpus.into_iter().chain(artifacts) {
        let data = fs::read(&input).unwrap();
        if catch_unwind(AssertUnwindSafe(|| (target.run)(&data))).is_err() {
            failed.push(input);
        }
    }
    assert!(failed.is_empty(), "{name} fails with {failed:#?}");
}

/// The files of a directory, in an order that is the same everywhere.
fn inputs(directory: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(directory).into_iter().flatten();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths
}
