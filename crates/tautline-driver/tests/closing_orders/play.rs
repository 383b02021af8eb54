use std::{
    cell::{Cell, RefCell},
    env,
    future::poll_fn,
    pin::pin,
    task::{Poll, Waker, ready},
    thread,
};

use tautline_driver::{Error, Message, ReadHalf};

use super::{Step, scene::Ending};
use crate::support::{
    executor::Task,
    wire::{Memory, Side},
};

/// What is done in every order.
const STEPS: [Step; 13] = [
    Step::Receive,
    Step::Send,
    Step::Flush,
    Step::Close,
    Step::GiveUp,
    Step::PeerSends,
    Step::PeerBegins,
    Step::PeerCloses,
    Step::PeerBreaksTheRules,
    Step::PeerLeaves,
    Step::PeerReads,
    Step::Fail,
    Step::TimePasses,
];

/// How many steps an order has.
const LENGTH: usize = 4;

/// Plays every order of steps on either side.
#[expect(
    clippy::print_stdout,
    reason = "what was played cannot be seen otherwise"
)]
pub(super) fn play_all(play: &mut dyn FnMut(&[Step], Side)) {
    let length = env::var("TAUTLINE_ORDERS").ok();
    let length = length.map_or(LENGTH, |length| length.parse().unwrap());
    let mut played = 0;
    let mut orders = vec![Vec::new()];
    while let Some(order) = orders.pop() {
        if order.len() == length {
            for side in [Side::Client, Side::Server] {
                let _told = Told(&order, side);
                play(&order, side);
                played += 1;
            }
        } else {
            let more = STEPS.iter().filter(|step| step.makes_sense_after(&order));
            orders.extend(more.map(|step| [&order[..], &[*step]].concat()));
        }
    }
    println!("{played} orders");
    assert!(played > 0);
}

impl Step {
    /// Whether it can change anything once these have been played.
    fn makes_sense_after(self, order: &[Self]) -> bool {
        match self {
            Self::PeerCloses
            | Self::PeerBreaksTheRules
            | Self::PeerLeaves
            | Self::PeerReads
            | Self::Fail => !order.contains(&self),
            Self::GiveUp | Self::Flush => order.last() != Some(&self),
            _ => true,
        }
    }
}

/// Whether a reader that goes on for as long as it is not given up has waited for too long for the rest
/// of a message, before anything else could end the connection.
pub(super) fn is_overdue(order: &[Step]) -> bool {
    let (mut reads, mut has_begun) = (false, false);
    for step in order {
        match step {
            Step::Receive => reads = true,
            Step::GiveUp => reads = false,
            Step::PeerBegins => has_begun = true,
            Step::PeerSends => has_begun = false,
            Step::TimePasses if reads && has_begun => return true,
            Step::Send | Step::Flush | Step::PeerReads | Step::TimePasses => {}
            Step::Close
            | Step::PeerCloses
            | Step::PeerBreaksTheRules
            | Step::PeerLeaves
            | Step::Fail => return false,
        }
    }
    false
}

/// Tells the order that was played when a test fails.
struct Told<'a>(&'a [Step], Side);

impl Drop for Told<'_> {
    #[expect(clippy::print_stdout, reason = "a failure is told with its order")]
    fn drop(&mut self) {
        if thread::panicking() {
            println!("failed on the {:?} with {:?}", self.1, self.0);
        }
    }
}

/// What the application has received, and how often sending has succeeded.
#[derive(Default)]
pub(super) struct Journal {
    pub(super) received: RefCell<Vec<Message>>,
    pub(super) sent: Cell<usize>,
}

impl Journal {
    /// Notes a message, and says whether that was not the end.
    pub(super) fn receive(&self, received: Result<Option<Message>, Error>) -> Result<bool, Error> {
        let message = received?;
        let is_message = message.is_some();
        self.received.borrow_mut().extend(message);
        Ok(is_message)
    }

    /// Notes whether what is sent was handed to the stream.
    pub(super) async fn send(
        &self,
        sending: impl Future<Output = Result<(), Error>>,
    ) -> Result<(), Error> {
        sending.await?;
        self.sent.set(self.sent.get() + 1);
        Ok(())
    }

    /// Receives to the end, which is what it returns.
    pub(super) async fn receive_all(&self, reader: &RefCell<ReadHalf<Memory>>) -> Ending {
        poll_fn(|cx| {
            let mut reader = reader.borrow_mut();
            loop {
                match ready!(pin!(reader.recv()).poll(cx)) {
                    Ok(Some(message)) => self.received.borrow_mut().push(message),
                    last => return Poll::Ready(Ending::new(last)),
                }
            }
        })
        .await
    }
}

/// What the application waits for.
#[derive(Default)]
pub(super) struct Tasks<'a> {
    receiving: Option<Task<'a, Ending>>,
    others: Vec<Task<'a, Result<(), Error>>>,
}

impl<'a> Tasks<'a> {
    pub(super) fn add(&mut self, future: impl Future<Output = Result<(), Error>> + 'a) {
        self.others.push(Task::new(future));
    }

    /// Receives in this way from now on.
    pub(super) fn receive(&mut self, future: impl Future<Output = Ending> + 'a) {
        self.receiving = Some(Task::new(future));
    }

    /// Polls whoever is woken; says whether somebody was.
    pub(super) fn poll(&mut self) -> bool {
        let receiving = self.receiving.as_mut().is_some_and(Task::poll);
        self.others
            .iter_mut()
            .map(Task::poll)
            .fold(receiving, |any, one| any | one)
    }

    /// Polls for as long as somebody is woken; says whether all are done.
    pub(super) fn run(&mut self) -> bool {
        while self.poll() {}
        self.are_done()
    }

    pub(super) fn are_done(&self) -> bool {
        let is_received = self.receiving.as_ref().is_none_or(Task::is_done);
        is_received && self.others.iter().all(Task::is_done)
    }

    /// How receiving has ended.
    pub(super) fn end(&mut self) -> Option<Ending> {
        let receiving = self.receiving.as_mut()?;
        receiving.is_done().then(|| receiving.output())
    }

    /// The results of those that are done, which are forgotten.
    pub(super) fn results(&mut self) -> Vec<Result<(), Error>> {
        let mut results = Vec::new();
        self.others.retain_mut(|task| {
            let is_done = task.is_done();
            results.extend(is_done.then(|| task.output()));
            !is_done
        });
        results
    }
}

/// Holds a handler back until it is to begin.
#[derive(Default)]
pub(super) struct Begun {
    has_begun: Cell<bool>,
    waker: Cell<Option<Waker>>,
}

impl Begun {
    pub(super) fn begin(&self) {
        self.has_begun.set(true);
        self.waker.take().into_iter().for_each(Waker::wake);
    }

    pub(super) async fn wait(&self) {
        poll_fn(|cx| {
            if self.has_begun.get() {
                return Poll::Ready(());
            }
            self.waker.set(Some(cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}
