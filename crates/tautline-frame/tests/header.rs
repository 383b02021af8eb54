//! The header codec, against bytes written by hand.

use std::panic::catch_unwind;

use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use tautline_frame::{Header, HeaderError, OpCode};

/// R6455-5.2-01, R6455-5.2-05, R6455-5.2-06, R6455-5.2-10, R6455-5.3-01, R6455-5.3-06
#[test]
fn headers_decode_from_and_encode_to_the_bytes_of_the_specification() {
    let key = Some([0x37, 0xfa, 0x21, 0x3d]);
    let binary = |payload_len| header(OpCode::Binary, payload_len);
    let cases: [(Header, &[u8]); 16] = [
        (header(OpCode::Text, 2), b"\x81\x02"),
        (
            Header {
                fin: false,
                ..header(OpCode::Text, 3)
            },
            b"\x01\x03",
        ),
        (
            Header {
                fin: false,
                ..header(OpCode::Continuation, 0)
            },
            b"\x00\x00",
        ),
        (header(OpCode::Continuation, 2), b"\x80\x02"),
        (header(OpCode::Close, 2), b"\x88\x02"),
        (header(OpCode::Ping, 0), b"\x89\x00"),
        (header(OpCode::Pong, 125), b"\x8a\x7d"),
        (
            Header {
                mask: key,
                ..header(OpCode::Ping, 0)
            },
            b"\x89\x80\x37\xfa\x21\x3d",
        ),
        (
            Header {
                mask: key,
                ..header(OpCode::Text, 5)
            },
            b"\x81\x85\x37\xfa\x21\x3d",
        ),
        (
            Header {
                rsv1: true,
                ..header(OpCode::Text, 7)
            },
            b"\xc1\x07",
        ),
        (binary(126), b"\x82\x7e\x00\x7e"),
        (
            Header {
                mask: key,
                ..binary(256)
            },
            b"\x82\xfe\x01\x00\x37\xfa\x21\x3d",
        ),
        (binary(65_535), b"\x82\x7e\xff\xff"),
        (binary(65_536), b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
        (
            binary(i64::MAX as u64),
            b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
        ),
        (
            Header {
                mask: key,
                ..binary(65_536)
            },
            b"\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00\x37\xfa\x21\x3d",
        ),
    ];
    for (header, bytes) in cases {
        assert_eq!(&*header.encode(), bytes);
        assert_eq!(Header::decode(bytes), Ok(Some((header, bytes.len()))));
    }
}

/// R6455-5.2-03, R6455-5.2-04, R6455-5.4-05: judged by the first byte alone, and alike when
/// more bytes follow.
#[test]
fn every_first_byte_is_judged_before_the_second_arrives() {
    for first in 0..=u8::MAX {
        let fin = first & 0x80 != 0;
        let (rsv1, rsv2, rsv3) = (first & 0x40 != 0, first & 0x20 != 0, first & 0x10 != 0);
        let expected = match first & 0x0f {
            _ if rsv2 || rsv3 => Some(HeaderError::ReservedBit),
            3..=7 | 11..=15 => Some(HeaderError::ReservedOpCode),
            0 | 8..=10 if rsv1 => Some(HeaderError::ReservedBit),
            8..=10 if !fin => Some(HeaderError::FragmentedControl),
            _ => None,
        };
        assert_eq!(Header::decode(&[first]).err(), expected, "{first:02x}");
        assert_eq!(Header::decode(&[first, 1]).err(), expected, "{first:02x}");
        let long = expected.or((first & 0x08 != 0).then_some(HeaderError::LongControl));
        assert_eq!(Header::decode(&[first, 0xfe]).err(), long, "{first:02x}");
    }
}

/// R6455-5.2-07, R6455-5.2-09, R6455-5.5-02: refused when the length has arrived, and not a byte
/// earlier or later; neither the key nor the payload is waited for.
#[test]
fn bad_lengths_are_refused_before_what_follows_them() {
    let cases: [(&[u8], HeaderError); 15] = [
        (b"\x82\x7e\x00\x7d", HeaderError::NonMinimalLength),
        (b"\x82\x7e\x00\x00", HeaderError::NonMinimalLength),
        (b"\x82\xfe\x00\x7d", HeaderError::NonMinimalLength),
        (
            b"\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff",
            HeaderError::NonMinimalLength,
        ),
        (
            b"\x81\xff\x00\x00\x00\x00\x00\x00\x00\x7e",
            HeaderError::NonMinimalLength,
        ),
        (
            b"\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x00",
            HeaderError::NonMinimalLength,
        ),
        (
            b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00",
            HeaderError::LengthHighBit,
        ),
        (
            b"\x82\xff\x80\x00\x00\x00\x00\x01\x00\x00",
            HeaderError::LengthHighBit,
        ),
        (
            b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff",
            HeaderError::LengthHighBit,
        ),
        (b"\x89\x7e", HeaderError::LongControl),
        (b"\x88\x7e", HeaderError::LongControl),
        (b"\x8a\x7f", HeaderError::LongControl),
        (b"\x89\xfe", HeaderError::LongControl),
        (b"\x88\xff", HeaderError::LongControl),
        (b"\x8a\xfe", HeaderError::LongControl),
    ];
    for (bytes, error) in cases {
        assert_eq!(Header::decode(bytes), Err(error), "{bytes:02x?}");
        assert_eq!(
            Header::decode(&bytes[..bytes.len() - 1]),
            Ok(None),
            "{bytes:02x?}"
        );
        assert_eq!(
            Header::decode(&[bytes, &[0; 20]].concat()),
            Err(error),
            "{bytes:02x?}"
        );
    }
}

/// R6455-5.2-08
#[test]
fn lengths_are_always_sent_in_their_shortest_form() {
    for payload_len in 0..=70_000 {
        let expected = match payload_len {
            0..=125 => 2,
            126..=65_535 => 4,
            _ => 10,
        };
        let header = header(OpCode::Binary, payload_len);
        assert_eq!(header.encode().len(), expected);
        assert_eq!(
            Header {
                mask: Some([1; 4]),
                ..header
            }
            .encode()
            .len(),
            expected + 4
        );
    }
}

/// R6455-5.2-07, R6455-5.4-05, R6455-5.5-01
#[test]
fn headers_that_the_peer_would_refuse_are_not_encoded() {
    let bad = [
        Header {
            fin: false,
            ..header(OpCode::Close, 0)
        },
        Header {
            fin: false,
            ..header(OpCode::Ping, 0)
        },
        Header {
            fin: false,
            ..header(OpCode::Pong, 0)
        },
        header(OpCode::Close, 126),
        header(OpCode::Ping, 126),
        header(OpCode::Pong, 65_536),
        Header {
            rsv1: true,
            ..header(OpCode::Ping, 0)
        },
        Header {
            rsv1: true,
            ..header(OpCode::Continuation, 0)
        },
        header(OpCode::Binary, 1 << 63),
        header(OpCode::Text, u64::MAX),
    ];
    for header in bad {
        assert!(catch_unwind(|| header.encode()).is_err(), "{header:?}");
    }
}

#[test]
fn errors_say_what_is_wrong() {
    let messages = [
        (HeaderError::ReservedBit, "reserved bit is set"),
        (HeaderError::ReservedOpCode, "opcode is reserved"),
        (
            HeaderError::FragmentedControl,
            "control frame is fragmented",
        ),
        (
            HeaderError::LongControl,
            "control frame is longer than 125 bytes",
        ),
        (
            HeaderError::NonMinimalLength,
            "payload length is not in its shortest form",
        ),
        (
            HeaderError::LengthHighBit,
            "payload length has its most significant bit set",
        ),
    ];
    for (error, message) in messages {
        assert_eq!(error.to_string(), message);
    }
}

proptest! {
    /// R6455-5.2-02, R6455-5.2-12
    #[test]
    fn a_header_decodes_to_what_was_encoded_and_never_from_less(
        header in any_header(),
        payload in any::<[u8; 4]>(),
    ) {
        let encoded = header.encode();
        prop_assert_eq!(encoded[0] & 0x30, 0);
        prop_assert_eq!(encoded[0] & 0x40 != 0, header.rsv1);
        prop_assert_eq!(
            Header::decode(&[&encoded, &payload[..]].concat()),
            Ok(Some((header, encoded.len())))
        );
        for len in 0..encoded.len() {
            prop_assert_eq!(Header::decode(&encoded[..len]), Ok(None));
        }
    }

    /// R6455-5.2-12: what is refused stays refused however much has arrived, and what is
    /// accepted is what the encoder would have written.
    #[test]
    fn any_bytes_are_judged_alike_in_any_cut(bytes in any::<[u8; 14]>()) {
        let whole = Header::decode(&bytes);
        if let Ok(Some((header, len))) = whole {
            prop_assert_eq!(&*header.encode(), &bytes[..len]);
        }
        let first_answer = (0..=bytes.len()).map(|len| Header::decode(&bytes[..len]))
            .find(|answer| *answer != Ok(None));
        prop_assert_eq!(first_answer, Some(whole));
    }
}

fn header(opcode: OpCode, payload_len: u64) -> Header {
    Header {
        fin: true,
        rsv1: false,
        opcode,
        mask: None,
        payload_len,
    }
}

fn any_header() -> impl Strategy<Value = Header> {
    let data = (
        prop_oneof![
            Just(OpCode::Continuation),
            Just(OpCode::Text),
            Just(OpCode::Binary)
        ],
        any::<bool>(),
        any::<bool>(),
        prop_oneof![0..=130_u64, 65_530..=65_540_u64, 0..=i64::MAX as u64],
    );
    let data = data.prop_map(|(opcode, fin, rsv1, payload_len)| Header {
        fin,
        rsv1: rsv1 && opcode != OpCode::Continuation,
        ..header(opcode, payload_len)
    });
    let control = prop_oneof![Just(OpCode::Close), Just(OpCode::Ping), Just(OpCode::Pong)];
    let control = (control, 0..=125_u64).prop_map(|(opcode, len)| header(opcode, len));
    (prop_oneof![data, control], any::<Option<[u8; 4]>>())
        .prop_map(|(header, mask)| Header { mask, ..header })
}
