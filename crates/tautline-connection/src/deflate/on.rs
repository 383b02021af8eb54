//! permessage-deflate (RFC 7692), with the heavy states of zlib lent by the thread.

use alloc::{boxed::Box, vec::Vec};
use core::cell::RefCell;
use std::{sync::OnceLock, thread_local};

use tautline_deflate::{
    Compressor, Context, DecompressError, Decompressor, Deflater, Inflater, Settings, Window,
};
use tautline_message::{Assembler, Message};

use crate::{Violation, prepared::Form};

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

/// The compressed forms of a [`Prepared`](crate::Prepared), by the size of their window. `None` is
/// of a message that does not get shorter.
// Boxed, because a message has one of them as a rule, or none.
#[derive(Debug)]
pub(crate) struct CompressedForms([OnceLock<Option<Box<Form>>>; WINDOWS]);

const WINDOWS: usize = Window::KiB32 as usize - Window::Bytes512 as usize + 1;

impl CompressedForms {
    pub(crate) const fn new() -> Self {
        Self([const { OnceLock::new() }; WINDOWS])
    }

    /// The form for a sender, which takes note of it as sent; `None` if the message is to be sent as
    /// it is.
    pub(crate) fn form(&self, sender: &mut Compression, message: &Message) -> Option<&Form> {
        let (compressor, payload) = (&mut sender.0, message.as_bytes());
        if !compressor.reaches_threshold(payload.len()) {
            return None;
        }
        let window = compressor.context().window;
        let form = self.0[window as usize - Window::Bytes512 as usize].get_or_init(|| {
            let mut output = Vec::new();
            DEFLATER
                .with_borrow_mut(|deflater| {
                    compressor.compress_alone(deflater, payload, &mut output)
                })
                .then(|| Box::new(Form::new(message, true, output.into())))
        });
        let form = form.as_deref()?;
        compressor.skip(payload);
        Some(form)
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
