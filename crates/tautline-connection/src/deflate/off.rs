//! What there is of compression without the feature `deflate`: nothing that could exist.

use alloc::vec::Vec;

use tautline_message::Assembler;

use crate::Violation;

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
