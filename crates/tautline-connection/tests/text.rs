//! Text is UTF-8, and what is not is refused as soon as that is certain
//! (RFC 6455 sections 5.6 and 8.1).

use tautline_connection::{Role, Violation};
use tautline_message::Limits;

use crate::support::{ROLES, failed_at, frame, message, outcome, to};

/// R6455-5.6-01, R6455-8.1-01, R6455-7.4.1-09, R3629-3-01
#[test]
fn invalid_text_fails_the_connection() {
    let long = [&[b'a'; 5_000][..], b"\xed\xa0\x80"].concat();
    let cases: [&[u8]; 14] = [
        b"\xc0\xaf",
        b"\xc1\x81",
        b"\xe0\x80\xaf",
        b"\xf0\x80\x80\xaf",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\x80",
        b"\xff",
        b"\xe2\x82",
        b"ok\xce",
        b"\xce\xce\xba",
        &long,
    ];
    for bytes in cases {
        let (head, tail) = bytes.split_at(bytes.len() / 2);
        let whole = frame(0x81, bytes);
        let cut = [frame(0x01, head), frame(0x80, tail)].concat();
        for role in ROLES {
            for frames in [&whole, &cut] {
                let outcome = outcome(role, frames);
                assert_eq!(outcome.violation, Some(Violation::InvalidUtf8));
                assert_eq!(outcome.events, []);
                assert_eq!(outcome.sent[2..4], *b"\x03\xef");
            }
        }
    }
}

/// R6455-5.6-01
#[test]
fn valid_text_is_text() {
    let long = "aä€🎉".repeat(3_000);
    let cases = [
        "",
        "Hello",
        "κόσμε",
        "\u{0}",
        "\u{7f}\u{80}\u{7ff}\u{800}",
        "\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}",
        "\u{feff}with a byte order mark",
        &long,
    ];
    for text in cases {
        for role in ROLES {
            let outcome = outcome(role, &frame(0x81, text.as_bytes()));
            assert_eq!(outcome.events, [message(text)]);
        }
    }
}

/// R6455-5.6-02
#[test]
fn binary_payload_is_not_looked_at() {
    for role in ROLES {
        for bytes in [&b"\xed\xa0\x80"[..], b"\xff\xfe", b"\x80"] {
            let outcome = outcome(role, &frame(0x82, bytes));
            assert_eq!(outcome.events, [message(bytes)]);
        }
    }
}

/// R6455-5.6-03: inside of a frame of 100 bytes, at the very byte that no text can have there:
/// `90` after `f4`, a surrogate's second byte, and bytes that never occur.
#[test]
fn bad_text_fails_at_the_byte_that_shows_it_inside_an_incomplete_frame() {
    let cases: [(&[u8], usize); 7] = [
        (b"\xce\xba\xf4\x90", 4),
        (b"\xce\xba\xe1\xbd\xb9\xed\xa0", 7),
        (b"\xff", 1),
        (b"a\x80", 2),
        (b"abc\xc0", 4),
        (b"\xe2\x82a", 3),
        (b"\xf0\x9f\x8e\xf0", 4),
    ];
    for (bytes, at) in cases {
        let payload = [bytes, &[b'x'; 100][bytes.len()..]].concat();
        for (first, behind) in [(0x81, true), (0x01, true), (0x01, false)] {
            // The last case ends the frame with the bad byte: it is certain without a FIN.
            let payload = if behind { &payload } else { bytes };
            for role in ROLES {
                let head = if role == Role::Server { 6 } else { 2 };
                let input = to(role, &frame(first, payload));
                let failed = failed_at(role, Limits::default(), &input);
                assert_eq!(failed, Some(head + at), "{bytes:02x?}");
            }
        }
    }
}

/// R6455-5.6-03, R6455-8.1-01: in the third of several fragments, with a good character across the
/// border of the first two.
#[test]
fn bad_text_fails_inside_a_later_fragment() {
    let frames = b"\x01\x02a\xe2\x00\x02\x82\xac\x00\x64ok\xf4\x90";
    for role in ROLES {
        let input = to(role, frames);
        assert_eq!(
            failed_at(role, Limits::default(), &input),
            Some(input.len())
        );
        assert_eq!(
            outcome(role, frames).violation,
            Some(Violation::InvalidUtf8)
        );
    }
}

/// R6455-5.6-01: a text may not end inside a character, wherever the frames end.
#[test]
fn text_that_ends_inside_a_character_fails_with_its_last_frame() {
    let cases: [&[u8]; 3] = [
        b"\x81\x01\xce",
        b"\x01\x01\xce\x80\x00",
        b"\x01\x01a\x00\x01\xf0\x80\x02\x9f\x8e",
    ];
    for frames in cases {
        for role in ROLES {
            let input = to(role, frames);
            let failed = failed_at(role, Limits::default(), &input);
            assert_eq!(failed, Some(input.len()), "{frames:02x?}");
        }
    }
}
