//! The small parts of a frame against plain byte loops: headers, masks, bodies of Close frames, and
//! text that arrives in pieces.

use arbitrary::{Result, Unstructured};
use bytes::BytesMut;
use tautline_frame::{
    CloseCode, ClosePayloadError, ControlPayload, Header, OpCode, decode_close, mask,
};
use tautline_message::{Utf8Bytes, Utf8Validator, unmask_utf8, validate_utf8};

use crate::cuts::Cuts;
use crate::frames::{Head, masked};

/// Runs one case.
pub fn run(data: &[u8]) {
    // An input that is too short ends the case early, which is no fault.
    let _ = case(&mut Unstructured::new(data));
}

fn case(input: &mut Unstructured<'_>) -> Result<()> {
    match input.arbitrary::<u8>()? % 5 {
        0 => decode(input.bytes(input.len())?),
        1 => encode(input)?,
        2 => mask_pieces(input)?,
        3 => close_body(input.bytes(input.len())?),
        _ => text(input)?,
    }
    Ok(())
}

/// Each prefix of the input is judged as the reference judges it, and a header that is accepted is
/// the only way to write it (R6455-5.2-09).
fn decode(input: &[u8]) {
    for end in 0..=input.len().min(Header::MAX_LEN + 1) {
        let decoded = Header::decode(&input[..end]);
        assert_eq!(
            decoded.map(|found| found.map(reference)),
            Head::read(&input[..end])
        );
        if let Ok(Some((header, size))) = decoded {
            assert_eq!(
                header.encode().as_ref(),
                &input[..size],
                "written otherwise than read"
            );
        }
    }
}

/// What is written is read again, however much of something else is behind it.
fn encode(input: &mut Unstructured<'_>) -> Result<()> {
    let (first, mask, len, shift) = input.arbitrary::<(u8, Option<[u8; 4]>, u64, u8)>()?;
    let Ok(opcode) = OpCode::try_from(first & 15) else {
        return Ok(());
    };
    // Lengths of all magnitudes, and not mostly huge ones.
    let len = len >> (shift % 63 + 1);
    let is_data = matches!(opcode, OpCode::Text | OpCode::Binary);
    let header = Header {
        fin: opcode.is_control() || first & 128 != 0,
        rsv1: is_data && first & 64 != 0,
        opcode,
        mask,
        payload_len: if opcode.is_control() { len % 126 } else { len },
    };
    let encoded = header.encode();
    assert!(encoded.padded().starts_with(&encoded));
    for end in 0..encoded.len() {
        assert_eq!(
            Header::decode(&encoded[..end]),
            Ok(None),
            "a part of {encoded:02x?}"
        );
    }
    let bytes = [&encoded, input.bytes(input.len())?].concat();
    assert_eq!(Header::decode(&bytes), Ok(Some((header, encoded.len()))));
    Ok(())
}

fn reference((header, size): (Header, usize)) -> Head {
    Head {
        fin: header.fin,
        rsv1: header.rsv1,
        opcode: header.opcode.into(),
        key: header.mask,
        len: header.payload_len,
        size,
    }
}

/// Any pieces, anywhere in memory, are masked as a byte loop does it, and ASCII is told from other
/// bytes (R6455-5.3-05).
fn mask_pieces(input: &mut Unstructured<'_>) -> Result<()> {
    let (key, cuts, from) = input.arbitrary::<([u8; 4], Cuts, u8)>()?;
    let repeat = usize::from(input.arbitrary::<u8>()? % 64) + 1;
    let bytes = input.bytes(input.len())?.repeat(repeat);
    // Kernels read words, which begin at any address.
    let plain = &bytes[usize::from(from % 64).min(bytes.len())..];
    let expected = masked(plain, key);

    let (mut done, mut in_place, mut copied) = (0, plain.to_vec(), vec![0; plain.len()]);
    for piece in cuts.pieces(plain) {
        let range = done..done + piece.len();
        let key = mask::rotate(key, done);
        let high_bits = mask::apply_and_scan(&mut in_place[range.clone()], key);
        assert_eq!(high_bits.is_ascii(), expected[range.clone()].is_ascii());
        mask::copy(piece, &mut copied[range], key);
        assert_eq!(mask::HighBits::of(piece).is_ascii(), piece.is_ascii());
        done += piece.len();
    }
    assert!(in_place == expected, "masked in place");
    mask::apply(&mut in_place, key);
    assert!(in_place == plain, "unmasked in place");
    assert!(copied == expected, "masked while copying");
    Ok(())
}

