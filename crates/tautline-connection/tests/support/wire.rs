use std::iter;

use tautline_connection::{MaskKeys, Role};

use super::Keys;

/// A frame that an end sent, with its payload unmasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// FIN and opcode.
    pub(crate) first: u8,
    pub(crate) key: Option<[u8; 4]>,
    pub(crate) payload: Vec<u8>,
}

/// A frame without mask whose first byte is `first`, whatever that means, with the length in its
/// shortest form.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ ..126 => frame.push(len as u8),
        len @ 126..65_536 => {
            frame.push(126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}

/// The body of a Close frame, with any code.
pub(crate) fn close_body(code: u16, reason: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes(), reason].concat()
}

/// Frames as an end in this role expects them: masked for a server, as they are for a client.
///
/// The frames may break any rule, and the last one may be cut off.
pub(crate) fn to(receiver: Role, mut frames: &[u8]) -> Vec<u8> {
    if receiver == Role::Client {
        return frames.to_vec();
    }
    let mut masked = Vec::new();
    let mut keys = Keys::seeded(7);
    while let [first, second, rest @ ..] = frames {
        let extended = match second {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let Some((len, body)) = rest.split_at_checked(extended) else {
            break;
        };
        let declared = if len.is_empty() {
            u64::from(*second)
        } else {
            number(len)
        };
        let present = body.len().min(declared.try_into().unwrap_or(usize::MAX));
        let (payload, behind) = body.split_at(present);
        let key = keys.next_key();
        masked.extend([*first, second | 0x80]);
        masked.extend(len);
        masked.extend(key);
        masked.extend(xor(payload, key));
        frames = behind;
    }
    masked.extend(frames);
    masked
}

/// The frames that an end in this role sent.
///
/// It is the judge of everything that is sent, written apart from the code under test: it panics at
/// whatever no end may send. Besides the rules for each frame (R6455-5.1-01, R6455-5.1-04,
/// R6455-5.2-02, R6455-5.2-08, R6455-5.4-05, R6455-5.5-01) it knows those for their order: messages
/// do not mix, and only Pong frames follow a Close (R6455-5.4-07, R6455-5.5.1-07).
pub(crate) fn parse(sender: Role, mut bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut open = false;
    let mut closed = false;
    while !bytes.is_empty() {
        let (frame, rest) = parse_one(sender, bytes);
        assert!(!closed || frame.first == 0x8a, "{frame:?} after a close");
        let fin = frame.first & 0x80 != 0;
        match frame.first & 0x0f {
            0 => {
                assert!(open, "nothing to continue");
                open = !fin;
            }
            1 | 2 => {
                assert!(!open, "a message inside of another");
                open = !fin;
            }
            opcode @ 8..=10 => {
                assert!(fin && frame.payload.len() <= 125, "{frame:?}");
                closed |= opcode == 8;
            }
            opcode => panic!("opcode {opcode}"),
        }
        frames.push(frame);
        bytes = rest;
    }
    frames
}

/// What an end in this role sent, without the masks.
pub(crate) fn unmasked(sender: Role, bytes: &[u8]) -> Vec<u8> {
    parse(sender, bytes)
        .iter()
        .flat_map(|sent| frame(sent.first, &sent.payload))
        .collect()
}

fn parse_one(sender: Role, bytes: &[u8]) -> (Frame, &[u8]) {
    let [first, second, rest @ ..] = bytes else {
        panic!("half a header: {bytes:02x?}");
    };
    assert_eq!(first & 0x70, 0, "reserved bits");
    assert_eq!(second & 0x80 != 0, sender == Role::Client, "mask");
    let (len, rest) = match second & 0x7f {
        126 => rest.split_at(2),
        127 => rest.split_at(8),
        _ => rest.split_at(0),
    };
    let len = match len {
        [] => u64::from(second & 0x7f),
        long => number(long),
    };
    let (key, rest) = match rest.split_first_chunk() {
        Some((key, rest)) if sender == Role::Client => (Some(*key), rest),
        _ => (None, rest),
    };
    let (payload, rest) = rest.split_at(len.try_into().expect("a length that fits memory"));
    let payload: Vec<u8> = xor(payload, key.unwrap_or_default()).collect();
    let shortest = frame(*first, &payload).len() + key.map_or(0, |key| key.len());
    assert_eq!(shortest, bytes.len() - rest.len(), "length form");
    let first = *first;
    (
        Frame {
            first,
            key,
            payload,
        },
        rest,
    )
}

fn xor(bytes: &[u8], key: [u8; 4]) -> impl Iterator<Item = u8> {
    iter::zip(bytes, key.into_iter().cycle()).map(|(byte, key)| byte ^ key)
}

fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}
