use std::{
    fmt,
    sync::atomic::{AtomicU8, Ordering},
};

use event_listener::{Event, listener};

/// How far a server has come in stopping. Its tasks wait for it, in place and without an allocation.
#[derive(Default)]
pub(crate) struct Stop {
    phase: AtomicU8,
    reached: Event,
}

/// In their order: a later phase includes the earlier ones.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(crate) enum Phase {
    /// Connections are to be closed.
    Closing = 1,
    /// Tasks that are left end at once.
    Abandoned = 2,
}

impl Stop {
    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.fetch_max(phase as u8, Ordering::Release);
        self.reached.notify(usize::MAX);
    }

    pub(crate) async fn reached(&self, phase: Phase) {
        while self.phase.load(Ordering::Acquire) < phase as u8 {
            listener!(self.reached => reached);
            // It may have come between the look and the listening.
            if self.phase.load(Ordering::Acquire) < phase as u8 {
                reached.await;
            }
        }
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stop").field(&self.phase).finish()
    }
}
