use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::ops::Range;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::{Buf, BufMut, BytesMut};
use tautline_driver::Transport;

/// A stream with nobody at its other end but the script of a case.
///
/// Like a socket it remembers one waker for each direction, that of the last task which polled it,
/// and wakes nobody else.
#[derive(Clone)]
pub(super) struct Wire(Rc<RefCell<State>>);

pub(super) struct State {
    /// What the peer has sent and what has not arrived.
    pub(super) in_flight: VecDeque<u8>,
    pub(super) incoming: VecDeque<u8>,
    pub(super) is_over: bool,
    pub(super) read_fails: bool,
    pub(super) max_read: usize,
    pub(super) written: Vec<u8>,
    /// How many bytes can be written now.
    pub(super) room: usize,
    pub(super) write_fails: bool,
    pub(super) holds_flush: bool,
    /// Operations to come that are pending once although they need not be.
    pub(super) hesitates: u8,
    pub(super) is_shut_down: bool,
    /// There is room that nobody was woken for yet.
    pub(super) owes_wake: bool,
    /// Whether a handler that waits for something of its own goes on.
    pub(super) gate_is_open: bool,
    pub(super) gate: Option<Waker>,
    /// Where the messages of the peer are in all that it sends, each from the end of its first header
    /// on, and control frames that are outside of messages.
    pub(super) messages: Vec<Range<usize>>,
    /// How long the rest of one may be awaited.
    pub(super) message_timeout: Duration,
    /// How many bytes the connection has read.
    read: usize,
    /// The message whose rest is awaited, and until when.
    awaited: Option<(usize, Instant)>,
    /// Since when the rest of a message has been awaited for longer than that.
    overdue: Option<Instant>,
    /// Before the end of the case so much time has passed since then that the connection was given up,
    /// if its peer had not taken the Close frame.
    pub(super) may_be_given_up: bool,
    now: Instant,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
    pub(super) timer: Option<(Instant, Waker)>,
}

impl Wire {
    pub(super) fn new() -> Self {
        Self(Rc::new(RefCell::new(State {
            in_flight: VecDeque::new(),
            incoming: VecDeque::new(),
            is_over: false,
            read_fails: false,
            max_read: usize::MAX,
            written: Vec::new(),
            room: 0,
            write_fails: false,
            holds_flush: false,
            hesitates: 0,
            is_shut_down: false,
            owes_wake: false,
            gate_is_open: true,
            gate: None,
            messages: Vec::new(),
            message_timeout: Duration::MAX,
            read: 0,
            awaited: None,
            overdue: None,
            may_be_given_up: false,
            now: Instant::now(),
            reader: None,
            writer: None,
            timer: None,
        })))
    }

