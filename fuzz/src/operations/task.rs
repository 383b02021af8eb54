use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// A future that is polled only when its waker says so. Dropping it is what cancels it.
pub(super) struct Task<'a, R> {
    future: Pin<Box<dyn Future<Output = R> + 'a>>,
    woken: Arc<Woken>,
    output: Option<R>,
    polls: u32,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<'a, R> Task<'a, R> {
    pub(super) fn new(future: impl Future<Output = R> + 'a) -> Self {
        Self {
            future: Box::pin(future),
            woken: Arc::new(Woken(AtomicBool::new(true))),
            output: None,
            polls: 0,
        }
    }

    /// Polls for as long as the task is woken and not done.
    pub(super) fn run(&mut self) {
        while self.output.is_none() && self.woken.0.swap(false, Ordering::Relaxed) {
            self.polls += 1;
            assert!(self.polls < MAX_POLLS, "woken again and again");
            let waker = Waker::from(self.woken.clone());
            if let Poll::Ready(output) = self.future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                self.output = Some(output);
            }
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.output.is_some()
    }

    /// The output, or nothing if the future is given up.
    pub(super) fn into_output(self) -> Option<R> {
        self.output
    }
}

/// Far more than there are bytes that could come one by one.
const MAX_POLLS: u32 = 1_000_000;
