//! permessage-deflate (RFC 7692), with the heavy states of zlib lent by the thread.

use alloc::vec::Vec;
use core::cell::RefCell;
use std::thread_local;

use tautline_deflate::{
    Compressor, Context, DecompressError, Decompressor, Deflater, Inflater, Settings,
};
use tautline_message::Assembler;

use crate::Violation;

thread_local! {
    static DEFLATER: RefCell<Deflater> = const { RefCell::new(Deflater::new()) };
    static INFLATER: RefCell<Inflater> = const { RefCell::new(Inflater::new()) };
}

/// What a sender keeps.
#[derive(Debug)]
pub(crate) struct Compression(Compressor);

impl Compression {
    pub(crate) fn new(context: Context, settings: &Settings) -> Self {
        Self(Compressor::new(context, settings))
    }

    pub(crate) const fn context(&self) -> Context {
        self.0.context()
    }

    /// The compressed payload, if it is to be sent so.
    pub(crate) fn compress(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let mut output = Vec::new();
        DEFLATER
            .with_borrow_mut(|deflater| self.0.compress(deflater, payload, &mut output))
            .then_some(output)
    }

    pub(crate) fn compress_fragment(&mut self, payload: &[u8], last: bool) -> Vec<u8> {
        let mut output = Vec::new();
        DEFLATER.with_borrow_mut(|deflater| {
            self.0
                .compress_fragment(deflater, payload, last, &mut output);
        });
        output
    }
}

/// What a receiver keeps.
#[derive(Debug)]
pub(crate) struct Decompression(Decompressor);

impl Decompression {
    pub(crate) const fn new(context: Context) -> Self {
        Self(Decompressor::new(context))
    }

    pub(crate) const fn context(&self) -> Context {
        self.0.context()
    }

    /// Inflates into the message, which refuses what is over its limit or no text.
    pub(crate) fn decompress(
        &mut self,
        payload: &[u8],
        assembler: &mut Assembler,
    ) -> Result<(), Violation> {
        let inflated = INFLATER.with_borrow_mut(|inflater| {
            self.0
                .decompress(inflater, payload, |bytes| assembler.extend(bytes))
        });
        inflated.map_err(|error| match error {
            DecompressError::Corrupt => Violation::CorruptDeflate,
            DecompressError::Sink(error) => error.into(),
        })
    }

    pub(crate) fn finish(&mut self) -> Result<(), Violation> {
        INFLATER
            .with_borrow_mut(|inflater| self.0.finish(inflater))
            .map_err(|_| Violation::CorruptDeflate)
    }
}
