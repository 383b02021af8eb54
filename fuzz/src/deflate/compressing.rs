use arbitrary::{Result, Unstructured};
use tautline_deflate::{Compressor, Deflater, Level, Settings};

use super::{MAX_TEXT, Setup};
use crate::strict_inflater::StrictInflater;
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
