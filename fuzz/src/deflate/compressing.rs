use arbitrary::{Result, Unstructured};
use flate2::{Decompress, FlushDecompress};
use tautline_deflate::{Compressor, Context, Deflater, Level, Settings};

use super::{MAX_TEXT, Setup};
use crate::oracle::TAIL;
use crate::text::TextMaker;

/// Tautline compresses, C inflates.
pub(super) fn case(setups: &[Setup; 3], input: &mut Unstructured<'_>) -> Result<()> {
    let mut deflater = Deflater::new();
    // More connections than a deflater keeps states for.
    let count = input.arbitrary::<u8>()? % 24 + 1;
    let mut ends: Vec<_> = setups
        .iter()
        .cycle()
        .take(count.into())
        .map(|setup| {
            let level = Level::new(setup.level()).expect("1 to 9 are levels");
            let settings = Settings::new().with_level(level).with_threshold(0);
            let compressor = Compressor::new(setup.context(), &settings);
            (compressor, StrictInflater::new(setup.context()))
        })
        .collect();
    let step = usize::from(input.arbitrary::<u8>()? % 32) + 1;
    let mut texts = TextMaker::new(MAX_TEXT);
    while !input.is_empty() {
        let (end, fragments) = input.arbitrary::<(u8, u8)>()?;
        let (compressor, inflater) = &mut ends[usize::from(end % count)];
        let fragments = fragments.saturating_sub(128) % 8;
        let (mut payload, mut plain) = (Vec::new(), Vec::new());
        if fragments == 0 {
            plain = texts.text(input)?;
            payload.push(0x55);
            let is_compressed = compressor.compress(&mut deflater, &plain, &mut payload);
            assert_eq!(payload.remove(0), 0x55, "what was in the output is lost");
            if !is_compressed {
                assert_eq!(payload, [], "output for a message that is sent as it is");
                continue;
            }
            assert!(payload.len() < plain.len(), "compressed for nothing");
        }
        for number in 1..=fragments {
            let fragment = texts.text(input)?;
            compressor.compress_fragment(
                &mut deflater,
                &fragment,
                number == fragments,
                &mut payload,
            );
            plain.extend(fragment);
        }
        assert!(
            inflater.message(&payload, step) == plain,
            "not what was compressed"
        );
    }
    Ok(())
}

/// C inflates through a window of exactly the agreed size: with only `step` bytes of output at once,
/// it cannot refer to more than that beyond its window.
struct StrictInflater {
    stream: Decompress,
    context: Context,
}

impl StrictInflater {
    fn new(context: Context) -> Self {
        let bits = context.window.bits().get();
        Self {
            stream: Decompress::new_with_window_bits(false, bits),
            context,
        }
    }

    fn message(&mut self, payload: &[u8], step: usize) -> Vec<u8> {
        if !self.context.takeover {
            *self = Self::new(self.context);
        }
        let (payload, mut text) = ([payload, TAIL].concat(), Vec::new());
        let (mut rest, mut chunk) = (&payload[..], vec![0; step]);
        loop {
            let (taken, given) = (self.stream.total_in(), self.stream.total_out());
            self.stream
                .decompress(rest, &mut chunk, FlushDecompress::Sync)
                .expect("C finds an error in what Tautline has compressed");
            let given = (self.stream.total_out() - given) as usize;
            rest = &rest[(self.stream.total_in() - taken) as usize..];
            text.extend_from_slice(&chunk[..given]);
            if rest.is_empty() && given < chunk.len() {
                return text;
            }
        }
    }
}
