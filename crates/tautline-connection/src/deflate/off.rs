//! What there is of compression without the feature `deflate`: nothing that could exist.

use alloc::vec::Vec;

use tautline_message::{Assembler, Message};

use crate::{Violation, prepared::Form};

#[derive(Debug)]
pub(crate) enum Compression {}

impl Compression {
    pub(crate) fn compress(&mut self, _payload: &[u8]) -> Option<Vec<u8>> {
        match *self {}
    }

    pub(crate) fn compress_fragment(&mut self, _payload: &[u8], _last: bool) -> Vec<u8> {
        match *self {}
    }
}

/// The compressed forms of a [`Prepared`](crate::Prepared), of which there are none.
#[derive(Debug)]
pub(crate) struct CompressedForms;

impl CompressedForms {
    pub(crate) const fn new() -> Self {
        Self
    }

    pub(crate) fn form(&self, sender: &mut Compression, _message: &Message) -> Option<&Form> {
        match *sender {}
    }
}

#[derive(Debug)]
pub(crate) enum Decompression {}

impl Decompression {
    pub(crate) fn decompress(
        &mut self,
        _payload: &[u8],
        _assembler: &mut Assembler,
    ) -> Result<(), Violation> {
        match *self {}
    }

    pub(crate) fn finish(&mut self) -> Result<(), Violation> {
        match *self {}
    }
}
