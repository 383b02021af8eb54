//! Long payloads, worked on in vectors that do not straddle cache lines.
//!
//! A payload begins wherever its header ends. Every other vector of a payload that lies badly is in
//! two cache lines, and each of those costs two accesses: masking 16 KiB in place takes twice the
//! time then.

use core::ops::Range;

use super::HighBits;
use super::kernel::{Kernel, Xor, XorCopy, XorUnion};
use super::rotate;

/// A kernel that takes care of where many bytes lie.
pub(super) struct Long<K>(pub(super) K);

/// Bytes of the widest vector that the kernels are compiled to.
const VECTOR: usize = 32;

impl Kernel for Long<Xor<'_>> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self(Xor { payload, key }) = self;
        let Some(mut ends) = Ends::of(payload) else {
            return Xor { payload, key }.run();
        };
        ends.each(key, |payload, key| Xor { payload, key }.run());
        let (body, key) = ends.body(payload, key);
        Xor { payload: body, key }.run();
        ends.write(payload);
    }
}

impl Kernel for Long<XorUnion<'_>> {
    type Output = HighBits;

    #[inline(always)]
    fn run(self) -> HighBits {
        let Self(XorUnion { payload, key }) = self;
        let Some(mut ends) = Ends::of(payload) else {
            return XorUnion { payload, key }.run();
        };
        let mut union = HighBits::from_union(0);
        ends.each(key, |payload, key| {
            union = union.or(XorUnion { payload, key }.run());
        });
        let (body, key) = ends.body(payload, key);
        union = union.or(XorUnion { payload: body, key }.run());
        ends.write(payload);
        union
    }
}

impl Kernel for Long<XorCopy<'_>> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self(XorCopy { from, to, key }) = self;
        let Some(mut ends) = Ends::of(from) else {
            return XorCopy { from, to, key }.run();
        };
        ends.each(key, |payload, key| Xor { payload, key }.run());
        let from = &from[ends.span(to)];
        let (to_body, body_key) = ends.body(to, key);
        XorCopy {
            from,
            to: to_body,
            key: body_key,
        }
        .run();
        ends.write(to);
    }
}

/// A vector of bytes at each end of a payload. What lies between, on whole and aligned vectors,
/// overlaps them; so they are taken out before it is worked on, and written after.
struct Ends {
    first: [u8; VECTOR],
    last: [u8; VECTOR],
    len: usize,
}

impl Ends {
    /// `None` if the payload is shorter than a vector.
    #[inline(always)]
    fn of(payload: &[u8]) -> Option<Self> {
        Some(Self {
            first: *payload.first_chunk()?,
            last: *payload.last_chunk()?,
            len: payload.len(),
        })
    }

    #[inline(always)]
    fn each(&mut self, key: [u8; 4], mut run: impl FnMut(&mut [u8], [u8; 4])) {
        run(&mut self.first, key);
        run(&mut self.last, rotate(key, self.len - VECTOR));
    }

    /// Where the whole vectors of `payload` are.
    #[inline(always)]
    fn span(&self, payload: &[u8]) -> Range<usize> {
        let start = payload.as_ptr().addr().wrapping_neg() % VECTOR;
        start..start + (self.len - start) / VECTOR * VECTOR
    }

    #[inline(always)]
    fn body<'a>(&self, payload: &'a mut [u8], key: [u8; 4]) -> (&'a mut [u8], [u8; 4]) {
        let span = self.span(payload);
        let key = rotate(key, span.start);
        (&mut payload[span], key)
    }

    #[inline(always)]
    fn write(&self, payload: &mut [u8]) {
        if let Some(first) = payload.first_chunk_mut() {
            *first = self.first;
        }
        if let Some(last) = payload.last_chunk_mut() {
            *last = self.last;
        }
    }
}
