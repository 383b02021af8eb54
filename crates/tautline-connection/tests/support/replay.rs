use bytes::{Buf, BytesMut};
use tautline_connection::{Closed, Connection, Disposition, Event, Role, Violation};
use tautline_frame::ControlPayload;
use tautline_message::{Limits, Message};

use super::{Keys, to, unmasked};

pub(crate) const ROLES: [Role; 2] = [Role::Server, Role::Client];

/// What came of receiving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) events: Vec<Event>,
    pub(crate) violation: Option<Violation>,
    /// What was queued to be sent, without masks.
    pub(crate) sent: Vec<u8>,
    pub(crate) closed: Closed,
    pub(crate) disposition: Disposition,
}

pub(crate) fn message(message: impl Into<Message>) -> Event {
    Event::Message(message.into())
}

pub(crate) fn control(payload: &[u8]) -> ControlPayload {
    ControlPayload::new(payload).expect("at most 125 bytes")
}

pub(crate) fn open(role: Role) -> Connection<Keys> {
    Connection::with_limits(role, Keys::new(), Limits::default())
}

/// What an end in this role makes of frames, which are given without masks.
pub(crate) fn outcome(role: Role, frames: &[u8]) -> Outcome {
    replay(role, Limits::default(), &to(role, frames))
}

/// What an end in this role makes of bytes.
pub(crate) fn replay(role: Role, limits: Limits, input: &[u8]) -> Outcome {
    replay_from(role, input, || {
        Connection::with_limits(role, Keys::new(), limits)
    })
}

/// What a connection makes of bytes, which has to be the same in whatever pieces they arrive
/// (R6455-5.2-12): at once, one or two at a time, and in pieces cut at random.
pub(crate) fn replay_from(
    role: Role,
    input: &[u8],
    prepare: impl Fn() -> Connection<Keys>,
) -> Outcome {
    let whole = receive(role, prepare(), input, || usize::MAX);
    for size in [1, 2] {
        let small = receive(role, prepare(), input, || size);
        assert_eq!(small, whole, "in pieces of {size}: {input:02x?}");
    }
    for seed in 0..4 {
        let mut random = Keys::seeded(seed * 977);
        let cut = receive(role, prepare(), input, || random.up_to(40));
        assert_eq!(cut, whole, "cut by seed {seed}: {input:02x?}");
    }
    whole
}

/// How many bytes have to arrive, one by one, for an end in this role to fail.
pub(crate) fn failed_at(role: Role, limits: Limits, input: &[u8]) -> Option<usize> {
    let mut connection = Connection::with_limits(role, Keys::new(), limits);
    let mut buffer = BytesMut::new();
    for (index, byte) in input.iter().enumerate() {
        buffer.extend_from_slice(&[*byte]);
        if receive_all(&mut connection, &mut buffer).1.is_some() {
            return Some(index + 1);
        }
    }
    None
}

/// Takes everything off the input that is there, up to a violation.
pub(crate) fn receive_all(
    connection: &mut Connection<Keys>,
    input: &mut BytesMut,
) -> (Vec<Event>, Option<Violation>) {
    let mut events = Vec::new();
    loop {
        match connection.receive(input) {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return (events, None),
            Err(violation) => return (events, Some(violation)),
        }
    }
}

/// Writes everything that is queued, and gives it without masks.
pub(crate) fn sent(role: Role, connection: &mut Connection<Keys>) -> Vec<u8> {
    unmasked(role, &drain(connection))
}

/// Writes everything that is queued.
pub(crate) fn drain(connection: &mut Connection<Keys>) -> Vec<u8> {
    let mut bytes = Vec::new();
    while connection.output().has_remaining() {
        let output = connection.output();
        let len = output.chunk().len();
        bytes.extend(output.chunk());
        output.advance(len);
    }
    bytes
}

fn receive(
    role: Role,
    mut connection: Connection<Keys>,
    mut input: &[u8],
    mut size: impl FnMut() -> usize,
) -> Outcome {
    let mut buffer = BytesMut::new();
    let mut events = Vec::new();
    let mut violation = None;
    while !input.is_empty() {
        let (piece, rest) = input.split_at(size().min(input.len()));
        input = rest;
        buffer.extend_from_slice(piece);
        let (more, failed) = receive_all(&mut connection, &mut buffer);
        assert!(
            violation.is_none() || more.is_empty() && failed.is_none(),
            "nothing is received after a violation"
        );
        events.extend(more);
        violation = violation.or(failed);
    }
    Outcome {
        events,
        violation,
        sent: sent(role, &mut connection),
        closed: connection.closed(),
        disposition: connection.disposition(),
    }
}
