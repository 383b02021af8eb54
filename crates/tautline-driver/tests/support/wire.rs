use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::{Buf, BufMut, BytesMut};
use tautline_driver::Transport;

/// Two ends, what is between them, and the clock of both.
///
/// An end is handed to a connection with [`Wire::end`]; the test plays the other one with
/// [`Wire::give`] and [`Wire::take`], or hands it to a second connection.
#[derive(Clone, Debug)]
pub(crate) struct Wire(Arc<Mutex<State>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// What an end was asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// So many bytes were read; 0 at the end of the stream.
    Read(usize),
    /// So many bytes were written, from slices at these addresses and of these lengths.
    Write {
        len: usize,
        slices: Vec<(usize, usize)>,
    },
    Flush,
    Shutdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Read,
    Write,
    Flush,
    Shutdown,
}

/// One end: how it behaves, and what came to it.
#[derive(Debug)]
pub(crate) struct End {
    /// Bytes that arrived and were not read.
    inbox: VecDeque<u8>,
    /// How many bytes may lie in `inbox` before the other end's writes wait.
    pub(crate) room: usize,
    /// The other end will send no more.
    eof: bool,
    /// This end is gone: nobody will read what is written to it.
    gone: bool,
    /// The most that one read gives.
    pub(crate) max_read: usize,
    /// Lengths of the reads to come, before `max_read` counts.
    pub(crate) reads: VecDeque<usize>,
    /// The most that one write takes.
    pub(crate) max_write: usize,
    /// What arrives anew whenever everything was read: a flood without end.
    pub(crate) flood: Vec<u8>,
    /// How long a read of the flood takes.
    pub(crate) tick: Duration,
    /// Every operation is pending once before it is done.
    pub(crate) stutter: bool,
    stuttered: [bool; 4],
    /// Flushing waits until this is false.
    pub(crate) hold_flush: bool,
    /// The operation with this number fails, and every later one of its kind.
    pub(crate) fail_at: Option<(usize, io::ErrorKind)>,
    failed: Vec<(Operation, io::ErrorKind)>,
    /// How many operations were not pending.
    pub(crate) operations: usize,
    pub(crate) calls: Vec<Call>,
    reader: Option<Waker>,
    writer: Option<Waker>,
    timer: Option<(Instant, Waker)>,
}

#[derive(Debug)]
struct State {
    now: Instant,
    began: Instant,
    ends: [End; 2],
}

