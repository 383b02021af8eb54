//! Which close codes may stand on the wire (RFC 6455 section 7.4).

use bytes::BytesMut;
use tautline_connection::{CloseFrame, Event, Role, SendError, Violation};
use tautline_frame::CloseCode;

use crate::support::{ROLES, close_body, frame, open, outcome, sent};

/// R6455-7.4.1-01, R6455-7.4.1-02, R6455-7.4.1-03, R6455-7.4.1-04, R6455-7.4.1-10,
/// R6455-7.4.1-12, R6455-7.4.1-14, R6455-7.4.2-03, R6455-7.4.2-04: 1012 to 1014 are in the registry.
const VALID: [u16; 22] = [
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3500, 3998,
    3999, 4000, 4001, 4500, 4998, 4999,
];

/// R6455-7.4.1-06, R6455-7.4.1-07, R6455-7.4.1-08, R6455-7.4.1-15, R6455-7.4.2-01,
/// R6455-7.4.2-02, R6455-7.4.2-05
const INVALID: [u16; 16] = [
    0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 5001, 10_000, 65_534, 65_535,
];

/// R6455-7.4.1-01, R6455-7.4.1-12, R6455-7.4.1-14, R6455-7.4.2-03, R6455-7.4.2-04, R6455-5.5.1-09
#[test]
fn a_valid_code_is_received_and_echoed() {
    for code in VALID {
        for role in ROLES {
            let close = frame(0x88, &close_body(code, b""));
            let outcome = outcome(role, &close);
            let expected = CloseFrame::new(CloseCode::new(code).unwrap(), "");
            assert_eq!(outcome.events, [Event::Close(Some(expected))]);
            assert_eq!(outcome.closed.code(), code);
            assert_eq!(outcome.sent, close);
        }
    }
}

/// R6455-7.4.1-01, R6455-7.4.1-02, R6455-7.4.1-03, R6455-7.4.1-10, R6455-7.4.1-12,
/// R6455-7.4.2-03, R6455-7.4.2-04: 1010 is for clients to send.
#[test]
fn a_valid_code_is_sent() {
    for code in VALID {
        for role in ROLES {
            let mut end = open(role);
            let result = end.close(Some(CloseFrame::new(CloseCode::new(code).unwrap(), "why")));
            if code == 1010 && role == Role::Server {
                assert_eq!(result, Err(SendError::ClientOnlyCode));
                assert_eq!(sent(role, &mut end), b"");
                assert_eq!(end.send("still open"), Ok(()));
            } else {
                assert_eq!(result, Ok(()));
                assert_eq!(sent(role, &mut end), frame(0x88, &close_body(code, b"why")));
            }
        }
    }
}

/// R6455-7.4.1-04, R6455-7.4.1-06, R6455-7.4.1-07, R6455-7.4.1-08, R6455-7.4.1-15,
/// R6455-7.4.2-01, R6455-7.4.2-02, R6455-7.4.2-05: D-10, D-11. None of them can be sent either:
/// there is no `CloseCode` for it.
#[test]
fn an_invalid_code_is_refused_and_cannot_be_sent() {
    for code in INVALID {
        assert_eq!(CloseCode::new(code), None);
        for role in ROLES {
            let outcome = outcome(role, &frame(0x88, &close_body(code, b"reason")));
            assert_eq!(
                outcome.violation,
                Some(Violation::InvalidCloseCode),
                "{code}"
            );
            assert_eq!(outcome.events, []);
            assert_eq!(outcome.sent[2..4], *b"\x03\xea", "{code}");
            assert_eq!(
                outcome.closed.code(),
                1006,
                "the peer's code does not count"
            );
        }
    }
}

/// R6455-7.4.2-01, R6455-7.4.2-02, R6455-7.4.2-05: every number of the ranges, and many above.
#[test]
fn every_number_is_either_accepted_or_refused_as_the_ranges_say() {
    for code in (0..5_100).chain((5_100..=u16::MAX).step_by(83)) {
        let valid = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        let mut end = open(Role::Client);
        let mut input = BytesMut::from(&frame(0x88, &close_body(code, b""))[..]);
        assert_eq!(end.receive(&mut input).is_ok(), valid, "{code}");
    }
}

/// R6455-5.5.1-02, R6455-5.5.1-04, R6455-8.1-01, R6455-7.4.1-09: half a code, and reasons that are
/// no UTF-8 (D-12).
#[test]
fn a_malformed_close_body_is_refused() {
    let cases: [(&[u8], Violation, u16); 7] = [
        (b"\x03", Violation::TruncatedClose, 1002),
        (b"\x03\xe8\xed\xa0\x80", Violation::InvalidUtf8, 1007),
        (b"\x03\xe8\xff", Violation::InvalidUtf8, 1007),
        (b"\x03\xe8ok\xe2\x82", Violation::InvalidUtf8, 1007),
        (b"\x03\xe8\xc0\xaf", Violation::InvalidUtf8, 1007),
        (b"\x0f\xa0\xf4\x90\x80\x80", Violation::InvalidUtf8, 1007),
        (b"\x03\xec\xff", Violation::InvalidCloseCode, 1002),
    ];
    for (body, violation, code) in cases {
        for role in ROLES {
            let outcome = outcome(role, &frame(0x88, body));
            assert_eq!(outcome.violation, Some(violation), "{body:02x?}");
            assert_eq!(outcome.events, [], "the reason does not surface");
            assert_eq!(outcome.closed.received, None);
            assert_eq!(outcome.sent[2..4], code.to_be_bytes());
        }
    }
}
