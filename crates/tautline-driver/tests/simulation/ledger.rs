use std::{
    cell::RefCell,
    rc::Rc,
    task::{Poll, Waker},
    time::Duration,
};

use tautline_driver::{Closed, Message};

use super::random::mix;

/// What was said and heard in a session, and whether that is right.
///
/// Each end has writers; each of them numbers its messages. The other end answers every message with
/// its name and number.
#[derive(Clone, Debug)]
pub(crate) struct Ledger(Rc<RefCell<Book>>);

#[derive(Debug)]
struct Book {
    seed: u64,
    writers: Vec<Writer>,
    ends: [Option<Closed>; 2],
    /// The ends that have sent Pings.
    pinged: [bool; 2],
    /// Waits until the other end hears something.
    waker: Option<Waker>,
}

#[derive(Debug)]
struct Writer {
    end: usize,
    /// What became of each message so far.
    sent: Vec<Fate>,
    /// How many messages there will be; the last one is not given up.
    total: usize,
    /// The number of the last message that arrived.
    heard: Option<usize>,
    /// The number of the last one that was answered, as far as the writer's end knows.
    answered: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Handed over, or about to be.
    Sent,
    /// Given up: it may arrive or not.
    GivenUp,
}

/// The longest message that is sent; longer than what is copied, and than what is shared.
pub(crate) const MAX_MESSAGE: usize = 6000;

impl Ledger {
    /// A ledger for writers of which there are these two numbers at each end: the end, and how many
    /// messages it sends.
    pub(crate) fn new(seed: u64, writers: &[(usize, usize)]) -> Self {
        let writers = writers.iter().map(|(end, total)| Writer {
            end: *end,
            sent: Vec::new(),
            total: *total,
            heard: None,
            answered: None,
        });
        Self(Rc::new(RefCell::new(Book {
            seed,
            writers: writers.collect(),
            ends: [None, None],
            pinged: [false; 2],
            waker: None,
        })))
    }

    /// The writers of an end.
    pub(crate) fn writers(&self, end: usize) -> Vec<usize> {
        let book = self.0.borrow();
        let numbers = 0..book.writers.len();
        numbers
            .filter(|writer| book.writers[*writer].end == end)
            .collect()
    }

    /// The next message of a writer, and whether it is its last.
    pub(crate) fn next(&self, writer: usize) -> Option<(Message, bool)> {
        let mut book = self.0.borrow_mut();
        let seed = book.seed;
        let entry = &mut book.writers[writer];
        let number = entry.sent.len();
        (number < entry.total).then(|| {
            entry.sent.push(Fate::Sent);
            (message(seed, writer, number), number + 1 == entry.total)
        })
    }

    /// The writer's last message was given up.
    pub(crate) fn give_up(&self, writer: usize) {
        let mut book = self.0.borrow_mut();
        let last = book.writers[writer].sent.last_mut();
        *last.expect("a message was sent") = Fate::GivenUp;
    }

    /// How many messages of a writer are to be answered and were not yet.
    pub(crate) fn unanswered(&self, writer: usize) -> usize {
        let book = self.0.borrow();
        let writer = &book.writers[writer];
        let since = writer.answered.map_or(0, |number| number + 1);
        let sent = |fate: &&Fate| **fate == Fate::Sent;
        writer.sent[since..].iter().filter(sent).count()
    }

