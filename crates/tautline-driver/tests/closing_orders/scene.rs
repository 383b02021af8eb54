use std::{io, time::Duration};

use tautline_driver::{Closed, Config, Error, Initiator, Message, Timeout, WebSocket};

use super::{
    Step,
    play::{Journal, Tasks},
};
use crate::support::{
    frames::{self, CLOSE, PING, PONG, TEXT, close_body, masked, plain},
    open,
    wire::{Memory, Side, Wire},
};

/// A connection's wire, its peer, and what may be told of its end.
pub(super) struct Scene {
    wire: Wire,
    side: Side,
    /// The application has begun a close that discards messages.
    pub(super) discards: bool,
    /// The messages of the peer, but for those that nobody is to look at.
    messages: Vec<String>,
    received: usize,
    pings: Vec<Vec<u8>>,
    begun: Option<Begun>,
    /// How often the peer has sent something.
    number: usize,
    happened: Vec<Step>,
    /// When the application began to end it.
    end_began: Duration,
}

/// A message that the peer has not finished.
struct Begun {
    rest: Vec<u8>,
    text: String,
}

/// What the last call that receives says.
#[derive(Debug, PartialEq)]
pub(super) enum Ending {
    Clean,
    Io,
    Violation,
    Lost,
    Timeout(Timeout),
}

const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// For a part of the smallest frame.
const LITTLE_ROOM: usize = 3;

impl Scene {
    pub(super) fn new(side: Side) -> Self {
        let wire = Wire::new();
        wire.set(side.other(), |end| end.room = LITTLE_ROOM);
        Self {
            wire,
            side,
            discards: false,
            messages: Vec::new(),
            received: 0,
            pings: Vec::new(),
            begun: None,
            number: 0,
            happened: Vec::new(),
            end_began: Duration::ZERO,
        }
    }

    pub(super) fn open(&self) -> WebSocket<Memory> {
        let config = Config::new()
            .close_timeout(CLOSE_TIMEOUT)
            .high_water_mark(8);
        open(&self.wire, self.side, config)
    }

    /// The peer, the stream or the clock does something.
    pub(super) fn happen(&mut self, step: Step) {
        let has_left = self.happened.contains(&Step::PeerLeaves);
        match step {
            Step::PeerReads => self
                .wire
                .set(self.side.other(), |end| end.room = usize::MAX),
            Step::Fail => self.wire.set_quietly(self.side, |end| {
                end.fail_at = Some((end.operations + 1, io::ErrorKind::BrokenPipe));
            }),
            Step::TimePasses => drop(self.wire.advance_to_deadline()),
            Step::PeerLeaves => self.wire.give_eof(self.side),
            _ if has_left => {}
            step => self.peer_sends(step),
        }
        self.happened.push(step);
    }

    fn peer_sends(&mut self, step: Step) {
        if let Some(begun) = self.begun.take() {
            self.wire.give(self.side, begun.rest);
            self.add_message(begun.text);
        }
        self.number += 1;
        let text = format!("m{}", self.number);
        match step {
            Step::PeerSends => {
                let ping = vec![self.number as u8];
                self.give(PING, &ping);
                if self.is_listened_to() {
                    self.pings.push(ping);
                }
                self.give(TEXT, text.as_bytes());
                self.add_message(text);
            }
            Step::PeerBegins => {
                let mut begin = self.frame(TEXT, text.as_bytes());
                let rest = begin.split_off(begin.len() - 1);
                self.wire.give(self.side, begin);
                self.begun = Some(Begun { rest, text });
            }
            Step::PeerCloses => self.give(CLOSE, &close_body(4000, "peer")),
            _ => self.give(RESERVED, b""),
        }
    }

    fn add_message(&mut self, text: String) {
        if self.is_listened_to() {
            self.messages.push(text);
        }
    }

    /// Whether nothing came that is the end of all that is looked at.
    fn is_listened_to(&self) -> bool {
        !self.has(Step::PeerCloses) && !self.has(Step::PeerBreaksTheRules)
    }

    fn has(&self, step: Step) -> bool {
        self.happened.contains(&step)
    }

    fn give(&self, first: u8, payload: &[u8]) {
        self.wire.give(self.side, self.frame(first, payload));
    }

    /// A frame as the peer sends it.
    fn frame(&self, first: u8, payload: &[u8]) -> Vec<u8> {
        match self.side {
            Side::Client => plain(first, payload),
            Side::Server => masked(first, payload),
        }
    }

