//! Messages cut into frames.

use std::num::NonZeroUsize;

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use tautline_frame::Header;
use tautline_message::{Assembler, Fragment, Fragments, Limits, Message};

/// R6455-5.4-01, R6455-5.4-02, R6455-5.4-09, R6455-5.4-11
#[test]
fn a_message_is_cut_into_its_kind_and_continuations() {
    let cases: [(Message, usize, &[u8]); 8] = [
        (Message::from("Hello"), 5, b"\x81\x05Hello"),
        (Message::from("Hello"), usize::MAX, b"\x81\x05Hello"),
        (Message::from("Hello"), 3, b"\x01\x03Hel\x80\x02lo"),
        (Message::from("abcd"), 2, b"\x01\x02ab\x80\x02cd"),
        (
            Message::from(b"\xff\xfe\xfd"),
            1,
            b"\x02\x01\xff\x00\x01\xfe\x80\x01\xfd",
        ),
        (Message::from("κ"), 1, b"\x01\x01\xce\x80\x01\xba"),
        (Message::from(""), 1, b"\x81\x00"),
        (Message::from(b""), 1, b"\x82\x00"),
    ];
    for (message, size, expected) in cases {
        let mut fragments = Fragments::new(message, NonZeroUsize::new(size).unwrap());
        let mut wire = Vec::new();
        let mut left = fragments.len();
        while let Some(Fragment {
            opcode,
            fin,
            payload,
        }) = fragments.next()
        {
            let payload_len = payload.len() as u64;
            let header = Header {
                fin,
                rsv1: false,
                opcode,
                mask: None,
                payload_len,
            };
            wire.extend_from_slice(&header.encode());
            wire.extend_from_slice(&payload);
            left -= 1;
            assert_eq!(fragments.len(), left);
        }
        assert_eq!((&*wire, left), (expected, 0));
        assert_eq!(fragments.next(), None, "it stays at its end");
    }
}

#[test]
fn fragments_share_the_memory_of_the_message() {
    let message = Message::from(vec![7; 10]);
    let start = message.as_bytes().as_ptr();
    let fragments = Fragments::new(message, NonZeroUsize::new(4).unwrap());
    let starts: Vec<_> = fragments
        .map(|fragment| fragment.payload.as_ptr())
        .collect();
    assert_eq!(
        starts,
        [start, start.wrapping_add(4), start.wrapping_add(8)]
    );
}

proptest! {
    /// R6455-5.4-06, R6455-5.4-10, R6455-5.4-12
    #[test]
    fn what_was_cut_joins_to_the_same_message(
        text in any::<String>(),
        size in 1..100_usize,
        is_text in any::<bool>(),
    ) {
        let message = if is_text { Message::from(text) } else { Message::from(text.into_bytes()) };
        let size = NonZeroUsize::new(size).unwrap();
        let mut assembler = Assembler::new(Limits::default());
        let mut received = None;
        for fragment in Fragments::new(message.clone(), size) {
            prop_assert!(received.is_none() && fragment.payload.len() <= size.get());
            received = assembler.push(fragment.opcode, fragment.fin, &fragment.payload).unwrap();
        }
        prop_assert_eq!(received, Some(message));
    }
}
