use allocation_counter::measure;
use bytes::{Buf, BytesMut};
use tautline_connection::{
    Closed, Connection, Control, Disposition, Event, Inbound, Kind, Outbound, OutputQueue, Role,
    Step, Violation,
};

use super::{Setup, keys};
use crate::cuts::Cuts;
use crate::frames::Sent;

/// All that is to be seen of an end that only receives.
#[derive(Debug, PartialEq)]
struct Transcript {
    events: Vec<Event>,
    violation: Option<Violation>,
    closed: Closed,
}

pub(super) fn case(setup: Setup, cuts: Cuts, wire: &[u8]) {
    let mut sent = Vec::new();
    let whole = halves(setup, [wire].into_iter(), &mut sent);
    check_answers(setup, &whole, &sent);

    let mut sent = Vec::new();
    let mut pieces = None;
    let memory = measure(|| pieces = Some(halves(setup, cuts.pieces(wire), &mut sent)));
    let pieces = pieces.expect("the closure has run");
    assert_eq!(pieces, whole, "other pieces, another end");
    check_answers(setup, &pieces, &sent);
    check_memory(setup, wire.len(), &pieces, memory.bytes_max);

    if setup.deflate().is_none() {
        let mut sent = Vec::new();
        assert_eq!(
            connection(setup, cuts.pieces(wire), &mut sent),
            whole,
            "both halves in one"
        );
        check_answers(setup, &whole, &sent);
    }
}

/// Drives the two halves as their documentation says.
fn halves<'a>(
    setup: Setup,
    pieces: impl Iterator<Item = &'a [u8]>,
    sent: &mut Vec<u8>,
) -> Transcript {
    let mut inbound = Inbound::new(setup.role(), setup.limits());
    if let Some(context) = setup.deflate() {
        inbound.set_deflate(context);
    }
    let mut outbound = Outbound::new(setup.role(), keys());
    let (mut events, mut violation) = (Vec::new(), None);
    let mut input = BytesMut::new();
    // How long the input has to get for the frame at its front, once that is known.
    let mut complete_at = None;
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            let len = input.len();
            let step = inbound.locate(&mut input);
            assert!(
                complete_at.is_none_or(|at| len < at) || !matches!(step, Ok(Step::More { .. })),
                "asks for more than it has said"
            );
            if let (Some(at), Ok(Step::More { want })) = (complete_at, &step) {
                assert_eq!(len + want, at, "asks for something else each time");
            }
            let event = match step {
                Ok(Step::More { want }) => {
                    complete_at = (want > 0).then_some(len + want);
                    break;
                }
                Ok(Step::Fragment { len }) => {
                    input.advance(len);
                    Ok(None)
                }
                Ok(Step::Assembled { len }) => {
                    input.advance(len);
                    let message = inbound.take_message().expect("a message was announced");
                    assert_eq!(inbound.take_message(), None);
                    Ok(Some(Event::Message(message)))
                }
                Ok(Step::Message {
                    kind,
                    head,
                    len,
                    key,
                }) => {
                    let mut payload = input.split_to(head + len).split_off(head);
                    let borrowed = match kind {
                        Kind::Binary => Ok(Inbound::binary(&mut payload.clone(), key).to_vec()),
                        Kind::Text => Inbound::text(&mut payload.clone(), key)
                            .map(|text| text.as_bytes().to_vec()),
                    };
                    let shared = Inbound::message(kind, payload.split(), key);
                    let bytes = shared.as_ref().map(|message| message.as_bytes().to_vec());
                    assert_eq!(bytes.map_err(|&violation| violation), borrowed);
                    shared.map(|message| Some(Event::Message(message)))
                }
                Ok(Step::Control { opcode, head, len }) => {
                    let control = inbound.control(opcode, &input[head..head + len]);
                    input.advance(head + len);
                    control.map(|control| Some(answer(&mut outbound, control)))
                }
                Err(violation) => Err(violation),
            };
            complete_at = None;
            match event {
                Ok(event) => {
                    assert!(input.len() < len, "a step without progress");
                    events.extend(event);
                }
                Err(error) => {
                    assert_eq!(violation.replace(error), None, "fails twice");
                    inbound.stop();
                    outbound.fail(error);
                    assert_eq!(outbound.violation(), violation);
                }
            }
        }
        if outbound.disposition() != Disposition::Open {
            // Nothing is received any more (RFC 6455 sections 5.5.1 and 7.1.7).
            input.clear();
        }
        assert!(
            input.len() <= held_at_most(setup),
            "keeps {} bytes",
            input.len()
        );
        loop {
            drain(outbound.output(), sent);
            outbound.written();
            if outbound.queued() == 0 {
                break;
            }
        }
    }
    Transcript {
        events,
        violation,
        closed: outbound.closed(),
    }
}

