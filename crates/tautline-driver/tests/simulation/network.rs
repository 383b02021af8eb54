use std::{
    cell::RefCell,
    collections::VecDeque,
    io::{self, IoSlice},
    rc::Rc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::{Buf, BufMut, BytesMut};
use tautline_driver::Transport;

use super::random::Random;

/// A network of two ends, with what is on the way between them and the clock of both.
#[derive(Clone, Debug)]
pub(crate) struct Network(Rc<RefCell<State>>);

/// How the network treats what goes through it.
#[derive(Clone, Debug)]
pub(crate) struct Conditions {
    /// The most that is on the way in one direction before writes have to wait.
    pub(crate) room: usize,
    /// The most that one read gives and one write takes.
    pub(crate) portion: usize,
    pub(crate) latency: Duration,
    /// Nothing arrives in this time; what is sent in it arrives afterwards.
    pub(crate) partition: Option<(Duration, Duration)>,
    /// One operation in so many is not ready, though it could be.
    pub(crate) stutter: usize,
    /// Whether one write takes several slices.
    pub(crate) vectored: bool,
    pub(crate) fault: Option<Fault>,
    /// The most that may wait to be written.
    pub(crate) max_queued: usize,
}

/// What goes wrong, at which operation of which end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) end: usize,
    pub(crate) operation: usize,
    pub(crate) kind: FaultKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// Both directions are reset.
    Reset,
    /// What this end sends from now on never arrives, but for the end of the stream.
    Truncate,
    /// Nothing arrives any more in either direction, and nobody is told.
    Silence,
}

#[derive(Debug)]
struct State {
    now: Instant,
    began: Instant,
    conditions: Conditions,
    random: Random,
    ends: [EndState; 2],
    silent: bool,
    reset: bool,
}

#[derive(Debug, Default)]
struct EndState {
    /// What is on the way to this end, and when it arrives.
    coming: VecDeque<(Instant, Vec<u8>)>,
    arrived: VecDeque<u8>,
    /// The other end sends nothing more.
    over: bool,
    truncated: bool,
    gone: bool,
    operations: usize,
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// The writer is to be told that there is room.
    has_room: bool,
    timer: Option<(Instant, Waker)>,
}

impl Network {
    pub(crate) fn new(conditions: Conditions, random: Random) -> Self {
        let now = Instant::now();
        Self(Rc::new(RefCell::new(State {
            now,
            began: now,
            conditions,
            random,
            ends: Default::default(),
            silent: false,
            reset: false,
        })))
    }

    pub(crate) fn end(&self, number: usize) -> End {
        End {
            network: self.clone(),
            number,
        }
    }

    /// Time since the network was made.
    pub(crate) fn elapsed(&self) -> Duration {
        let state = self.0.borrow();
        state.now - state.began
    }

    /// Wakes the writers for which room was made; says whether there was one.
    pub(crate) fn wake_writers(&self) -> bool {
        let mut state = self.0.borrow_mut();
        let mut due = Vec::new();
        for end in &mut state.ends {
            if std::mem::take(&mut end.has_room) {
                due.extend(end.writer.take());
            }
        }
        drop(state);
        let any = !due.is_empty();
        due.into_iter().for_each(Waker::wake);
        any
    }

    /// Moves the clock to the next moment at which something happens; false if nothing ever does.
    pub(crate) fn let_time_pass(&self) -> bool {
        let mut state = self.0.borrow_mut();
        let State { ends, silent, .. } = &*state;
        let waits = |end: &&EndState| end.reader.is_some();
        let arrivals = ends.iter().filter(waits);
        let arrivals = arrivals.filter_map(|end| Some(end.coming.front()?.0));
        let timers = ends.iter().filter_map(|end| Some(end.timer.as_ref()?.0));
        let Some(next) = arrivals.filter(|_| !silent).chain(timers).min() else {
            return false;
        };
        state.now = state.now.max(next);
        let now = state.now;
        let mut due = Vec::new();
        for end in &mut state.ends {
            due.extend(
                end.timer
                    .take_if(|(at, _)| *at <= now)
                    .map(|(_, waker)| waker),
            );
            if end.coming.front().is_some_and(|(at, _)| *at <= now) {
                due.extend(end.reader.take());
            }
        }
        drop(state);
        due.into_iter().for_each(Waker::wake);
        true
    }
}

impl State {
    /// Says whether an operation of an end has to wait for no reason, and lets happen what is to
    /// happen at it.
    fn begin(&mut self, number: usize, cx: &Context<'_>) -> Poll<io::Result<()>> {
        if self.random.one_in(self.conditions.stutter) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let end = &mut self.ends[number];
        end.operations += 1;
        if let Some(fault) = self.conditions.fault
            && fault.end == number
            && fault.operation == end.operations
        {
            match fault.kind {
                FaultKind::Reset => {
                    self.reset = true;
                    self.wake_all();
                }
                FaultKind::Truncate => self.finish(number),
                FaultKind::Silence => self.silent = true,
            }
        }
        if self.reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Poll::Ready(Ok(()))
    }