    pub(super) fn state(&self) -> RefMut<'_, State> {
        self.0.borrow_mut()
    }

    /// Changes the stream and wakes whoever waits for what is possible now.
    pub(super) fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        state.owes_wake = false;
        let reader = if state.is_readable() {
            state.reader.take()
        } else {
            None
        };
        let writer = if state.is_writable() {
            state.writer.take()
        } else {
            None
        };
        let gate = if state.gate_is_open {
            state.gate.take()
        } else {
            None
        };
        drop(state);
        [reader, writer, gate]
            .into_iter()
            .flatten()
            .for_each(Waker::wake);
    }

    /// Makes room, and wakes nobody before the next change. A task that writes meanwhile makes the
    /// stream forget who else has waited, as that of a runtime may.
    pub(super) fn make_room_quietly(&self, room: usize) {
        let mut state = self.state();
        state.room = room;
        state.owes_wake = state.writer.is_some();
    }

    /// Waits until the gate is open.
    pub(super) async fn gate(&self) {
        poll_fn(|cx| {
            let mut state = self.state();
            if state.gate_is_open {
                return Poll::Ready(());
            }
            state.gate = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    pub(super) fn pass_time(&self, time: Duration) {
        let now = self.state().now + time;
        self.set_now(now);
        let mut state = self.state();
        state.may_be_given_up |= state
            .overdue
            .is_some_and(|since| now >= since + CLOSE_TIMEOUT);
    }

    /// Moves the clock to the deadline that somebody waits for, if there is one.
    pub(super) fn pass_deadline(&self) -> bool {
        let deadline = self.state().timer.as_ref().map(|(at, _)| *at);
        deadline.inspect(|&at| self.set_now(at)).is_some()
    }

    fn set_now(&self, now: Instant) {
        let mut state = self.state();
        state.now = now.max(state.now);
        let now = state.now;
        let due = state.timer.take_if(|(at, _)| *at <= now);
        drop(state);
        due.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

impl State {
    pub(super) fn is_readable(&self) -> bool {
        !self.incoming.is_empty() || self.is_over && self.in_flight.is_empty() || self.read_fails
    }

    pub(super) fn is_writable(&self) -> bool {
        self.write_fails || self.room > 0 && !self.holds_flush
    }

    /// Whether a task that waits to write should not.
    pub(super) fn should_write(&self) -> bool {
        self.is_writable() && !self.owes_wake
    }

    /// Whether the rest of a message was awaited for too long.
    pub(super) fn is_overdue(&self) -> bool {
        self.overdue.is_some()
    }

    /// Whether a message has a deadline that is to come.
    pub(super) fn awaits_message(&self) -> bool {
        self.awaited.is_some_and(|(_, by)| by > self.now)
    }

    /// The connection has read all that it was given, which may be a part of a message.
    fn await_rest(&mut self) {
        let mut messages = self.messages.iter();
        let unfinished = messages.position(|message| message.contains(&self.read));
        self.awaited = unfinished.map(|number| match self.awaited {
            Some(awaited) if awaited.0 == number => awaited,
            _ => (number, self.now + self.message_timeout),
        });
        if self.awaited.is_some_and(|(_, by)| by <= self.now) {
            self.overdue.get_or_insert(self.now);
        }
    }

    fn hesitate(&mut self, cx: &Context<'_>) -> bool {
        let hesitates = self.hesitates > 0;
        if hesitates {
            self.hesitates -= 1;
            cx.waker().wake_by_ref();
        }
        hesitates
    }

    fn poll_hold(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        if self.hesitate(cx) {
            return Poll::Pending;
        }
        if self.holds_flush && !self.write_fails {
            self.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

impl Transport for Wire {
    type Stream = Self;

    fn from_stream(stream: Self) -> Self {
        stream
    }

    fn stream(&self) -> &Self {
        self
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, input: &mut BytesMut) -> Poll<io::Result<usize>> {
        let mut state = self.state();
        let spare = input.capacity() - input.len();
        assert!(spare > 0, "reads into a buffer without room");
        if state.hesitate(cx) {
            state.await_rest();
            return Poll::Pending;
        }
        if state.read_fails {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if !state.is_readable() {
            state.reader = Some(cx.waker().clone());
            state.await_rest();
            return Poll::Pending;
        }
        let count = state.incoming.len().min(state.max_read).min(spare);
        let (front, back) = state.incoming.as_slices();
        let from_front = count.min(front.len());
        input.put_slice(&front[..from_front]);
        input.put_slice(&back[..count - from_front]);
        state.incoming.drain(..count);
        state.read += count;
        Poll::Ready(Ok(count))
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut impl Buf,
    ) -> Poll<io::Result<usize>> {
        let mut state = self.state();
        assert!(output.has_remaining(), "writes nothing");
        assert!(!state.is_shut_down, "writes behind the end");
        if state.hesitate(cx) {
            return Poll::Pending;
        }
        if state.write_fails {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if !state.is_writable() {
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let mut slices = [IoSlice::new(&[]); 4];
        let filled = output.chunks_vectored(&mut slices);
        let mut count = 0;
        for slice in &slices[..filled] {
            let part = slice.len().min(state.room - count);
            state.written.extend_from_slice(&slice[..part]);
            count += part;
        }
        state.room -= count;
        (state.writer, state.owes_wake) = (None, false);
        output.advance(count);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.state().poll_hold(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.state();
        let held = state.poll_hold(cx);
        state.is_shut_down |= held.is_ready();
        held
    }

    fn now(&self) -> Instant {
        self.state().now
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let mut state = self.state();
        if state.now >= deadline {
            return Poll::Ready(());
        }
        state.timer = Some((deadline, cx.waker().clone()));
        Poll::Pending
    }
}

/// How long the end of a connection may take.
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
