use std::{
    pin::Pin,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use super::wire::Wire;

/// A future with a waker of its own, polled only when that says so.
pub(crate) struct Task<'a, R> {
    future: Pin<Box<dyn Future<Output = R> + 'a>>,
    woken: Arc<Woken>,
    waker: Waker,
    output: Option<R>,
}

#[derive(Debug, Default)]
struct Woken {
    flag: AtomicBool,
    count: AtomicUsize,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.flag.store(true, Ordering::SeqCst);
        self.count.fetch_add(1, Ordering::SeqCst);
    }
}

impl<'a, R> Task<'a, R> {
    /// A task that has not been polled.
    pub(crate) fn new(future: impl Future<Output = R> + 'a) -> Self {
        let woken = Arc::new(Woken::default());
        woken.flag.store(true, Ordering::SeqCst);
        let waker = Waker::from(woken.clone());
        Self {
            future: Box::pin(future),
            woken,
            waker,
            output: None,
        }
    }

    pub(crate) fn is_woken(&self) -> bool {
        self.woken.flag.load(Ordering::SeqCst)
    }

    pub(crate) const fn is_done(&self) -> bool {
        self.output.is_some()
    }

    /// Takes the output of a task that is done.
    pub(crate) fn output(&mut self) -> R {
        self.output.take().expect("the task is done")
    }

    /// Tells whether somebody still holds the task's waker when the task is gone.
    pub(crate) fn trace(&self) -> Weak<impl Sized + use<R>> {
        Arc::downgrade(&self.woken)
    }

    /// Polls for as long as the task is woken.
    pub(crate) fn run(&mut self) -> &mut Self {
        while self.poll() {}
        self
    }

    /// Polls once if the task is woken and not done; says whether it was.
    pub(crate) fn poll(&mut self) -> bool {
        if self.is_done() || !self.woken.flag.swap(false, Ordering::SeqCst) {
            return false;
        }
        assert!(
            self.woken.count.load(Ordering::SeqCst) < 5_000_000,
            "the task is woken again and again"
        );
        let mut cx = Context::from_waker(&self.waker);
        if let Poll::Ready(output) = self.future.as_mut().poll(&mut cx) {
            self.output = Some(output);
        }
        true
    }
}

/// Runs a future to its end. The clock moves on to the next deadline whenever it waits for nothing
/// else; if there is no deadline either, a wake-up was lost.
pub(crate) fn block_on<R>(wire: &Wire, future: impl Future<Output = R>) -> R {
    let mut task = Task::new(future);
    loop {
        task.run();
        if task.is_done() {
            return task.output();
        }
        assert!(
            wire.advance_to_deadline(),
            "waits for something that never comes"
        );
    }
}

/// Runs two futures to their ends, as [`block_on`] does.
pub(crate) fn join<A, B>(
    wire: &Wire,
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    let (mut first, mut second) = (Task::new(first), Task::new(second));
    loop {
        while first.poll() | second.poll() {}
        if first.is_done() && second.is_done() {
            return (first.output(), second.output());
        }
        assert!(
            wire.advance_to_deadline(),
            "waits for something that never comes"
        );
    }
}

/// Polls once, without anybody to wake.
pub(crate) fn poll_now<R>(future: impl Future<Output = R>) -> Poll<R> {
    let mut cx = Context::from_waker(Waker::noop());
    std::pin::pin!(future).as_mut().poll(&mut cx)
}

/// The result of a future that has nothing to wait for.
pub(crate) fn now<R>(future: impl Future<Output = R>) -> R {
    match poll_now(future) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// Polls a future until it has been pending so many times, and then gives it up.
pub(crate) async fn give_up_after<R>(pending: usize, future: impl Future<Output = R>) -> Option<R> {
    let mut future = std::pin::pin!(future);
    let mut left = pending;
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Lets other tasks run.
pub(crate) async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
