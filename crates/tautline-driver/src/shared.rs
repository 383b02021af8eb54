use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use crate::{Error, Transport, link::Link, receiver::Receiver};

/// A link that several tasks use.
///
/// The lock is taken inside a poll and never held across an await, so that nobody waits for it
/// longer than a system call that does not block.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    link: Mutex<Link<T>>,
    cork: Option<CorkState>,
}

/// What a corked handler and its runner tell each other.
#[derive(Debug)]
struct CorkState {
    /// The handler is being polled: the runner will write what it queues.
    ///
    /// Relaxed is enough. It is set to false before the runner takes the link's lock and looks at
    /// the queue, and read after something was queued under that lock: whichever came second has
    /// seen what the first did.
    polling: AtomicBool,
    /// Wakes the runner if something is queued at another time.
    runner: Mutex<Waker>,
    /// The receiving half, once the handler is done with it.
    receiver: Mutex<Option<Box<Receiver>>>,
}

impl<T: Transport> Shared<T> {
    pub(crate) fn new(mut link: Link<T>) -> Self {
        link.share();
        Self {
            link: Mutex::new(link),
            cork: None,
        }
    }

    pub(crate) fn corked(link: Link<T>) -> Self {
        let cork = CorkState {
            polling: AtomicBool::new(false),
            runner: Mutex::new(Waker::noop().clone()),
            receiver: Mutex::new(None),
        };
        Self {
            cork: Some(cork),
            ..Self::new(link)
        }
    }

    /// Queues something as soon as there is room.
    #[inline]
    pub(crate) fn poll_queue(
        &self,
        cx: &mut Context<'_>,
        queue: &mut Option<impl FnOnce(&mut Link<T>) -> Result<(), Error>>,
    ) -> Poll<Result<(), Error>> {
        let mut link = self.lock();
        std::task::ready!(link.poll_ready(cx))?;
        if let Some(queue) = queue.take() {
            queue(&mut link)?;
            drop(link);
            self.wake_runner();
        }
        Poll::Ready(Ok(()))
    }

    /// Waits for what a sender waits for after queueing: the transport; or nothing, if the runner
    /// of a corked handler will write.
    #[inline]
    pub(crate) fn poll_sent(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.cork {
            None => self.lock().poll_sent(cx),
            Some(_) => Poll::Ready(Ok(())),
        }
    }
}

impl<T> Shared<T> {
    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, Link<T>> {
        // A panic in a user's task does not leave the link between two states: no code of the
        // user's runs under the lock.
        unpoisoned(&self.link)
    }

    /// For a future that may be dropped while it waits.
    #[inline]
    pub(crate) const fn waiting(&self) -> Waiting<'_, T> {
        Waiting {
            shared: self,
            waker: None,
        }
    }

    /// Has the runner of a corked handler write what was queued, unless it is going to anyway.
    #[inline]
    pub(crate) fn wake_runner(&self) {
        if let Some(cork) = &self.cork
            && !cork.polling.load(Ordering::Relaxed)
        {
            unpoisoned(&cork.runner).wake_by_ref();
        }
    }

    /// To be called by the runner before it polls the handler.
    pub(crate) fn begin_polling(&self, waker: &Waker) {
        if let Some(cork) = &self.cork {
            unpoisoned(&cork.runner).clone_from(waker);
            cork.polling.store(true, Ordering::Relaxed);
        }
    }

    /// To be called by the runner after it has polled the handler, before it looks at the queue.
    pub(crate) fn end_polling(&self) {
        if let Some(cork) = &self.cork {
            cork.polling.store(false, Ordering::Relaxed);
        }
    }

    /// Leaves the receiving half to the runner, for the closing handshake.
    pub(crate) fn leave_receiver(&self, receiver: Option<Box<Receiver>>) {
        if let Some(cork) = &self.cork {
            *unpoisoned(&cork.receiver) = receiver;
        }
    }

    pub(crate) fn take_receiver(&self) -> Option<Box<Receiver>> {
        unpoisoned(&self.cork.as_ref()?.receiver).take()
    }
}

/// Waiting that may be given up.
#[derive(Debug)]
pub(crate) struct Waiting<'a, T> {
    shared: &'a Shared<T>,
    waker: Option<Waker>,
}

impl<T> Waiting<'_, T> {
    /// Notes whether the task waits.
    #[inline]
    pub(crate) fn note<R>(&mut self, poll: Poll<R>, cx: &Context<'_>) -> Poll<R> {
        self.waker = poll.is_pending().then(|| cx.waker().clone());
        poll
    }
}

impl<T> Drop for Waiting<'_, T> {
    fn drop(&mut self) {
        if let Some(waker) = self.waker.take() {
            let waiters = self.shared.lock().waiters();
            // Outside the lock: a waker may run code of the user's.
            if let Some(waiters) = waiters {
                waiters.remove(waker);
            }
        }
    }
}

fn unpoisoned<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
