//! `cargo xtask no-std`: the lowest crates without the standard library.

use anyhow::Context;

use crate::generated::{GeneratedPackage, path_dependency};
use crate::process;
use crate::workspace::Workspace;

pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    // Without an allocator: a crate that uses `alloc` does not link here.
    probe(workspace, "core-only", &["tautline-frame"], PANIC_HANDLER)?;
    let program = format!("{PANIC_HANDLER}{ALLOCATOR}");
    let crates = ["tautline-frame", "tautline-message", "tautline-connection"];
    probe(workspace, "with-alloc", &crates, &program)
}

fn probe(workspace: &Workspace, name: &str, crates: &[&str], program: &str) -> anyhow::Result<()> {
    let mut manifest = MANIFEST.replace("NAME", &format!("no-std-{name}"));
    let mut library = program.to_owned();
    for dependency in crates {
        manifest.push_str(&path_dependency(
            workspace,
            dependency,
            ", default-features = false",
        )?);
        // Named, because a dependency that is never named is not linked.
        library.push_str(&format!("extern crate {};\n", dependency.replace('-', "_")));
    }
    let sources = [("lib.rs".to_owned(), library)];
    let package = GeneratedPackage::write(workspace, "no-std", name, &manifest, &sources)?;
    process::quiet(&mut package.cargo("build"))
        .with_context(|| format!("{name}: {} do not build without std", crates.join(", ")))?;
    println!("{name}: {} build without std", crates.join(", "));
    Ok(())
}

const MANIFEST: &str = r#"[package]
name = "NAME"
version = "0.0.0"
edition = "2024"

[workspace]

[lib]
crate-type = ["staticlib"]

# Unwinding needs a function that only the standard library has.
[profile.dev]
panic = "abort"

[dependencies]
"#;

/// The standard library has a panic handler of its own: with it in the graph there are two.
const PANIC_HANDLER: &str = r"#![no_std]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

";

const ALLOCATOR: &str = r"struct NoMemory;

unsafe impl core::alloc::GlobalAlloc for NoMemory {
    unsafe fn alloc(&self, _: core::alloc::Layout) -> *mut u8 {
        core::ptr::null_mut()
    }
    unsafe fn dealloc(&self, _: *mut u8, _: core::alloc::Layout) {}
}

#[global_allocator]
static ALLOCATOR: NoMemory = NoMemory;

";
