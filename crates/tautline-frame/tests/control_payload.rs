//! Payloads of control frames that are to be sent.

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use tautline_frame::{CloseCode, ControlPayload, decode_close};

/// R6455-5.5-01
#[test]
fn at_most_125_bytes_fit() {
    let bytes = [0xfe; 126];
    for len in 0..=125 {
        assert_eq!(*ControlPayload::new(&bytes[..len]).unwrap(), bytes[..len]);
    }
    let error = ControlPayload::new(&bytes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "control frame payload is longer than 125 bytes"
    );
    assert!(ControlPayload::empty().is_empty());
    assert_eq!(ControlPayload::MAX_LEN, 125);
}

/// R6455-5.5.1-01, R6455-5.5.1-02, R6455-7.4-01
#[test]
fn a_close_body_is_the_code_and_then_the_reason() {
    assert_eq!(
        *ControlPayload::close(CloseCode::NORMAL, "").unwrap(),
        *b"\x03\xe8"
    );
    assert_eq!(
        *ControlPayload::close(CloseCode::GOING_AWAY, "x").unwrap(),
        *b"\x03\xe9x"
    );
}

/// R6455-5.5-01
#[test]
fn a_reason_of_123_bytes_fits_and_one_of_124_does_not() {
    assert_eq!(
        ControlPayload::close(CloseCode::NORMAL, &"x".repeat(123))
            .unwrap()
            .len(),
        125
    );
    assert!(ControlPayload::close(CloseCode::NORMAL, &"x".repeat(124)).is_err());
}

/// R6455-5.5.1-19
#[test]
fn a_reason_too_long_is_cut_between_characters() {
    let cases = [("x", 123), ("é", 122), ("€", 123), ("𝄞", 120)];
    for (character, expected) in cases {
        let body = ControlPayload::close_truncated(CloseCode::NORMAL, &character.repeat(200));
        let (_, reason) = decode_close(&body).unwrap().unwrap();
        assert_eq!(reason, character.repeat(expected / character.len()));
    }
    let short = ControlPayload::close_truncated(CloseCode::NORMAL, "bye");
    assert_eq!(
        short,
        ControlPayload::close(CloseCode::NORMAL, "bye").unwrap()
    );
}

#[test]
fn payloads_are_equal_if_their_bytes_are_and_print_legibly() {
    let payload = ControlPayload::new(b"a\0").unwrap();
    assert_eq!(payload, payload.clone());
    assert_ne!(payload, ControlPayload::new(b"a").unwrap());
    assert_eq!(format!("{payload:?}"), r#"ControlPayload(b"a\x00")"#);
}

proptest! {
    /// R6455-5.5.1-19
    #[test]
    fn a_cut_reason_is_the_longest_whole_start_that_fits(reason in any::<String>()) {
        let body = ControlPayload::close_truncated(CloseCode::NORMAL, &reason);
        let (code, cut) = decode_close(&body).unwrap().unwrap();
        prop_assert_eq!(code, CloseCode::NORMAL);
        prop_assert!(reason.starts_with(cut));
        let next = reason[cut.len()..].chars().next();
        prop_assert!(next.is_none_or(|next| cut.len() + next.len_utf8() > 123));
    }
}
