use std::{cell::RefCell, collections::VecDeque, rc::Rc, task::Poll, task::Waker};

use futures_util::future::join;
use tautline_driver::{CloseCode, Message, ReadHalf, WebSocket, WriteHalf};

use super::{
    channel::{Channel, Lending},
    executor::{Executor, perhaps, rest},
    ledger::Ledger,
    network::End,
    random::Random,
};

/// How an end uses its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Halves in several tasks.
    Split,
    /// One task that sends and receives in turn.
    Whole,
    /// The same, with messages that are lent.
    Lending,
    /// A corked handler, beside tasks that send through its runner.
    Corked,
}

/// What one end does: sends numbered messages and answers those of the other end.
#[derive(Clone, Debug)]
pub(crate) struct Application {
    pub(crate) end: usize,
    pub(crate) ledger: Ledger,
    pub(crate) random: Random,
    /// Whether this end closes: after so many messages, or else when all is said.
    pub(crate) closes: Option<Option<usize>>,
    /// Whether nobody fails or closes before all is said, so that the other end may be relied upon.
    pub(crate) is_sound: bool,
}

/// How many unanswered messages an end has that cannot read while it sends.
const WINDOW: usize = 3;

impl Application {
    /// Starts the tasks of this end.
    pub(crate) fn start(self, style: Style, connection: WebSocket<End>, executor: &mut Executor) {
        match style {
            Style::Split => self.start_split(connection, executor),
            Style::Whole => executor.spawn("whole", self.run_whole(connection)),
            Style::Lending => executor.spawn("lending", self.run_whole(Lending(connection))),
            Style::Corked => self.start_corked(connection, executor),
        }
    }

    /// A message has come. The answer, if it wants one.
    pub(crate) fn hear(&self, message: &Message) -> Option<Message> {
        self.ledger.hear(self.end, message)
    }

    fn start_split(self, connection: WebSocket<End>, executor: &mut Executor) {
        let (reader, writer) = connection.split();
        for number in self.ledger.writers(self.end) {
            executor.spawn("writer", self.clone().write(number, writer.clone()));
        }
        let heard = Rc::new(RefCell::default());
        executor.spawn("answerer", self.clone().answer(writer, Rc::clone(&heard)));
        executor.spawn("reader", self.read(reader, heard));
    }

    fn start_corked(self, connection: WebSocket<End>, executor: &mut Executor) {
        let (app, inner) = (self.clone(), self.clone());
        let cork = connection.cork(move |corked| async move {
            inner.converse(corked).await;
        });
        for number in self.ledger.writers(self.end).into_iter().skip(1) {
            executor.spawn("writer", self.clone().write(number, cork.writer()));
        }
        executor.spawn("cork", async move {
            let writer = cork.writer();
            cork.await;
            assert!(app.ledger.has_pong(app.end, writer.round_trip()), "no Pong");
            app.ledger.close(app.end, writer.closed());
        });
    }

    async fn run_whole(self, channel: impl Channel) {
        let mut channel = self.converse(channel).await;
        if self.closes.is_some() {
            channel.close().await;
        }
        self.ledger.close(self.end, channel.closed());
    }

    /// Sends and receives in turn, until the other end closes or this one is to.
    async fn converse<C: Channel>(&self, mut channel: C) -> C {
        let writer = self.ledger.writers(self.end)[0];
        while !self.is_to_close() {
            let next = (self.ledger.unanswered(writer) < WINDOW)
                .then(|| self.ledger.next(writer))
                .flatten();
            let goes_on = match next {
                Some((message, true)) => channel.send(message, &self.random).await.is_ok(),
                Some((message, false)) if self.random.one_in(3) => {
                    channel.send(message, &self.random).await.is_ok()
                }
                Some((message, false)) => {
                    let sent = perhaps(&self.random, channel.feed(message)).await;
                    if sent.is_none() {
                        self.ledger.give_up(writer);
                    }
                    !matches!(sent, Some(Err(_)))
                }
                None => matches!(channel.turn(self).await, Ok(true)),
            };
            if goes_on && self.is_sound && self.random.one_in(4) && channel.sends_by_itself() {
                self.ledger.until_heard(writer).await;
            }
            if !goes_on {
                // Why it ended is known when everything that has come is read.
                while matches!(channel.turn(self).await, Ok(true)) {}
                break;
            }
        }
        channel
    }

    /// Sends all messages of a writer.
    async fn write(self, number: usize, writer: WriteHalf<End>) {
        let random = &self.random;
        while let Some((message, last)) = self.ledger.next(number) {
            rest(random.below(3)).await;
            if random.one_in(8) {
                if writer.ping("still there?").await.is_err() {
                    return;
                }
                self.ledger.ping(self.end);
            }
            let sent = if last {
                Some(writer.send(message).await)
            } else if random.one_in(3) {
                // Two that wait in one task; the one that gives up must not take the other's waker along.
                let sending = perhaps(random, writer.send(message));
                join(writer.flush(), sending).await.1
            } else if random.one_in(2) {
                perhaps(random, writer.feed(message)).await
            } else {
                perhaps(random, writer.send(message)).await
            };
            match sent {
                Some(Ok(())) => {}
                Some(Err(_)) => return,
                None => self.ledger.give_up(number),
            }
        }
    }

    async fn read(self, mut reader: ReadHalf<End>, heard: Rc<RefCell<Heard>>) {
        loop {
            match perhaps(&self.random, reader.recv()).await {
                None => {}
                Some(Ok(Some(message))) => {
                    let answer = self.hear(&message);
                    heard.borrow_mut().add(answer);
                }
                Some(Ok(None) | Err(_)) => break,
            }
        }
        heard.borrow_mut().end();
        assert!(
            self.ledger.has_pong(self.end, reader.round_trip()),
            "no Pong"
        );
        self.ledger.close(self.end, reader.closed());
    }

    /// Sends the answers to what the reader has heard, and closes when it is time to.
    async fn answer(self, writer: WriteHalf<End>, heard: Rc<RefCell<Heard>>) {
        let early = matches!(self.closes, Some(Some(_)));
        while !self.is_to_close() || !(early || heard.borrow().answers.is_empty()) {
            let next = std::future::poll_fn(|cx| heard.borrow_mut().poll(cx.waker())).await;
            let Some(answer) = next else {
                return;
            };
            if let Some(answer) = answer
                && writer.send(answer).await.is_err()
            {
                return;
            }
        }
        // It fails if the connection has ended; the reader tells how.
        let _ = perhaps(&self.random, writer.close(CloseCode::NORMAL, "enough")).await;
    }

    fn is_to_close(&self) -> bool {
        let finished = || self.ledger.is_finished(self.end);
        self.closes.is_some_and(|after| {
            finished() || after.is_some_and(|count| self.ledger.heard(self.end) >= count)
        })
    }
}

/// What a reader has for the task that answers.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    answers: VecDeque<Option<Message>>,
    over: bool,
    waker: Option<Waker>,
}

impl Heard {
    /// A message was heard, and there is something to answer, or not.
    fn add(&mut self, answer: Option<Message>) {
        self.answers.push_back(answer);
        self.waker.take().into_iter().for_each(Waker::wake);
    }

    fn end(&mut self) {
        self.over = true;
        self.waker.take().into_iter().for_each(Waker::wake);
    }

    fn poll(&mut self, waker: &Waker) -> Poll<Option<Option<Message>>> {
        match self.answers.pop_front() {
            Some(answer) => Poll::Ready(Some(answer)),
            None if self.over => Poll::Ready(None),
            None => {
                self.waker = Some(waker.clone());
                Poll::Pending
            }
        }
    }
}
