//! Frames joined to messages.

use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};
use proptest::sample::Index;
use tautline_frame::{Header, OpCode};
use tautline_message::{AssembleError, Assembler, Limits, Message};

use OpCode::{Binary, Close, Continuation, Ping, Pong, Text};

/// R6455-5.2-01, R6455-5.4-01, R6455-5.4-02, R6455-5.4-06, R6455-5.4-09, R6455-5.4-10,
/// R6455-5.4-11, R6455-5.6-01, R6455-5.6-02, R3629-6-01
#[test]
fn frames_join_to_the_message_that_they_are_parts_of() {
    let text = Message::from;
    let cases: [(&[u8], Message); 12] = [
        (b"\x81\x02hi", text("hi")),
        (b"\x81\x00", text("")),
        (b"\x82\x00", Message::from(b"")),
        (b"\x01\x03Hel\x00\x00\x80\x02lo", text("Hello")),
        (b"\x01\x00\x00\x00\x80\x00", text("")),
        (b"\x01\x01\xce\x80\x01\xba", text("κ")),
        (b"\x81\x04\xef\xbb\xbfa", text("\u{feff}a")),
        (b"\x01\x02\xef\xbb\x80\x02\xbfa", text("\u{feff}a")),
        (b"\x82\x03\xed\xa0\x80", Message::from(b"\xed\xa0\x80")),
        (b"\x02\x01\xff\x80\x01\xfe", Message::from(b"\xff\xfe")),
        (
            b"\x02\x01a\x00\x01b\x00\x01c\x80\x01d",
            Message::from(b"abcd"),
        ),
        (b"\x02\x00\x80\x01a", Message::from(b"a")),
    ];
    let mut assembler = Assembler::new(Limits::default());
    for (frames, message) in cases {
        assert_eq!(
            join(&mut assembler, frames),
            Ok(Some(message)),
            "{frames:02x?}"
        );
    }
}

/// R6455-5.4-03, R6455-5.4-07
#[test]
fn frames_out_of_sequence_are_refused_before_their_payload() {
    let cases: [(&[u8], OpCode, AssembleError); 11] = [
        (b"", Continuation, AssembleError::UnexpectedContinuation),
        (
            b"\x81\x01a",
            Continuation,
            AssembleError::UnexpectedContinuation,
        ),
        (
            b"\x01\x01a\x80\x01b",
            Continuation,
            AssembleError::UnexpectedContinuation,
        ),
        (b"\x01\x01a", Text, AssembleError::ExpectedContinuation),
        (b"\x01\x01a", Binary, AssembleError::ExpectedContinuation),
        (b"\x02\x00", Binary, AssembleError::ExpectedContinuation),
        (
            b"\x02\x01a\x00\x01b",
            Text,
            AssembleError::ExpectedContinuation,
        ),
        // Not for an assembler at all, which says so instead of guessing.
        (b"", Ping, AssembleError::ControlFrame),
        (b"", Pong, AssembleError::ControlFrame),
        (b"", Close, AssembleError::ControlFrame),
        (b"\x01\x01a", Close, AssembleError::ControlFrame),
    ];
    for (frames, opcode, error) in cases {
        for fin in [true, false] {
            let mut assembler = Assembler::new(Limits::default());
            join(&mut assembler, frames).unwrap();
            assert_eq!(
                assembler.begin_frame(opcode, fin, 1),
                Err(error),
                "{frames:?} {opcode:?}"
            );
            assert!(!assembler.is_open(), "the message is dropped");
        }
    }
}

