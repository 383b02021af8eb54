//! Buffers that a thread lends to the connections it runs.
//!
//! A connection holds an input buffer while it has unread bytes and an output buffer while it has
//! unsent ones; an idle connection holds neither. One slot a direction is enough: between two
//! awaits a thread runs one connection.

use std::cell::Cell;

use bytes::BytesMut;
use tautline_connection::OutputBuffer;

/// Capacity of a lent input buffer: 64 KiB, and a frame header so that a frame of 64 KiB fits.
pub(crate) const INPUT_CAPACITY: usize = 64 * 1024 + 64;

/// First size of a lent output buffer.
const OUTPUT_CAPACITY: usize = 16 * 1024;

/// An output buffer that grew beyond this is freed, not kept for the next connection.
const MAX_KEPT_OUTPUT: usize = 128 * 1024;

thread_local! {
    static INPUT: Cell<Option<Box<BytesMut>>> = const { Cell::new(None) };
    static OUTPUT: Cell<Option<Box<OutputBuffer>>> = const { Cell::new(None) };
}

/// An empty input buffer with [`INPUT_CAPACITY`].
#[inline]
pub(crate) fn lend_input() -> Box<BytesMut> {
    match INPUT.take() {
        Some(input) if input.capacity() >= INPUT_CAPACITY => input,
        Some(mut input) => {
            restore(&mut input);
            input
        }
        None => new_input(),
    }
}

/// Gives a buffer its capacity back after messages were shared out of it; allocates only if one of
/// them is still held. What it contains is kept.
#[inline(never)]
pub(crate) fn restore(input: &mut BytesMut) {
    let room = INPUT_CAPACITY - input.len();
    if input.capacity() < INPUT_CAPACITY && !input.try_reclaim(room) {
        let mut fresh = BytesMut::with_capacity(INPUT_CAPACITY);
        fresh.extend_from_slice(input);
        *input = fresh;
    }
}

#[cold]
fn new_input() -> Box<BytesMut> {
    Box::new(BytesMut::with_capacity(INPUT_CAPACITY))
}

/// Takes an input buffer back; it must be empty.
#[inline]
pub(crate) fn return_input(input: Box<BytesMut>) {
    debug_assert!(input.is_empty(), "a lent buffer comes back drained");
    // Not `LocalKey::set`, which is a call: it is made for slots that are not initialised yet.
    INPUT.with(|slot| slot.set(Some(input)));
}

/// An empty output buffer.
#[inline]
pub(crate) fn lend_output() -> Box<OutputBuffer> {
    OUTPUT.take().unwrap_or_else(new_output)
}

#[cold]
fn new_output() -> Box<OutputBuffer> {
    Box::new(OutputBuffer::with_capacity(OUTPUT_CAPACITY))
}

/// Takes an output buffer back.
#[inline]
pub(crate) fn return_output(output: Box<OutputBuffer>) {
    if output.capacity() <= MAX_KEPT_OUTPUT {
        OUTPUT.with(|slot| slot.set(Some(output)));
    }
}
