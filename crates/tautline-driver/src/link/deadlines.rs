use std::{
    io,
    task::{Context, Poll, ready},
    time::Instant,
};

use tautline_connection::{Expired, Timers, Violation};

use super::{
    Heard, Link,
    ending::{Outcome, Phase},
};
use crate::{Timeout, Transport};

impl<T: Transport> Link<T> {
    /// Does what is due. `Ready` means that the connection has come to its end by it.
    #[inline]
    pub(super) fn poll_timers(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.timers.is_none() {
            Poll::Pending
        } else {
            self.poll_set_timers(cx)
        }
    }

    /// Does what is due while input is awaited. `unfinished` is the message whose rest that input is.
    ///
    /// Nothing on the way of a message asks for the time: a message has a deadline from when its rest
    /// is awaited for the first time.
    #[inline]
    pub(super) fn poll_timers_of_reader(
        &mut self,
        cx: &mut Context<'_>,
        unfinished: Option<u32>,
    ) -> Poll<()> {
        if self.timers.is_none() && unfinished.is_none() {
            Poll::Pending
        } else {
            self.poll_message_timer(cx, unfinished)
        }
    }

    #[inline(never)]
    fn poll_message_timer(&mut self, cx: &mut Context<'_>, unfinished: Option<u32>) -> Poll<()> {
        if unfinished.is_some() && self.heard == Heard::Bytes {
            self.heard = Heard::PartOfMessage;
        }
        self.follow_message(unfinished);
        let due = self.poll_timers(cx);
        if due.is_pending()
            && let Some(timers) = &self.timers
            && timers.is_message_overdue()
        {
            // Everything that has come was read, and it is not enough.
            self.fail(Violation::SlowMessage);
            return Poll::Ready(());
        }
        due
    }

    fn follow_message(&mut self, unfinished: Option<u32>) {
        // A closing handshake has a deadline for everything.
        let limit = self
            .config
            .message_timeout
            .filter(|_| self.outbound.is_open());
        let (Some(limit), Some(number)) = (limit, unfinished) else {
            if let Some(timers) = &mut self.timers {
                timers.end_message();
                if timers.is_idle() {
                    // A connection that had to wait for a message once is as small as others.
                    self.timers = None;
                    self.transport.clear_deadline();
                }
            }
            return;
        };
        let timers = self.timers.as_ref();
        if timers.and_then(|timers| timers.message()) != Some(number) {
            let deadline = self.transport.now() + limit;
            self.timers().start_message(number, deadline);
        }
    }

    #[inline(never)]
    fn poll_set_timers(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let Some(timers) = &mut self.timers else {
                return Poll::Pending;
            };
            let Some(deadline) = timers.poll_timeout() else {
                return Poll::Pending;
            };
            let transport = &mut self.transport;
            ready!(match &mut self.shared {
                None => transport.poll_deadline(cx, deadline),
                Some(shared) => shared.poll(cx, |cx| transport.poll_deadline(cx, deadline)),
            });
            let now = self.transport.now();
            match timers.handle_timeout(now) {
                // The timer fired early; it is polled again for the rest.
                None => {}
                Some(Expired::Ping(payload)) => {
                    self.progress = false;
                    self.heard = Heard::Nothing;
                    if self.outbound_with_buffer().ping(&payload).is_ok() {
                        // What cannot be written now is written by whoever polls next.
                        let _ = self.poll_flush(cx);
                    }
                }
                Some(Expired::Keepalive) => {
                    // A peer that takes bytes, however slowly, is alive; its Pong may wait behind
                    // a message that this end is still sending and not reading meanwhile. So is a
                    // peer that sends bytes of a message, behind which its Pong has to wait.
                    let takes = self.progress && self.outbound.queued() > 0;
                    if takes || self.heard == Heard::PartOfMessage {
                        self.progress = false;
                        self.heard = Heard::Nothing;
                        timers.extend_keepalive(now);
                    } else {
                        self.end(Outcome::Timeout(Timeout::Keepalive));
                        return Poll::Ready(());
                    }
                }
                Some(Expired::Close) => {
                    self.give_up_closing();
                    return Poll::Ready(());
                }
                // For the reader to judge: a sender cannot know what has come meanwhile.
                Some(Expired::Message) => self.wake_all(),
            }
        }
    }

    /// Whether the close deadline has passed, and if so ends the connection.
    ///
    /// The clock is asked and not only the timer: a runtime that rations what a task may do in one
    /// go would never let the timer fire while a peer keeps the task busy reading.
    #[inline]
    pub(super) fn is_close_overdue(&mut self) -> bool {
        (self.is_ending() || self.outbound.awaits_close()) && self.check_close_deadline()
    }

    #[cold]
    fn check_close_deadline(&mut self) -> bool {
        let now = self.transport.now();
        let overdue = self
            .timers
            .as_mut()
            .and_then(|timers| timers.handle_timeout(now))
            == Some(Expired::Close);
        if overdue {
            self.give_up_closing();
        }
        overdue
    }

    fn give_up_closing(&mut self) {
        self.end(Outcome::Timeout(Timeout::Close));
        // An end that was agreed on stays clean though the stream lingers. It was not agreed on if
        // the peer did not take the answer to its Close frame.
        if self.outcome == Outcome::Clean && self.outbound.close_is_queued() {
            self.outcome = Outcome::Timeout(Timeout::Close);
        }
        if self.outcome == Outcome::Clean {
            // Pongs may be left; nothing fails by this.
            self.outbound.output().clear();
            self.unflushed = false;
            self.wake_all();
        } else {
            self.stop_writing(io::ErrorKind::TimedOut);
        }
        self.phase = Phase::Done;
    }

    pub(super) fn timers(&mut self) -> &mut Timers<Instant> {
        let now = self.transport.now();
        self.timers
            .get_or_insert_with(|| Box::new(Timers::new(None, now)))
    }

    pub(super) fn start_close_timer(&mut self) {
        let deadline = self.transport.now() + self.config.close_timeout;
        self.timers().start_close(deadline);
        // Whoever waits for input waits for this deadline, too, from now on.
        self.wake_all();
    }
}