#[test]
fn payload_outside_of_a_frame_and_frames_inside_of_one_are_refused() {
    let mut assembler = Assembler::new(Limits::default());
    assert_eq!(
        assembler.extend(b"a"),
        Err(AssembleError::UnexpectedContinuation)
    );
    assert_eq!(
        assembler.end_frame(),
        Err(AssembleError::UnexpectedContinuation)
    );

    assembler.push(Text, false, b"a").unwrap();
    assert_eq!(
        assembler.extend(b"a"),
        Err(AssembleError::UnexpectedContinuation)
    );
    assembler.push(Text, false, b"a").unwrap();
    assert_eq!(
        assembler.end_frame(),
        Err(AssembleError::UnexpectedContinuation)
    );

    assembler.begin_frame(Text, false, 1).unwrap();
    let error = assembler.begin_frame(Continuation, true, 1);
    assert_eq!(error, Err(AssembleError::UnexpectedContinuation));
    assembler.begin_frame(Text, true, 1).unwrap();
    assert_eq!(
        assembler.begin_frame(Text, true, 1),
        Err(AssembleError::ExpectedContinuation)
    );
    assert_eq!(
        assembler.push(Text, true, b"a"),
        Ok(Some(Message::from("a"))),
        "it still works"
    );
}

#[test]
fn a_message_is_open_from_its_first_header_to_its_last_byte() {
    let mut assembler = Assembler::new(Limits::default());
    assert!(!assembler.is_open());
    assembler.begin_frame(Text, false, 1).unwrap();
    assert!(assembler.is_open());
    assembler.extend(b"a").unwrap();
    assert_eq!(assembler.end_frame(), Ok(None));
    assert!(assembler.is_open());
    assembler.begin_frame(Continuation, true, 0).unwrap();
    assert!(assembler.is_open());
    assembler.end_frame().unwrap().unwrap();
    assert!(!assembler.is_open());
}

/// R6455-5.6-01, R6455-5.6-03, R6455-8.1-01, R3629-3-01: cut into single bytes over one frame
/// and over many, text fails at the byte where `failing` points.
#[test]
fn text_fails_at_the_first_impossible_byte_whether_or_not_its_frame_is_complete() {
    let cases: [(&[u8], usize); 9] = [
        (b"\xf4\x90\x80\x80", 1),
        (b"\xce\xba\xf4\x90", 3),
        (b"\xc0\xaf", 0),
        (b"\xed\xa0\x80", 1),
        (b"\x80", 0),
        (b"\xff", 0),
        (b"ok\xe2\x82a", 4),
        (b"\xf5\x80\x80\x80", 0),
        (b"\xe0\x9f\xbf", 1),
    ];
    for (text, failing) in cases {
        let mut one = Assembler::new(Limits::default());
        one.begin_frame(Text, true, 100).unwrap();
        let mut many = Assembler::new(Limits::default());
        many.push(Text, false, b"").unwrap();
        for byte in &text[..failing] {
            one.extend(&[*byte]).unwrap();
            many.push(Continuation, false, &[*byte]).unwrap();
        }
        let byte = &text[failing..=failing];
        assert_eq!(
            one.extend(byte),
            Err(AssembleError::InvalidUtf8),
            "{text:02x?}"
        );
        let result = many.push(Continuation, false, byte);
        assert_eq!(result, Err(AssembleError::InvalidUtf8), "{text:02x?}");
        assert!(!one.is_open() && !many.is_open());
    }
}

/// R6455-5.6-01, R6455-8.1-01
#[test]
fn text_that_ends_inside_a_character_is_refused_at_its_end_only() {
    for text in [&b"\xce"[..], b"\xe2\x82", b"a\xf0\x9d\x84"] {
        let mut assembler = Assembler::new(Limits::default());
        assert_eq!(assembler.push(Text, false, text), Ok(None));
        let result = assembler.push(Continuation, true, b"");
        assert_eq!(result, Err(AssembleError::InvalidUtf8));
        assert_eq!(
            assembler.push(Text, true, text),
            Err(AssembleError::InvalidUtf8)
        );
    }
}

