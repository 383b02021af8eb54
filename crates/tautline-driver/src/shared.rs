use std::{
    sync::{PoisonError, atomic::Ordering},
    task::{Context, Poll, Waker},
};

use crate::{
    Error, Transport,
    link::Link,
    receiver::Receiver,
    sync::{AtomicBool, Mutex, MutexGuard},
};

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
    /// The runner will look at the queue before it waits: nobody has to wake it.
    ///
    /// Relaxed is enough. It is set to false under the link's lock, by whoever finds the queue empty or
    /// empties it, and read after something was queued under that lock. So who reads true has queued
    /// before that look, or during a later poll of the handler, which ends with another one. After the
    /// last poll it is set without the lock; the runner takes that next, to close, and writes.
    looks: AtomicBool,
    left: Mutex<Left>,
}

/// What is left for the other side to take.
#[derive(Debug)]
struct Left {
    /// Wakes the runner if something is queued while it waits.
    runner: Waker,
    /// The receiving half, once the handler is done with it.
    receiver: Option<Box<Receiver>>,
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
            looks: AtomicBool::new(false),
            left: Mutex::new(Left {
                runner: Waker::noop().clone(),
                receiver: None,
            }),
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
        turn: &mut Turn,
        queue: &mut Option<impl FnOnce(&mut Link<T>) -> Result<(), Error>>,
    ) -> Poll<Result<(), Error>> {
        let mut link = self.lock();
        std::task::ready!(turn.poll(&mut link, cx))?;
        if let Some(queue) = queue.take() {
            queue(&mut link)?;
            turn.end = link.queue_end();
            drop(link);
            self.wake_runner();
        }
        Poll::Ready(Ok(()))
    }

    /// To be called when the reader has to wait for input, under the lock. What was queued has been
    /// written then, or the runner of a corked handler has something to look at.
    #[inline]
    pub(crate) fn note_wait(&self, link: &Link<T>) {
        if let Some(cork) = &self.cork
            && !link.has_output()
        {
            cork.looks.store(false, Ordering::Relaxed);
        }
    }

    /// To be called by the runner after it has polled a handler that waits: writes what was queued
    /// since the last look.
    pub(crate) fn end_polling(&self, cx: &mut Context<'_>) {
        if let Some(cork) = &self.cork
            && cork.looks.load(Ordering::Relaxed)
        {
            let mut link = self.lock();
            cork.looks.store(false, Ordering::Relaxed);
            if link.has_output() {
                // An error is remembered by the link, and told to whoever sends or receives next; the
                // handler is woken for it by the end of the stream.
                let _ = link.poll_flush(cx);
            }
        }
    }

    /// Waits for what a sender waits for after queueing: the transport; or nothing, if the runner
    /// of a corked handler will write.
    #[inline]
    pub(crate) fn poll_sent(&self, cx: &mut Context<'_>, turn: &Turn) -> Poll<Result<(), Error>> {
        match self.cork {
            None => self.lock().poll_sent_up_to(cx, turn.end),
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
    pub(crate) fn waiting(&self) -> Waiting<'_, T> {
        Waiting {
            shared: self,
            waker: None,
            turn: Turn::default(),
        }
    }

    /// Has the runner of a corked handler write what was queued, unless it is going to anyway.
    #[inline]
    pub(crate) fn wake_runner(&self) {
        if let Some(cork) = &self.cork
            && !cork.looks.load(Ordering::Relaxed)
        {
            // Woken outside the lock: a waker may run code that sends.
            let runner = unpoisoned(&cork.left).runner.clone();
            runner.wake();
        }
    }

    /// To be called by the runner before it polls the handler.
    #[inline]
    pub(crate) fn begin_polling(&self) {
        if let Some(cork) = &self.cork {
            cork.looks.store(true, Ordering::Relaxed);
        }
    }

    /// To be called by the runner when it will not poll the handler any more, before it goes on.
    pub(crate) fn stop_polling(&self) {
        if let Some(cork) = &self.cork {
            cork.looks.store(false, Ordering::Relaxed);
        }
    }

    /// Says which waker the runner is woken with.
    #[cold]
    pub(crate) fn set_runner(&self, waker: &Waker) {
        if let Some(cork) = &self.cork {
            unpoisoned(&cork.left).runner.clone_from(waker);
        }
    }

    /// Leaves the receiving half to the runner, for the closing handshake.
    pub(crate) fn leave_receiver(&self, receiver: Option<Box<Receiver>>) {
        if let Some(cork) = &self.cork {
            unpoisoned(&cork.left).receiver = receiver;
        }
    }

    pub(crate) fn take_receiver(&self) -> Option<Box<Receiver>> {
        unpoisoned(&self.cork.as_ref()?.left).receiver.take()
    }
}

