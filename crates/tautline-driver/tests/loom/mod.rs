//! What the halves of a connection share, in every order in which threads can use it:
//! `cargo xtask loom`.
//!
//! Connections, halves and corks are the real ones, with the locks of [loom](https://docs.rs/loom) in
//! place of those of the standard library; so is their transport, which a test makes ready when it
//! likes. A wake-up that is lost leaves every thread waiting, which loom reports as a deadlock.
#![expect(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, in its helpers, too"
)]

mod corks;
mod executor;
mod halves;
mod waiters;
mod wire;

use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

/// Runs `test` in every order of its threads, or in those in which a thread is interrupted, where it
/// would not have had to wait, no more often than `preemptions`.
///
/// Says how many orders there were, in the words that `cargo xtask loom` looks for. More interruptions
/// are tried with `LOOM_MAX_PREEMPTIONS`.
#[expect(
    clippy::print_stdout,
    reason = "how far the search went is worth knowing"
)]
fn model(preemptions: Option<usize>, test: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    if env::var_os("LOOM_MAX_PREEMPTIONS").is_none() {
        builder.preemption_bound = preemptions;
    }
    let orders = Arc::new(AtomicUsize::new(0));
    let counted = orders.clone();
    let begin = Instant::now();
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        test();
    });
    let orders = orders.load(Ordering::Relaxed);
    let seconds = begin.elapsed().as_secs_f64();
    let name = thread::current().name().unwrap_or_default().to_owned();
    println!("{name}: {orders} orders in {seconds:.1} s");
    assert!(orders > 1, "threads that share nothing have one order");
}
