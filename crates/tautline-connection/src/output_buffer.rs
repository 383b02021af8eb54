use alloc::{collections::VecDeque, vec, vec::Vec};
#[cfg(feature = "std")]
use std::io::IoSlice;

use bytes::{Buf, Bytes};
use tautline_frame::{EncodedHeader, Header, mask};

/// What an [`OutputQueue`](crate::OutputQueue) keeps its bytes in.
///
/// A thread can have one, and lend it to whichever of its connections has something to write.
#[derive(Debug, Default)]
pub struct OutputBuffer {
    /// Initialised up to its length; `end` says how much of it is in use. Masking while copying
    /// into bytes that are already initialised is one pass, extending a vector and then masking
    /// is two.
    buffer: Vec<u8>,
    /// Where writing to the transport has got to in `buffer`.
    start: usize,
    end: usize,
    /// Payloads that belong before `buffer[offset]`, in order.
    splices: VecDeque<(usize, Bytes)>,
    /// Bytes left in all.
    remaining: usize,
    /// Bytes left up to the end of the last reply to the peer.
    replies: usize,
}

/// The least that a buffer grows to: room for a batch of small frames.
const MIN_BUFFER: usize = 4 * 1024;

/// Room for this many spliced payloads is kept for the next ones.
const KEPT_SPLICES: usize = 16;

impl OutputBuffer {
    /// One with room for `capacity` bytes; it grows when they do not do.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            buffer: vec![0; capacity],
            ..Self::default()
        }
    }

    /// For how many bytes there is room in one allocation.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.buffer.len()
    }

    /// Forgets what is queued: the transport takes no more.
    pub(crate) fn clear(&mut self) {
        self.splices.clear();
        (self.start, self.end) = (0, 0);
        (self.remaining, self.replies) = (0, 0);
    }

    /// Appends a frame of a server whose header has two bytes. As an array the header costs two
    /// moves; as a slice of unknown length, a call of `memcpy`.
    #[inline]
    pub(crate) fn push_short(&mut self, header: [u8; 2], payload: &[u8]) {
        let frame = self.reserve(2 + payload.len());
        if let Some((head, body)) = frame.split_first_chunk_mut::<2>() {
            *head = header;
            body.copy_from_slice(payload);
        }
        self.commit(2 + payload.len());
    }

    /// Appends a header, and a copy of the payload, masked on the way if the header has a key.
    #[inline]
    pub(crate) fn push_frame(&mut self, header: &Header, payload: &[u8]) {
        let encoded = header.encode();
        let frame = self.reserve(Header::MAX_LEN + payload.len());
        // An array again: what is not of the header is overwritten.
        if let Some(head) = frame.first_chunk_mut() {
            *head = *encoded.padded();
        }
        let len = encoded.len() + payload.len();
        let body = &mut frame[encoded.len()..len];
        match header.mask {
            Some(key) => mask::copy(payload, body, key),
            None => body.copy_from_slice(payload),
        }
        self.commit(len);
    }

    /// Appends a header that was made before, and a copy of the payload as it is.
    #[inline]
    pub(crate) fn push_encoded(&mut self, header: &EncodedHeader, payload: &[u8]) {
        let frame = self.reserve(Header::MAX_LEN + payload.len());
        if let Some(head) = frame.first_chunk_mut() {
            *head = *header.padded();
        }
        let len = header.len() + payload.len();
        frame[header.len()..len].copy_from_slice(payload);
        self.commit(len);
    }

    /// Appends without copying.
    pub(crate) fn splice(&mut self, bytes: Bytes) {
        self.remaining += bytes.len();
        self.splices.push_back((self.end, bytes));
    }

    /// Notes that the last frame was a reply to the peer.
    pub(crate) const fn mark_reply(&mut self) {
        self.replies = self.remaining;
    }

    /// Whether a reply waits to be written.
    #[inline]
    pub(crate) const fn holds_replies(&self) -> bool {
        self.replies != 0
    }

    /// Room behind what is queued.
    #[inline]
    fn reserve(&mut self, len: usize) -> &mut [u8] {
        if len > self.buffer.len() - self.end {
            self.make_room(len);
        }
        &mut self.buffer[self.end..self.end + len]
    }

    /// Queues the first bytes of the room.
    #[inline]
    const fn commit(&mut self, len: usize) {
        self.end += len;
        self.remaining += len;
    }

    #[cold]
    fn make_room(&mut self, len: usize) {
        // A peer may read so slowly that the queue is never quite empty; without this the buffer
        // would grow by every byte that ever went through it. Moving no more than was written
        // keeps the work linear.
        if self.start >= self.end - self.start {
            self.buffer.copy_within(self.start..self.end, 0);
            for (offset, _) in &mut self.splices {
                *offset -= self.start;
            }
            self.end -= self.start;
            self.start = 0;
        }
        let needed = self.end + len;
        if needed > self.buffer.len() {
            let room = needed.max(self.buffer.len() * 2).max(MIN_BUFFER);
            self.buffer.resize(room, 0);
        }
    }

    #[cold]
    fn clear_splices(&mut self) {
        self.splices.clear();
        self.splices.shrink_to(KEPT_SPLICES);
    }

    #[cold]
    fn advance_through_splices(&mut self, mut count: usize) {
        while count > 0 {
            let Some((offset, bytes)) = self.splices.front_mut() else {
                self.start += count;
                return;
            };
            let before = (*offset - self.start).min(count);
            self.start += before;
            count -= before;
            if self.start == *offset {
                let part = bytes.len().min(count);
                bytes.advance(part);
                count -= part;
                if bytes.is_empty() {
                    self.splices.pop_front();
                }
            }
        }
    }

    #[inline]
    pub(crate) const fn remaining(&self) -> usize {
        self.remaining
    }

    #[inline]
    pub(crate) fn chunk(&self) -> &[u8] {
        match self.splices.front() {
            None => &self.buffer[self.start..self.end],
            Some((offset, _)) if self.start < *offset => &self.buffer[self.start..*offset],
            Some((_, bytes)) => bytes,
        }
    }

    #[inline]
    pub(crate) fn advance(&mut self, count: usize) {
        assert!(
            count <= self.remaining,
            "cannot advance past what is queued"
        );
        self.remaining -= count;
        self.replies = self.replies.saturating_sub(count);
        if self.remaining == 0 {
            (self.start, self.end) = (0, 0);
            if !self.splices.is_empty() {
                self.clear_splices();
            }
        } else {
            self.advance_through_splices(count);
        }
    }

    #[cfg(feature = "std")]
    pub(crate) fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut start = self.start;
        let mut count = 0;
        let mut slots = slices.iter_mut();
        let own = |from: usize, to: usize| &self.buffer[from..to];
        for (offset, bytes) in &self.splices {
            if start < *offset {
                let Some(slot) = slots.next() else {
                    return count;
                };
                *slot = IoSlice::new(own(start, *offset));
                count += 1;
                start = *offset;
            }
            let Some(slot) = slots.next() else {
                return count;
            };
            *slot = IoSlice::new(bytes);
            count += 1;
        }
        if start < self.end
            && let Some(slot) = slots.next()
        {
            *slot = IoSlice::new(own(start, self.end));
            count += 1;
        }
        count
    }
}