/// Drives a connection as its documentation says.
fn connection<'a>(
    setup: Setup,
    pieces: impl Iterator<Item = &'a [u8]>,
    sent: &mut Vec<u8>,
) -> Transcript {
    let mut connection = Connection::with_limits(setup.role(), keys(), setup.limits());
    let (mut events, mut violation) = (Vec::new(), None);
    let mut input = BytesMut::new();
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            let len = input.len();
            match connection.receive(&mut input) {
                Ok(None) => break,
                Ok(Some(event)) => {
                    assert!(input.len() < len, "an event of no bytes");
                    events.push(event);
                }
                Err(error) => {
                    assert_eq!(violation.replace(error), None, "fails twice");
                    assert_eq!(connection.disposition(), Disposition::Shutdown);
                }
            }
        }
        assert!(
            input.len() <= held_at_most(setup),
            "keeps {} bytes",
            input.len()
        );
        while connection.output().has_remaining() {
            drain(connection.output(), sent);
        }
    }
    let closed = connection.closed();
    assert_eq!(connection.receive_eof().is_ok(), closed.is_clean());
    Transcript {
        events,
        violation,
        closed,
    }
}

fn answer(outbound: &mut Outbound<impl FnMut() -> [u8; 4]>, control: Control) -> Event {
    outbound.answer(&control);
    match control {
        Control::Ping(payload) => Event::Ping(payload),
        Control::Pong(payload) => Event::Pong(payload),
        Control::Close(frame) => Event::Close(frame),
    }
}

fn drain(output: &mut OutputQueue, sent: &mut Vec<u8>) {
    while output.has_remaining() {
        let chunk = output.chunk();
        assert!(!chunk.is_empty(), "an empty chunk before the end");
        sent.extend_from_slice(chunk);
        let len = chunk.len();
        output.advance(len);
    }
}

/// A frame that is not in fragments is kept until it is complete: with its header, less one byte.
fn held_at_most(setup: Setup) -> usize {
    let limits = setup.limits();
    limits
        .max_frame_size()
        .min(limits.max_message_size())
        .max(125)
        + 13
}

/// Everything that is queued answers something, and is what RFC 6455 says (R6455-5.5.2-02,
/// R6455-5.5.1-08, R6455-7.1.7-01).
fn check_answers(setup: Setup, transcript: &Transcript, sent: &[u8]) {
    let sent = Sent::read(sent, setup.role() == Role::Client, false);
    let (mut close, mut pings) = (None, Vec::new());
    for event in &transcript.events {
        assert_eq!(close, None, "an event behind a Close frame");
        match event {
            Event::Ping(payload) => pings.push(payload.to_vec()),
            Event::Close(frame) => close = Some(frame),
            Event::Message(message) => {
                assert!(message.len() <= setup.limits().max_message_size());
                assert!(
                    message
                        .as_text()
                        .is_none_or(|text| str::from_utf8(text.as_bytes()).is_ok())
                );
            }
            _ => {}
        }
    }
    assert!(sent.messages.is_empty() && sent.pings.is_empty());
    let mut left = pings.iter();
    assert!(
        sent.pongs.iter().all(|pong| left.any(|ping| ping == pong)),
        "a Pong to no Ping"
    );

    let closed = &transcript.closed;
    assert_eq!(closed.is_clean(), close.is_some());
    assert_eq!(closed.received.is_some(), close.is_some());
    match (transcript.violation, close) {
        (Some(violation), None) => {
            assert_eq!(sent.close_code(), Some(violation.close_code().get()));
        }
        (None, Some(frame)) => {
            assert_eq!(
                sent.close_code(),
                frame.as_ref().map(|frame| frame.code.get())
            );
            assert_eq!(closed.received.as_ref(), Some(frame));
        }
        (None, None) => {
            assert_eq!(sent.close, None);
            // R6455-5.5.3-02: the newest Ping is answered in any case.
            assert_eq!(sent.pongs.last(), pings.last());
        }
        (Some(_), Some(_)) => panic!("a violation after a Close frame"),
    }
}

/// No more memory than a few times what has arrived and what was made of it, whatever the limits
/// allow and the headers announce.
fn check_memory(setup: Setup, arrived: usize, transcript: &Transcript, bytes_max: u64) {
    let lens = transcript.events.iter().map(|event| match event {
        Event::Message(message) => message.len(),
        _ => 0,
    });
    let events = lens.sum::<usize>() + 1024 * (transcript.events.len() + 8);
    // DEFLATE makes at most 1032 bytes of one, and its states are large.
    let inflated = setup.deflate().map_or(0, |_| {
        256 * 1024 + (arrived * 1032).min(2 * setup.limits().max_message_size())
    });
    let allowed = 8 * arrived + 2 * events + inflated + 64 * 1024;
    assert!(
        bytes_max < allowed as u64,
        "{bytes_max} bytes for {arrived}"
    );
}