/// R6455-7.4.1-11
#[test]
fn a_message_of_the_limit_passes_and_one_byte_more_does_not() {
    let limits = Limits::default().with_max_message_size(1024);
    let mut assembler = Assembler::new(limits);
    let exact = vec![b'a'; 1024];
    let over = AssembleError::MessageTooBig;

    assert_eq!(
        assembler.push(Binary, true, &exact),
        Ok(Some(Message::from(exact.clone())))
    );
    assert_eq!(assembler.begin_frame(Binary, true, 1025), Err(over));

    assembler.push(Binary, false, &exact[..1000]).unwrap();
    let received = assembler.push(Continuation, true, &exact[1000..]);
    assert_eq!(received, Ok(Some(Message::from(exact.clone()))));

    assembler.push(Text, false, &exact[..1000]).unwrap();
    assert_eq!(assembler.begin_frame(Continuation, false, 25), Err(over));
    assert!(!assembler.is_open());

    // More payload than its header announced, as inflating it may give.
    assembler.begin_frame(Text, true, 10).unwrap();
    assembler.extend(&exact).unwrap();
    assert_eq!(assembler.extend(b"a"), Err(over));
    assert!(!assembler.is_open());
}

/// R7692-7.2.2-13: the limit of messages is about what has come out, and whatever a compressed frame
/// announces may be less or more than that. The limit of frames and the rest holds as ever.
#[test]
fn a_compressed_frame_may_announce_more_than_the_limit_of_messages() {
    let limits = Limits::default()
        .with_max_frame_size(20)
        .with_max_message_size(10)
        .with_max_empty_fragments(1);
    let mut assembler = Assembler::new(limits);
    let over = AssembleError::MessageTooBig;
    let exact = b"0123456789";

    assembler.begin_compressed_frame(Text, true, 20).unwrap();
    assembler.extend(exact).unwrap();
    let received = assembler.end_frame().unwrap();
    assert_eq!(received, Some(Message::from("0123456789")));

    // The message is full already, and what is announced may be nothing.
    assembler.begin_compressed_frame(Binary, false, 1).unwrap();
    assembler.extend(exact).unwrap();
    assert_eq!(assembler.end_frame(), Ok(None));
    assembler
        .begin_compressed_frame(Continuation, true, 20)
        .unwrap();
    assembler.extend(b"").unwrap();
    let received = assembler.end_frame().unwrap();
    assert_eq!(received, Some(Message::from(exact)));

    for announced in [1, 20] {
        assembler
            .begin_compressed_frame(Binary, true, announced)
            .unwrap();
        assembler.extend(exact).unwrap();
        assert_eq!(assembler.extend(b"a"), Err(over), "{announced}");
        assert!(!assembler.is_open());
    }

    let refused = [
        (Binary, 21, AssembleError::FrameTooBig),
        (Binary, u64::MAX, AssembleError::FrameTooBig),
        (Continuation, 1, AssembleError::UnexpectedContinuation),
        (Ping, 1, AssembleError::ControlFrame),
    ];
    for (opcode, len, error) in refused {
        let begun = assembler.begin_compressed_frame(opcode, true, len);
        assert_eq!(begun, Err(error), "{opcode:?} {len}");
        assert!(!assembler.is_open());
    }

    for opcode in [Text, Continuation] {
        let begun = assembler.begin_compressed_frame(opcode, false, 0);
        let expected = match opcode {
            Text => Ok(()),
            _ => Err(AssembleError::TooManyEmptyFragments),
        };
        assert_eq!(begun, expected);
        if begun.is_ok() {
            assert_eq!(assembler.end_frame(), Ok(None));
        }
    }
}

/// R6455-7.4.1-11
#[test]
fn a_frame_of_the_limit_passes_and_one_byte_more_does_not() {
    let mut assembler = Assembler::new(Limits::default().with_max_frame_size(1024));
    for (opcode, fin) in [(Text, false), (Continuation, true), (Binary, true)] {
        assembler.begin_frame(opcode, fin, 1024).unwrap();
        assembler.end_frame().unwrap();
    }
    assert_eq!(
        assembler.begin_frame(Text, true, 1025),
        Err(AssembleError::FrameTooBig)
    );
    assert_eq!(
        assembler.begin_frame(Binary, true, u64::MAX),
        Err(AssembleError::FrameTooBig)
    );
}

