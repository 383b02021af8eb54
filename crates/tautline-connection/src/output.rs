use alloc::boxed::Box;
#[cfg(feature = "std")]
use std::io::IoSlice;

use bytes::{Buf, Bytes};
use tautline_frame::{EncodedHeader, Header};

use crate::OutputBuffer;

/// The bytes to be written, as a [`Buf`].
///
/// One buffer holds headers and small payloads; large payloads are spliced in as their own
/// [`Bytes`], so that they are never copied. While nothing is spliced, [`Buf::chunk`] is everything.
///
/// The buffer can be lent and taken back ([`OutputQueue::lend`], [`OutputQueue::reclaim`]), so that
/// an idle connection owns none, and is small.
#[derive(Debug, Default)]
pub struct OutputQueue(Option<Box<OutputBuffer>>);

impl OutputQueue {
    pub(crate) const fn new() -> Self {
        Self(None)
    }

    /// Gives the queue a buffer to write in, in place of its own allocation. Ignored while the queue
    /// has one.
    #[inline]
    pub fn lend(&mut self, buffer: Box<OutputBuffer>) {
        if self.0.is_none() {
            self.0 = Some(buffer);
        }
    }

    /// Takes the buffer out if nothing is queued.
    #[inline]
    pub fn reclaim(&mut self) -> Option<Box<OutputBuffer>> {
        self.0.take_if(|buffer| buffer.remaining() == 0)
    }

    /// Whether the queue has no buffer at the moment.
    #[inline]
    #[must_use]
    pub const fn is_bare(&self) -> bool {
        self.0.is_none()
    }

    /// Whether nothing is queued.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// Forgets what is queued: the transport takes no more.
    pub fn clear(&mut self) {
        if let Some(buffer) = &mut self.0 {
            buffer.clear();
        }
    }

    /// Appends a frame of a server whose header has two bytes. As an array the header costs two
    /// moves; as a slice of unknown length, a call of `memcpy`.
    #[inline]
    pub(crate) fn push_short(&mut self, header: [u8; 2], payload: &[u8]) {
        self.buffer().push_short(header, payload);
    }

    /// Appends a header, and a copy of the payload, masked on the way if the header has a key.
    #[inline]
    pub(crate) fn push_frame(&mut self, header: &Header, payload: &[u8]) {
        self.buffer().push_frame(header, payload);
    }

    /// Appends a header that was made before, and a copy of the payload as it is.
    #[inline]
    pub(crate) fn push_encoded(&mut self, header: &EncodedHeader, payload: &[u8]) {
        self.buffer().push_encoded(header, payload);
    }

    /// Appends without copying.
    pub(crate) fn splice(&mut self, bytes: Bytes) {
        self.buffer().splice(bytes);
    }

    /// Notes that the last frame was a reply to the peer.
    pub(crate) fn mark_reply(&mut self) {
        self.buffer().mark_reply();
    }

    /// Whether a reply waits to be written.
    #[inline]
    pub(crate) fn holds_replies(&self) -> bool {
        self.0.as_ref().is_some_and(|buffer| buffer.holds_replies())
    }

    #[inline]
    fn buffer(&mut self) -> &mut OutputBuffer {
        self.0.get_or_insert_default()
    }
}

impl Buf for OutputQueue {
    #[inline]
    fn remaining(&self) -> usize {
        self.0.as_ref().map_or(0, |buffer| buffer.remaining())
    }

    #[inline]
    fn chunk(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |buffer| buffer.chunk())
    }

    #[inline]
    fn advance(&mut self, count: usize) {
        match &mut self.0 {
            Some(buffer) => buffer.advance(count),
            None => assert!(count == 0, "cannot advance past what is queued"),
        }
    }

    #[cfg(feature = "std")]
    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.0
            .as_ref()
            .map_or(0, |buffer| buffer.chunks_vectored(slices))
    }
}
