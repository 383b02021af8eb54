//! permessage-deflate (RFC 7692) between two ends that have agreed on it.

mod exchange;
mod faults;
mod prepared;
mod receiving;
mod sending;

use std::iter;

use bytes::{Buf, BytesMut};
use tautline_connection::{Control, Event, Inbound, MaskKeys, Outbound, Role, Step, Violation};
use tautline_deflate::{Context, Settings, Window};
use tautline_frame::Header;
use tautline_message::Limits;

use crate::support::{Frame, Keys, ROLES, message, parse, to};

/// "Hello", as RFC 7692 section 7.2.3.1 has it.
const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";

/// "Hello" as a reference to the same word right before it (section 7.2.3.2).
const HELLO_AGAIN: &[u8] = b"\xf2\x00\x11\x00\x00";

/// The end of the empty block of a flush, which only the last frame of a message goes without.
const TAIL: &[u8] = b"\x00\x00\xff\xff";

const TAKEOVER: Context = Context {
    window: Window::KiB32,
    takeover: true,
};

const NO_TAKEOVER: Context = Context {
    window: Window::KiB32,
    takeover: false,
};

/// Settings whose threshold does not depend on what is the default.
fn settings() -> Settings {
    Settings::new().with_threshold(64)
}

fn sender(role: Role, context: Context, settings: &Settings) -> Outbound<Keys> {
    let mut outbound = Outbound::new(role, Keys::new());
    outbound.set_deflate(context, settings);
    outbound
}

fn receiver(role: Role, limits: Limits, context: Option<Context>) -> Inbound {
    let mut inbound = Inbound::new(role, limits);
    if let Some(context) = context {
        inbound.set_deflate(context);
    }
    inbound
}

/// Writes everything that is queued. RSV1 is left in the first byte of each frame; everything else
/// has to be right by the rules that hold without an extension.
fn written(role: Role, end: &mut Outbound<Keys>) -> Vec<Frame> {
    let output = end.output();
    let mut bytes = output.copy_to_bytes(output.remaining()).to_vec();
    let mut marks = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let (header, head) = Header::decode(&bytes[at..])
            .expect("a right header")
            .expect("a whole one");
        marks.push(bytes[at] & 0x40);
        bytes[at] &= !0x40;
        at += head + usize::try_from(header.payload_len).expect("a length that fits memory");
    }
    let mut frames = parse(role, &bytes);
    for (frame, mark) in iter::zip(&mut frames, marks) {
        frame.first |= mark;
    }
    frames
}

/// What an end that has agreed on compression makes of frames, which are given without masks.
fn replay(context: Context, frames: &[u8]) -> (Vec<Event>, Option<Violation>) {
    replay_with(Some(context), Limits::default(), frames)
}

/// R6455-5.2-12: it has to be the same for both roles and in whatever pieces the bytes arrive.
fn replay_with(
    context: Option<Context>,
    limits: Limits,
    frames: &[u8],
) -> (Vec<Event>, Option<Violation>) {
    let mut first = None;
    for role in ROLES {
        let bytes = to(role, frames);
        for cut in 0..7 {
            let mut random = Keys::seeded(cut * 977);
            let mut size = || match cut {
                0 => usize::MAX,
                1 | 2 => cut as usize,
                _ => random.up_to(40),
            };
            let mut end = receiver(role, limits, context);
            let mut input = BytesMut::new();
            let mut rest = &bytes[..];
            let mut seen = (Vec::new(), None);
            while !rest.is_empty() {
                let (piece, behind) = rest.split_at(size().min(rest.len()));
                input.extend_from_slice(piece);
                let (events, violation) = receive(&mut end, &mut input);
                assert!(
                    seen.1.is_none() || events.is_empty() && violation.is_none(),
                    "nothing is received after a violation"
                );
                seen.0.extend(events);
                seen.1 = seen.1.or(violation);
                rest = behind;
            }
            let first = first.get_or_insert_with(|| seen.clone());
            assert_eq!(*first, seen, "{role:?} cut {cut}: {frames:02x?}");
        }
    }
    first.expect("there are roles")
}

/// What does not compress.
fn noise(len: usize) -> Vec<u8> {
    let mut random = Keys::new();
    iter::repeat_with(|| random.next_key())
        .flatten()
        .take(len)
        .collect()
}

/// Takes everything off the input that is there, up to a violation.
fn receive(end: &mut Inbound, input: &mut BytesMut) -> (Vec<Event>, Option<Violation>) {
    let mut events = Vec::new();
    loop {
        match next_event(end, input) {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return (events, None),
            Err(violation) => return (events, Some(violation)),
        }
    }
}

fn next_event(end: &mut Inbound, input: &mut BytesMut) -> Result<Option<Event>, Violation> {
    loop {
        match end.locate(input)? {
            Step::More { .. } => return Ok(None),
            Step::Message {
                kind,
                head,
                len,
                key,
            } => {
                let payload = input.split_to(head + len).split_off(head);
                return Ok(Some(message(Inbound::message(kind, payload, key)?)));
            }
            Step::Control { opcode, head, len } => {
                let control = end.control(opcode, &input[head..head + len])?;
                input.advance(head + len);
                return Ok(Some(match control {
                    Control::Ping(payload) => Event::Ping(payload),
                    Control::Pong(payload) => Event::Pong(payload),
                    Control::Close(frame) => Event::Close(frame),
                }));
            }
            Step::Fragment { len } => input.advance(len),
            Step::Assembled { len } => {
                input.advance(len);
                return Ok(end.take_message().map(Event::Message));
            }
        }
    }
}
