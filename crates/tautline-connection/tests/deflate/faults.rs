//! Compressed messages that are corrupt, no text, or too big (RFC 7692 section 7.2.2).

use bytes::BytesMut;
use tautline_connection::{Outbound, Role, Violation};
use tautline_deflate::{Level, Settings};
use tautline_frame::CloseCode;
use tautline_message::{Limits, Message};

use super::{
    HELLO, HELLO_AGAIN, NO_TAKEOVER, TAKEOVER, receive, receiver, replay, replay_with, sender,
    written,
};
use crate::support::{Keys, ROLES, frame, message, to};

/// R7692-7.2.2-11, R7692-7.2.2-14, D-13
#[test]
fn corrupt_data_fails_the_connection() {
    let cases: [(&str, Vec<u8>); 11] = [
        ("a reserved kind of block", frame(0xc1, b"\xff")),
        ("a reserved kind of block, binary", frame(0xc2, b"\xff")),
        ("a reserved kind of block, not last", frame(0x41, b"\xff")),
        ("a reserved kind of block behind", frame(0xc1, b"\x07\x00")),
        ("a reference to nothing", frame(0xc1, HELLO_AGAIN)),
        ("half a message", frame(0xc1, &HELLO[..3])),
        (
            "half a message in two frames",
            [frame(0x41, &HELLO[..2]), frame(0x80, &HELLO[2..3])].concat(),
        ),
        (
            "half a message and nothing",
            [frame(0x41, &HELLO[..3]), frame(0x80, b"")].concat(),
        ),
        (
            "half a stored block",
            frame(0xc1, b"\x00\x05\x00\xfa\xffHel"),
        ),
        (
            "a wrong length",
            frame(0xc1, b"\x00\x05\x00\xfa\xfeHello\x00"),
        ),
        (
            "junk behind a final block",
            frame(0xc1, b"\xf3\x48\xcd\xc9\xc9\x07\x00\xff"),
        ),
    ];
    for (name, frames) in cases {
        for context in [TAKEOVER, NO_TAKEOVER] {
            // What comes later is not looked at.
            let frames = [&frames[..], &frame(0x80, b""), &frame(0xc1, HELLO)].concat();
            let (events, violation) = replay(context, &frames);
            assert_eq!(events, [], "{name}");
            assert_eq!(violation, Some(Violation::CorruptDeflate), "{name}");
        }
    }
    for role in ROLES {
        let mut end = Outbound::new(role, Keys::new());
        end.fail(Violation::CorruptDeflate);
        let [close] = &written(role, &mut end)[..] else {
            panic!("one frame");
        };
        assert_eq!(close.first, 0x88);
        assert_eq!(close.payload, b"\x03\xefcorrupt compressed data");
    }
}

/// R7692-6.1-06: `3AB01E00` inflates to C0 AF, which no text has; the bytes of "Hello" compressed
/// are no text either.
#[test]
fn text_is_checked_after_it_was_inflated() {
    const BAD: &[u8] = b"\x3a\xb0\x1e\x00";
    let stored = |text: &[u8]| {
        let len = (text.len() as u16).to_le_bytes();
        let not = len.map(|byte| !byte);
        [&b"\x00"[..], &len, &not, text, b"\x00"].concat()
    };
    let (events, violation) = replay(TAKEOVER, &frame(0xc2, BAD));
    assert_eq!((events, violation), (vec![message(b"\xc0\xaf")], None));

    let fails = [
        frame(0xc1, BAD),
        frame(0x41, BAD),
        [frame(0x41, &BAD[..2]), frame(0x80, &BAD[2..])].concat(),
        frame(0xc1, &stored(b"\xed\xa0\x80")),
        // The end of the message is inside of a character.
        frame(0xc1, &stored(b"abc\xce")),
        [frame(0x41, &stored(b"\xce")[..6]), frame(0x80, b"\x00")].concat(),
    ];
    for frames in fails {
        let (events, violation) = replay(TAKEOVER, &frames);
        assert_eq!(events, [], "{frames:02x?}");
        assert_eq!(violation, Some(Violation::InvalidUtf8), "{frames:02x?}");
    }
    assert_eq!(
        Violation::InvalidUtf8.close_code(),
        CloseCode::INVALID_PAYLOAD
    );

    // A character may be cut by a frame, a block, or a final one.
    let kappa = [
        frame(0xc1, &stored("κ".as_bytes())),
        frame(
            0xc1,
            &[&stored(b"\xce")[..8 - 2], &stored(b"\xba")].concat(),
        ),
        frame(
            0xc1,
            b"\x01\x01\x00\xfe\xff\xce\x00\x01\x00\xfe\xff\xba\x00",
        ),
        [
            frame(0x41, &stored(b"\xce")[..6]),
            frame(0x80, &stored(b"\xba")),
        ]
        .concat(),
    ];
    for frames in kappa {
        let (events, violation) = replay(TAKEOVER, &frames);
        assert_eq!(
            (events, violation),
            (vec![message("κ")], None),
            "{frames:02x?}"
        );
    }
}

