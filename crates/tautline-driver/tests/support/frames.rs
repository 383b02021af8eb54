//! Frames made and read without the library.

/// A frame as a client sends it, masked with a fixed key.
pub(crate) fn masked(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut frame = header(first, 0x80, payload.len());
    let key = [0x11, 0x22, 0x33, 0x44];
    frame.extend(key);
    frame.extend(
        payload
            .iter()
            .zip(key.iter().cycle())
            .map(|(byte, key)| byte ^ key),
    );
    frame
}

/// A frame as a server sends it.
pub(crate) fn plain(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut frame = header(first, 0, payload.len());
    frame.extend(payload);
    frame
}

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;

/// The body of a Close frame.
pub(crate) fn close_body(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}

/// The header of a frame whose payload is not there.
pub(crate) fn header(first: u8, mask: u8, len: usize) -> Vec<u8> {
    let mut header = vec![first];
    if len < 126 {
        header.push(mask | len as u8);
    } else if let Ok(len) = u16::try_from(len) {
        header.push(mask | 126);
        header.extend(len.to_be_bytes());
    } else {
        header.push(mask | 127);
        header.extend((len as u64).to_be_bytes());
    }
    header
}

/// The frames that make up these bytes: first byte and unmasked payload.
pub(crate) fn parse(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        let (len, rest) = match second & 0x7f {
            126 => (
                usize::from(u16::from_be_bytes(rest[..2].try_into().unwrap())),
                &rest[2..],
            ),
            127 => (
                u64::from_be_bytes(rest[..8].try_into().unwrap()) as usize,
                &rest[8..],
            ),
            len => (usize::from(len), rest),
        };
        let (key, rest) = if second & 0x80 == 0 {
            ([0; 4], rest)
        } else {
            (rest[..4].try_into().unwrap(), &rest[4..])
        };
        let payload = rest[..len].iter().zip(key.iter().cycle());
        frames.push((*first, payload.map(|(byte, key)| byte ^ key).collect()));
        bytes = &rest[len..];
    }
    assert!(bytes.is_empty(), "a frame was cut off");
    frames
}

/// How many bytes at the front are whole frames.
pub(crate) fn whole(bytes: &[u8]) -> usize {
    let mut end = 0;
    loop {
        let [_, second, rest @ ..] = &bytes[end..] else {
            return end;
        };
        let len = match (second & 0x7f, rest) {
            (126, [high, low, ..]) => 2 + usize::from(u16::from_be_bytes([*high, *low])),
            (len @ 0..126, _) => len.into(),
            _ => return end,
        };
        let key = usize::from(second >> 7) * 4;
        if rest.len() < key + len {
            return end;
        }
        end += 2 + key + len;
    }
}

/// The payloads of these frames.
pub(crate) fn payloads(bytes: &[u8]) -> Vec<Vec<u8>> {
    parse(bytes)
        .into_iter()
        .map(|(_, payload)| payload)
        .collect()
}
