use core::error::Error;
use core::fmt::{self, Display, Formatter};

use crate::encoded_header::EncodedHeader;
use crate::op_code::OpCode;

/// The part of a frame that stands before its payload (RFC 6455 section 5.2).
///
/// It is 2 to 14 bytes long:
///
/// | bytes | what |
/// |---|---|
/// | 1 | FIN, RSV1 to RSV3, opcode |
/// | 1 | mask flag, and a length of up to 125, or 126 or 127 |
/// | 0, 2 or 8 | the length in network byte order, after 126 or 127 |
/// | 0 or 4 | the masking key, after a mask flag |
#[expect(
    clippy::exhaustive_structs,
    reason = "the wire format is fixed: RSV2 and RSV3 have no meaning in any registered extension"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// Whether this is the last frame of its message.
    pub fin: bool,
    /// Whether the message is compressed, when permessage-deflate was negotiated (RFC 7692
    /// section 6). Without that extension the bit is a protocol error, which only the connection
    /// can know.
    pub rsv1: bool,
    /// What the frame is.
    pub opcode: OpCode,
    /// The key that the payload is masked with. Frames of a client always have one, frames of a
    /// server never do (RFC 6455 section 5.1), which only the connection can judge.
    pub mask: Option<[u8; 4]>,
    /// How many bytes of payload follow the header.
    pub payload_len: u64,
}

impl Header {
    /// The length of the longest header: a 64-bit length and a masking key.
    pub const MAX_LEN: usize = 14;

    /// Reads the header at the start of `input`, and how many bytes it takes there.
    ///
    /// `Ok(None)` means that more bytes are wanted; nothing is kept, so call again with the same
    /// bytes and those that followed. A header that breaks a rule is refused at the first
    /// byte or length that breaks it and not when the rest of it has arrived.
    ///
    /// # Errors
    ///
    /// A [`HeaderError`] when no connection may accept the frame, whatever its role and its
    /// extensions. The connection has to be failed with
    /// [`PROTOCOL_ERROR`](crate::CloseCode::PROTOCOL_ERROR).
    #[inline]
    pub fn decode(input: &[u8]) -> Result<Option<(Self, usize)>, HeaderError> {
        let Some((&first, rest)) = input.split_first() else {
            return Ok(None);
        };
        // RFC 6455 section 5.2: a reserved bit that no extension defines, and an opcode
        // without a meaning, fail the connection.
        if first & (RSV2 | RSV3) != 0 {
            return Err(HeaderError::ReservedBit);
        }
        let Ok(opcode) = OpCode::try_from(first & OPCODE) else {
            return Err(HeaderError::ReservedOpCode);
        };
        let fin = first & FIN != 0;
        let rsv1 = first & RSV1 != 0;
        // RFC 7692 section 6.1: only the first frame of a data message may have the bit.
        if rsv1 && !marks_compression(opcode) {
            return Err(HeaderError::ReservedBit);
        }
        // RFC 6455 section 5.5: control frames are never fragmented.
        if opcode.is_control() && !fin {
            return Err(HeaderError::FragmentedControl);
        }

        let Some((&second, rest)) = rest.split_first() else {
            return Ok(None);
        };
        let short_len = second & SHORT_LEN;
        // RFC 6455 section 5.5: the payload of a control frame is 125 bytes at most.
        if opcode.is_control() && short_len > MAX_SHORT_LEN {
            return Err(HeaderError::LongControl);
        }
        let (payload_len, mut header_len, rest) = match short_len {
            LEN_16 => {
                let Some((bytes, rest)) = rest.split_first_chunk() else {
                    return Ok(None);
                };
                (u64::from(u16::from_be_bytes(*bytes)), 4, rest)
            }
            LEN_64 => {
                let Some((bytes, rest)) = rest.split_first_chunk() else {
                    return Ok(None);
                };
                (u64::from_be_bytes(*bytes), 10, rest)
            }
            len => (u64::from(len), 2, rest),
        };
        // RFC 6455 section 5.2 wants the shortest form of a length. Peers that hide a length in
        // a longer form could make two readers of the same stream see different frames.
        if short_len == LEN_16 && payload_len <= u64::from(MAX_SHORT_LEN)
            || short_len == LEN_64 && payload_len <= u64::from(u16::MAX)
        {
            return Err(HeaderError::NonMinimalLength);
        }
        if payload_len > MAX_PAYLOAD_LEN {
            return Err(HeaderError::LengthHighBit);
        }

        let mut mask = None;
        if second & MASK != 0 {
            let Some(key) = rest.first_chunk() else {
                return Ok(None);
            };
            mask = Some(*key);
            header_len += 4;
        }
        let header = Self {
            fin,
            rsv1,
            opcode,
            mask,
            payload_len,
        };
        Ok(Some((header, header_len)))
    }