/// R7692-6.1-06, R6455-8.1-01: the rest of the frame need not come for that.
#[test]
fn invalid_text_fails_inside_a_frame_that_is_incomplete() {
    // The block has 1000 bytes, and the bad one is the fourth.
    let payload = [&b"\x00\xe8\x03\x17\xfcabc\xff"[..], &[b'a'; 996], b"\x00"].concat();
    let bad = 5 + 4;
    for role in ROLES {
        for first in [0xc1, 0x41] {
            let bytes = to(role, &frame(first, &payload));
            let head = bytes.len() - payload.len();
            let mut end = receiver(role, Limits::default(), Some(TAKEOVER));
            let mut input = BytesMut::from(&bytes[..head + bad - 1]);
            assert_eq!(receive(&mut end, &mut input), (vec![], None));
            input.extend_from_slice(&bytes[head + bad - 1..][..1]);
            let failed = receive(&mut end, &mut input);
            assert_eq!(failed, (vec![], Some(Violation::InvalidUtf8)));
        }
    }
}

/// R7692-7.2.2-13, R6455-10.4-02: the limit of messages is about what comes out, so one that the
/// sender could not make shorter fits although its frames have more bytes than that.
#[test]
fn a_message_at_the_limit_passes_and_one_byte_more_fails_whatever_its_compressed_size() {
    let limits = Limits::default().with_max_message_size(5);
    let stored = b"\x00\x05\x00\xfa\xffHello\x00";
    let longer = b"\x00\x06\x00\xf9\xffHello!\x00";
    // Twenty empty blocks and the word behind them.
    let padded = [&b"\x00\x00\x00\xff\xff".repeat(20)[..], stored].concat();
    for payload in [HELLO, stored, &padded] {
        for cut in 0..payload.len() {
            let fits = [
                frame(0xc1, payload),
                [frame(0x41, &payload[..cut]), frame(0x80, &payload[cut..])].concat(),
            ];
            for frames in fits {
                let (events, violation) = replay_with(Some(TAKEOVER), limits, &frames);
                assert_eq!(events, [message("Hello")], "{frames:02x?}");
                assert_eq!(violation, None, "{frames:02x?}");
            }
        }
    }
    for cut in 0..longer.len() {
        let over = [
            frame(0xc1, longer),
            [frame(0x41, &longer[..cut]), frame(0x80, &longer[cut..])].concat(),
            [frame(0x41, &longer[..11]), frame(0x80, b"\x00")].concat(),
            [
                frame(0x42, &stored[..10]),
                frame(0x00, b""),
                frame(0x80, longer),
            ]
            .concat(),
        ];
        for frames in over {
            let (events, violation) = replay_with(Some(TAKEOVER), limits, &frames);
            assert_eq!(events, [], "{frames:02x?}");
            assert_eq!(violation, Some(Violation::MessageTooBig), "{frames:02x?}");
        }
    }
    assert_eq!(
        Violation::MessageTooBig.close_code(),
        CloseCode::MESSAGE_TOO_BIG
    );
}

