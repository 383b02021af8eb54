mod deadlines;
mod ending;

use std::{
    io,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use tautline_connection::{
    CloseFrame, Closed, Control, Inbound, Initiator, Outbound, Prepared, Role, SendError, Timers,
    Violation,
};
#[cfg(feature = "futures")]
use tautline_frame::CloseCode;
use tautline_frame::ControlPayload;
use tautline_handshake::Response;
use tautline_message::Message;

use self::ending::{Outcome, Phase};
use crate::{
    Config, Error, Transport,
    input::Input,
    keys::OsKeys,
    scratch,
    shared_waker::{SharedWaker, Waiters},
};

/// What the halves of a connection share: the transport, the sending half of the protocol, the
/// timers, and how the connection ends.
#[derive(Debug)]
pub(crate) struct Link<T> {
    pub(crate) transport: T,
    pub(crate) outbound: Outbound<OsKeys>,
    pub(crate) config: Arc<Config>,
    // The rest is rare and boxed: an idle connection is to be small.
    timers: Option<Box<Timers<Instant>>>,
    shared: Option<Box<SharedWaker>>,
    /// What the handshake agreed on, if there is something to tell.
    pub(crate) agreed: Option<Box<Agreed>>,
    /// Bytes were written since the last keepalive Ping.
    progress: bool,
    heard: Heard,
    /// How many bytes the transport has taken.
    taken: u64,
    /// Bytes were written that the transport itself may hold back.
    unflushed: bool,
    /// Why nothing more is written.
    write_error: Option<io::ErrorKind>,
    /// This end's Close frame was still queued then.
    close_unsent: bool,
    phase: Phase,
    outcome: Outcome,
}

/// What was read since the last keepalive Ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Nothing,
    Bytes,
    /// Bytes of a message whose rest is awaited.
    PartOfMessage,
}

/// What the handshake agreed on.
#[derive(Debug)]
pub(crate) struct Agreed {
    pub(crate) subprotocol: Option<String>,
    pub(crate) response: Option<Response>,
}

/// What to do about input while more than the high-water mark is queued and cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// Read all the same. Whoever sends waits for room, and two ends that both waited for the
    /// other to read would wait for ever.
    Read,
    /// Wait: replies are queued without waiting, so that the queue would grow with the input.
    Wait,
}

/// What became of waiting for input.
pub(crate) enum Fill {
    /// Bytes came.
    Read,
    /// There will be no more messages; see [`Link::poll_end`].
    Ended,
}

impl<T> Link<T> {
    /// The tasks that wait for the transport, if several may.
    pub(crate) fn waiters(&self) -> Option<Arc<Waiters>> {
        self.shared.as_ref()?.waiters()
    }

    /// How many tasks wait for room in the queue.
    #[inline]
    pub(crate) fn awaiting_room(&self) -> usize {
        self.shared
            .as_ref()
            .map_or(0, |shared| shared.awaiting_room())
    }

    /// Counts a task that begins to wait for room in the queue, or that ends it.
    pub(crate) fn count_waiting(&mut self, begins: bool) {
        if let Some(shared) = &mut self.shared {
            shared.count_waiting(begins);
        }
    }
}

impl<T: Transport> Link<T> {
    pub(crate) fn new(
        mut transport: T,
        role: Role,
        config: Arc<Config>,
        agreed: Option<Agreed>,
    ) -> Self {
        // That of the opening handshake.
        transport.clear_deadline();
        let mut outbound = Outbound::new(role, OsKeys);
        outbound.set_fragment_size(config.fragment_size);
        let timers = config
            .keepalive
            .map(|keepalive| Box::new(Timers::new(Some(keepalive), transport.now())));
        Self {
            transport,
            outbound,
            config,
            timers,
            shared: None,
            agreed: agreed.map(Box::new),
            progress: false,
            heard: Heard::Nothing,
            taken: 0,
            unflushed: false,
            write_error: None,
            close_unsent: false,
            phase: Phase::Open,
            outcome: Outcome::Clean,
        }
    }

    /// From now on several tasks may wait for the transport.
    pub(crate) fn share(&mut self) {
        self.shared.get_or_insert_default();
    }

    /// The sending half, with a buffer that is lent to it until everything is written.
    #[inline]
    pub(crate) fn outbound_with_buffer(&mut self) -> &mut Outbound<OsKeys> {
        if self.outbound.output().is_bare() {
            self.outbound.output().lend(scratch::lend_output());
        }
        &mut self.outbound
    }

    #[inline(always)]
    pub(crate) fn queue_message(&mut self, message: Message) -> Result<(), SendError> {
        self.outbound_with_buffer().send(message)
    }

    pub(crate) fn queue_uncompressed(&mut self, message: Message) -> Result<(), SendError> {
        self.outbound_with_buffer().send_uncompressed(message)
    }

    pub(crate) fn queue_prepared(&mut self, prepared: &Prepared) -> Result<(), SendError> {
        self.outbound_with_buffer().send_prepared(prepared)
    }