    /// Writes the header, with the length in its shortest form.
    ///
    /// # Panics
    ///
    /// When [`decode`](Self::decode) would refuse the result on the other side: for a control
    /// frame that is fragmented or longer than 125 bytes, for `rsv1` on anything but the first
    /// frame of a data message, and for a length above 2<sup>63</sup> - 1.
    #[inline]
    pub fn encode(&self) -> EncodedHeader {
        if self.opcode.is_control() {
            assert!(self.fin, "control frames are not fragmented");
            assert!(
                self.payload_len <= u64::from(MAX_SHORT_LEN),
                "control frames carry at most 125 bytes"
            );
        }
        if self.rsv1 {
            assert!(
                marks_compression(self.opcode),
                "RSV1 belongs on the first frame of a message"
            );
        }

        let mut bytes = [0; Self::MAX_LEN];
        bytes[0] = self.opcode as u8;
        if self.fin {
            bytes[0] |= FIN;
        }
        if self.rsv1 {
            bytes[0] |= RSV1;
        }
        let mut len;
        if self.payload_len <= u64::from(MAX_SHORT_LEN) {
            bytes[1] = self.payload_len as u8;
            len = 2;
        } else if self.payload_len <= u64::from(u16::MAX) {
            bytes[1] = LEN_16;
            bytes[2..4].copy_from_slice(&(self.payload_len as u16).to_be_bytes());
            len = 4;
        } else {
            assert!(
                self.payload_len <= MAX_PAYLOAD_LEN,
                "a payload length has 63 bits"
            );
            bytes[1] = LEN_64;
            bytes[2..10].copy_from_slice(&self.payload_len.to_be_bytes());
            len = 10;
        }
        if let Some(key) = self.mask {
            bytes[1] |= MASK;
            bytes[len..len + 4].copy_from_slice(&key);
            len += 4;
        }
        EncodedHeader::new(bytes, len)
    }
}

/// Why a header is refused, whatever the role and the extensions of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum HeaderError {
    /// RSV2 or RSV3 is set, or RSV1 on a control or continuation frame.
    ReservedBit,
    /// The opcode has no meaning.
    ReservedOpCode,
    /// A control frame has more frames to follow.
    FragmentedControl,
    /// A control frame has more than 125 bytes of payload.
    LongControl,
    /// The length would have fitted a shorter form.
    NonMinimalLength,
    /// The most significant bit of a 64-bit length is set.
    LengthHighBit,
}

impl Display for HeaderError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReservedBit => "reserved bit is set",
            Self::ReservedOpCode => "opcode is reserved",
            Self::FragmentedControl => "control frame is fragmented",
            Self::LongControl => "control frame is longer than 125 bytes",
            Self::NonMinimalLength => "payload length is not in its shortest form",
            Self::LengthHighBit => "payload length has its most significant bit set",
        })
    }
}

impl Error for HeaderError {}

/// Whether RSV1 has a meaning on frames of this kind, once permessage-deflate is negotiated.
const fn marks_compression(opcode: OpCode) -> bool {
    matches!(opcode, OpCode::Text | OpCode::Binary)
}

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV2: u8 = 0x20;
const RSV3: u8 = 0x10;
const OPCODE: u8 = 0x0F;

const MASK: u8 = 0x80;
const SHORT_LEN: u8 = 0x7F;
/// The largest length that fits the second byte itself.
const MAX_SHORT_LEN: u8 = 125;
/// In place of a short length: a length of 16 bits follows.
const LEN_16: u8 = 126;
/// In place of a short length: a length of 64 bits follows.
const LEN_64: u8 = 127;
/// A length has 63 bits, so that it fits signed integers too (RFC 6455 section 5.2).
const MAX_PAYLOAD_LEN: u64 = i64::MAX as u64;
