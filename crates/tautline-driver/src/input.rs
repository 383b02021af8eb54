use bytes::{Buf, BytesMut};

use crate::scratch::{self, INPUT_CAPACITY};

/// The unread bytes of a connection.
///
/// Most of the time a buffer of the thread's that was lent ([`scratch`]). A connection that waits
/// with part of a frame parks that part in a buffer of its exact size, and a frame larger than the
/// lent buffer gets its own, which grows with the bytes that have arrived and never by what a
/// header claims.
#[derive(Debug, Default)]
pub(crate) struct Input {
    buffer: Option<Box<BytesMut>>,
    /// Bytes of `buffer` that are read.
    head: usize,
    lent: bool,
}

/// Payloads below this are copied out at their exact size, so that a small message which is kept
/// does not pin a large buffer; above, they share the buffer.
pub(crate) const SHARE_THRESHOLD: usize = 4 * 1024;

/// How much of a large frame must have arrived before it gets a buffer of its own.
const OWN_THRESHOLD: usize = 16 * 1024;

/// How far a buffer of a frame's own runs ahead of the bytes that have arrived.
const OWN_GROWTH: usize = 16;

/// A parked part below this goes back into a lent buffer when more arrives; a longer one stays
/// where it is and grows by doubling, so that a frame which comes byte by byte is not copied anew
/// for each byte.
const UNPARK_BELOW: usize = 4 * 1024;

/// Room behind a large frame, so that the read which completes it is a short one and tells the
/// transport that it is drained.
const SLACK: usize = 64;

impl Input {
    /// Bytes that the handshake read too many.
    pub(crate) fn from_early(early: BytesMut) -> Self {
        if early.is_empty() {
            return Self::default();
        }
        Self {
            buffer: Some(Box::new(early)),
            head: 0,
            lent: false,
        }
    }

    #[inline]
    pub(crate) fn unread(&mut self) -> &mut [u8] {
        match &mut self.buffer {
            Some(buffer) => &mut buffer[self.head..],
            None => &mut [],
        }
    }

    #[inline]
    pub(crate) fn slice(&mut self, head: usize, len: usize) -> &mut [u8] {
        &mut self.unread()[head..head + len]
    }

    /// Consumes bytes; a buffer that is read up goes back at once, so that a handler which now
    /// waits for something else holds none.
    #[inline]
    pub(crate) fn consume(&mut self, count: usize) {
        self.head += count;
        if let Some(buffer) = &self.buffer
            && self.head == buffer.len()
        {
            self.idle();
        }
    }

    /// Consumes bytes when more are read next: then a buffer that is read up can stay, as
    /// [`Input::idle`] follows if they do not come.
    #[inline]
    pub(crate) fn consume_before_read(&mut self, count: usize) {
        self.head += count;
        if let Some(buffer) = &mut self.buffer
            && self.head == buffer.len()
        {
            buffer.clear();
            self.head = 0;
        }
    }

    /// Forgets what is unread.
    pub(crate) fn clear(&mut self) {
        let unread = self.unread().len();
        self.consume(unread);
        self.idle();
    }

    /// Takes a payload out without copying it, and consumes its frame.
    ///
    /// It may share the buffer with what comes after it; [`Input::take_alone`] avoids that.
    pub(crate) fn take(&mut self, head: usize, len: usize) -> BytesMut {
        let Some(buffer) = &mut self.buffer else {
            return BytesMut::new();
        };
        if !self.lent {
            return self.take_alone(head, len);
        }
        buffer.advance(self.head + head);
        self.head = 0;
        let payload = buffer.split_to(len);
        if buffer.is_empty() {
            self.idle();
        }
        payload
    }

    /// Takes a payload out as [`Input::take`] does, but so that nobody shares its memory if little is
    /// behind it. It can then be masked in place.
    pub(crate) fn take_alone(&mut self, head: usize, len: usize) -> BytesMut {
        let Some(buffer) = &mut self.buffer else {
            return BytesMut::new();
        };
        buffer.advance(self.head + head);
        self.head = 0;
        if buffer.len() - len > SLACK {
            return buffer.split_to(len);
        }
        let mut payload = core::mem::take(&mut **buffer);
        if payload.len() == len {
            if self.lent {
                self.idle();
            } else {
                self.buffer = None;
            }
        } else {
            let mut lent = scratch::lend_input();
            lent.extend_from_slice(&payload[len..]);
            payload.truncate(len);
            self.buffer = Some(lent);
            self.lent = true;
        }
        payload
    }

    /// A buffer with room to read into, in which the unread bytes are at the front. `want` is how
    /// many bytes the frame at the front lacks, 0 if that is not known.
    #[inline]
    pub(crate) fn prepare(&mut self, want: usize) -> &mut BytesMut {
        if let Some(buffer) = &self.buffer
            && !(self.lent && buffer.is_empty() && buffer.capacity() >= INPUT_CAPACITY)
        {
            self.make_room(want);
        }
        self.buffer.get_or_insert_with(|| {
            self.lent = true;
            scratch::lend_input()
        })
    }

    /// To be called when the connection has to wait: gives the lent buffer back, and keeps what is
    /// unread in a buffer of its exact size.
    #[inline]
    pub(crate) fn idle(&mut self) {
        let Some(buffer) = &self.buffer else { return };
        if self.head < buffer.len() {
            if self.lent {
                self.park();
            }
        } else if let Some(mut buffer) = self.buffer.take() {
            self.head = 0;
            if self.lent {
                self.lent = false;
                buffer.clear();
                scratch::return_input(buffer);
            }
        }
    }

    #[cold]
    fn park(&mut self) {
        if let Some(mut buffer) = self.buffer.take() {
            self.buffer = Some(Box::new(BytesMut::from(&buffer[self.head..])));
            self.head = 0;
            self.lent = false;
            buffer.clear();
            scratch::return_input(buffer);
        }
    }

    #[inline(never)]
    fn make_room(&mut self, want: usize) {
        let Some(mut buffer) = self.buffer.take() else {
            return;
        };
        let have = buffer.len() - self.head;
        let stays_own = !self.lent && have >= UNPARK_BELOW;
        let outgrows = self.lent && have >= OWN_THRESHOLD && have + want > INPUT_CAPACITY;
        if stays_own {
            buffer.advance(self.head);
            if buffer.capacity() == have {
                buffer.reserve(want.max(1).min(have) + SLACK);
            }
        } else if outgrows {
            let capacity = have + want.min(have * (OWN_GROWTH - 1)) + SLACK;
            let mut own = Box::new(BytesMut::with_capacity(capacity));
            own.extend_from_slice(&buffer[self.head..]);
            buffer.clear();
            scratch::return_input(buffer);
            buffer = own;
            self.lent = false;
        } else if self.lent {
            if buffer.capacity() >= INPUT_CAPACITY {
                // What is at the front already stays: a frame may come in many small reads.
                if self.head > 0 {
                    buffer.copy_within(self.head.., 0);
                    buffer.truncate(have);
                }
            } else {
                buffer.advance(self.head);
                scratch::restore(&mut buffer);
            }
        } else {
            let mut lent = scratch::lend_input();
            lent.extend_from_slice(&buffer[self.head..]);
            buffer = lent;
            self.lent = true;
        }
        self.head = 0;
        self.buffer = Some(buffer);
    }
}
