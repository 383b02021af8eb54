//! Little that inflates to a lot (RFC 7692 section 7.2.2, C1, C2), with all memory counted.
#![forbid(unsafe_code)]

use std::alloc::System;
use std::iter;

use bytes::BytesMut;
use cap::Cap;
use tautline_connection::{Connection, Event, NoKeys, Role, Violation};
use tautline_deflate::{Agreed, Compressor, Context, Deflater, Level, Settings, Window};
use tautline_frame::{CloseCode, Header, OpCode};
use tautline_message::Limits;

/// Gives no more memory than a test allows, and ends the program that asks for more. Memory that
/// grows where it is counts by what it grows, as the system does it for blocks of this size: by
/// moving pages, not bytes.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

const CONTEXT: Context = Context {
    window: Window::KiB32,
    takeover: true,
};

/// The memory of a state of zlib, a window with what it has grown from, and a chunk of output.
const OVERHEAD: usize = (48 + 32 + 16 + 64) * 1024;

/// An empty block that is not compressed, up to where the next may start.
const EMPTY_STORED: &[u8] = b"\x00\x00\x00\xff\xff";

/// An empty block with BFINAL set.
const EMPTY_FINAL: &[u8] = b"\x03\x00";

/// "Hello" in a block with BFINAL set.
const HELLO_FINAL: &[u8] = b"\xf3\x48\xcd\xc9\xc9\x07\x00";

/// One test, so that nothing else takes memory meanwhile.
///
/// R7692-7.2.2-13, R6455-10.4-01, R6455-10.4-02, R7692-7.2.1-04, D-19
#[test]
fn bombs_are_defused_in_little_memory() {
    let mib = zeros(1 << 20);
    let longest = zeros((1 << 20) + 1000);
    assert!(mib.len() < 1100, "{}", mib.len());
    let many = 100_000;
    // Not a size that a buffer comes to by doubling.
    let small = Limits::default().with_max_message_size((1 << 20) + 1000);
    let tiny = Limits::default().with_max_message_size(64 * 1024);
    let too_big = Some(Violation::MessageTooBig);
    let corrupt = Some(Violation::CorruptDeflate);
    let cases = [
        // A gibibyte from a mebibyte, under three limits.
        (Limits::default(), &mib[..], 1024, too_big),
        (small, &mib, 1024, too_big),
        (tiny, &mib, 1024, too_big),
        // What fits.
        (small, &longest, 1, None),
        (tiny, EMPTY_STORED, many, None),
        (tiny, EMPTY_FINAL, many, corrupt),
        (tiny, EMPTY_FINAL, 1024, None),
        (tiny, EMPTY_FINAL, 1025, corrupt),
        (tiny, HELLO_FINAL, many, too_big),
        (Limits::default(), HELLO_FINAL, many, None),
    ];
    for (limits, piece, count, expected) in cases {
        explode(limits, vec![frame(0xc2, &piece.repeat(count))], expected);

        let first = iter::once(frame(0x42, piece));
        let others = (1..count).map(|_| frame(0, piece));
        let last = iter::once(frame(0x80, b"\x00"));
        let fragments = first.chain(others).chain(last).collect();
        explode(limits, fragments, expected);
    }
    assert_eq!(
        Violation::MessageTooBig.close_code(),
        CloseCode::MESSAGE_TOO_BIG
    );
    assert_eq!(
        Violation::CorruptDeflate.close_code(),
        CloseCode::INVALID_PAYLOAD
    );
}

/// Receives frames until one is refused, with memory for the longest message and little else.
fn explode(limits: Limits, frames: Vec<BytesMut>, expected: Option<Violation>) {
    let mut connection = Connection::with_limits(Role::Client, NoKeys, limits);
    let agreed = Agreed {
        compress: None,
        decompress: CONTEXT,
    };
    connection.set_deflate(&agreed, &Settings::new());
    let room = limits.max_message_size() + OVERHEAD;
    MEMORY
        .set_limit(MEMORY.allocated() + room)
        .expect("there is no more memory than that in use");
    let mut messages = 0;
    let mut violation = None;
    for mut frame in frames {
        match connection.receive(&mut frame) {
            Ok(None) => {}
            Ok(Some(Event::Message(_))) => messages += 1,
            Ok(Some(event)) => panic!("{event:?}"),
            Err(error) => {
                violation = Some(error);
                break;
            }
        }
    }
    MEMORY
        .set_limit(usize::MAX)
        .expect("a higher limit than before");
    assert_eq!(violation, expected);
    assert_eq!(messages, usize::from(expected.is_none()));
}

/// A part of a stream of zeros that may be repeated.
fn zeros(count: usize) -> Vec<u8> {
    let zeros = vec![0; count];
    let settings = Settings::new().with_level(Level::SMALLEST);
    let mut compressor = Compressor::new(CONTEXT, &settings);
    let mut part = Vec::new();
    compressor.compress_fragment(&mut Deflater::new(), &zeros, false, &mut part);
    part
}

fn frame(first: u8, payload: &[u8]) -> BytesMut {
    let header = Header {
        fin: first & 0x80 != 0,
        rsv1: first & 0x40 != 0,
        opcode: if first & 0x0f == 0 {
            OpCode::Continuation
        } else {
            OpCode::Binary
        },
        mask: None,
        payload_len: payload.len() as u64,
    };
    let mut frame = BytesMut::from(&header.encode()[..]);
    frame.extend_from_slice(payload);
    frame
}
