use std::{
    collections::BTreeMap,
    future::poll_fn,
    mem,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use futures_util::future::{Either, select};

use super::settle;

/// A clock that stands still until a test moves it.
#[derive(Clone, Debug)]
pub(crate) struct Clock(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    now: Instant,
    /// Who waits, and until when.
    timers: BTreeMap<u64, (Instant, Waker)>,
    next_timer: u64,
    /// The test, while it waits for somebody to wait.
    test: Option<Waker>,
}

/// What is too early for a deadline is too early by this.
const TICK: Duration = Duration::from_millis(1);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            now: Instant::now(),
            timers: BTreeMap::new(),
            next_timer: 0,
            test: None,
        })))
    }

    pub(crate) fn now(&self) -> Instant {
        self.state().now
    }

    /// Moves on, and wakes whoever has waited for it.
    pub(crate) fn advance(&self, duration: Duration) {
        let due: Vec<_> = {
            let mut state = self.state();
            state.now += duration;
            let now = state.now;
            let timers = mem::take(&mut state.timers);
            let (due, waiting): (Vec<_>, Vec<_>) = timers
                .into_iter()
                .partition(|(_, (deadline, _))| *deadline <= now);
            state.timers = waiting.into_iter().collect();
            due
        };
        for (_, (_, waker)) in due {
            waker.wake();
        }
    }

    /// Waits until somebody waits until exactly this long from now.
    pub(crate) async fn somebody_waits(&self, duration: Duration) {
        let deadline = self.now() + duration;
        poll_fn(|cx| {
            let mut state = self.state();
            if state.timers.values().any(|(until, _)| *until == deadline) {
                return Poll::Ready(());
            }
            state.test = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// The output of what takes exactly this long: not a moment before it is over, and then at
    /// once.
    pub(crate) async fn after<F: Future>(&self, duration: Duration, future: F) -> F::Output {
        let mut future = pin!(future);
        match select(future.as_mut(), pin!(self.somebody_waits(duration))).await {
            Either::Left(_) => panic!("over before anybody waited for {duration:?}"),
            Either::Right(_) => {}
        }
        self.advance(duration - TICK);
        match select(future.as_mut(), pin!(settle())).await {
            Either::Left(_) => panic!("over before {duration:?}"),
            Either::Right(_) => {}
        }
        self.advance(TICK);
        future.await
    }

    /// Waits this long by this clock.
    pub(crate) async fn sleep(&self, duration: Duration) {
        let deadline = self.now() + duration;
        let mut timer = self.timer();
        poll_fn(|cx| timer.poll(cx, deadline)).await;
    }

    pub(crate) fn timer(&self) -> Timer {
        let mut state = self.state();
        state.next_timer += 1;
        Timer {
            clock: self.clone(),
            id: state.next_timer,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

/// Somebody who may wait.
#[derive(Debug)]
pub(crate) struct Timer {
    clock: Clock,
    id: u64,
}

impl Timer {
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let test = {
            let mut state = self.clock.state();
            if state.now >= deadline {
                state.timers.remove(&self.id);
                return Poll::Ready(());
            }
            let waiting = (deadline, cx.waker().clone());
            state.timers.insert(self.id, waiting);
            state.test.take()
        };
        if let Some(test) = test {
            test.wake();
        }
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.clock.state().timers.remove(&self.id);
    }
}
