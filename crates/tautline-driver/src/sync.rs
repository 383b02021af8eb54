//! Locks and flags that threads share: those of the standard library, or, for the models in
//! `tests/loom`, those of loom, which tries every order in which threads can use them.

#[cfg(not(all(test, tautline_loom)))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicBool};

#[cfg(all(test, tautline_loom))]
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic::AtomicBool};
