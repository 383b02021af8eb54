//! Whole sessions of a client and a server over a network that delays, cuts, withholds and breaks,
//! with tasks that are polled in any order and futures that are given up.
//!
//! A number decides everything in a session but the masking keys. A session that fails prints its number:
//! `TAUTLINE_SEED=123 cargo test -p tautline-driver --all-features simulation` plays it again, and
//! `TAUTLINE_SESSIONS` sets how many are played of each kind.

mod application;
mod channel;
mod executor;
mod ledger;
mod network;
mod random;
mod session;

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use self::session::{Kind, play};

/// How many sessions of each kind are played, by two tests each.
const SESSIONS: u64 = 3400;

/// R6455-5.1-07, R6455-5.2-12, R6455-5.4-10, L1, L2
#[test]
fn whatever_the_network_does_everything_arrives_once_and_in_order() {
    play_all(Kind::Sound, 0);
}

#[test]
fn whatever_the_network_does_everything_arrives_once_and_in_order_again() {
    play_all(Kind::Sound, 1);
}

/// R6455-7.1.4-01
#[test]
fn a_connection_that_is_closed_in_the_middle_is_clean_on_both_ends() {
    play_all(Kind::ClosedEarly, 0);
    play_all(Kind::ClosedEarly, 1);
}

/// R6455-7.2.1-02
#[test]
fn a_connection_that_breaks_comes_to_an_end_on_both_ends() {
    play_all(Kind::Broken, 0);
    play_all(Kind::Broken, 1);
}

/// Plays every other session, or the one that was asked for.
#[expect(
    clippy::print_stdout,
    reason = "a failure can only be repeated with its seed"
)]
fn play_all(kind: Kind, first: u64) {
    let number = |name| env::var(name).ok().and_then(|value| value.parse().ok());
    if let Some(seed) = number("TAUTLINE_SEED") {
        return play(kind, seed);
    }
    let sessions = number("TAUTLINE_SESSIONS").unwrap_or(SESSIONS);
    for seed in (first..sessions).step_by(2) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| play(kind, seed))) {
            println!("{kind:?} failed; again with TAUTLINE_SEED={seed}");
            resume_unwind(panic);
        }
    }
}
