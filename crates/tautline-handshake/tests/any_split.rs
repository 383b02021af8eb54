//! Arbitrary bytes, cut into arbitrary pieces.

use bytes::{Bytes, BytesMut};
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use proptest::prop_assert_eq;
use tautline_handshake::{
    ClientHandshake, ClientRequest, Extension, OriginPolicy, Progress, ServerHandshake, Uri,
};

const REQUEST: &str = "GET /chat?a=b HTTP/1.1\r\nHost: server.example.com\r\n\
    Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nOrigin: http://example.com\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Extensions: a; b=\"c\", d\r\n\r\n";

const ACCEPTED: &str = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

const REFUSED: &str = "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n\
    5;x=y\r\nhello\r\n1\r\n!\r\n0\r\n\r\n";

const REFUSED_WITH_LENGTH: &str = "HTTP/1.0 503 \r\nContent-Length: 5\r\n\r\nhello";

/// A message with a few bytes replaced, cut out or put in, and something behind it.
fn mutated(messages: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        prop::sample::select(&b"\r\n :,;=\"\\/\t\0#%@[]"[..]),
        any::<u8>(),
    ];
    let change = (any::<prop::sample::Index>(), 0..3_usize, vec(byte, 0..3));
    let message = prop::sample::select(messages);
    (message, vec(change, 0..4), vec(any::<u8>(), 0..8)).prop_map(|(message, changes, rest)| {
        let mut bytes = message.as_bytes().to_vec();
        for (at, removed, inserted) in changes {
            let at = at.index(bytes.len());
            let end = (at + removed).min(bytes.len() - 1);
            bytes.splice(at..end.max(at), inserted);
        }
        bytes.extend(rest);
        bytes
    })
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    vec(prop_oneof![Just(1_usize), 1..64_usize], 1..32)
}

/// The input in pieces of the given lengths, over and over.
fn pieces<'a>(input: &'a [u8], cuts: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = input;
    cuts.iter().cycle().map_while(move |&cut| {
        if rest.is_empty() {
            return None;
        }
        let (piece, behind) = rest.split_at(cut.min(rest.len()));
        rest = behind;
        Some(piece)
    })
}

/// Everything that a server makes of the input: the outcome, the answer, the bytes behind.
fn serve(input: &[u8], cuts: &[usize]) -> String {
    let mut handshake = ServerHandshake::new();
    let mut buffer = BytesMut::new();
    let mut pieces = pieces(input, cuts);
    while let Some(piece) = pieces.next() {
        buffer.extend_from_slice(piece);
        match handshake.recv(&mut buffer) {
            Ok(Progress::More(next)) => handshake = next,
            Ok(Progress::Done(request)) => {
                pieces.for_each(|piece| buffer.extend_from_slice(piece));
                let verdict = OriginPolicy::same_origin().check(&request);
                let answer: Bytes = match request.clone().accept() {
                    Ok(accept) => accept.encode().0,
                    Err(refusal) => refusal.response(),
                };
                return format!("{request:?} {verdict:?} {answer:?} {buffer:?}");
            }
            Err(error) => return format!("{error:?} {:?}", error.response()),
        }
    }
    "more".to_owned()
}

fn connect(input: &[u8], cuts: &[usize]) -> String {
    let request = ClientRequest::try_from("ws://h").expect("a URI");
    let (mut handshake, _) = ClientHandshake::new(&request, *b"the sample nonce");
    let mut buffer = BytesMut::new();
    let mut pieces = pieces(input, cuts);
    while let Some(piece) = pieces.next() {
        buffer.extend_from_slice(piece);
        match handshake.recv(&mut buffer) {
            Ok(Progress::More(next)) => handshake = next,
            Ok(Progress::Done(response)) => {
                pieces.for_each(|piece| buffer.extend_from_slice(piece));
                return format!("{response:?} {buffer:?}");
            }
            Err(error) => return format!("{error:?}"),
        }
    }
    format!("{:?}", handshake.recv_eof(&mut buffer))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// R6455-4.2.1-15 and H2.
    #[test]
    fn a_request_is_the_same_however_it_is_cut(input in mutated(&[REQUEST]), cuts in cuts()) {
        prop_assert_eq!(serve(&input, &cuts), serve(&input, &[usize::MAX]));
    }

    /// R6455-4.1-52.
    #[test]
    fn an_answer_is_the_same_however_it_is_cut(
        input in mutated(&[ACCEPTED, REFUSED, REFUSED_WITH_LENGTH]),
        cuts in cuts(),
    ) {
        prop_assert_eq!(connect(&input, &cuts), connect(&input, &[usize::MAX]));
    }

    #[test]
    fn any_bytes_at_all_have_an_outcome(input in vec(any::<u8>(), 0..200)) {
        serve(&input, &[usize::MAX]);
        connect(&input, &[usize::MAX]);
    }

    /// R6455-9.1-01: what was understood means the same once it is written again.
    #[test]
    fn extensions_survive_being_written(line in "[a-c ,;=\"\\\\\t]{0,24}") {
        if let Ok(list) = Extension::parse([&line]) {
            let written: Vec<String> = list.iter().map(ToString::to_string).collect();
            prop_assert_eq!(Extension::parse([written.join(", ")]), Ok(list));
        }
    }

    /// R6455-3-12: no URI breaks out of its line.
    #[test]
    fn a_uri_has_one_form_of_visible_characters(
        text in "[wW][sS]s?://[a-z0-9.:@\\[\\]é]{0,8}[/?#]?\\PC{0,8}[%/\r\n ]?[0-9a-f]{0,2}",
    ) {
        if let Ok(uri) = Uri::try_from(text.as_str()) {
            let form = uri.to_string();
            assert!(form.bytes().all(|byte| byte.is_ascii_graphic()), "{form:?}");
            assert!(uri.resource_name().starts_with('/') && !uri.host().is_empty());
            prop_assert_eq!(form.parse(), Ok(uri));
        }
    }
}
