use alloc::boxed::Box;
use core::{
    ops::{Add, Sub},
    time::Duration,
};

use tautline_frame::ControlPayload;

/// When to send a Ping, and how long to wait for its Pong.
///
/// The defaults are 20 seconds each: shorter than the idle timeouts of the usual proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keepalive {
    /// From one answered Ping to the next. Default: 20 seconds.
    pub interval: Duration,
    /// From a Ping to the loss of the connection if no Pong comes. Default: 20 seconds.
    pub timeout: Duration,
}

impl Keepalive {
    /// A Ping every `interval`, and `timeout` for its Pong.
    #[must_use]
    pub const fn new(interval: Duration, timeout: Duration) -> Self {
        Self { interval, timeout }
    }
}

impl Default for Keepalive {
    fn default() -> Self {
        Self::new(Duration::from_secs(20), Duration::from_secs(20))
    }
}

/// The deadlines of a connection, over the caller's own instants.
///
/// `I` is whatever the caller counts time in: `std::time::Instant`, a tick of an embedded clock as
/// a `Duration`, a simulated clock. Nothing happens by itself: wait until
/// [`Timers::poll_timeout`], then call [`Timers::handle_timeout`] and do what it says.
///
/// Deadlines are sums in the caller's type: a span that overflows it panics if the type does.
#[derive(Clone, Debug)]
pub struct Timers<I> {
    keepalive: Option<Keepalive>,
    /// When the next Ping is due; `None` while one is unanswered, or without keepalive.
    ping_at: Option<I>,
    /// The Ping that is unanswered, and when it was sent.
    sent: Option<(Box<ControlPayload>, I)>,
    /// When the unanswered keepalive Ping means that the connection is lost.
    pong_by: Option<I>,
    close_by: Option<I>,
    arrival: Option<Arrival<I>>,
    round_trip: Option<Duration>,
    /// Tells the keepalive Pings apart.
    counter: u32,
}

/// A message whose rest is awaited.
#[derive(Clone, Copy, Debug)]
struct Arrival<I> {
    number: u32,
    /// `None` once it has passed.
    by: Option<I>,
}

/// What a deadline asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the caller must handle each")]
pub enum Expired {
    /// Send this Ping.
    Ping(ControlPayload),
    /// No Pong came in time: the connection is lost.
    Keepalive,
    /// The closing handshake, or the end of the stream after it, did not come in time.
    Close,
    /// A message did not end in time: see [`Timers::is_message_overdue`].
    Message,
}

impl<I> Timers<I>
where
    I: Copy + Ord + Add<Duration, Output = I> + Sub<I, Output = Duration>,
{
    /// The timers of a connection that opened at `now`.
    pub fn new(keepalive: Option<Keepalive>, now: I) -> Self {
        Self {
            keepalive,
            ping_at: keepalive.map(|keepalive| now + keepalive.interval),
            sent: None,
            pong_by: None,
            close_by: None,
            arrival: None,
            round_trip: None,
            counter: 0,
        }
    }

    /// The earliest deadline.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<I> {
        let message_by = self.arrival.as_ref().and_then(|arrival| arrival.by);
        [self.ping_at, self.pong_by, self.close_by, message_by]
            .into_iter()
            .flatten()
            .min()
    }

    /// What is due at `now`, one thing a call. `None`: nothing is.
    pub fn handle_timeout(&mut self, now: I) -> Option<Expired> {
        if self.close_by.is_some_and(|at| at <= now) {
            self.close_by = None;
            return Some(Expired::Close);
        }
        if let Some(arrival) = &mut self.arrival
            && arrival.by.take_if(|at| *at <= now).is_some()
        {
            return Some(Expired::Message);
        }
        if self.pong_by.is_some_and(|at| at <= now) {
            self.pong_by = None;
            return Some(Expired::Keepalive);
        }
        if self.ping_at.is_some_and(|at| at <= now) {
            self.ping_at = None;
            self.counter = self.counter.wrapping_add(1);
            let payload = ControlPayload::new(&self.counter.to_be_bytes())
                .expect("four bytes are not over 125");
            self.pong_by = self.keepalive.map(|keepalive| now + keepalive.timeout);
            self.sent = Some((Box::new(payload.clone()), now));
            return Some(Expired::Ping(payload));
        }
        None
    }

    /// After [`Expired::Keepalive`], gives the peer as long again to answer the Ping: for a caller
    /// that knows that bytes still move although no Pong can have come. Does nothing at any other
    /// time.
    pub fn extend_keepalive(&mut self, now: I) {
        let expired = self.sent.is_some()
            && self.pong_by.is_none()
            && self.ping_at.is_none()
            && self.close_by.is_none();
        if let Some(keepalive) = self.keepalive.filter(|_| expired) {
            self.pong_by = Some(now + keepalive.timeout);
        }
    }

    /// A Ping of the application's own was sent; its round trip is measured, too.
    pub fn sent_ping(&mut self, payload: ControlPayload, now: I) {
        // An unanswered keepalive Ping keeps its place: the connection hangs on its answer.
        if self.pong_by.is_none() {
            self.sent = Some((Box::new(payload), now));
        }
    }

    /// A Pong came. Answers to a Ping that is not the one waited for are ignored.
    pub fn receive_pong(&mut self, payload: &ControlPayload, now: I) {
        let Some((_, at)) = self.sent.take_if(|(sent, _)| **sent == *payload) else {
            return;
        };
        self.round_trip = Some(now - at);
        if self.pong_by.take().is_some() {
            self.ping_at = self.keepalive.map(|keepalive| now + keepalive.interval);
        }
    }

    /// The rest of a message is awaited, which must come by `deadline`. `number` tells it apart from
    /// the message before ([`Inbound::unfinished`](crate::Inbound::unfinished)). Does nothing when
    /// the closing handshake has begun.
    pub fn start_message(&mut self, number: u32, deadline: I) {
        if self.close_by.is_none() {
            self.arrival = Some(Arrival {
                number,
                by: Some(deadline),
            });
        }
    }

    /// The rest of no message is awaited any more.
    pub fn end_message(&mut self) {
        self.arrival = None;
    }

    /// Whether there is nothing to wait for and nothing to tell, so that it may as well not be there.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.keepalive.is_none()
            && self.sent.is_none()
            && self.round_trip.is_none()
            && self.poll_timeout().is_none()
    }

    /// The message that was told to [`Timers::start_message`], unless it has ended.
    #[must_use]
    pub fn message(&self) -> Option<u32> {
        Some(self.arrival.as_ref()?.number)
    }

    /// Whether the deadline of the message that is awaited has passed.
    ///
    /// It stays so: [`Expired::Message`] may be told to a caller that only sends, and cannot know
    /// whether the rest has come and was not read.
    #[must_use]
    pub fn is_message_overdue(&self) -> bool {
        self.arrival
            .as_ref()
            .is_some_and(|arrival| arrival.by.is_none())
    }

    /// The closing handshake has begun: it must end by `deadline`. Keepalive stops, and messages have
    /// no deadlines of their own any more.
    pub fn start_close(&mut self, deadline: I) {
        self.ping_at = None;
        self.pong_by = None;
        self.arrival = None;
        if self.close_by.is_none() {
            self.close_by = Some(deadline);
        }
    }

    /// The time from the last answered Ping to its Pong.
    #[must_use]
    pub const fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }
}