/// R7692-7.2.2-13: one byte in the frame can stand for hundreds.
#[test]
fn a_small_frame_does_not_get_around_the_limit() {
    let zeros = compressed(&vec![0; 1 << 20]);
    assert!(zeros.len() < 1 << 13);
    let sizes = [
        ((1 << 20) - 1, Some(Violation::MessageTooBig)),
        (1 << 20, None),
        (1000, Some(Violation::MessageTooBig)),
        (0, Some(Violation::MessageTooBig)),
    ];
    for (size, expected) in sizes {
        let limits = Limits::default().with_max_message_size(size);
        let half = zeros.len() / 2;
        for frames in [
            frame(0xc2, &zeros),
            [frame(0x42, &zeros[..half]), frame(0x80, &zeros[half..])].concat(),
        ] {
            for role in ROLES {
                let mut input = BytesMut::from(&to(role, &frames)[..]);
                let mut end = receiver(role, limits, Some(TAKEOVER));
                let (events, violation) = receive(&mut end, &mut input);
                assert_eq!(violation, expected, "{size}");
                assert_eq!(events.len(), usize::from(expected.is_none()), "{size}");
            }
        }
    }
}

/// R6455-10.4-01, R6455-10.4-02: the frame's own limit is about the bytes on the wire.
#[test]
fn a_compressed_frame_has_the_limits_of_any_frame() {
    let limits = Limits::default().with_max_frame_size(7);
    let (events, _) = replay_with(Some(TAKEOVER), limits, &frame(0xc1, HELLO));
    assert_eq!(events, [message("Hello")]);
    let header = [0xc1, 8];
    let (_, violation) = replay_with(Some(TAKEOVER), limits, &header);
    assert_eq!(violation, Some(Violation::FrameTooBig));

    let limits = Limits::default().with_max_empty_fragments(2);
    for (count, expected) in [(2, None), (3, Some(Violation::TooManyEmptyFragments))] {
        let begun = [frame(0x41, HELLO), frame(0x00, b"").repeat(count)].concat();
        let frames = [begun, frame(0x80, b"")].concat();
        let (events, violation) = replay_with(Some(TAKEOVER), limits, &frames);
        assert_eq!(violation, expected);
        assert_eq!(events.len(), usize::from(expected.is_none()));
    }
}

/// R6455-5.2-12: data with two faults is refused for the one that comes first in it, wherever the
/// bytes that arrive are cut.
#[test]
fn what_comes_before_corrupt_data_is_judged_first() {
    let cases = [
        (stored(b"ab\xff"), Violation::InvalidUtf8),
        (stored(&[b'a'; 20]), Violation::MessageTooBig),
        (stored(b"ab\xce"), Violation::CorruptDeflate),
        (stored(&[b'a'; 10]), Violation::CorruptDeflate),
    ];
    for (fault, expected) in cases {
        first_fault(&[&fault[..], b"\xff"].concat(), expected);
    }
    first_fault(&[0xff; 30], Violation::CorruptDeflate);
}

/// R6455-5.2-12, R6455-8.1-01
#[test]
fn text_within_the_limit_is_judged_before_what_is_over_it() {
    let long = stored(&[b'a'; 20]);
    let cases = [
        ([stored(b"ab\xff"), long.clone()], Violation::InvalidUtf8),
        (
            [stored(b"123456789\xff"), long.clone()],
            Violation::InvalidUtf8,
        ),
        (
            [stored(b"1234567890\xff"), long.clone()],
            Violation::MessageTooBig,
        ),
        ([long, stored(b"\xff")], Violation::MessageTooBig),
    ];
    for (payload, expected) in cases {
        first_fault(&payload.concat(), expected);
    }
}

/// Expects the violation of a message that may have ten bytes.
fn first_fault(payload: &[u8], expected: Violation) {
    let limits = Limits::default().with_max_message_size(10);
    for first in [0xc1, 0x41] {
        let (events, violation) = replay_with(Some(TAKEOVER), limits, &frame(first, payload));
        assert_eq!(events, []);
        assert_eq!(violation, Some(expected));
    }
}

/// A block that is not compressed, up to where another one may start.
fn stored(data: &[u8]) -> Vec<u8> {
    let len = data.len() as u16;
    [
        &b"\x00"[..],
        &len.to_le_bytes(),
        &(!len).to_le_bytes(),
        data,
    ]
    .concat()
}

/// The payload of a message in as few bytes as there is a level for.
fn compressed(payload: &[u8]) -> Vec<u8> {
    let settings = Settings::new().with_level(Level::SMALLEST);
    let mut end = sender(Role::Server, TAKEOVER, &settings);
    end.send(Message::from(payload))
        .expect("the connection is open");
    let [frame] = &written(Role::Server, &mut end)[..] else {
        panic!("one frame");
    };
    assert_eq!(frame.first, 0xc2);
    frame.payload.clone()
}