#[test]
fn lengths_that_overflow_are_too_big() {
    let limits = Limits::default()
        .with_max_frame_size(usize::MAX)
        .with_max_message_size(usize::MAX);
    let mut assembler = Assembler::new(limits);
    assembler.push(Binary, false, b"a").unwrap();
    let result = assembler.begin_frame(Continuation, true, usize::MAX as u64);
    assert_eq!(result, Err(AssembleError::MessageTooBig));
}

#[test]
fn fragments_without_payload_are_counted_for_each_message() {
    let mut assembler = Assembler::new(Limits::default().with_max_empty_fragments(3));
    for _ in 0..2 {
        assembler.push(Text, false, b"").unwrap();
        assembler.push(Continuation, false, b"").unwrap();
        assembler.push(Continuation, false, b"a").unwrap();
        assembler.push(Continuation, false, b"").unwrap();
        assert_eq!(
            assembler.push(Continuation, true, b""),
            Ok(Some(Message::from("a")))
        );
    }
    assembler.push(Binary, false, b"a").unwrap();
    for _ in 0..3 {
        assembler.push(Continuation, false, b"").unwrap();
    }
    let result = assembler.begin_frame(Continuation, false, 0);
    assert_eq!(result, Err(AssembleError::TooManyEmptyFragments));

    let mut strict = Assembler::new(Limits::default().with_max_empty_fragments(0));
    assert_eq!(
        strict.push(Text, true, b""),
        Ok(Some(Message::from(""))),
        "it is no fragment"
    );
    assert_eq!(
        strict.push(Text, false, b""),
        Err(AssembleError::TooManyEmptyFragments)
    );
}

#[test]
fn the_defaults_are_16_mib_and_1024_empty_fragments() {
    let limits = Limits::default();
    assert_eq!(limits.max_frame_size(), 16 * 1024 * 1024);
    assert_eq!(limits.max_message_size(), 16 * 1024 * 1024);
    assert_eq!(limits.max_empty_fragments(), 1024);

    let mut assembler = Assembler::new(limits);
    assembler
        .begin_frame(Binary, true, 16 * 1024 * 1024)
        .unwrap();
    assembler.end_frame().unwrap();
    let result = assembler.begin_frame(Binary, true, 16 * 1024 * 1024 + 1);
    assert_eq!(result, Err(AssembleError::FrameTooBig));

    for _ in 0..1024 {
        let opcode = if assembler.is_open() {
            Continuation
        } else {
            Text
        };
        assembler.push(opcode, false, b"").unwrap();
    }
    let result = assembler.push(Continuation, false, b"");
    assert_eq!(result, Err(AssembleError::TooManyEmptyFragments));
}

/// R6455-5.4-02, R6455-5.4-06
#[test]
fn a_message_of_65536_fragments_passes_with_the_defaults() {
    let mut assembler = Assembler::new(Limits::default());
    let mut expected = Vec::new();
    let mut opcode = Binary;
    for i in 0..65_536_u64 {
        let fragment = i.to_be_bytes().repeat(8);
        expected.extend_from_slice(&fragment);
        let received = assembler.push(opcode, i == 65_535, &fragment).unwrap();
        assert_eq!(received.is_some(), i == 65_535);
        opcode = Continuation;
        if let Some(message) = received {
            assert_eq!(message.as_bytes(), expected);
        }
    }
}

#[test]
fn a_header_alone_takes_no_memory_for_the_payload_that_it_announces() {
    let huge = isize::MAX as usize;
    let limits = Limits::default()
        .with_max_frame_size(huge)
        .with_max_message_size(huge);
    let mut assembler = Assembler::new(limits);
    // No machine could provide it.
    assembler.begin_frame(Binary, true, huge as u64).unwrap();
    assembler.extend(b"a").unwrap();
    assert_eq!(assembler.end_frame(), Ok(Some(Message::from(b"a"))));
}

