use std::{
    fmt, mem,
    sync::{Arc, PoisonError, atomic::Ordering},
    task::{Context, Poll, Wake, Waker},
};

use crate::sync::{AtomicBool, Mutex, MutexGuard};

/// One waker for several waiters.
///
/// A transport remembers one waker for writing and one for its timer. When the halves of a
/// connection live in different tasks, any of them may have to wait for either, so the transport
/// is given a waker that wakes them all.
#[derive(Debug, Default)]
pub(crate) struct SharedWaker {
    /// Made when the first task waits: most connections that are idle have only ever waited for
    /// input.
    waiters: Option<WaitersWaker>,
    /// The task that waits for input. The transport has its waker; this is for what another task
    /// does that it has to know of.
    reader: Option<Waker>,
    /// How many tasks wait for room in the queue.
    awaiting_room: usize,
}

/// The tasks that wait, and the waker that wakes them all.
#[derive(Debug)]
struct WaitersWaker {
    waiters: Arc<Waiters>,
    waker: Waker,
}

/// The tasks that wait.
#[derive(Default)]
pub(crate) struct Waiters {
    tasks: Mutex<Vec<Waker>>,
    /// Whether there may be one, for a look without the lock.
    any: AtomicBool,
}

impl SharedWaker {
    /// Says which task waits for input.
    #[inline]
    pub(crate) fn set_reader(&mut self, waker: &Waker) {
        match &mut self.reader {
            Some(reader) => reader.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    /// How many tasks wait for room in the queue.
    #[inline]
    pub(crate) const fn awaiting_room(&self) -> usize {
        self.awaiting_room
    }

    /// Counts a task that begins to wait for room in the queue, or that ends it.
    pub(crate) const fn count_waiting(&mut self, begins: bool) {
        if begins {
            self.awaiting_room += 1;
        } else {
            self.awaiting_room -= 1;
        }
    }

    /// Wakes every task that waits.
    pub(crate) fn wake(&mut self) {
        if let Some(all) = &self.waiters {
            all.waker.wake_by_ref();
        }
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    /// Wakes the tasks that wait for the transport: what they wait for has been done for them, and
    /// a stream that is ready for one task may forget the others.
    #[inline]
    pub(crate) fn wake_waiters(&self) {
        if let Some(all) = &self.waiters
            && all.waiters.any.load(Ordering::Relaxed)
        {
            all.waker.wake_by_ref();
        }
    }

    /// The tasks that wait, if there ever was one.
    pub(crate) fn waiters(&self) -> Option<Arc<Waiters>> {
        Some(self.waiters.as_ref()?.waiters.clone())
    }

    /// What to poll the transport with instead of the caller's waker, once a task has waited.
    ///
    /// From then on always: a transport may wake the waker that another one replaces, and a task that
    /// polled with both in turn would wake itself for ever.
    #[inline]
    pub(crate) const fn waker(&self) -> Option<&Waker> {
        match &self.waiters {
            Some(all) => Some(&all.waker),
            None => None,
        }
    }

    /// Polls, and makes sure that the caller's task is woken by the shared waker if the answer is
    /// `Pending`.
    pub(crate) fn poll<R>(
        &mut self,
        cx: &Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        let waker = self.waker().unwrap_or(cx.waker());
        match poll(&mut Context::from_waker(waker)) {
            Poll::Ready(ready) => Poll::Ready(ready),
            Poll::Pending => self.wait(cx, &mut poll),
        }
    }

    /// To be called when the transport is not ready: adds the task to those that wait, and polls
    /// again, now with the shared waker. The transport may have become ready before.
    #[cold]
    pub(crate) fn wait<R>(
        &mut self,
        cx: &Context<'_>,
        poll: &mut dyn FnMut(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        let all = self.waiters.get_or_insert_with(WaitersWaker::new);
        all.waiters.add(cx.waker());
        poll(&mut Context::from_waker(&all.waker))
    }
}

impl WaitersWaker {
    fn new() -> Self {
        let waiters = Arc::new(Waiters::default());
        Self {
            waker: Waker::from(waiters.clone()),
            waiters,
        }
    }
}

impl Waiters {
    fn add(&self, waker: &Waker) {
        let mut waiters = self.lock();
        self.any.store(true, Ordering::Relaxed);
        if !waiters.iter().any(|waiter| waiter.will_wake(waker)) {
            waiters.push(waker.clone());
        }
    }

    /// Lets go of a task that gave up waiting, so that it is not kept for as long as the peer does
    /// not read.
    pub(crate) fn remove(&self, waker: Waker) {
        let mut waiters = self.lock();
        let before = waiters.len();
        waiters.retain(|waiter| !waiter.will_wake(&waker));
        let removed = waiters.len() < before;
        drop(waiters);
        if removed {
            // Another future of the same task may wait as well.
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Waiters {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Woken outside the lock: a waker may run code that waits again.
        let waiters = {
            let mut waiters = self.lock();
            self.any.store(false, Ordering::Relaxed);
            mem::take(&mut *waiters)
        };
        for waiter in waiters {
            waiter.wake();
        }
    }
}

impl fmt::Debug for Waiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiters").finish_non_exhaustive()
    }
}