    /// Waits until all that a writer has sent has been heard; for one task at a time.
    pub(crate) async fn until_heard(&self, writer: usize) {
        std::future::poll_fn(|cx| {
            let mut book = self.0.borrow_mut();
            let entry = &book.writers[writer];
            let last = entry.sent.iter().rposition(|fate| *fate == Fate::Sent);
            if entry.heard >= last {
                return Poll::Ready(());
            }
            book.waker = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// A message has come to an end. The answer, if it wants one.
    pub(crate) fn hear(&self, end: usize, heard: &Message) -> Option<Message> {
        let mut book = self.0.borrow_mut();
        let seed = book.seed;
        let bytes = heard.as_bytes();
        let head = bytes.split(|byte| *byte == b':').next().unwrap_or_default();
        let head = std::str::from_utf8(head).expect("a head is text");
        let (tag, name) = head.split_at(1);
        let (writer, number) = name.split_once('.').expect("a head has two numbers");
        let (number, writer): (usize, usize) = (number.parse().unwrap(), writer.parse().unwrap());
        let entry = &mut book.writers[writer];
        if tag == "A" {
            assert_eq!(entry.end, end, "an answer for the other end");
            assert!(
                entry.answered < Some(number),
                "answered twice, or out of order"
            );
            assert!(
                entry.heard >= Some(number),
                "an answer to what was not heard"
            );
            assert!(
                unheard(&entry.sent, entry.answered, number),
                "answer lost before {heard:?}"
            );
            entry.answered = Some(number);
            return None;
        }
        assert_ne!(entry.end, end, "an end hears itself");
        assert!(
            entry.heard < Some(number),
            "{number} was heard twice, or out of order"
        );
        assert!(number < entry.sent.len(), "{number} was never sent");
        assert!(
            unheard(&entry.sent, entry.heard, number),
            "a message was lost before {number} of {writer}"
        );
        assert!(
            *heard == message(seed, writer, number),
            "{heard:?} was changed"
        );
        entry.heard = Some(number);
        book.waker.take().into_iter().for_each(Waker::wake);
        Some(Message::from(format!("A{writer}.{number}:")))
    }

    /// An end has sent a Ping, and will send a message behind it.
    pub(crate) fn ping(&self, end: usize) {
        self.0.borrow_mut().pinged[end] = true;
    }

    /// Whether an end has seen the Pong to a Ping that it must have seen, because it has the answer to
    /// a message that it sent later.
    pub(crate) fn has_pong(&self, end: usize, round_trip: Option<Duration>) -> bool {
        let pinged = self.0.borrow().pinged[end];
        !pinged || !self.is_finished(end) || round_trip.is_some()
    }

    /// Whether an end has heard everything and has an answer to everything.
    pub(crate) fn is_finished(&self, end: usize) -> bool {
        self.0.borrow().writers.iter().all(|writer| {
            let known = if writer.end == end {
                writer.answered
            } else {
                writer.heard
            };
            known == writer.total.checked_sub(1)
        })
    }

    /// How many messages an end has heard of the other's.
    pub(crate) fn heard(&self, end: usize) -> usize {
        let book = self.0.borrow();
        let others = book.writers.iter().filter(|writer| writer.end != end);
        others
            .map(|writer| writer.heard.map_or(0, |last| last + 1))
            .sum()
    }

    /// An end's connection has come to its end.
    pub(crate) fn close(&self, end: usize, closed: Closed) {
        self.0.borrow_mut().ends[end] = Some(closed);
    }

    /// How the two connections ended.
    pub(crate) fn ends(&self) -> [Closed; 2] {
        let ends = self.0.borrow().ends.clone();
        ends.map(|closed| closed.expect("every connection comes to its end"))
    }
}

/// Whether all that lies between two messages, of which the second has just come, was given up.
fn unheard(sent: &[Fate], last: Option<usize>, now: usize) -> bool {
    let between = &sent[last.map_or(0, |last| last + 1)..now];
    between.iter().all(|fate| *fate == Fate::GivenUp)
}

fn message(seed: u64, writer: usize, number: usize) -> Message {
    let random = mix(seed ^ mix((writer * 1000 + number) as u64));
    let len = match random % 16 {
        0 => 2040 + random as usize / 16 % 16,
        1 => 4090 + random as usize / 16 % (MAX_MESSAGE - 4100),
        2..=5 => random as usize / 16 % 1500,
        _ => random as usize / 16 % 100,
    };
    let mut bytes = format!("D{writer}.{number}:").into_bytes();
    let text = random & 0x1000_0000 != 0;
    let first = if text { b'a' } else { 0xf0 };
    let step = (random >> 40) as usize % 16;
    bytes.extend((0..len).map(|at| first + ((at * (step + 1)) >> 3) as u8 % 16));
    if text {
        let text = String::from_utf8(bytes).expect("letters are UTF-8");
        Message::from(text)
    } else {
        Message::from(bytes)
    }
}
