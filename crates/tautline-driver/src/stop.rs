use std::{
    fmt,
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, Waker},
};

use slab::Slab;

/// How far a server has come in stopping. Its tasks follow, and wake for it.
#[derive(Default)]
pub(crate) struct Stop {
    phase: AtomicU8,
    wakers: Mutex<Slab<Waker>>,
}

/// In their order: a later phase includes the earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Phase {
    Running = 0,
    /// Connections are to be closed.
    Closing = 1,
    /// There is nothing left to wait for: tasks end at once.
    Over = 2,
}

impl Stop {
    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.fetch_max(phase as u8, Ordering::Release);
        // Woken outside of the lock, which a task that ends takes.
        let wakers: Vec<_> = self
            .wakers()
            .iter()
            .map(|(_, waker)| waker.clone())
            .collect();
        wakers.into_iter().for_each(Waker::wake);
    }

    fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Running,
            1 => Phase::Closing,
            _ => Phase::Over,
        }
    }

    fn wakers(&self) -> MutexGuard<'_, Slab<Waker>> {
        // Nothing that holds the lock can leave the list half changed.
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stop").field(&self.phase()).finish()
    }
}

/// A task's look at a [`Stop`].
#[derive(Debug)]
pub(crate) struct Watch {
    stop: Arc<Stop>,
    /// The waker that waits, and its place in the list.
    waiting: Option<(Waker, usize)>,
}

impl Watch {
    pub(crate) const fn new(stop: Arc<Stop>) -> Self {
        Self {
            stop,
            waiting: None,
        }
    }

    /// The phase now; the task is woken when it changes.
    ///
    /// A task is polled for each of its messages, nearly always with the waker that waits already:
    /// then this is one load.
    pub(crate) fn poll_phase(&mut self, cx: &mut Context<'_>) -> Phase {
        match &mut self.waiting {
            Some((waker, _)) if waker.will_wake(cx.waker()) => {}
            Some((waker, place)) => {
                waker.clone_from(cx.waker());
                self.stop.wakers()[*place].clone_from(waker);
            }
            None => {
                let place = self.stop.wakers().insert(cx.waker().clone());
                self.waiting = Some((cx.waker().clone(), place));
            }
        }
        // Looked at after the waker is in the list, so that no change is missed.
        self.stop.phase()
    }

    /// Waits for a phase.
    pub(crate) async fn reached(&mut self, phase: Phase) {
        poll_fn(|cx| match self.poll_phase(cx) >= phase {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some((_, place)) = self.waiting.take() {
            // The waker is dropped outside of the lock: it may be the last that holds its task.
            let waker = self.stop.wakers().remove(place);
            drop(waker);
        }
    }
}
