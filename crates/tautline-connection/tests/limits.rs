//! Limits on what a peer can make this end hold (RFC 6455 section 10.4).

use tautline_connection::{Event, Violation};
use tautline_message::Limits;

use crate::support::{Outcome, ROLES, frame, message, replay, to};

/// R6455-10.4-02: frames and messages have a limit of 16 MiB unless another one is set, and one
/// byte more is refused by the header alone.
#[test]
fn the_default_limits_are_finite() {
    const MAX: u64 = 16 << 20;
    for first in [0x81, 0x82, 0x01, 0x02] {
        for role in ROLES {
            let header = |len: u64| [&[first, 127], &len.to_be_bytes()[..]].concat();
            let at = replay(role, Limits::default(), &to(role, &header(MAX)));
            assert_eq!(at.violation, None);
            let over = replay(role, Limits::default(), &to(role, &header(MAX + 1)));
            assert_eq!(over.violation, Some(Violation::FrameTooBig));
        }
    }
}

/// R6455-10.4-01, R6455-10.4-02, R6455-7.4.1-11
#[test]
fn a_frame_at_its_limit_passes_and_one_byte_more_fails() {
    let limits = Limits::default().with_max_frame_size(10);
    for role in ROLES {
        for frames in [
            frame(0x82, &[7; 10]),
            [frame(0x02, &[7; 10]), frame(0x80, &[7; 10])].concat(),
        ] {
            let Outcome { events, .. } = replay(role, limits, &to(role, &frames));
            assert_eq!(events, [message(vec![7; frames.len() / 12 * 10])]);
        }
        for frames in [
            frame(0x81, &[b'a'; 11]),
            frame(0x82, &[7; 126]),
            frame(0x02, &[7; 11]),
            [frame(0x02, &[7; 10]), frame(0x80, &[7; 11])].concat(),
        ] {
            let outcome = replay(role, limits, &to(role, &frames));
            assert_eq!(outcome.violation, Some(Violation::FrameTooBig));
            assert_eq!(outcome.events, []);
            assert_eq!(outcome.sent[2..4], *b"\x03\xf1");
        }
    }
}

/// R6455-10.4-01, R6455-10.4-02, R6455-7.4.1-11: 1024 bytes in one frame and in fragments.
#[test]
fn a_message_at_its_limit_passes_and_one_byte_more_fails() {
    let limits = Limits::default().with_max_message_size(1024);
    let pieces = |sizes: &[usize]| {
        let mut frames = Vec::new();
        for (index, size) in sizes.iter().enumerate() {
            let opcode = if index == 0 { 2 } else { 0 };
            let fin = if index + 1 == sizes.len() { 0x80 } else { 0 };
            frames.extend(frame(fin | opcode, &vec![7; *size]));
        }
        frames
    };
    let fits: [&[usize]; 5] = [
        &[1024],
        &[1000, 24],
        &[1024, 0],
        &[0, 1024],
        &[512, 0, 511, 1],
    ];
    let too_big: [&[usize]; 5] = [&[1025], &[1000, 25], &[1024, 1], &[0, 1025], &[512, 512, 1]];
    for role in ROLES {
        for sizes in fits {
            let outcome = replay(role, limits, &to(role, &pieces(sizes)));
            assert_eq!(outcome.events, [message(vec![7; 1024])], "{sizes:?}");
        }
        for sizes in too_big {
            let outcome = replay(role, limits, &to(role, &pieces(sizes)));
            assert_eq!(
                outcome.violation,
                Some(Violation::MessageTooBig),
                "{sizes:?}"
            );
            assert_eq!(outcome.events, []);
            assert_eq!(outcome.sent[2..4], *b"\x03\xf1");
        }
    }
}

/// R6455-10.4-02: a limit of zero takes empty messages only, and control frames have their own.
#[test]
fn limits_on_messages_do_not_bind_control_frames() {
    let limits = Limits::default()
        .with_max_frame_size(0)
        .with_max_message_size(0);
    for role in ROLES {
        let frames = [
            frame(0x82, b""),
            frame(0x89, &[1; 125]),
            frame(0x88, b"\x03\xe8bye"),
        ];
        let outcome = replay(role, limits, &to(role, &frames.concat()));
        assert_eq!(outcome.events.len(), 3);
        assert_eq!(outcome.closed.reason(), "bye");
        let outcome = replay(role, limits, &to(role, &frame(0x82, b"a")));
        assert_eq!(outcome.violation, Some(Violation::FrameTooBig));
    }
}

/// R6455-10.4-01, R6455-5.4-09, F4: some empty fragments are fine, no end of them is not.
#[test]
fn as_many_empty_fragments_pass_as_the_limit_says() {
    for limit in [0, 1, 7] {
        let limits = Limits::default().with_max_empty_fragments(limit);
        let empty = |count: u32| {
            let mut frames = frame(0x01, b"a");
            frames.extend(frame(0x00, b"").repeat(count as usize));
            frames.extend(frame(0x80, b""));
            frames
        };
        for role in ROLES {
            let fits = replay(role, limits, &to(role, &empty(limit)));
            assert_eq!(fits.events, [message("a")]);
            let over = replay(role, limits, &to(role, &empty(limit + 1)));
            assert_eq!(over.violation, Some(Violation::TooManyEmptyFragments));
            assert_eq!(over.sent[2..4], *b"\x03\xf0");
        }
    }
}

/// R6455-10.4-02: the count of empty fragments begins anew with each message.
#[test]
fn the_count_of_empty_fragments_is_per_message() {
    let limits = Limits::default().with_max_empty_fragments(1);
    let frames = b"\x01\x00\x80\x01a".repeat(3);
    for role in ROLES {
        let outcome = replay(role, limits, &to(role, &frames));
        let messages: [Event; 3] = [message("a"), message("a"), message("a")];
        assert_eq!(outcome.events, messages);
    }
}

/// F1: without limits a declared length of 2^63 - 1 is waited for, and no sum of lengths wraps.
#[test]
fn sums_of_lengths_do_not_wrap_around() {
    let limits = Limits::default()
        .with_max_frame_size(usize::MAX)
        .with_max_message_size(usize::MAX);
    let huge = |first: u8| [&[first, 127], &(u64::MAX >> 1).to_be_bytes()[..]].concat();
    for role in ROLES {
        for frames in [
            huge(0x82),
            huge(0x81),
            [frame(0x02, b"a"), huge(0x00)].concat(),
            [frame(0x02, b"a"), huge(0x80), b"some of it".to_vec()].concat(),
        ] {
            let outcome = replay(role, limits, &to(role, &frames));
            if usize::BITS == 64 {
                assert_eq!(outcome.violation, None);
            } else {
                assert!(outcome.violation.is_some());
            }
            assert_eq!(outcome.events, []);
        }
    }
}
