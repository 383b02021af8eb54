use std::{
    io,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::{Buf, BytesMut};
use loom::sync::{Condvar, Mutex, MutexGuard};
use tautline_connection::Role;

use crate::{Config, Transport, WebSocket};

/// The far end of a server's connection, which has no room for what is written until it is told to.
#[derive(Clone)]
pub(super) struct Wire(Arc<Far>);

struct Far {
    state: Mutex<State>,
    progress: Condvar,
}

struct State {
    now: Instant,
    room: bool,
    broken: bool,
    arrived: Vec<u8>,
    over: bool,
    written: Vec<u8>,
    reader: Option<Waker>,
    writer: Option<Waker>,
    timer: Option<Waker>,
}

/// A Close frame with code 1000, as a client masks it, with a key of zeros.
pub(super) const CLOSE: [u8; 8] = [0x88, 0x82, 0, 0, 0, 0, 3, 0xe8];

impl Wire {
    /// A connection of a server, and its far end.
    pub(super) fn connection(config: Config) -> (Self, WebSocket<Memory>) {
        let wire = Self(Arc::new(Far {
            state: Mutex::new(State {
                now: Instant::now(),
                room: false,
                broken: false,
                arrived: Vec::new(),
                over: false,
                written: Vec::new(),
                reader: None,
                writer: None,
                timer: None,
            }),
            progress: Condvar::new(),
        }));
        let memory = Memory(wire.clone());
        let connection = WebSocket::from_handshake(memory, Role::Server, BytesMut::new(), config);
        (wire, connection)
    }

    /// Takes whatever is written from now on. Another task may find that out before one is woken for it.
    pub(super) fn make_room(&self) {
        self.lock().room = true;
        wake_one(self.lock(), |state| &mut state.writer);
    }

    /// Takes nothing any more: writing fails, which another task may find out before one is woken for it.
    pub(super) fn break_off(&self) {
        self.lock().broken = true;
        wake_one(self.lock(), |state| &mut state.writer);
    }

    /// Lets bytes arrive.
    pub(super) fn give(&self, bytes: &[u8]) {
        let mut state = self.lock();
        state.arrived.extend(bytes);
        wake_one(state, |state| &mut state.reader);
    }

    /// Ends the stream to the connection.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.over = true;
        wake_one(state, |state| &mut state.reader);
    }

    /// Lets a time pass that is longer than every timeout.
    pub(super) fn pass_time(&self) {
        let mut state = self.lock();
        state.now += Duration::from_secs(3600);
        wake_one(state, |state| &mut state.timer);
    }

    /// Waits until so many frames were written.
    pub(super) fn wait_for_frames(&self, count: usize) {
        let mut state = self.lock();
        while frames(&state.written).len() < count {
            state = self.0.progress.wait(state).unwrap();
        }
    }

    /// The payloads of the frames that were written.
    pub(super) fn frames(&self) -> Vec<Vec<u8>> {
        frames(&self.lock().written)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }
}

fn wake_one(mut state: MutexGuard<'_, State>, which: fn(&mut State) -> &mut Option<Waker>) {
    let waker = which(&mut state).take();
    drop(state);
    waker.into_iter().for_each(Waker::wake);
}

/// Payloads of short frames without a mask.
fn frames(mut written: &[u8]) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    while let [_, len, rest @ ..] = written {
        let (payload, next) = rest.split_at(usize::from(*len));
        payloads.push(payload.to_vec());
        written = next;
    }
    payloads
}

/// A transport that remembers one waker for reading, one for writing and one for its timer, and forgets
/// those that another one replaces.
pub(super) struct Memory(Wire);

impl Transport for Memory {
    type Stream = Self;

    fn from_stream(stream: Self) -> Self {
        stream
    }

    fn stream(&self) -> &Self {
        self
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, input: &mut BytesMut) -> Poll<io::Result<usize>> {
        let mut state = self.0.lock();
        if state.arrived.is_empty() && !state.over {
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = state.arrived.len();
        input.extend(state.arrived.drain(..));
        Poll::Ready(Ok(count))
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut impl Buf,
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.lock();
        if !state.room && !state.broken {
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        // Whoever waited is forgotten with that.
        state.writer = None;
        if state.broken {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let count = output.remaining();
        let bytes = output.copy_to_bytes(count);
        state.written.extend(bytes);
        drop(state);
        self.0.0.progress.notify_all();
        Poll::Ready(Ok(count))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn now(&self) -> Instant {
        self.0.lock().now
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let mut state = self.0.lock();
        if state.now >= deadline {
            return Poll::Ready(());
        }
        state.timer = Some(cx.waker().clone());
        Poll::Pending
    }
}
