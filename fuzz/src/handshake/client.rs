use allocation_counter::measure;
use bytes::BytesMut;
use http::HeaderValue;
use tautline_handshake::{
    ClientError, ClientHandshake, ClientRequest, HandshakeLimits, Progress, Response, Uri,
};

use super::server::Limits;
use super::{Fields, accept_value};
use crate::cuts::Cuts;

pub(super) fn case(limits: Limits, cuts: Cuts, bytes: &[u8]) {
    let limits = limits.limits();
    let whole = receive(limits, [bytes].into_iter());
    let mut pieces = Err(ClientError::Eof);
    let memory = measure(|| pieces = receive(limits, cuts.pieces(bytes)));
    // What arrived after the head is the caller's. A header takes its place in a few tables.
    let head = 8 * limits.max_head_size() + 1024 * limits.max_headers();
    let allowed = head + 4 * limits.max_body_size() + 2 * bytes.len();
    assert!(
        memory.bytes_max < 64 * 1024 + allowed as u64,
        "{} bytes at once",
        memory.bytes_max
    );

    match (whole, pieces) {
        (Err(whole), Err(pieces)) => {
            assert_eq!(
                format!("{whole:?}"),
                format!("{pieces:?}"),
                "other pieces, another error"
            );
            if let Some(refusal) = whole.response() {
                assert!(refusal.body().len() <= limits.max_body_size());
            }
        }
        (Ok((response, rest)), Ok((same, rest_of_pieces))) => {
            assert_eq!(format!("{response:?}"), format!("{same:?}"));
            // R6455-4.1-52
            assert!(
                bytes.ends_with(&rest) && rest == rest_of_pieces,
                "bytes behind the head"
            );
            confirm(&response, &bytes[..bytes.len() - rest.len()]);
        }
        _ => panic!("other pieces, another verdict"),
    }
}

/// The answer and what is behind it. The connection ends when all has arrived.
fn receive<'a>(
    limits: HandshakeLimits,
    mut pieces: impl Iterator<Item = &'a [u8]>,
) -> Result<(Response, BytesMut), ClientError> {
    let uri: Uri = "ws://server.example.com/chat".parse().expect("it is a URI");
    let request = ClientRequest::new(uri)
        .subprotocol(SUBPROTOCOLS[0])
        .and_then(|request| request.subprotocol(SUBPROTOCOLS[1]))
        .and_then(|request| {
            request.extensions(HeaderValue::from_static(
                "permessage-deflate; a=\"1\", x-other",
            ))
        })
        .expect("the names are tokens");
    let (handshake, _) = ClientHandshake::new(&request, *b"the sample nonce");
    let mut handshake = handshake.with_limits(limits);
    let mut input = BytesMut::new();
    while let Some(piece) = pieces.next() {
        input.extend_from_slice(piece);
        match handshake.recv(&mut input)? {
            Progress::Done(response) => {
                pieces.for_each(|piece| input.extend_from_slice(piece));
                return Ok((response, input));
            }
            Progress::More(same) => handshake = same,
        }
        assert!(
            input.len() <= limits.max_head_size(),
            "waits beyond the limit"
        );
    }
    Err(handshake.recv_eof(&mut input))
}

/// Checks an answer that was accepted (R6455-4.1-37).
fn confirm(accepted: &Response, mut bytes: &[u8]) {
    let mut fields = [httparse::EMPTY_HEADER; 256];
    let mut interim = 0;
    loop {
        let mut response = httparse::Response::new(&mut fields);
        let end = response
            .parse(bytes)
            .expect("a head that was accepted can be read");
        assert!(end.is_complete(), "the end of the head");
        bytes = &bytes[end.unwrap()..];
        if response.code == Some(101) {
            assert_eq!((bytes, response.version), (&b""[..], Some(1)));
            break check(accepted, &Fields(response.headers));
        }
        interim += 1;
        assert!(interim <= 8 && response.code.is_some_and(|code| code < 200));
    }
}

fn check(accepted: &Response, fields: &Fields<'_>) {
    let upgrade = fields.only("upgrade").unwrap_or_default();
    assert!(upgrade.eq_ignore_ascii_case(b"websocket"), "R6455-4.1-42");
    assert!(fields.has_token("connection", "upgrade"), "R6455-4.1-43");
    let accept = accept_value(b"dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(
        fields.only("sec-websocket-accept"),
        Some(accept.as_bytes()),
        "R6455-4.1-44"
    );
    let subprotocols = fields.all("sec-websocket-protocol");
    assert!(subprotocols.len() <= 1);
    let chosen = subprotocols.first().copied();
    assert_eq!(accepted.subprotocol().map(str::as_bytes), chosen);
    if let Some(chosen) = chosen {
        assert!(
            SUBPROTOCOLS.iter().any(|name| name.as_bytes() == chosen),
            "R6455-4.1-47"
        );
    }
    for element in fields.list("sec-websocket-extensions") {
        let name = element
            .split(|&byte| byte == b';')
            .next()
            .unwrap_or_default();
        let name = name.trim_ascii();
        // A quoted value has no comma in it: it has to be a token.
        assert!(
            [&b"permessage-deflate"[..], b"x-other"].contains(&name),
            "R6455-4.1-46"
        );
    }
}

const SUBPROTOCOLS: [&str; 2] = ["chat", "superchat"];
