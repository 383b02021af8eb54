use std::{
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use super::{network::Network, random::Random};

/// Polls tasks in any order, now and then one that was not woken, and notices a wake-up that is lost.
pub(crate) struct Executor {
    tasks: Vec<Task>,
    random: Random,
}

struct Task {
    name: &'static str,
    future: Option<Pin<Box<dyn Future<Output = ()>>>>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How many polls a session may take. Nearly all take less than 5,000, but six writers that share room
/// for a few bytes at a time were seen to take 540,000 before the last one had its turn.
const MAX_POLLS: usize = 5_000_000;

impl Executor {
    pub(crate) const fn new(random: Random) -> Self {
        Self {
            tasks: Vec::new(),
            random,
        }
    }

    pub(crate) fn spawn(&mut self, name: &'static str, future: impl Future<Output = ()> + 'static) {
        self.tasks.push(Task {
            name,
            future: Some(Box::pin(future)),
            woken: Arc::new(Woken(AtomicBool::new(true))),
        });
    }

    /// Runs every task to its end. Time passes when nothing else is to be done.
    pub(crate) fn run(mut self, network: &Network) {
        for _ in 0..MAX_POLLS {
            let running = |task: &&mut Task| task.future.is_some();
            let mut running: Vec<_> = self.tasks.iter_mut().filter(running).collect();
            if running.is_empty() {
                return;
            }
            if self.random.one_in(4) {
                network.wake_writers();
            }
            // A poll for no reason must not stand in for a wake-up that is lost.
            if running.iter().any(|task| task.is_woken()) {
                let spurious = self.random.one_in(32);
                running.retain(|task| spurious || task.is_woken());
            } else {
                assert!(
                    network.wake_writers() || network.let_time_pass(),
                    "nothing will ever wake {:?}",
                    self.waiting()
                );
                continue;
            }
            let chosen = self.random.below(running.len());
            running.swap_remove(chosen).poll();
        }
        panic!("{:?} do not come to an end", self.waiting());
    }

    fn waiting(&self) -> Vec<&str> {
        let waiting = self.tasks.iter().filter(|task| task.future.is_some());
        waiting.map(|task| task.name).collect()
    }
}

impl Task {
    fn is_woken(&self) -> bool {
        self.woken.0.load(Ordering::Relaxed)
    }

    fn poll(&mut self) {
        self.woken.0.store(false, Ordering::Relaxed);
        let waker = Waker::from(self.woken.clone());
        let mut cx = Context::from_waker(&waker);
        let done = |future: &mut Pin<Box<dyn Future<Output = ()>>>| {
            future.as_mut().poll(&mut cx).is_ready()
        };
        self.future.take_if(done);
    }
}

/// Gives a future up after some polls, if the dice say so. `None`: it was given up.
pub(crate) async fn perhaps<F: Future>(random: &Random, future: F) -> Option<F::Output> {
    let mut patience = if random.one_in(3) {
        random.below(4)
    } else {
        usize::MAX
    };
    let mut future = pin!(future);
    std::future::poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        if patience == 0 {
            return Poll::Ready(None);
        }
        patience -= 1;
        Poll::Pending
    })
    .await
}

/// Lets other tasks run, so many times.
pub(crate) async fn rest(times: usize) {
    let mut left = times;
    std::future::poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
