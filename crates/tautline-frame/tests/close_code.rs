//! Which numbers may stand in a Close frame.

use tautline_frame::{CloseCode, InvalidCloseCode};

/// R6455-7.4.1-01, R6455-7.4.1-06, R6455-7.4.1-07, R6455-7.4.1-08, R6455-7.4.1-15,
/// R6455-7.4.2-01, R6455-7.4.2-02, R6455-7.4.2-03, R6455-7.4.2-04, R6455-7.4.2-05,
/// RIANA-close-01, RIANA-close-02, RIANA-close-03, RIANA-close-04
#[test]
fn a_code_is_accepted_exactly_if_it_may_go_over_the_wire() {
    let named = [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
    ];
    for number in 0..=u16::MAX {
        let valid = named.contains(&number) || (3000..5000).contains(&number);
        assert_eq!(
            CloseCode::new(number).map(CloseCode::get),
            valid.then_some(number)
        );
        match CloseCode::try_from(number) {
            Ok(code) => assert_eq!(u16::from(code), number),
            Err(InvalidCloseCode(refused)) => assert!(!valid && refused == number),
        }
    }
}

/// R6455-7.4.1-01, RIANA-close-01, RIANA-close-02, RIANA-close-03
#[test]
fn named_codes_have_their_registered_numbers_and_say_what_they_mean() {
    let named = [
        (CloseCode::NORMAL, "1000 (normal closure)"),
        (CloseCode::GOING_AWAY, "1001 (going away)"),
        (CloseCode::PROTOCOL_ERROR, "1002 (protocol error)"),
        (CloseCode::UNSUPPORTED_DATA, "1003 (unsupported data)"),
        (CloseCode::INVALID_PAYLOAD, "1007 (invalid payload)"),
        (CloseCode::POLICY_VIOLATION, "1008 (policy violation)"),
        (CloseCode::MESSAGE_TOO_BIG, "1009 (message too big)"),
        (
            CloseCode::MANDATORY_EXTENSION,
            "1010 (mandatory extension missing)",
        ),
        (CloseCode::INTERNAL_ERROR, "1011 (internal error)"),
        (CloseCode::SERVICE_RESTART, "1012 (service restart)"),
        (CloseCode::TRY_AGAIN_LATER, "1013 (try again later)"),
        (CloseCode::BAD_GATEWAY, "1014 (bad gateway)"),
    ];
    for (code, text) in named {
        assert_eq!(code.to_string(), text);
        assert_eq!(code.get().to_string(), text[..4]);
        assert_eq!(CloseCode::new(code.get()), Some(code));
    }
    assert_eq!(CloseCode::new(4001).unwrap().to_string(), "4001");
    let error = CloseCode::try_from(1005).unwrap_err();
    assert_eq!(error.to_string(), "1005 may not stand in a close frame");
}
