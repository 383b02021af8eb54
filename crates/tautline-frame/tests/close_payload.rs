//! Bodies of Close frames that were received.

use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};
use tautline_frame::{CloseCode, ClosePayloadError, ControlPayload, decode_close};

/// R6455-5.5.1-01, R6455-5.5.1-02, R6455-5.5.1-03, R6455-7.4-01, R6455-7.4.2-03,
/// R6455-7.4.2-04, RIANA-close-04
#[test]
fn a_body_is_empty_or_a_code_or_a_code_and_a_reason() {
    let code = |number| CloseCode::new(number).unwrap();
    assert_eq!(decode_close(b""), Ok(None));
    assert_eq!(decode_close(b"\x03\xe8"), Ok(Some((CloseCode::NORMAL, ""))));
    assert_eq!(
        decode_close(b"\x03\xe8hello"),
        Ok(Some((CloseCode::NORMAL, "hello")))
    );
    assert_eq!(decode_close(b"\x0b\xb8"), Ok(Some((code(3000), ""))));
    assert_eq!(
        decode_close(b"\x0f\xa1\xce\xba"),
        Ok(Some((code(4001), "κ")))
    );
}

/// R6455-5.5.1-02
#[test]
fn half_a_code_is_refused() {
    let error = decode_close(b"\x03").unwrap_err();
    assert_eq!(error, ClosePayloadError::Truncated);
    assert_eq!(error.to_string(), "close frame ends inside its code");
}

/// R6455-7.4.1-06, R6455-7.4.1-07, R6455-7.4.1-08, R6455-7.4.1-15, R6455-7.4.2-01,
/// R6455-7.4.2-02, R6455-7.4.2-05
#[test]
fn codes_that_are_never_on_the_wire_are_refused() {
    for number in [
        0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535,
    ] {
        let body = [&u16::to_be_bytes(number)[..], b"reason \xff"].concat();
        assert_eq!(
            decode_close(&body[..2]),
            Err(ClosePayloadError::InvalidCode(number))
        );
        assert_eq!(
            decode_close(&body),
            Err(ClosePayloadError::InvalidCode(number))
        );
    }
    let error = ClosePayloadError::InvalidCode(1005);
    assert_eq!(
        error.to_string(),
        "close frame carries the invalid code 1005"
    );
}

/// R6455-5.5.1-04, R6455-8.1-01, R3629-3-01
#[test]
fn a_reason_that_is_not_utf8_is_refused() {
    let bad: [&[u8]; 6] = [
        b"\xed\xa0\x80",
        b"\xc0\xaf",
        b"\xf4\x90\x80\x80",
        b"\x80",
        b"\xff",
        b"a\xe2\x82",
    ];
    for reason in bad {
        let error = decode_close(&[b"\x03\xe8", reason].concat()).unwrap_err();
        assert_eq!(error, ClosePayloadError::InvalidUtf8, "{reason:02x?}");
        assert_eq!(error.to_string(), "close reason is not valid UTF-8");
    }
}

proptest! {
    #[test]
    fn what_is_accepted_is_what_would_be_sent(body in vec(any::<u8>(), 0..=125)) {
        if let Ok(Some((code, reason))) = decode_close(&body) {
            prop_assert_eq!(&*ControlPayload::close(code, reason).unwrap(), &body[..]);
        }
    }

    #[test]
    fn what_is_sent_is_what_is_read(number in 3000_u16..5000, reason in "\\PC{0,30}") {
        let code = CloseCode::new(number).unwrap();
        let body = ControlPayload::close(code, &reason).unwrap();
        prop_assert_eq!(decode_close(&body), Ok(Some((code, &*reason))));
    }
}