impl Wire {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self(Arc::new(Mutex::new(State {
            now,
            began: now,
            ends: [End::new(), End::new()],
        })))
    }

    /// One end, for a connection. It counts as gone when it is dropped.
    pub(crate) fn end(&self, side: Side) -> Memory {
        Memory {
            wire: self.clone(),
            side,
        }
    }

    /// Changes how an end behaves, and wakes whoever waits to write.
    pub(crate) fn set(&self, side: Side, change: impl FnOnce(&mut End)) {
        self.set_quietly(side, change);
        let mut state = self.lock();
        let wakers = [side, side.other()].map(|side| state.end(side).writer.take());
        drop(state);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Changes how an end behaves, and wakes nobody.
    pub(crate) fn set_quietly(&self, side: Side, change: impl FnOnce(&mut End)) {
        change(self.lock().end(side));
    }

    /// Lets bytes arrive at an end, as if the other had written them.
    pub(crate) fn give(&self, side: Side, bytes: impl AsRef<[u8]>) {
        let mut state = self.lock();
        state.end(side).inbox.extend(bytes.as_ref());
        let reader = state.end(side).reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
    }

    /// Lets the stream to an end be over.
    pub(crate) fn give_eof(&self, side: Side) {
        let mut state = self.lock();
        state.end(side).eof = true;
        let reader = state.end(side).reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
    }

    /// Takes what an end has written and nobody has read.
    pub(crate) fn take(&self, side: Side) -> Vec<u8> {
        self.take_some(side, usize::MAX)
    }

    pub(crate) fn take_some(&self, side: Side, most: usize) -> Vec<u8> {
        let mut state = self.lock();
        let inbox = &mut state.end(side.other()).inbox;
        let count = inbox.len().min(most);
        let bytes = inbox.drain(..count).collect();
        let writer = state.end(side).writer.take();
        drop(state);
        writer.into_iter().for_each(Waker::wake);
        bytes
    }

    /// Whether an end has shut down its direction of writing.
    pub(crate) fn is_shut_down(&self, side: Side) -> bool {
        self.lock().end(side.other()).eof
    }

    /// Whether an end was dropped.
    pub(crate) fn is_gone(&self, side: Side) -> bool {
        self.lock().end(side).gone
    }

    pub(crate) fn calls(&self, side: Side) -> Vec<Call> {
        self.lock().end(side).calls.clone()
    }

    pub(crate) fn operations(&self, side: Side) -> usize {
        self.lock().end(side).operations
    }

    /// The kinds of operation that failed.
    pub(crate) fn failed(&self, side: Side) -> Vec<Operation> {
        self.lock()
            .end(side)
            .failed
            .iter()
            .map(|(operation, _)| *operation)
            .collect()
    }

    /// The lengths of the writes so far.
    pub(crate) fn writes(&self, side: Side) -> Vec<usize> {
        let calls = self.calls(side);
        calls
            .into_iter()
            .filter_map(|call| match call {
                Call::Write { len, .. } => Some(len),
                _ => None,
            })
            .collect()
    }

    /// How many bytes came to an end and were not read.
    pub(crate) fn unread(&self, side: Side) -> usize {
        self.lock().end(side).inbox.len()
    }

    /// Time since the wire was made.
    pub(crate) fn elapsed(&self) -> Duration {
        let state = self.lock();
        state.now - state.began
    }

    pub(crate) fn advance(&self, by: Duration) {
        let now = self.lock().now + by;
        self.set_now(now);
    }

    /// Moves the clock to the next deadline that somebody waits for; false if nobody does.
    pub(crate) fn advance_to_deadline(&self) -> bool {
        let next = {
            let state = self.lock();
            state
                .ends
                .iter()
                .filter_map(|end| Some(end.timer.as_ref()?.0))
                .min()
        };
        next.is_some_and(|next| {
            self.set_now(next);
            true
        })
    }

    fn set_now(&self, now: Instant) {
        let mut due = Vec::new();
        let mut state = self.lock();
        state.now = state.now.max(now);
        let now = state.now;
        for end in &mut state.ends {
            due.extend(end.timer.take_if(|(at, _)| *at <= now));
        }
        drop(state);
        due.into_iter().for_each(|(_, waker)| waker.wake());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl Side {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

impl State {
    const fn end(&mut self, side: Side) -> &mut End {
        &mut self.ends[side as usize]
    }
}

impl End {
    /// Remembers who waits. Whoever is replaced by that is to be woken, as async-io does it.
    fn wait_to_write(&mut self, cx: &Context<'_>) -> Option<Waker> {
        let replaced = self.writer.replace(cx.waker().clone())?;
        (!replaced.will_wake(cx.waker())).then_some(replaced)
    }

    fn new() -> Self {
        Self {
            inbox: VecDeque::new(),
            room: usize::MAX,
            eof: false,
            gone: false,
            max_read: usize::MAX,
            reads: VecDeque::new(),
            max_write: usize::MAX,
            flood: Vec::new(),
            tick: Duration::ZERO,
            stutter: false,
            stuttered: [false; 4],
            hold_flush: false,
            fail_at: None,
            failed: Vec::new(),
            operations: 0,
            calls: Vec::new(),
            reader: None,
            writer: None,
            timer: None,
        }
    }

    /// Frees what the wire itself has allocated.
    pub(crate) fn release(&mut self) {
        self.inbox.shrink_to_fit();
        self.calls = Vec::new();
    }

    /// Holds an operation up or fails it, if that was asked for.
    fn begin(&mut self, operation: Operation, cx: &Context<'_>) -> Poll<io::Result<()>> {
        let stuttered = &mut self.stuttered[operation as usize];
        *stuttered = self.stutter && !*stuttered;
        if *stuttered {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some((_, kind)) = self.failed.iter().find(|(failed, _)| *failed == operation) {
            return Poll::Ready(Err((*kind).into()));
        }
        Poll::Ready(Ok(()))
    }

    /// Counts an operation that is about to be done, or fails it.
    fn count(&mut self, operation: Operation) -> io::Result<()> {
        self.operations += 1;
        if let Some((number, kind)) = self.fail_at
            && number == self.operations
        {
            self.failed.push((operation, kind));
            return Err(kind.into());
        }
        Ok(())
    }
}

/// One end of a [`Wire`], as a transport.
#[derive(Debug)]
pub(crate) struct Memory {
    wire: Wire,
    side: Side,
}

impl Transport for Memory {
    type Stream = Self;

    fn from_stream(stream: Self) -> Self {
        stream
    }

    fn stream(&self) -> &Self {
        self
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, input: &mut BytesMut) -> Poll<io::Result<usize>> {
        let spare = input.capacity() - input.len();
        assert!(spare > 0, "the driver reads into a buffer without room");
        let mut state = self.wire.lock();
        let end = state.end(self.side);
        std::task::ready!(end.begin(Operation::Read, cx))?;
        if end.inbox.is_empty() && !end.flood.is_empty() {
            end.inbox.extend(&end.flood);
            let tick = end.tick;
            state.now += tick;
        }
        let end = state.end(self.side);
        if end.inbox.is_empty() && !end.eof {
            end.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        end.count(Operation::Read)?;
        let most = end.reads.pop_front().unwrap_or(end.max_read).min(spare);
        let count = end.inbox.len().min(most);
        let (front, back) = end.inbox.as_slices();
        let from_front = front.len().min(count);
        input.put_slice(&front[..from_front]);
        input.put_slice(&back[..count - from_front]);
        end.inbox.drain(..count);
        end.calls.push(Call::Read(count));
        let writer = state.end(self.side.other()).writer.take();
        drop(state);
        writer.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(count))
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut impl Buf,
    ) -> Poll<io::Result<usize>> {
        assert!(output.has_remaining(), "the driver writes nothing");
        let mut state = self.wire.lock();
        std::task::ready!(state.end(self.side).begin(Operation::Write, cx))?;
        let peer = state.end(self.side.other());
        assert!(!peer.eof, "the driver writes after it shut the stream down");
        if peer.gone {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = peer.room.saturating_sub(peer.inbox.len());
        let end = state.end(self.side);
        if room == 0 {
            let replaced = end.wait_to_write(cx);
            drop(state);
            replaced.into_iter().for_each(Waker::wake);
            return Poll::Pending;
        }
        end.count(Operation::Write)?;
        let most = room.min(end.max_write);
        let mut slices = [IoSlice::new(&[]); 16];
        let filled = output.chunks_vectored(&mut slices);
        let mut bytes = Vec::new();
        for slice in &slices[..filled] {
            let part = slice.len().min(most - bytes.len());
            bytes.extend_from_slice(&slice[..part]);
        }
        let slices = slices[..filled]
            .iter()
            .map(|slice| (slice.as_ptr() as usize, slice.len()))
            .collect();
        end.calls.push(Call::Write {
            len: bytes.len(),
            slices,
        });
        output.advance(bytes.len());
        let peer = state.end(self.side.other());
        peer.inbox.extend(&bytes);
        let reader = peer.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.wire.lock();
        let end = state.end(self.side);
        std::task::ready!(end.begin(Operation::Flush, cx))?;
        if end.hold_flush {
            let replaced = end.wait_to_write(cx);
            drop(state);
            replaced.into_iter().for_each(Waker::wake);
            return Poll::Pending;
        }
        end.count(Operation::Flush)?;
        end.calls.push(Call::Flush);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.wire.lock();
        let end = state.end(self.side);
        std::task::ready!(end.begin(Operation::Shutdown, cx))?;
        end.count(Operation::Shutdown)?;
        end.calls.push(Call::Shutdown);
        drop(state);
        self.wire.give_eof(self.side.other());
        Poll::Ready(Ok(()))
    }

    fn now(&self) -> Instant {
        self.wire.lock().now
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let mut state = self.wire.lock();
        if state.now >= deadline {
            return Poll::Ready(());
        }
        state.end(self.side).timer = Some((deadline, cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let mut state = self.wire.lock();
        let end = state.end(self.side);
        end.gone = true;
        end.timer = None;
        let writer = state.end(self.side.other()).writer.take();
        drop(state);
        writer.into_iter().for_each(Waker::wake);
        self.wire.give_eof(self.side.other());
    }
}
