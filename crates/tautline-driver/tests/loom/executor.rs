use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use loom::sync::{Condvar, Mutex};

/// Runs a future as a task of its own on this thread. It is polled again only if it was woken.
// Not that of loom: it also polls futures that nobody has woken, and counts references to a waker with
// an atomic of its own, which makes many times the orders.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    let task = Arc::new(Task {
        woken: Mutex::new(false),
        wake: Condvar::new(),
    });
    let waker = Waker::from(task.clone());
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        task.wait();
    }
}

/// Polls a future once, as a task that does not come back to it.
pub(super) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// A task that was woken, or waits for that.
struct Task {
    woken: Mutex<bool>,
    wake: Condvar,
}

impl Task {
    fn wait(&self) {
        let mut woken = self.woken.lock().unwrap();
        while !*woken {
            woken = self.wake.wait(woken).unwrap();
        }
        *woken = false;
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.woken.lock().unwrap() = true;
        self.wake.notify_one();
    }
}

/// Something to wait for, which remembers one waker.
#[derive(Clone, Default)]
pub(super) struct Door(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    open: bool,
    waker: Option<Waker>,
}

impl Door {
    pub(super) fn open(&self) {
        let mut state = self.0.lock().unwrap();
        state.open = true;
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    pub(super) async fn opened(self) {
        poll_fn(|cx| self.poll_opened(cx)).await;
    }

    pub(super) fn poll_opened(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.0.lock().unwrap();
        if state.open {
            return Poll::Ready(());
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}