/// A body is accepted if its code may be sent and its reason is text (R6455-7.4.2-05), and what is
/// accepted is written the same way.
fn close_body(body: &[u8]) {
    let decoded = decode_close(body);
    let expected = match body {
        [] => Ok(None),
        [_] => Err(ClosePayloadError::Truncated),
        [high, low, reason @ ..] => match u16::from_be_bytes([*high, *low]) {
            code @ (..1000 | 1004..=1006 | 1015..3000 | 5000..) => {
                Err(ClosePayloadError::InvalidCode(code))
            }
            code => match str::from_utf8(reason) {
                Err(_) => Err(ClosePayloadError::InvalidUtf8),
                Ok(reason) => Ok(CloseCode::new(code).map(|code| (code, reason))),
            },
        },
    };
    assert_eq!(decoded, expected);
    if let Ok(Some((code, reason))) = decoded {
        let cut = ControlPayload::close_truncated(code, reason);
        assert_eq!(
            ControlPayload::close(code, reason).is_ok(),
            body.len() <= 125
        );
        assert!(body.starts_with(&cut) && cut.len() + 4 > body.len().min(125));
        assert!(matches!(decode_close(&cut), Ok(Some((same, _))) if same == code));
    }
}

/// Text in pieces is refused at the piece that makes it invalid, as a whole it is judged like the
/// standard library does, and the error is at the same byte (R6455-8.1-01).
fn text(input: &mut Unstructured<'_>) -> Result<()> {
    let (cuts, key, repeat) = input.arbitrary::<(Cuts, [u8; 4], u8)>()?;
    let text = input.bytes(input.len())?;
    // Vector code has blocks longer than what a fuzzer finds.
    let text = ["a".repeat(usize::from(repeat) * 33).as_bytes(), text].concat();
    let expected = str::from_utf8(&text);
    assert_eq!(validate_utf8(&text).ok(), expected.ok());
    assert_eq!(
        validate_utf8(&text)
            .map_err(|error| error.valid_up_to)
            .err(),
        expected.err().map(|error| error.valid_up_to())
    );
    let shared = Utf8Bytes::try_from(text.clone());
    assert_eq!(shared.as_deref().ok(), expected.ok());
    let mut payload = masked(&text, key);
    assert_eq!(unmask_utf8(&mut payload.clone(), key), validate_utf8(&text));
    let shared = Utf8Bytes::unmask(BytesMut::from(&payload[..]), key);
    assert_eq!(shared.as_deref().ok(), expected.ok());

    let (mut validator, mut unmasking) = (Utf8Validator::new(), Utf8Validator::new());
    let mut done = 0;
    for piece in cuts.pieces(&text) {
        let masked = &mut payload[done..done + piece.len()];
        let unmasked = unmasking.push_masked(masked, mask::rotate(key, done));
        done += piece.len();
        let so_far = str::from_utf8(&text[..done]);
        let is_hopeless = so_far
            .err()
            .is_some_and(|error| error.error_len().is_some());
        let pushed = validator.push(piece);
        assert_eq!(
            (&*masked, unmasked),
            (piece, pushed),
            "while it is unmasked"
        );
        assert_eq!(pushed.is_err(), is_hopeless, "after {done} bytes");
        if let Err(error) = pushed {
            assert_eq!(
                Some(error.valid_up_to),
                expected.err().map(|error| error.valid_up_to())
            );
            assert_eq!((validator.push(b"a"), validator.finish()), (pushed, pushed));
            return Ok(());
        }
    }
    assert_eq!(validator.finish().is_ok(), expected.is_ok());
    assert_eq!(validator.finish(), unmasking.finish());
    Ok(())
}
