use arbitrary::{Result, Unstructured};
use tautline_deflate::{DecompressError, Decompressor, Inflater};

use super::sender::{Payload, Sender};
use super::{MAX_TEXT, Setup};
use crate::cuts::Cuts;
use crate::oracle::{Corrupt, Oracle};
use crate::text::TextMaker;

/// C compresses, or the input is a payload; Tautline inflates.
pub(super) fn case(setups: &[Setup; 3], input: &mut Unstructured<'_>) -> Result<()> {
    let mut inflater = Inflater::new();
    let mut ends = setups.map(|setup| {
        let context = setup.context();
        let oracle = Oracle::new(context.window.size(), context.takeover);
        (Sender::new(setup), Decompressor::new(context), oracle)
    });
    let (cuts, cap) = input.arbitrary::<(Cuts, u16)>()?;
    let cap = usize::from(cap) * 4;
    let mut texts = TextMaker::new(MAX_TEXT);
    while !input.is_empty() {
        // A message for some of the connections, whose pieces arrive in turns.
        let choice = input.arbitrary::<u8>()?;
        let mut messages = Vec::new();
        for (at, (sender, decompressor, oracle)) in ends.iter_mut().enumerate() {
            if choice >> at & 1 == 0 {
                let Payload { bytes, text } = sender.next(choice, oracle, &mut texts, input)?;
                messages.push((Arrival::new(decompressor, cap), bytes, text));
            }
        }
        let mut pieces: Vec<_> = messages
            .iter_mut()
            .map(|(arrival, payload, _)| (arrival, cuts.pieces(payload)))
            .collect();
        while !pieces.is_empty() {
            pieces.retain_mut(|(arrival, pieces)| {
                let piece = pieces.next();
                arrival.step(&mut inflater, piece);
                piece.is_some()
            });
        }
        drop(pieces);
        let mut is_over = false;
        for (mut arrival, payload, expected) in messages {
            arrival.check(expected);
            if arrival.result.is_err() {
                arrival.check_failed(&mut inflater, &payload);
                is_over = true;
            }
        }
        if is_over {
            return Ok(());
        }
    }
    Ok(())
}

/// A message that arrives at Tautline.
struct Arrival<'a> {
    decompressor: &'a mut Decompressor,
    cap: usize,
    text: Vec<u8>,
    is_refused: bool,
    result: std::result::Result<(), DecompressError<()>>,
}

impl<'a> Arrival<'a> {
    fn new(decompressor: &'a mut Decompressor, cap: usize) -> Self {
        Self {
            decompressor,
            cap,
            text: Vec::new(),
            is_refused: false,
            result: Ok(()),
        }
    }

    /// Takes a piece, or ends if there is none left. What is over the cap is refused.
    fn step(&mut self, inflater: &mut Inflater, piece: Option<&[u8]>) {
        let Some(piece) = piece else {
            let finished = self
                .decompressor
                .finish(inflater)
                .map_err(DecompressError::from);
            assert!(
                self.result.is_ok() || finished.is_err(),
                "finishes what has failed"
            );
            self.result = self.result.and(finished);
            return;
        };
        let (text, is_refused) = (&mut self.text, &mut self.is_refused);
        self.result = self
            .result
            .and(self.decompressor.decompress(inflater, piece, |chunk| {
                assert!(!*is_refused, "inflates on after a refusal");
                assert!(
                    chunk.len() <= 64 * 1024,
                    "a chunk is larger than documented"
                );
                if text.len() + chunk.len() > self.cap {
                    *is_refused = true;
                    return Err(());
                }
                text.extend_from_slice(chunk);
                Ok(())
            }));
    }

    fn check(&self, expected: std::result::Result<Vec<u8>, Corrupt>) {
        match (self.result, expected) {
            (Ok(()), Ok(expected)) => assert!(self.text == expected, "not the text that C makes"),
            (Err(DecompressError::Corrupt), Err(Corrupt(text))) => assert!(
                self.text.starts_with(&text) || text.starts_with(&self.text),
                "not the text that C makes before the error"
            ),
            (Err(DecompressError::Sink(())), Ok(all) | Err(Corrupt(all))) => {
                let is_over = all.len() > self.cap;
                assert!(
                    is_over && all.starts_with(&self.text),
                    "refused below the cap"
                );
            }
            (Ok(()), Err(_)) => panic!("C finds an error and Tautline does not"),
            (Err(DecompressError::Corrupt), Ok(_)) => {
                panic!("Tautline finds an error and C does not")
            }
        }
    }

    /// Whatever comes after an error is an error.
    fn check_failed(&mut self, inflater: &mut Inflater, payload: &[u8]) {
        let again = self
            .decompressor
            .decompress(inflater, payload, |_| Ok::<_, ()>(()));
        assert_eq!(
            again,
            Err(DecompressError::Corrupt),
            "goes on after an error"
        );
        assert!(
            self.decompressor.finish(inflater).is_err(),
            "finishes what has failed"
        );
    }
}