    /// Compares what came of calls, and what was received, with what happened.
    pub(super) fn note(&mut self, journal: &Journal, tasks: &mut Tasks<'_>) {
        for result in tasks.results() {
            if let Err(error) = result
                && !matches!(error, Error::Send(_))
            {
                self.check_reason(&Ending::new(Err(error)));
            }
        }
        for message in journal.received.take() {
            let text = message.as_text().unwrap().to_owned();
            let left = self.messages.get(self.received..).unwrap_or_default();
            let place = left.iter().position(|left| *left == text);
            let place = place.expect("a message that was not sent, or that was received before");
            assert!(place == 0 || self.discards, "a message is lost");
            self.received += place + 1;
        }
    }

    /// From now on nothing happens any more, but for the time that passes.
    pub(super) fn begin_end(&mut self) {
        self.end_began = self.wire.elapsed();
    }

    /// Lets time pass until all is done, which does not take long.
    pub(super) fn wait(&self, mut is_done: impl FnMut() -> bool) {
        while !is_done() {
            assert!(self.wire.advance_to_deadline(), "nothing will ever wake it");
        }
        let took = self.wire.elapsed() - self.end_began;
        assert!(took <= CLOSE_TIMEOUT, "it took {took:?}");
    }

    /// Compares what is told of the end with what was sent and received.
    pub(super) fn check(&self, closed: &Closed, end: &Ending, sent: usize) {
        self.check_reason(end);
        let written = self.wire.take(self.side);
        let written = frames::parse(&written[..frames::whole(&written)]);
        let close = written.iter().position(|(first, _)| *first == CLOSE);
        let behind = close.map_or(&[][..], |close| &written[close + 1..]);
        assert!(
            behind.iter().all(|(first, _)| *first == PONG),
            "{written:?}"
        );

        let told = closed.sent.as_ref().map(|sent| {
            sent.as_ref()
                .map_or_else(Vec::new, |sent| close_body(sent.code.get(), &sent.reason))
        });
        let body = close.map(|close| written[close].1.clone());
        assert_eq!(
            told, body,
            "what is told of the Close frame, and what the peer got"
        );

        let received = closed
            .received
            .as_ref()
            .map(|frame| frame.as_ref().unwrap());
        if let Some(frame) = received {
            assert!(self.has(Step::PeerCloses));
            assert_eq!((frame.code.get(), frame.reason.as_str()), (4000, "peer"));
        }
        match closed.initiator {
            None => assert!(closed.received.is_none() && closed.sent.is_none()),
            Some(Initiator::Local) => assert!(closed.sent.is_some()),
            Some(Initiator::Remote) => assert!(closed.received.is_some()),
        }
        assert_eq!(
            closed.is_clean(),
            *end == Ending::Clean,
            "{closed:?} after {end:?}"
        );

        if *end == Ending::Clean && !self.has(Step::Fail) {
            // R6455-7.1.1-06: a client waits for the server to end the stream, for a time.
            let is_over = match self.side {
                Side::Server => self.wire.is_shut_down(self.side),
                Side::Client => self.has(Step::PeerLeaves),
            };
            let is_late = self.wire.elapsed() >= CLOSE_TIMEOUT;
            assert!(is_over || is_late, "the server has not ended the stream");
        }

        let hellos = written.iter().filter(|(_, payload)| payload == b"hello");
        assert!(hellos.count() >= sent, "sent, and not there");
        let mut pings = self.pings.iter();
        let pongs = written.iter().filter(|(first, _)| *first == PONG);
        for (_, pong) in pongs {
            assert!(pings.any(|ping| ping == pong), "a Pong to no Ping");
        }
    }

    /// Nothing fails for a reason that there is not.
    fn check_reason(&self, end: &Ending) {
        let is_right = match end {
            Ending::Clean => self.has(Step::PeerCloses),
            Ending::Io => self.has(Step::Fail),
            Ending::Violation => self.has(Step::PeerBreaksTheRules),
            Ending::Lost => self.has(Step::PeerLeaves),
            Ending::Timeout(Timeout::Message) => {
                self.has(Step::PeerBegins) && self.has(Step::TimePasses)
            }
            Ending::Timeout(timeout) => *timeout == Timeout::Close,
        };
        assert!(is_right, "{end:?} for no reason");
    }
}

impl Ending {
    pub(super) fn new(last: Result<Option<Message>, Error>) -> Self {
        match last {
            Ok(None) => Self::Clean,
            Err(Error::Io(_)) => Self::Io,
            Err(Error::Violation(_)) => Self::Violation,
            Err(Error::Lost(_)) => Self::Lost,
            Err(Error::Timeout(timeout)) => Self::Timeout(timeout),
            other => panic!("{other:?} is no end"),
        }
    }
}

/// The first byte of a frame that there is not.
const RESERVED: u8 = 0x83;
