//! UTF-8 in pieces, against the standard library on the whole.

use std::iter;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::Index;
use tautline_message::{Utf8Validator, validate_utf8};

/// R3629-3-01: the boundaries of each range, and what lies just outside.
#[test]
fn the_boundaries_of_utf8_are_kept_in_any_split() {
    let valid: [&[u8]; 12] = [
        b"\x00",
        b"\x7f",
        b"\xc2\x80",
        b"\xdf\xbf",
        b"\xe0\xa0\x80",
        b"\xed\x9f\xbf",
        b"\xee\x80\x80",
        b"\xef\xbf\xbf",
        b"\xf0\x90\x80\x80",
        b"\xf4\x8f\xbf\xbf",
        b"\xef\xbb\xbfa",
        b"",
    ];
    let invalid: [&[u8]; 17] = [
        b"\xc0\x80",
        b"\xc0\xaf",
        b"\xc1\xbf",
        b"\xe0\x9f\xbf",
        b"\xf0\x8f\xbf\xbf",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xfe",
        b"\xff",
        b"\x80",
        b"\xbf",
        b"\xe2\x82",
        b"\xe2\x28\xa1",
        b"\xc3\xc3",
    ];
    let valid = valid.map(|text| (text, true)).into_iter();
    for (text, is_valid) in valid.chain(invalid.map(|text| (text, false))) {
        // Alone, and where the vector code and the scan for ASCII see it.
        for padding in [0, 62, 300, 4095, 9000] {
            let text = [&vec![b'a'; padding], text, &vec![b'b'; padding]].concat();
            let expected = str::from_utf8(&text)
                .map(drop)
                .map_err(|error| error.valid_up_to());
            assert_eq!(expected.is_ok(), is_valid, "{text:02x?}");
            let whole = validate_utf8(&text)
                .map(drop)
                .map_err(|error| error.valid_up_to);
            assert_eq!(whole, expected, "{text:02x?}");
            for cut in padding..=text.len() - padding {
                assert_eq!(in_pieces(&text, &[cut]), expected, "{text:02x?} at {cut}");
            }
        }
    }
}

/// R6455-5.6-03, R6455-8.1-01: each byte alone, so the failure is at the earliest one possible.
#[test]
fn text_fails_at_the_first_byte_that_nothing_could_follow() {
    let cases: [(&[u8], usize); 13] = [
        (b"\xf4\x90\x80\x80", 1),
        (b"\xce\xba\xf4\x90", 3),
        (b"\xed\xa0\x80", 1),
        (b"\xe0\x9f\xbf", 1),
        (b"\xf0\x8f\xbf\xbf", 1),
        (b"\xc0\xaf", 0),
        (b"\xc1\xbf", 0),
        (b"\xf5\x80\x80\x80", 0),
        (b"\xff", 0),
        (b"abc\x80", 3),
        (b"\xe2\x82a", 2),
        (b"\xf0\x9d\x84a", 3),
        (b"\xe2\xe2\x82\xac", 1),
    ];
    for (text, failing) in cases {
        let mut validator = Utf8Validator::new();
        for (i, byte) in text.iter().enumerate() {
            let result = validator.push(&[*byte]);
            assert_eq!(result.is_err(), i >= failing, "byte {i} of {text:02x?}");
        }
        assert!(validator.push(b"a").is_err(), "it stays failed");
        assert!(validator.push(b"").is_err(), "it stays failed");
        assert!(validator.finish().is_err(), "it stays failed");
    }
}

#[test]
fn text_that_ends_inside_a_character_is_incomplete_until_the_rest_arrives() {
    let mut validator = Utf8Validator::new();
    for (piece, complete) in [("a", 1), ("€", 3), ("𝄞", 4)]
        .iter()
        .flat_map(|(text, len)| {
            text.bytes()
                .enumerate()
                .map(move |(i, byte)| (byte, i + 1 == *len))
        })
    {
        validator.push(&[piece]).unwrap();
        assert_eq!(validator.finish().is_ok(), complete);
        validator.push(b"").unwrap();
        assert_eq!(validator.finish().is_ok(), complete);
    }
}

#[test]
fn the_error_tells_how_much_was_valid_over_all_pieces() {
    let mut validator = Utf8Validator::new();
    validator.push("aé€".as_bytes()).unwrap();
    validator.push(b"\xe2\x82").unwrap();
    assert_eq!(validator.finish().unwrap_err().valid_up_to, 6);
    let error = validator.push(b"x").unwrap_err();
    assert_eq!(error.valid_up_to, 6);
    assert_eq!(error.to_string(), "text is not valid UTF-8 after byte 6");
}

proptest! {
    /// R6455-5.4-12, R3629-3-01
    #[test]
    fn any_bytes_in_any_split_are_judged_as_the_standard_library_judges_the_whole(
        text in nearly_text(),
        cuts in vec(any::<Index>(), 0..6),
    ) {
        let cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        let expected = str::from_utf8(&text).map(drop).map_err(|error| error.valid_up_to());
        prop_assert_eq!(in_pieces(&text, &cuts), expected);
        prop_assert_eq!(validate_utf8(&text).map(drop).map_err(|error| error.valid_up_to), expected);
    }

    /// R6455-5.6-03
    #[test]
    fn it_fails_at_the_earliest_byte_for_any_bytes(text in nearly_text()) {
        let mut validator = Utf8Validator::new();
        for (i, byte) in text.iter().enumerate() {
            let result = validator.push(&[*byte]);
            // The standard library says when bytes could still become valid.
            let hopeless = str::from_utf8(&text[..=i])
                .is_err_and(|error| error.error_len().is_some());
            prop_assert_eq!(result.is_err(), hopeless);
            if hopeless {
                return Ok(());
            }
        }
        prop_assert!(str::from_utf8(&text).is_ok() == validator.finish().is_ok());
    }
}

/// What becomes of `text` when it is cut at `cuts`.
fn in_pieces(text: &[u8], cuts: &[usize]) -> Result<(), usize> {
    let mut cuts = [&[0, text.len()], cuts].concat();
    cuts.sort_unstable();
    let mut validator = Utf8Validator::new();
    let mut unmasking = Utf8Validator::new();
    let key = [0x80, 0x0f, 0xff, 0x01];
    for cut in cuts.windows(2) {
        let piece = &text[cut[0]..cut[1]];
        let mut masked: Vec<u8> = iter::zip(piece, key.iter().cycle())
            .map(|(byte, key)| byte ^ key)
            .collect();
        let unmasked = unmasking.push_masked(&mut masked, key);
        let result = validator.push(piece);
        assert_eq!(masked, piece);
        assert_eq!(unmasked, result);
        result.map_err(|error| error.valid_up_to)?;
    }
    assert_eq!(unmasking.finish(), validator.finish());
    validator.finish().map_err(|error| error.valid_up_to)
}

/// Text of several scripts, in lengths for every path, and mostly with a wrong byte somewhere.
fn nearly_text() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        "[a-z]{0,200}",
        "[a-zé€𝄞]{0,120}",
        "\\PC{0,40}",
        "a{4000,4200}[κ𝄞]{0,99}"
    ];
    let text = (text, any::<Option<(Index, u8)>>()).prop_map(|(text, wrong)| {
        let mut bytes = text.into_bytes();
        if let Some((index, byte)) = wrong
            && !bytes.is_empty()
        {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        bytes
    });
    prop_oneof![text, vec(any::<u8>(), 0..8)]
}
