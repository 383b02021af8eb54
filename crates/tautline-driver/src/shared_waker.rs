use std::{
    fmt, mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// One waker for several waiters.
///
/// A transport remembers one waker for writing and one for its timer. When the halves of a
/// connection live in different tasks, any of them may have to wait for either, so the transport
/// is given a waker that wakes them all.
#[derive(Debug)]
pub(crate) struct SharedWaker {
    waiters: Arc<Waiters>,
    waker: Waker,
    /// The task that waits for input. The transport has its waker; this is for what another task
    /// does that it has to know of.
    reader: Option<Waker>,
}

/// The tasks that wait.
#[derive(Default)]
pub(crate) struct Waiters {
    tasks: Mutex<Vec<Waker>>,
    /// Whether there may be one, for a look without the lock.
    any: AtomicBool,
}

impl SharedWaker {
    pub(crate) fn new() -> Self {
        let waiters = Arc::new(Waiters::default());
        Self {
            waker: Waker::from(waiters.clone()),
            waiters,
            reader: None,
        }
    }

    pub(crate) fn waiters(&self) -> Arc<Waiters> {
        self.waiters.clone()
    }

    /// Says which task waits for input.
    #[inline]
    pub(crate) fn set_reader(&mut self, waker: &Waker) {
        match &mut self.reader {
            Some(reader) => reader.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    /// Wakes every task that waits.
    pub(crate) fn wake(&mut self) {
        self.waker.wake_by_ref();
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    /// Wakes the tasks that wait for the transport: what they wait for has been done for them, and
    /// a stream that is ready for one task may forget the others.
    #[inline]
    pub(crate) fn wake_waiters(&self) {
        if self.waiters.any.load(Ordering::Relaxed) {
            self.waker.wake_by_ref();
        }
    }

    /// Polls with the shared waker, and makes sure that the caller's task is woken by it if the
    /// answer is `Pending`.
    #[inline]
    pub(crate) fn poll<R>(
        &self,
        cx: &Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        let mut shared = Context::from_waker(&self.waker);
        match poll(&mut shared) {
            Poll::Ready(ready) => Poll::Ready(ready),
            Poll::Pending => {
                self.waiters.add(cx.waker());
                // The transport may have become ready before the task was among the waiters.
                poll(&mut shared)
            }
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
    fn remove(&self, waker: Waker) {
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

/// Waiting that may be given up.
#[derive(Debug)]
pub(crate) struct Waiting<'a> {
    waiters: &'a Waiters,
    waker: Option<Waker>,
}

impl<'a> Waiting<'a> {
    pub(crate) const fn new(waiters: &'a Waiters) -> Self {
        Self {
            waiters,
            waker: None,
        }
    }

    /// Notes whether the task waits.
    #[inline]
    pub(crate) fn note<R>(&mut self, poll: Poll<R>, cx: &Context<'_>) -> Poll<R> {
        self.waker = poll.is_pending().then(|| cx.waker().clone());
        poll
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(waker) = self.waker.take() {
            self.waiters.remove(waker);
        }
    }
}

impl fmt::Debug for Waiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiters").finish_non_exhaustive()
    }
}
