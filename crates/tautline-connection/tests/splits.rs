//! Any bytes, cut anywhere: the same events, the same fault, and never a panic.

use bytes::BytesMut;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, proptest};
use proptest::sample::{Index, select};
use proptest::{option, prop_oneof};
use tautline_connection::{Connection, Event, Role, Violation};
use tautline_message::Limits;

use crate::support::{Keys, ROLES, close_body, frame, receive_all, sent, to};

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// R6455-5.2-12, R6455-5.4-10, R6455-6.2-01
    #[test]
    fn a_session_reads_the_same_in_any_pieces(frames in session(), cuts in cuts()) {
        for role in ROLES {
            let input = to(role, &frames);
            let whole = receive(role, &input, &[usize::MAX]);
            prop_assert_eq!(whole.1, None);
            prop_assert_eq!(receive(role, &input, &cuts), whole);
        }
    }

    /// R6455-5.2-12, R6455-6.2-01, R6455-10.4-01, F9, F12
    #[test]
    fn a_damaged_session_reads_the_same_in_any_pieces(
        frames in session(),
        damage in vec((any::<Index>(), any::<u8>()), 1..4),
        cut_off in option::of(any::<Index>()),
        cuts in cuts(),
    ) {
        for role in ROLES {
            let mut input = to(role, &frames);
            for (at, byte) in &damage {
                if !input.is_empty() {
                    let at = at.index(input.len());
                    input[at] = *byte;
                }
            }
            if let Some(cut_off) = cut_off {
                input.truncate(cut_off.index(input.len() + 1));
            }
            let whole = receive(role, &input, &[usize::MAX]);
            prop_assert_eq!(receive(role, &input, &cuts), whole);
        }
    }

    /// R6455-6.2-01, R6455-10.4-01, F9, F12
    #[test]
    fn garbage_reads_the_same_in_any_pieces(input in vec(any::<u8>(), 0..200), cuts in cuts()) {
        for role in ROLES {
            let whole = receive(role, &input, &[usize::MAX]);
            prop_assert_eq!(receive(role, &input, &cuts), whole);
        }
    }
}

/// Frames without masks that break no rule.
fn session() -> impl Strategy<Value = Vec<u8>> {
    let control = (select(&[0x89, 0x8a][..]), vec(any::<u8>(), 0..126))
        .prop_map(|(first, payload)| frame(first, &payload));
    let fragment_size = prop_oneof![1..8_usize, 100..200_usize, 1_000..3_000_usize];
    let payload = prop_oneof![
        "\\PC{0,40}".prop_map(|text| (0x01, text.into_bytes())),
        (0..5_000_usize).prop_map(|len| (0x01, "aä€🎉".repeat(len / 10).into_bytes())),
        vec(any::<u8>(), 0..300).prop_map(|bytes| (0x02, bytes)),
        (0..70_000_usize).prop_map(|len| (0x02, vec![len as u8; len])),
    ];
    let message = (
        payload,
        option::of(fragment_size),
        option::of(control.clone()),
    )
        .prop_map(|((opcode, payload), fragment_size, between)| {
            let size = fragment_size.unwrap_or(usize::MAX).max(payload.len() / 20);
            let mut parts: Vec<_> = payload.chunks(size.max(1)).collect();
            if parts.is_empty() || fragment_size.is_some() {
                parts.push(&[]);
            }
            let last = parts.len() - 1;
            let mut frames = Vec::new();
            for (index, part) in parts.into_iter().enumerate() {
                let opcode = if index == 0 { opcode } else { 0 };
                let fin = if index == last { 0x80 } else { 0 };
                frames.extend(frame(fin | opcode, part));
                if index < last {
                    frames.extend(between.iter().flatten());
                }
            }
            frames
        });
    let close = select(&[1000, 1001, 1009, 3000, 4999][..])
        .prop_map(|code| frame(0x88, &close_body(code, "für immer".as_bytes())));
    let frames = vec(prop_oneof![2 => message, 1 => control], 0..8);
    (frames, option::of(close)).prop_map(|(frames, close)| {
        let mut frames = frames.concat();
        frames.extend(close.into_iter().flatten());
        frames
    })
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    vec(prop_oneof![1..4_usize, 1..40_usize, 1..30_000_usize], 1..24)
}

/// What an end makes of bytes that come in pieces of the given sizes, over and over.
fn receive(
    role: Role,
    mut input: &[u8],
    sizes: &[usize],
) -> (Vec<Event>, Option<Violation>, Vec<u8>) {
    let mut end = Connection::with_limits(role, Keys::new(), Limits::default());
    let mut buffer = BytesMut::new();
    let mut events = Vec::new();
    let mut violation = None;
    for size in sizes.iter().cycle() {
        let (piece, rest) = input.split_at((*size).min(input.len()));
        input = rest;
        buffer.extend_from_slice(piece);
        let (more, failed) = receive_all(&mut end, &mut buffer);
        events.extend(more);
        violation = violation.or(failed);
        if input.is_empty() {
            break;
        }
    }
    (events, violation, sent(role, &mut end))
}
