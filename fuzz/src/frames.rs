//! Frames, read and written by the letter of RFC 6455 section 5.2 and by no code of Tautline's.

use tautline_frame::HeaderError;

/// A frame as it is on the wire, its payload unmasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) fin: bool,
    pub(crate) rsv1: bool,
    pub(crate) opcode: u8,
    pub(crate) is_masked: bool,
    pub(crate) payload: Vec<u8>,
}

/// The fields of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) fin: bool,
    pub(crate) rsv1: bool,
    pub(crate) opcode: u8,
    pub(crate) key: Option<[u8; 4]>,
    pub(crate) len: u64,
    /// The bytes of the header itself.
    pub(crate) size: usize,
}

impl Head {
    /// Reads a header; `Ok(None)` if it is not complete and nothing is wrong with it so far.
    pub(crate) fn read(input: &[u8]) -> Result<Option<Self>, HeaderError> {
        let byte = |at: usize| input.get(at).copied();
        let Some(first) = byte(0) else {
            return Ok(None);
        };
        let (fin, rsv, opcode) = (first >> 7 == 1, first >> 4 & 7, first & 15);
        let is_control = opcode & 8 != 0;
        if rsv & 3 != 0 {
            return Err(HeaderError::ReservedBit);
        }
        if !matches!(opcode, 0 | 1 | 2 | 8 | 9 | 10) {
            return Err(HeaderError::ReservedOpCode);
        }
        if rsv != 0 && !matches!(opcode, 1 | 2) {
            return Err(HeaderError::ReservedBit);
        }
        if is_control && !fin {
            return Err(HeaderError::FragmentedControl);
        }
        let Some(second) = byte(1) else {
            return Ok(None);
        };
        let short = second & 127;
        if is_control && short > 125 {
            return Err(HeaderError::LongControl);
        }
        let more = match short {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let Some(long) = input.get(2..2 + more) else {
            return Ok(None);
        };
        let len = match more {
            0 => short.into(),
            _ => long.iter().fold(0, |len, &byte| len << 8 | u64::from(byte)),
        };
        if more == 2 && len < 126 || more == 8 && len < 1 << 16 {
            return Err(HeaderError::NonMinimalLength);
        }
        if len >= 1 << 63 {
            return Err(HeaderError::LengthHighBit);
        }
        let mut size = 2 + more;
        let mut key = None;
        if second & 128 != 0 {
            let Some(bytes) = input.get(size..size + 4) else {
                return Ok(None);
            };
            key = bytes.try_into().ok();
            size += 4;
        }
        Ok(Some(Self {
            fin,
            rsv1: rsv == 4,
            opcode,
            key,
            len,
            size,
        }))
    }
}

/// How many bytes at the front are whole frames.
pub(crate) fn whole_frames(bytes: &[u8]) -> usize {
    let mut end = 0;
    while let Ok(Some(head)) = Head::read(&bytes[end..]) {
        let frame = usize::try_from(head.len)
            .ok()
            .and_then(|len| len.checked_add(head.size));
        match frame {
            Some(frame) if frame <= bytes.len() - end => end += frame,
            _ => break,
        }
    }
    end
}

/// Reads what an endpoint has written: whole, legal frames and nothing else.
pub(crate) fn parse(mut bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let head = Head::read(bytes).expect("a header that was sent is legal");
        let head = head.expect("a header that was sent is complete");
        let payload = usize::try_from(head.len)
            .ok()
            .and_then(|len| bytes[head.size..].get(..len));
        let payload = payload.expect("a payload that was sent is complete");
        bytes = &bytes[head.size + payload.len()..];
        frames.push(Frame {
            fin: head.fin,
            rsv1: head.rsv1,
            opcode: head.opcode,
            is_masked: head.key.is_some(),
            payload: masked(payload, head.key.unwrap_or_default()),
        });
    }
    frames
}

/// Appends a frame in the form that a header of this first byte has, whatever that is.
pub(crate) fn write(first: u8, key: Option<[u8; 4]>, payload: &[u8], output: &mut Vec<u8>) {
    let mask = u8::from(key.is_some()) << 7;
    output.push(first);
    match payload.len() {
        len @ 0..126 => output.push(mask | len as u8),
        len @ 126..0x1_0000 => {
            output.push(mask | 126);
            output.extend((len as u16).to_be_bytes());
        }
        len => {
            output.push(mask | 127);
            output.extend((len as u64).to_be_bytes());
        }
    }
    output.extend(key.into_iter().flatten());
    output.extend(masked(payload, key.unwrap_or_default()));
}

/// Masks or unmasks byte by byte (RFC 6455 section 5.3).
pub(crate) fn masked(payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    let keys = key.iter().cycle();
    payload
        .iter()
        .zip(keys)
        .map(|(byte, key)| byte ^ key)
        .collect()
}

/// What an endpoint has sent, with the rules for a sender checked (RFC 6455 sections 5.1, 5.4, 5.5).
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Each message: its opcode, whether it is compressed, and its payload.
    pub(crate) messages: Vec<(u8, bool, Vec<u8>)>,
    pub(crate) pings: Vec<Vec<u8>>,
    pub(crate) pongs: Vec<Vec<u8>>,
    pub(crate) close: Option<Vec<u8>>,
    /// The last message is not finished.
    pub(crate) is_open: bool,
}

impl Sent {
    /// Reads the output of an endpoint, a client if it has to mask.
    pub(crate) fn read(output: &[u8], masks: bool, may_compress: bool) -> Self {
        let mut sent = Self::default();
        for frame in parse(output) {
            assert_eq!(
                frame.is_masked, masks,
                "masked by a server or not by a client"
            );
            assert!(may_compress || !frame.rsv1, "RSV1 without compression");
            // Only the duty to answer a Ping outlasts it (R6455-5.5.2-03).
            let may_follow = sent.close.is_none() || frame.opcode == 10;
            assert!(may_follow, "a frame behind a Close frame");
            match frame.opcode {
                0 => {
                    assert!(sent.is_open, "a continuation of nothing");
                    let message = sent.messages.last_mut().expect("a message is open");
                    message.2.extend(frame.payload);
                    sent.is_open = !frame.fin;
                }
                opcode @ (1 | 2) => {
                    assert!(!sent.is_open, "a message within another");
                    sent.messages.push((opcode, frame.rsv1, frame.payload));
                    sent.is_open = !frame.fin;
                }
                8 => {
                    assert_ne!(frame.payload.len(), 1, "half of a close code");
                    sent.close = Some(frame.payload);
                }
                9 => sent.pings.push(frame.payload),
                _ => sent.pongs.push(frame.payload),
            }
        }
        sent
    }

    /// The code of the Close frame.
    pub(crate) fn close_code(&self) -> Option<u16> {
        let code = self.close.as_ref()?.first_chunk()?;
        Some(u16::from_be_bytes(*code))
    }
}