/// Waiting that may be given up.
#[derive(Debug)]
pub(crate) struct Waiting<'a, T> {
    shared: &'a Shared<T>,
    waker: Option<Waker>,
    turn: Turn,
}

/// Where a task stands that wants room in the queue.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    stage: Stage,
    /// Where the queue ended when the task began to wait for room; later, where what it has queued ends.
    end: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    New,
    /// It has let those go first who were waiting already.
    HasYielded,
    Waits,
    /// There is room, and it has let others go first who wait for longer.
    WaitsAndHasYielded,
}

impl Stage {
    const fn waits(self) -> bool {
        matches!(self, Self::Waits | Self::WaitsAndHasYielded)
    }
}

impl Turn {
    /// Waits until there is room, and for others who have waited for longer.
    ///
    /// Who sends without pause finds room whenever it has written everything, and that may be so each
    /// time before those who wait for room have been polled. So it lets them go first, but only once: one
    /// of them might not be polled for long, by a task that does something else meanwhile.
    #[inline(always)]
    fn poll<T: Transport>(
        &mut self,
        link: &mut Link<T>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        let ready = link.poll_ready(cx);
        if self.stage == Stage::New && ready.is_ready() && link.awaiting_room() == 0 {
            return ready;
        }
        self.take(ready, link, cx)
    }

    #[cold]
    fn take<T: Transport>(
        &mut self,
        ready: Poll<Result<(), Error>>,
        link: &mut Link<T>,
        cx: &Context<'_>,
    ) -> Poll<Result<(), Error>> {
        let (waited, others) = (self.stage.waits(), link.awaiting_room());
        if ready.is_pending() {
            self.stage = Stage::Waits;
            if !waited {
                self.end = link.queue_end();
                link.count_waiting(true);
            }
            return Poll::Pending;
        }
        self.stage = match self.stage {
            Stage::New if others > 0 && matches!(ready, Poll::Ready(Ok(()))) => Stage::HasYielded,
            // Nobody has had a turn since it began to wait.
            Stage::Waits if others > 1 && self.end == link.queue_end() => Stage::WaitsAndHasYielded,
            _ => {
                if waited {
                    link.count_waiting(false);
                }
                self.stage = Stage::New;
                return ready;
            }
        };
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<T> Waiting<'_, T> {
    /// Polls, and notes whether the task waits.
    #[inline]
    pub(crate) fn poll<R>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&Shared<T>, &mut Context<'_>, &mut Turn) -> Poll<R>,
    ) -> Poll<R> {
        let result = poll(self.shared, cx, &mut self.turn);
        self.waker = result.is_pending().then(|| cx.waker().clone());
        result
    }
}

impl<T> Waiting<'_, T> {
    #[cold]
    fn give_up(&self, waker: Waker) {
        let waiters = {
            let mut link = self.shared.lock();
            if self.turn.stage.waits() {
                link.count_waiting(false);
            }
            link.waiters()
        };
        // Outside the lock: a waker may run code of the user's.
        if let Some(waiters) = waiters {
            waiters.remove(waker);
        }
    }
}

impl<T> Drop for Waiting<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(waker) = self.waker.take() {
            self.give_up(waker);
        }
    }
}

fn unpoisoned<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
