use allocation_counter::measure;
use arbitrary::Arbitrary;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use bytes::BytesMut;
use http::{Method, StatusCode};
use tautline_handshake::{
    HandshakeLimits, HeadError, OriginPolicy, Progress, Request, ServerHandshake,
};

use super::{Fields, accept_value, read_refusal, read_response};
use crate::cuts::Cuts;

/// Limits, as the input wants them.
#[derive(Arbitrary, Clone, Copy)]
pub(super) struct Limits {
    are_default: bool,
    head: u16,
    line: u16,
    headers: u8,
}

impl Limits {
    pub(super) fn limits(self) -> HandshakeLimits {
        if self.are_default {
            return HandshakeLimits::new();
        }
        HandshakeLimits::new()
            .with_max_head_size(self.head.into())
            .with_max_start_line(self.line.into())
            .with_max_headers(self.headers.into())
            .with_max_body_size(usize::from(self.line) / 8)
    }
}

pub(super) fn case(limits: Limits, cuts: Cuts, bytes: &[u8]) {
    let limits = limits.limits();
    let whole = receive(limits, [bytes].into_iter());
    let mut pieces = Ok(None);
    let memory = measure(|| pieces = receive(limits, cuts.pieces(bytes)));
    // What arrived after the head is the caller's. A header takes its place in a few tables.
    let allowed = 8 * limits.max_head_size() + 2 * bytes.len() + 1024 * limits.max_headers();
    assert!(
        memory.bytes_max < 64 * 1024 + allowed as u64,
        "{} bytes at once",
        memory.bytes_max
    );

    match (whole, pieces) {
        (Ok(None), Ok(None)) => {}
        (Err(whole), Err(pieces)) => {
            assert_eq!(whole, pieces, "other pieces, another error");
            read_refusal(&whole.response(), whole.status().as_u16(), false);
            assert!(!is_plain(bytes, &limits), "{whole} of a plain handshake");
        }
        (Ok(Some((request, rest))), Ok(Some((same, rest_of_pieces)))) => {
            assert_eq!(format!("{request:?}"), format!("{same:?}"));
            // R6455-4.2.1-15
            assert!(
                bytes.ends_with(&rest) && rest == rest_of_pieces,
                "bytes behind the head"
            );
            judge(
                request,
                &bytes[..bytes.len() - rest.len()],
                is_plain(bytes, &limits),
            );
        }
        _ => panic!("other pieces, another verdict"),
    }
}

/// The request and what is behind it, once it has arrived.
fn receive<'a>(
    limits: HandshakeLimits,
    mut pieces: impl Iterator<Item = &'a [u8]>,
) -> Result<Option<(Request, BytesMut)>, HeadError> {
    let mut handshake = ServerHandshake::with_limits(limits);
    let mut input = BytesMut::new();
    while let Some(piece) = pieces.next() {
        input.extend_from_slice(piece);
        match handshake.recv(&mut input)? {
            Progress::Done(request) => {
                pieces.for_each(|piece| input.extend_from_slice(piece));
                return Ok(Some((request, input)));
            }
            Progress::More(same) => handshake = same,
        }
        // R6455-4.2.1-14
        assert!(
            input.len() <= limits.max_head_size(),
            "waits beyond the limit"
        );
    }
    Ok(None)
}

