use core::time::Duration;

use bytes::{Buf, BytesMut};
use tautline_connection::{
    CloseFrame, Closed, Connection, Disposition, Event, Expired, Keepalive, Role, SendError,
    Timers, Violation,
};
use tautline_message::Limits;

use super::Keys;

pub(crate) const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// A client and a server that are joined by two queues of bytes, on a clock that only
/// [`Pair::wait`] moves.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) client: End,
    pub(crate) server: End,
    now: Duration,
    cut: Cut,
}

/// One end, with the loop around it that an application would write.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) connection: Connection<Keys>,
    pub(crate) timers: Timers<Duration>,
    /// Whether this end takes what the other one writes.
    pub(crate) reads: bool,
    /// Whether this end keeps the transport open when it ought to shut it down.
    pub(crate) lingers: bool,
    log: Vec<Happened>,
    input: BytesMut,
    /// Whether this end has shut the transport down.
    gone: bool,
    ended: bool,
}

/// What an application gets to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    Received(Event),
    Failed(Violation),
    EndedCleanly,
    Lost,
    Expired(Expired),
}

/// How the bytes are cut on their way.
#[derive(Clone, Debug)]
enum Cut {
    Whole,
    Single,
    Random(Keys),
}

/// Plays a scenario with the bytes whole, one at a time, and cut at random. Both ends have to see
/// the same each time.
pub(crate) fn play(scenario: impl Fn(&mut Pair)) {
    let mut cuts = vec![Cut::Whole, Cut::Single];
    cuts.extend((0..6).map(|seed| Cut::Random(Keys::seeded(seed * 31))));
    let mut first = None;
    for cut in cuts {
        let mut pair = Pair::new(cut.clone());
        scenario(&mut pair);
        let seen = (pair.client.seen(), pair.server.seen());
        assert_eq!(*first.get_or_insert_with(|| seen.clone()), seen, "{cut:?}");
    }
}

impl Pair {
    fn new(cut: Cut) -> Self {
        Self {
            client: End::new(Role::Client),
            server: End::new(Role::Server),
            now: Duration::ZERO,
            cut,
        }
    }

    /// Moves bytes both ways until there are none left to move.
    pub(crate) fn settle(&mut self) {
        loop {
            let up = self.client.carry(&mut self.server, self.now, &mut self.cut);
            let down = self.server.carry(&mut self.client, self.now, &mut self.cut);
            if !up && !down {
                return;
            }
        }
    }

    /// Lets time go by, with everything that falls due in it.
    pub(crate) fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        self.settle();
        loop {
            let client = self.client.timers.poll_timeout();
            let server = self.server.timers.poll_timeout();
            let next = client.into_iter().chain(server).min();
            let Some(next) = next.filter(|next| *next <= until) else {
                break;
            };
            self.now = next;
            self.client.expire(next);
            self.server.expire(next);
            self.settle();
        }
        self.now = until;
    }

    pub(crate) fn close(&mut self, role: Role, frame: Option<CloseFrame>) -> Result<(), SendError> {
        let now = self.now;
        let end = self.end(role);
        end.connection.close(frame)?;
        end.timers.start_close(now + CLOSE_TIMEOUT);
        Ok(())
    }

    pub(crate) fn keep_alive(&mut self, role: Role, keepalive: Keepalive) {
        let now = self.now;
        self.end(role).timers = Timers::new(Some(keepalive), now);
    }

    /// The stream between them breaks.
    pub(crate) fn cut_off(&mut self) {
        self.client.end();
        self.server.end();
    }

    pub(crate) const fn end(&mut self, role: Role) -> &mut End {
        match role {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        }
    }
}

impl End {
    fn new(role: Role) -> Self {
        Self {
            connection: Connection::with_limits(role, Keys::new(), Limits::default()),
            timers: Timers::new(None, Duration::ZERO),
            reads: true,
            lingers: false,
            log: Vec::new(),
            input: BytesMut::new(),
            gone: false,
            ended: false,
        }
    }

    /// What happened since this was asked last.
    pub(crate) fn happened(&mut self) -> Vec<Happened> {
        core::mem::take(&mut self.log)
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    fn seen(&self) -> (Vec<Happened>, Closed, Disposition) {
        let connection = &self.connection;
        (
            self.log.clone(),
            connection.closed(),
            connection.disposition(),
        )
    }

    /// Moves one piece to the other end, or the end of the stream. Says whether anything moved.
    fn carry(&mut self, to: &mut Self, now: Duration, cut: &mut Cut) -> bool {
        if !to.reads || to.ended {
            return false;
        }
        if self.gone {
            to.end();
            return true;
        }
        let output = self.connection.output();
        let chunk = output.chunk();
        if chunk.is_empty() {
            let leaves = self.connection.disposition() == Disposition::Shutdown;
            self.gone = leaves && !self.lingers;
            return self.gone;
        }
        let len = match cut {
            Cut::Whole => chunk.len(),
            Cut::Single => 1,
            Cut::Random(random) => random.up_to(chunk.len()),
        };
        to.input.extend_from_slice(&chunk[..len]);
        output.advance(len);
        to.receive(now);
        true
    }

    fn receive(&mut self, now: Duration) {
        loop {
            match self.connection.receive(&mut self.input) {
                Ok(None) => return,
                Ok(Some(event)) => {
                    if let Event::Pong(payload) = &event {
                        self.timers.receive_pong(payload, now);
                    }
                    if let Event::Close(_) = event {
                        self.timers.start_close(now + CLOSE_TIMEOUT);
                    }
                    self.log.push(Happened::Received(event));
                }
                Err(violation) => {
                    self.timers.start_close(now + CLOSE_TIMEOUT);
                    self.log.push(Happened::Failed(violation));
                }
            }
        }
    }

    /// The other end's stream is over; this one has no reason to stay either.
    fn end(&mut self) {
        if !self.ended {
            self.ended = true;
            self.gone = true;
            self.log.push(match self.connection.receive_eof() {
                Ok(()) => Happened::EndedCleanly,
                Err(_) => Happened::Lost,
            });
        }
    }

    fn expire(&mut self, now: Duration) {
        while let Some(expired) = self.timers.handle_timeout(now) {
            if self.ended {
                continue;
            }
            match &expired {
                Expired::Ping(payload) => {
                    let sent = self.connection.ping(payload);
                    assert!(sent.is_ok(), "keepalive stops when the connection closes");
                }
                Expired::Keepalive | Expired::Close | Expired::Message => self.gone = true,
            }
            self.log.push(Happened::Expired(expired));
        }
    }
}