#[test]
fn a_joined_message_holds_no_more_memory_than_its_length() {
    let mut assembler = Assembler::new(Limits::default());
    for kind in [Text, Binary] {
        // The third fragment makes a growing buffer larger than what it holds.
        assembler.push(kind, false, &[b'a'; 1000]).unwrap();
        assembler.push(Continuation, false, b"b").unwrap();
        let message = assembler.push(Continuation, true, b"c").unwrap().unwrap();
        let bytes = message.into_bytes().try_into_mut().unwrap();
        assert_eq!(bytes.capacity(), 1002);
    }
}

#[test]
fn errors_say_what_is_wrong() {
    let messages = [
        (
            AssembleError::UnexpectedContinuation,
            "continuation frame without a message to continue",
        ),
        (
            AssembleError::ExpectedContinuation,
            "new message before the last one was finished",
        ),
        (
            AssembleError::InvalidUtf8,
            "text message is not valid UTF-8",
        ),
        (AssembleError::FrameTooBig, "frame exceeds the size limit"),
        (
            AssembleError::MessageTooBig,
            "message exceeds the size limit",
        ),
        (
            AssembleError::TooManyEmptyFragments,
            "message has too many fragments without payload",
        ),
        (
            AssembleError::ControlFrame,
            "control frame is no part of a message",
        ),
    ];
    for (error, message) in messages {
        assert_eq!(error.to_string(), message);
    }
}

proptest! {
    /// R6455-5.2-12, R6455-5.4-12: where frames and reads are cut changes nothing.
    #[test]
    fn any_cut_into_frames_and_pieces_gives_the_same_message_or_error(
        bytes in vec(any::<u8>(), 0..12),
        valid in "[a-zκ€𝄞]{0,60}",
        ends_valid in any::<bool>(),
        binary in any::<bool>(),
        frame_cuts in vec(any::<Index>(), 0..5),
        piece_cuts in vec(any::<Index>(), 0..5),
    ) {
        let mut payload = valid.into_bytes();
        if !ends_valid {
            payload.extend(bytes);
        }
        let kind = if binary { Binary } else { Text };
        let whole = Assembler::new(Limits::default()).push(kind, true, &payload);
        let expected = match (binary, str::from_utf8(&payload)) {
            (true, _) => Ok(Some(Message::from(payload.clone()))),
            (false, Ok(text)) => Ok(Some(Message::from(text))),
            (false, Err(_)) => Err(AssembleError::InvalidUtf8),
        };
        prop_assert_eq!(&whole, &expected);
        let cut = cut_into_frames_and_pieces(kind, &payload, &frame_cuts, &piece_cuts);
        prop_assert_eq!(cut, expected);
    }
}

fn cut_into_frames_and_pieces(
    kind: OpCode,
    payload: &[u8],
    frame_cuts: &[Index],
    piece_cuts: &[Index],
) -> Result<Option<Message>, AssembleError> {
    let mut assembler = Assembler::new(Limits::default());
    let mut opcode = kind;
    let frames = pieces(payload, frame_cuts);
    for (i, frame) in frames.iter().enumerate() {
        let fin = i + 1 == frames.len();
        assembler.begin_frame(opcode, fin, frame.len() as u64)?;
        for piece in pieces(frame, piece_cuts) {
            assembler.extend(piece)?;
        }
        if let Some(message) = assembler.end_frame()? {
            assert!(fin, "only the last frame gives a message");
            return Ok(Some(message));
        }
        opcode = Continuation;
    }
    Ok(None)
}

fn pieces<'a>(bytes: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect()
}

/// Feeds frames as they are on the wire, without masks.
fn join(assembler: &mut Assembler, mut frames: &[u8]) -> Result<Option<Message>, AssembleError> {
    let mut last = None;
    while let Some((header, head)) = Header::decode(frames).expect("the cases are frames") {
        let (payload, rest) = frames[head..].split_at(header.payload_len as usize);
        frames = rest;
        assert_eq!(last, None, "only the last frame gives a message");
        last = assembler.push(header.opcode, header.fin, payload)?;
    }
    Ok(last)
}