    pub(crate) fn queue_ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        let payload = ControlPayload::new(payload).map_err(|_| SendError::ControlTooLong)?;
        self.outbound_with_buffer().ping(&payload)?;
        let now = self.transport.now();
        self.timers().sent_ping(payload, now);
        Ok(())
    }

    /// Begins the closing handshake.
    pub(crate) fn start_close(&mut self, frame: Option<CloseFrame>) -> Result<(), Error> {
        if self.is_ending() && self.write_error.is_some() {
            // A frame that cannot be sent is not to be told of as sent.
            return Ok(());
        }
        self.outbound_with_buffer().close(frame)?;
        self.start_close_timer();
        Ok(())
    }

    /// Begins the closing handshake without a reason.
    #[cfg(feature = "futures")]
    pub(crate) fn start_close_once(&mut self, code: CloseCode) -> Result<(), Error> {
        if self.outbound.is_open() {
            self.start_close(Some(CloseFrame::new(code, "")))
        } else {
            Ok(())
        }
    }

    pub(crate) fn answer(&mut self, control: &Control) {
        self.outbound_with_buffer().answer(control);
        match control {
            Control::Ping(_) => {}
            Control::Pong(payload) => {
                if let Some(timers) = &mut self.timers {
                    timers.receive_pong(payload, self.transport.now());
                }
            }
            Control::Close(_) => self.end(Outcome::Clean),
        }
    }

    pub(crate) fn fail(&mut self, violation: Violation) {
        self.outbound_with_buffer().fail(violation);
        self.end(Outcome::Violation(violation));
    }

    pub(crate) fn round_trip(&self) -> Option<std::time::Duration> {
        self.timers.as_ref()?.round_trip()
    }

    pub(crate) fn closed(&self) -> Closed {
        let mut closed = self.outbound.closed();
        if self.close_unsent {
            closed.sent = None;
            closed.initiator = closed.received.is_some().then_some(Initiator::Remote);
        }
        closed
    }

    pub(crate) const fn is_ending(&self) -> bool {
        !matches!(self.phase, Phase::Open)
    }

    /// Whether no more may be queued before something is written.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.outbound.queued() > self.config.high_water_mark
    }

    /// Where what was queued last ends, among all bytes of the connection.
    #[inline]
    pub(crate) fn queue_end(&self) -> u64 {
        self.taken + self.outbound.queued() as u64
    }

    /// Whether there is something that a flush would send on.
    #[inline]
    pub(crate) fn has_output(&self) -> bool {
        self.outbound.queued() > 0 || self.unflushed
    }

    /// Reads into `input` once everything that is queued has been offered to the transport.
    #[inline(always)]
    pub(crate) fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        input: &mut Input,
        inbound: &Inbound,
        want: usize,
        when_full: WhenFull,
    ) -> Poll<Fill> {
        if self.is_ending() || self.is_close_overdue() {
            return Poll::Ready(Fill::Ended);
        }
        if self.has_output() {
            // A failure to write is told when the peer's last words have been read.
            let blocked = match when_full {
                WhenFull::Read => self.poll_flush(cx),
                // Replies come next: the buffer may stay for them.
                WhenFull::Wait => self.poll_flush_keeping_buffer(cx, u64::MAX),
            }
            .is_pending();
            if blocked && self.is_full() && when_full == WhenFull::Wait {
                input.idle();
                return self.poll_timers(cx).map(|()| Fill::Ended);
            }
        }
        match self.transport.poll_read(cx, input.prepare(want)) {
            Poll::Ready(Ok(0)) => self.end(Outcome::Lost),
            Poll::Ready(Ok(_)) => {
                self.heard = Heard::Bytes;
                return Poll::Ready(Fill::Read);
            }
            // TLS that was cut off, which is how many a peer leaves.
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.end(Outcome::Lost);
            }
            Poll::Ready(Err(error)) => self.end(Outcome::Io(error.kind())),
            Poll::Pending => {
                input.idle();
                self.reclaim_buffer();
                if let Some(shared) = &mut self.shared {
                    shared.set_reader(cx.waker());
                }
                let due = self.poll_timers_of_reader(cx, inbound.unfinished());
                return due.map(|()| Fill::Ended);
            }
        }
        Poll::Ready(Fill::Ended)
    }

    /// Waits until there is room in the queue.
    #[inline(always)]
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.is_ending() {
            // After a closing handshake it is the protocol that refuses what comes now.
            self.result()?;
        }
        if self.is_full() || (self.write_error.is_some() && self.outbound.is_open()) {
            return match self.poll_sent(cx) {
                Poll::Pending if !self.is_full() => Poll::Ready(Ok(())),
                sent => sent,
            };
        }
        Poll::Ready(Ok(()))
    }

    /// Waits until what is queued has been handed to the transport, minding the deadlines.
    #[inline]
    pub(crate) fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let flushed = self.poll_flush(cx);
        self.poll_failure(cx, flushed)
    }

    /// Waits until what was queued when the [end of the queue](Self::queue_end) was here has been handed
    /// to the transport. Others may go on queueing: who waits does not wait for that.
    #[inline]
    pub(crate) fn poll_sent_up_to(
        &mut self,
        cx: &mut Context<'_>,
        end: u64,
    ) -> Poll<Result<(), Error>> {
        let flushed = self.poll_flush_up_to(cx, end);
        self.poll_failure(cx, flushed)
    }

    /// What a flush comes to, for whoever sends.
    #[inline(always)]
    fn poll_failure(
        &mut self,
        cx: &mut Context<'_>,
        flushed: Poll<io::Result<()>>,
    ) -> Poll<Result<(), Error>> {
        match flushed {
            Poll::Ready(Ok(())) => Poll::Ready(Ok(())),
            Poll::Ready(Err(error)) => Poll::Ready(Err(self.failure(error.kind()))),
            Poll::Pending => {
                ready!(self.poll_timers(cx));
                Poll::Ready(Err(self.failure(io::ErrorKind::TimedOut)))
            }
        }
    }

    /// Writes what is queued, and flushes.
    // Not by `poll_flush_up_to`, nor is `poll_sent` by its counterpart: a constant end is compared with
    // nothing, which shows in the instructions of a small message.
    #[inline]
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = self.poll_flush_keeping_buffer(cx, u64::MAX);
        self.reclaim_buffer();
        result
    }

    /// Writes what is queued up to `end`, and flushes.
    #[inline]
    fn poll_flush_up_to(&mut self, cx: &mut Context<'_>, end: u64) -> Poll<io::Result<()>> {
        let result = self.poll_flush_keeping_buffer(cx, end);
        self.reclaim_buffer();
        result
    }

    /// Writes what is queued, and flushes, but keeps the lent output buffer.
    #[inline(always)]
    fn poll_flush_keeping_buffer(
        &mut self,
        cx: &mut Context<'_>,
        end: u64,
    ) -> Poll<io::Result<()>> {
        let result = match self.write_error {
            // A stream that is given up is not asked any more: it might keep the caller waiting.
            None if self.phase == Phase::Done => Poll::Ready(Ok(())),
            None => self.poll_write_up_to(cx, end),
            Some(kind) => Poll::Ready(Err(kind.into())),
        };
        if let Poll::Ready(Err(error)) = &result {
            self.stop_writing(error.kind());
        }
        result
    }

    /// Gives the lent output buffer back, unless something is in it.
    #[inline]
    pub(super) fn reclaim_buffer(&mut self) {
        if let Some(buffer) = self.outbound.output().reclaim() {
            scratch::return_output(buffer);
        }
    }

    /// Nothing more is written, and nobody waits for it.
    #[cold]
    fn stop_writing(&mut self, kind: io::ErrorKind) {
        self.close_unsent |= self.outbound.close_is_queued();
        self.outbound.output().clear();
        self.unflushed = false;
        if self.write_error.is_none() {
            self.write_error = Some(kind);
            self.wake_all();
        }
    }

    /// Why something was not sent: the end of the connection if it has come, else this error.
    #[cold]
    fn failure(&self, kind: io::ErrorKind) -> Error {
        self.result()
            .err()
            .unwrap_or_else(|| Error::Io(kind.into()))
    }

    /// Has every task that waits look at the connection again.
    fn wake_all(&mut self) {
        if let Some(shared) = &mut self.shared {
            shared.wake();
        }
    }

    #[inline(always)]
    fn poll_write_up_to(&mut self, cx: &mut Context<'_>, end: u64) -> Poll<io::Result<()>> {
        while self.outbound.queued() > 0 && self.taken < end {
            let (transport, output) = (&mut self.transport, self.outbound.output());
            let shared = self.shared.as_ref().and_then(|shared| shared.waker());
            let mut context = Context::from_waker(shared.unwrap_or(cx.waker()));
            let mut written = transport.poll_write(&mut context, output);
            if written.is_pending()
                && let Some(shared) = &mut self.shared
            {
                written = shared.wait(cx, &mut |cx| transport.poll_write(cx, output));
            }
            let written = ready!(written)?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.taken += written as u64;
            // There may be room now for a reply that had to wait.
            self.outbound.written();
            self.progress = true;
            self.unflushed = true;
        }
        let transport = &mut self.transport;
        let shared = self.shared.as_ref().and_then(|shared| shared.waker());
        let mut context = Context::from_waker(shared.unwrap_or(cx.waker()));
        let mut flushed = transport.poll_flush(&mut context);
        if flushed.is_pending()
            && let Some(shared) = &mut self.shared
        {
            flushed = shared.wait(cx, &mut |cx| transport.poll_flush(cx));
        }
        ready!(flushed)?;
        self.unflushed = false;
        if let Some(shared) = &self.shared {
            shared.wake_waiters();
        }
        Poll::Ready(Ok(()))
    }
}
