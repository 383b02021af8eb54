//! The waker that tasks share, alone, so that every order can be tried, with any number of
//! interruptions.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use loom::{
    sync::{Mutex, MutexGuard},
    thread,
};

use super::{
    executor::{Door, block_on},
    model,
};
use crate::shared_waker::SharedWaker;

/// Something that tasks wait for with one waker.
#[derive(Clone, Default)]
struct Gate {
    door: Door,
    shared: Arc<Mutex<SharedWaker>>,
}

impl Gate {
    fn poll_opened(&self, cx: &Context<'_>) -> Poll<()> {
        self.shared().poll(cx, |cx| self.door.poll_opened(cx))
    }

    fn shared(&self) -> MutexGuard<'_, SharedWaker> {
        self.shared.lock().unwrap()
    }
}

#[test]
fn tasks_that_share_a_waker_are_all_woken() {
    model(None, || {
        let gate = Gate::default();
        let tasks = [(); 2].map(|()| {
            let gate = gate.clone();
            thread::spawn(move || block_on(poll_fn(|cx| gate.poll_opened(cx))))
        });
        gate.door.open();
        tasks.into_iter().for_each(|task| task.join().unwrap());
    });
}

/// Another future of its task may wait as well, so that it is woken in any case.
#[test]
fn a_task_that_gives_up_while_it_is_woken_is_woken() {
    model(None, || {
        let gate = Gate::default();
        let other = gate.clone();
        let task = thread::spawn(move || {
            let mut gave_up = false;
            block_on(poll_fn(|cx| {
                let polled = gate.poll_opened(cx);
                if polled.is_pending() && !gave_up {
                    gave_up = true;
                    let waiters = gate.shared().waiters();
                    waiters.unwrap().remove(cx.waker().clone());
                    return Poll::Pending;
                }
                polled
            }));
        });
        other.door.open();
        task.join().unwrap();
    });
}

/// A look at whether there is a task that waits, without the lock, does not miss one that has just
/// begun to, though the transport may wake those before it at the same time.
#[test]
fn whoever_does_what_is_waited_for_wakes_those_who_wait() {
    model(None, || {
        let shared = Arc::new(Mutex::new(SharedWaker::default()));
        let first = Context::from_waker(Waker::noop());
        let mut wait = |_: &mut Context<'_>| Poll::<()>::Pending;
        assert!(shared.lock().unwrap().wait(&first, &mut wait).is_pending());
        let transports = shared.lock().unwrap().waker().cloned().unwrap();
        let waking = thread::spawn(move || transports.wake());

        let done = Arc::new(Mutex::new(false));
        let (waited_for, waits) = (done.clone(), shared.clone());
        let task = thread::spawn(move || {
            block_on(poll_fn(|cx| {
                let mut shared = waits.lock().unwrap();
                if *waited_for.lock().unwrap() {
                    return Poll::Ready(());
                }
                shared.wait(cx, &mut |_| Poll::Pending)
            }));
        });
        let shared = shared.lock().unwrap();
        *done.lock().unwrap() = true;
        shared.wake_waiters();
        drop(shared);
        waking.join().unwrap();
        task.join().unwrap();
    });
}