/// Accepts the request if that can be done, and checks the decision.
fn judge(request: Request, head: &[u8], is_plain: bool) {
    let mut fields = [httparse::EMPTY_HEADER; 256];
    let mut parsed = httparse::Request::new(&mut fields);
    let end = parsed
        .parse(head)
        .expect("a head that was accepted can be read");
    assert!(
        end.is_complete() && end.unwrap() == head.len(),
        "the end of the head"
    );
    assert_eq!(parsed.headers.len(), request.headers().len());
    let fields = Fields(parsed.headers);

    let policies = [OriginPolicy::same_origin(), OriginPolicy::any()];
    let [_, any] = policies.map(|policy| policy.check(&request));
    // Nobody has two origins, whatever the policy.
    assert_eq!(any.is_err(), fields.all("origin").len() > 1);
    let is_upgrade = request.is_upgrade();
    let is_head = request.method() == Method::HEAD;
    let other = StatusCode::from_u16(100 + head.len() as u16 % 500).expect("it is in the range");
    let reject = request.reject(other);
    read_refusal(&reject.clone().encode(), reject.status().as_u16(), is_head);

    let accept = match request.accept() {
        Err(refusal) => {
            assert!(!is_plain, "{refusal} of a plain handshake");
            read_refusal(&refusal.response(), refusal.status().as_u16(), is_head);
            return;
        }
        Ok(accept) => accept,
    };
    assert!(is_upgrade);
    assert_eq!((parsed.method, parsed.version), (Some("GET"), Some(1)));
    assert!(fields.only("host").is_some(), "R6455-4.2.1-05");
    assert!(fields.has_token("upgrade", "websocket"), "R6455-4.2.1-06");
    assert!(fields.has_token("connection", "upgrade"), "R6455-4.2.1-07");
    assert_eq!(
        fields.only("sec-websocket-version"),
        Some(&b"13"[..]),
        "R6455-4.2.1-09"
    );
    let key = fields.only("sec-websocket-key").unwrap_or_default();
    assert!(
        KEY.decode(key).is_ok_and(|nonce| nonce.len() == 16),
        "R6455-4.2.1-08"
    );
    for name in ["transfer-encoding", "expect"] {
        assert!(fields.all(name).is_empty(), "{name} in a handshake");
    }
    assert!(
        matches!(fields.all("content-length")[..], [] | [b"0"]),
        "a body"
    );
    assert!(fields.all("origin").len() <= 1);
    let is_folded = head.windows(2).any(|pair| matches!(pair, b"\n " | b"\n\t"));
    let has_lone_cr = head
        .windows(2)
        .any(|pair| pair[0] == b'\r' && pair[1] != b'\n');
    assert!(!is_folded && !has_lone_cr);
    let offered: Vec<_> = accept.request().subprotocols().map(str::as_bytes).collect();
    assert_eq!(
        offered,
        fields.list("sec-websocket-protocol"),
        "R6455-4.2.1-11"
    );

    let (response, _) = accept.encode();
    let body = read_response(&response, 101, |fields| {
        let accept = accept_value(key);
        assert_eq!(fields.only("sec-websocket-accept"), Some(accept.as_bytes()));
        assert_eq!(fields.only("upgrade"), Some(&b"websocket"[..]));
        assert!(fields.has_token("connection", "upgrade"));
        assert_eq!(fields.0.len(), 3, "a field that nobody has asked for");
    });
    assert_eq!(body, response.len());
}

/// Whether this is a handshake that has no reason to be refused: the five fields that are needed, in
/// their simplest form, and no other.
fn is_plain(bytes: &[u8], limits: &HandshakeLimits) -> bool {
    let mut fields = [httparse::EMPTY_HEADER; 5];
    let mut request = httparse::Request::new(&mut fields);
    let Ok(httparse::Status::Complete(len)) = request.parse(bytes) else {
        return false;
    };
    let fields = Fields(request.headers);
    let is_word = |text: &[u8]| {
        let is_letter = |&byte: &u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
        !text.is_empty() && text.iter().all(is_letter)
    };
    let start = bytes.iter().position(|&byte| byte == b'G');
    len <= limits.max_head_size()
        && len <= limits.max_start_line()
        && limits.max_headers() >= 5
        && start == Some(0)
        && !bytes[..len]
            .windows(2)
            .any(|pair| pair[0] == b'\r' && pair[1] != b'\n')
        && (request.method, request.version) == (Some("GET"), Some(1))
        && request.path.is_some_and(|path| {
            path.strip_prefix('/')
                .is_some_and(|path| is_word(path.as_bytes()))
        })
        && fields.only("host").is_some_and(is_word)
        && fields
            .only("upgrade")
            .is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"))
        && fields
            .only("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case(b"upgrade"))
        && fields.only("sec-websocket-version") == Some(b"13")
        && fields
            .only("sec-websocket-key")
            .is_some_and(|key| KEY.decode(key).is_ok_and(|nonce| nonce.len() == 16))
}

/// Base64 whose last bits may be anything, as RFC 4648 section 3.5 allows.
const KEY: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);