    /// Nothing more comes from this end.
    fn finish(&mut self, number: usize) {
        self.ends[number].truncated = true;
        let arrival = self.arrival(number);
        let peer = &mut self.ends[1 - number];
        if !peer.over {
            peer.over = true;
            peer.coming.push_back((arrival, Vec::new()));
            if arrival <= self.now {
                peer.reader.take().into_iter().for_each(Waker::wake);
            }
        }
    }

    /// When that arrives which is sent now: never before what was sent earlier.
    fn arrival(&self, from: usize) -> Instant {
        let mut at = self.now + self.conditions.latency * self.random.below(4) as u32;
        if let Some((begins, ends)) = self.conditions.partition
            && (begins..ends).contains(&(at - self.began))
        {
            at = self.began + ends;
        }
        let last = self.ends[1 - from].coming.back();
        last.map_or(at, |(last, _)| at.max(*last))
    }

    fn wake_all(&mut self) {
        for end in &mut self.ends {
            for waker in [end.reader.take(), end.writer.take()] {
                waker.into_iter().for_each(Waker::wake);
            }
        }
    }
}

/// One end of a [`Network`], as a transport. Like one of a runtime it remembers the waker of the
/// last poll only: one for reading, one for writing, one for its timer.
#[derive(Debug)]
pub(crate) struct End {
    network: Network,
    number: usize,
}

impl Transport for End {
    type Stream = Self;

    fn from_stream(stream: Self) -> Self {
        stream
    }

    fn stream(&self) -> &Self {
        self
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, input: &mut BytesMut) -> Poll<io::Result<usize>> {
        let mut state = self.network.0.borrow_mut();
        std::task::ready!(state.begin(self.number, cx))?;
        let (now, silent) = (state.now, state.silent);
        let portion = 1 + state.random.below(state.conditions.portion);
        let end = &mut state.ends[self.number];
        while !silent && end.coming.front().is_some_and(|(at, _)| *at <= now) {
            let bytes = end.coming.pop_front().map(|(_, bytes)| bytes);
            end.arrived.extend(bytes.unwrap_or_default());
        }
        let over = end.over && end.coming.is_empty() && !silent;
        if end.arrived.is_empty() && !over {
            end.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let spare = input.capacity() - input.len();
        let count = end.arrived.len().min(portion).min(spare);
        for byte in end.arrived.drain(..count) {
            input.put_u8(byte);
        }
        state.ends[1 - self.number].has_room = true;
        Poll::Ready(Ok(count))
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut impl Buf,
    ) -> Poll<io::Result<usize>> {
        let mut state = self.network.0.borrow_mut();
        let queued = output.remaining();
        assert!(queued <= state.conditions.max_queued, "{queued} bytes wait");
        std::task::ready!(state.begin(self.number, cx))?;
        let portion = 1 + state.random.below(state.conditions.portion);
        let peer = &state.ends[1 - self.number];
        if peer.gone {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let coming = peer.coming.iter().map(|(_, bytes)| bytes.len());
        let used = coming.sum::<usize>() + peer.arrived.len();
        let room = state.conditions.room.saturating_sub(used);
        if room == 0 {
            state.ends[self.number].writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let most = room.min(portion);
        let mut slices = [IoSlice::new(output.chunk()); 16];
        let count = if state.conditions.vectored {
            output.chunks_vectored(&mut slices)
        } else {
            1
        };
        let slices = slices[..count].iter().flat_map(|slice| slice.iter());
        let bytes: Vec<u8> = slices.take(most).copied().collect();
        let written = bytes.len();
        let arrival = state.arrival(self.number);
        // A stream that is ready for one task forgets the others, and that it was to wake them.
        state.ends[self.number].writer = None;
        let lost = state.ends[self.number].truncated;
        if !lost {
            state.ends[1 - self.number]
                .coming
                .push_back((arrival, bytes));
        }
        let now = state.now;
        let reader = state.ends[1 - self.number]
            .reader
            .take_if(|_| arrival <= now);
        drop(state);
        output.advance(written);
        reader.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.network.0.borrow_mut().begin(self.number, cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.network.0.borrow_mut();
        std::task::ready!(state.begin(self.number, cx))?;
        state.finish(self.number);
        Poll::Ready(Ok(()))
    }

    fn now(&self) -> Instant {
        self.network.0.borrow().now
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let mut state = self.network.0.borrow_mut();
        if state.now >= deadline {
            return Poll::Ready(());
        }
        state.ends[self.number].timer = Some((deadline, cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let mut state = self.network.0.borrow_mut();
        state.finish(self.number);
        let end = &mut state.ends[self.number];
        end.gone = true;
        end.timer = None;
        end.coming.clear();
        let writer = state.ends[1 - self.number].writer.take();
        drop(state);
        writer.into_iter().for_each(Waker::wake);
    }
}
