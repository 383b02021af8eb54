use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, Waker},
};

use event_listener::{Event, EventListener};

/// How far a server has come in stopping. Its tasks follow, and wake for it.
#[derive(Default)]
pub(crate) struct Stop {
    phase: AtomicU8,
    changed: Event,
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
        self.changed.notify(usize::MAX);
    }

    fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Running,
            1 => Phase::Closing,
            _ => Phase::Over,
        }
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
    waiting: Option<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    waker: Waker,
    phase: Phase,
    _listener: EventListener,
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
        loop {
            let phase = self.stop.phase();
            if let Some(waiting) = &self.waiting
                && waiting.phase == phase
                && waiting.waker.will_wake(cx.waker())
            {
                return phase;
            }
            let mut listener = self.stop.changed.listen();
            // It may have changed between the look and the listening.
            if self.stop.phase() == phase && Pin::new(&mut listener).poll(cx).is_pending() {
                self.waiting = Some(Waiting {
                    waker: cx.waker().clone(),
                    phase,
                    _listener: listener,
                });
                return phase;
            }
        }
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
