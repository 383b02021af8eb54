//! Both sides of the opening handshake.
//!
//! * Any bytes, in any pieces, get the same verdict from the server's and the client's parser as they
//!   get in one piece, within the memory that the limits allow.
//! * What is accepted keeps every rule of RFC 6455 section 4, as httparse and a plain list of checks
//!   see it. What is refused is answered with a response that httparse can read.
//! * What the client writes, the server accepts, and the reverse, whatever the application asks for.
//! * Both ends understand the same by what they agree on for permessage-deflate.

mod client;
mod negotiation;
mod round_trip;
mod server;

use arbitrary::{Result, Unstructured};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use httparse::Header;
use sha1::{Digest, Sha1};

use crate::cuts::Cuts;

/// Runs one case.
pub fn run(data: &[u8]) {
    // An input that is too short ends the case early, which is no fault.
    let _ = case(&mut Unstructured::new(data));
}

fn case(input: &mut Unstructured<'_>) -> Result<()> {
    let (kind, cuts) = input.arbitrary::<(u8, Cuts)>()?;
    match kind % 4 {
        0 => server::case(input.arbitrary()?, cuts, input.bytes(input.len())?),
        1 => client::case(input.arbitrary()?, cuts, input.bytes(input.len())?),
        2 => round_trip::case(cuts, input)?,
        _ => negotiation::case(input)?,
    }
    Ok(())
}

/// The header fields of a head, as httparse finds them.
struct Fields<'a>(&'a [Header<'a>]);

impl<'a> Fields<'a> {
    /// The values of a field, line by line.
    fn all(&self, name: &str) -> Vec<&'a [u8]> {
        let lines = self
            .0
            .iter()
            .filter(|field| field.name.eq_ignore_ascii_case(name));
        lines.map(|field| field.value.trim_ascii()).collect()
    }

    /// The value of a field that is there on one line and no more.
    fn only(&self, name: &str) -> Option<&'a [u8]> {
        match self.all(name)[..] {
            [value] => Some(value),
            _ => None,
        }
    }

    /// The elements of a list, over all its lines.
    fn list(&self, name: &str) -> Vec<&'a [u8]> {
        let lines = self.all(name).into_iter();
        let elements = lines.flat_map(|line| line.split(|&byte| byte == b','));
        elements
            .map(<[u8]>::trim_ascii)
            .filter(|element| !element.is_empty())
            .collect()
    }

    fn has_token(&self, name: &str, token: &str) -> bool {
        let mut elements = self.list(name).into_iter();
        elements.any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
    }
}

/// Checks a whole response and says where its body begins.
fn read_response(bytes: &[u8], status: u16, check: impl FnOnce(&Fields<'_>)) -> usize {
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut fields);
    let parsed = response
        .parse(bytes)
        .expect("a response that is sent can be read");
    assert!(parsed.is_complete(), "a response without an end");
    assert_eq!((response.code, response.version), (Some(status), Some(1)));
    check(&Fields(response.headers));
    parsed.unwrap()
}

/// Checks an answer that opens no WebSocket (R6455-4.2.1-01).
fn read_refusal(bytes: &[u8], status: u16, is_head: bool) {
    assert_ne!(status, 101);
    let mut length = None;
    let body = read_response(bytes, status, |fields| {
        assert!(
            fields.has_token("connection", "close"),
            "the connection stays open"
        );
        length = fields.only("content-length").map(<[u8]>::to_vec);
    });
    let length = length.and_then(|length| str::from_utf8(&length).ok()?.parse().ok());
    if !is_head && !matches!(status, 204 | 304) {
        assert_eq!(length, Some(bytes.len() - body), "the length of the body");
    } else {
        assert_eq!(bytes.len(), body, "a body where there must be none");
    }
}

/// The value of `Sec-WebSocket-Accept` (R6455-4.2.2-21).
fn accept_value(key: &[u8]) -> String {
    let guid: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    STANDARD.encode(Sha1::digest([key, guid].concat()))
}
