//! What a client makes of a 101, or of what should be one.

#[path = "common/client.rs"]
mod common;

use http::header::HeaderValue;
use tautline_handshake::{ClientError, ClientRequest, HandshakeLimits};

use crate::common::{connect, request};

/// The answer to the key that `connect` sends.
const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// The variant of the result, without what it carries.
fn outcome(request: &ClientRequest, input: impl AsRef<[u8]>) -> &'static str {
    match connect(request, input, HandshakeLimits::new()) {
        Ok(_) => "ok",
        Err(ClientError::Refused(_)) => "refused",
        Err(ClientError::Malformed) => "malformed",
        Err(ClientError::FoldedHeader) => "folded",
        Err(ClientError::HttpVersion) => "version",
        Err(ClientError::HeadTooLarge) => "too large",
        Err(ClientError::TooManyHeaders) => "too many headers",
        Err(ClientError::TooManyInterim) => "interim",
        Err(ClientError::Upgrade) => "upgrade",
        Err(ClientError::Connection) => "connection",
        Err(ClientError::Accept) => "accept",
        Err(ClientError::DuplicateHeader(_)) => "duplicate",
        Err(ClientError::Subprotocol) => "subprotocol",
        Err(ClientError::Extension) => "extension",
        Err(ClientError::ExtensionSyntax(_)) => "extension syntax",
        Err(ClientError::Eof) => "eof",
        Err(error) => panic!("{error}"),
    }
}

fn with(fields: &str) -> String {
    ANSWER.replace("\r\n\r\n", &format!("\r\n{fields}\r\n\r\n"))
}

fn replaced(from: &str, to: &str) -> String {
    assert!(ANSWER.contains(from));
    ANSWER.replace(from, to)
}

fn offering(subprotocols: &[&str], extensions: &'static str) -> ClientRequest {
    let request = subprotocols
        .iter()
        .try_fold(request(), |request, name| request.subprotocol(name))
        .expect("different tokens");
    if extensions.is_empty() {
        return request;
    }
    request
        .extensions(HeaderValue::from_static(extensions))
        .expect("a list of extensions")
}

/// R6455-4.1-37 and the rows it sums up.
#[test]
fn each_defect_of_a_101_fails_the_handshake() {
    let accept = |value: &str| replaced("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", value);
    for (id, input, expected) in [
        ("R6455-4.1-37", ANSWER.to_owned(), "ok"),
        (
            "R6455-4.1-41",
            replaced("Upgrade: websocket\r\n", ""),
            "upgrade",
        ),
        ("R6455-4.1-42", replaced(": websocket", ": h2c"), "upgrade"),
        (
            "R6455-4.1-42",
            replaced(": websocket", ": websocket/13"),
            "upgrade",
        ),
        (
            "R6455-4.1-42 D-23",
            replaced(": websocket", ": websocket, foo"),
            "upgrade",
        ),
        ("R6455-4.1-42", replaced(": websocket", ": WebSocket"), "ok"),
        ("R6455-4.1-42", with("Upgrade: websocket"), "upgrade"),
        (
            "R6455-2.1-02",
            replaced(": websocket", ": webSoc\u{212a}et"),
            "upgrade",
        ),
        (
            "R6455-4.1-43",
            replaced("Connection: Upgrade\r\n", ""),
            "connection",
        ),
        (
            "R6455-4.1-43",
            replaced(": Upgrade", ": close"),
            "connection",
        ),
        (
            "R6455-4.1-43",
            replaced(": Upgrade", ": Upgraded"),
            "connection",
        ),
        (
            "R6455-4.1-43",
            replaced(": Upgrade", ": keep-alive, uPgRaDe"),
            "ok",
        ),
        (
            "R9110-5.6.1-01",
            replaced(": Upgrade", ": , keep-alive,,\tUpgrade ,"),
            "ok",
        ),
        ("R6455-4.1-44", accept(""), "accept"),
        (
            "R6455-4.1-44 other key",
            accept("C/0nmHhBztSRGR1CwL6Tf4ZjwpY="),
            "accept",
        ),
        (
            "R6455-4.1-44 case",
            accept("S3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            "accept",
        ),
        (
            "R6455-4.1-44 decoded key",
            accept("u0CEG4G9zVzgDgxbQP0tKSEm58w="),
            "accept",
        ),
        (
            "R6455-4.1-44 longer",
            accept("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=="),
            "accept",
        ),
        (
            "R6455-4.1-45",
            accept("\t s3pPLMBiTxaQ9kYGzzhZRbK+xOo=  "),
            "ok",
        ),
        (
            "R6455-4.1-46",
            with("Sec-WebSocket-Extensions: permessage-deflate"),
            "extension",
        ),
        (
            "R6455-4.1-47",
            with("Sec-WebSocket-Protocol: chat"),
            "subprotocol",
        ),
        (
            "R6455-4.1-48",
            with("Sec-WebSocket-Protocol:"),
            "subprotocol",
        ),
        ("R6455-4.1-48", replaced("HTTP/1.1", "HTTP/1.0"), "version"),
        (
            "R6455-4.1-48",
            replaced("HTTP/1.1", "HTTP/2.0"),
            "malformed",
        ),
        (
            "R6455-4.1-48",
            replaced("HTTP/1.1", "http/1.1"),
            "malformed",
        ),
        ("R6455-4.1-48", replaced(" 101 ", " 1O1 "), "malformed"),
        ("R6455-4.1-48", with("no colon"), "malformed"),
        (
            "R6455-4.1-48",
            with("Sec-WebSocket-Extensions:"),
            "extension syntax",
        ),
        (
            "R6455-9.1-01",
            with("Sec-WebSocket-Extensions: a;;b"),
            "extension syntax",
        ),
        (
            "R6455-9.1-01",
            with("Sec-WebSocket-Extensions: a; x=\"u"),
            "extension syntax",
        ),
        (
            "R6455-11.3.3-01",
            with("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            "duplicate",
        ),
        (
            "R6455-11.3.4-02",
            with("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a"),
            "duplicate",
        ),
        ("R9110-5.5-01 NUL", with("X: a\0b"), "malformed"),
        ("R9110-5.5-01 CR", with("X: a\rb"), "malformed"),
        ("R9112-5.2-03", with("X: a\r\n b"), "folded"),
        ("R9112-2.2-02", ANSWER.replace('\r', ""), "ok"),
        ("R9110-8.6-01", with("Content-Length: 5"), "ok"),
        ("R6455-4.1-48", format!("\r\n{ANSWER}"), "malformed"),
        ("R6455-4.1-48", replaced("\r\n\r\n", "\r\n"), "eof"),
        ("R6455-4.1-48", String::new(), "eof"),
    ] {
        assert_eq!(outcome(&request(), &input), expected, "{id}: {input:?}");
    }
}

/// R6455-4.1-46, R6455-4.1-47 and R7936-2-01.
#[test]
fn only_what_was_offered_can_be_chosen() {
    let protocol = "Sec-WebSocket-Protocol: ";
    let extensions = "Sec-WebSocket-Extensions: ";
    for (offers, offered, chosen, expected) in [
        (&["chat"][..], "", format!("{protocol}chat"), "ok"),
        (&["chat"], "", format!("{protocol}superchat"), "subprotocol"),
        (
            &["chat", "superchat"],
            "",
            format!("{protocol}superchat"),
            "ok",
        ),
        (
            &["chat", "superchat"],
            "",
            format!("{protocol}chat, superchat"),
            "subprotocol",
        ),
        (&["Chat"], "", format!("{protocol}chat"), "subprotocol"),
        (&["chat"], "", protocol.to_owned(), "subprotocol"),
        (
            &[],
            "permessage-deflate",
            format!("{extensions}permessage-deflate"),
            "ok",
        ),
        (
            &[],
            "permessage-deflate",
            format!("{extensions}x-webkit-deflate-frame"),
            "extension",
        ),
        (&[], "a", format!("{extensions}a, b"), "extension"),
        (&[], "a", format!("{extensions}A"), "extension"),
        (
            &[],
            "a, b; c",
            format!("{extensions}b; d=1\r\n{extensions}a"),
            "ok",
        ),
    ] {
        let request = offering(offers, offered);
        assert_eq!(
            outcome(&request, with(&chosen)),
            expected,
            "{offers:?} {offered} {chosen}"
        );
    }
}

/// R6455-4.1-50, R6455-4.1-51, R6455-4.3-01, R6455-9.1-02, R6455-11.3.2-02, D-07 and D-22.
#[test]
fn what_was_agreed_on_can_be_read() {
    let request = offering(&["chat"], "foo, bar");
    let answer = with(
        "Sec-WebSocket-Protocol: chat\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\
         Sec-WebSocket-Extensions: bar; x=\"1\\0\"\r\nSec-WebSocket-Extensions: foo",
    );
    let (response, _) = connect(&request, answer, HandshakeLimits::new()).unwrap();
    assert_eq!(response.subprotocol(), Some("chat"));
    let extensions: Vec<String> = response
        .extensions()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(extensions, ["bar; x=10", "foo"]);
    let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=b", "c=d"]);
    assert_eq!(response.head().status(), 101);

    let (response, _) = connect(&request, ANSWER, HandshakeLimits::new()).unwrap();
    assert_eq!(response.subprotocol(), None);
    assert!(response.extensions().is_empty());
    assert_eq!(response.into_head().headers().len(), 3);
}

/// R6455-4.1-49.
#[test]
fn names_match_in_any_case_and_order() {
    let answer = "HTTP/1.1 101 \r\n\
        sec-websocket-ACCEPT: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
        connection: upgrade\r\nX-Unknown: y\r\nUPGRADE: websocket\r\n\r\n";
    assert_eq!(outcome(&request(), answer), "ok");
}

/// R6455-4.1-52, R6455-4.2.2-22 and D-25.
#[test]
fn frames_behind_the_head_stay_in_the_input() {
    let input = [ANSWER.as_bytes(), b"\x81\x02hi"].concat();
    let (_, left) = connect(&request(), input, HandshakeLimits::new()).unwrap();
    assert_eq!(left, b"\x81\x02hi");
}

/// R9110-15.2-02.
#[test]
fn interim_responses_are_skipped_and_counted() {
    let early = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    assert_eq!(outcome(&request(), format!("{early}{ANSWER}")), "ok");
    assert_eq!(
        outcome(&request(), format!("{}{ANSWER}", early.repeat(4))),
        "ok"
    );
    let ninth = format!("{}HTTP/1.1 100 \r\n\r\n", early.repeat(4));
    assert_eq!(outcome(&request(), ninth), "interim");
    assert_eq!(
        outcome(&request(), format!("{early}HTTP/1.1 404 \r\n\r\n")),
        "refused"
    );
    assert_eq!(outcome(&request(), early), "eof");
}

/// R6455-4.1-53: each limit, reached and passed by one.
#[test]
fn the_head_is_bounded() {
    let lines = ANSWER.lines().count() - 2;
    let line = ANSWER.find("\r\n").unwrap();
    for (limits, expected) in [
        (
            HandshakeLimits::new().with_max_head_size(ANSWER.len()),
            None,
        ),
        (
            HandshakeLimits::new().with_max_head_size(ANSWER.len() - 1),
            Some("too large"),
        ),
        (HandshakeLimits::new().with_max_headers(lines), None),
        (
            HandshakeLimits::new().with_max_headers(lines - 1),
            Some("too many"),
        ),
        (HandshakeLimits::new().with_max_start_line(line), None),
        (
            HandshakeLimits::new().with_max_start_line(line - 1),
            Some("too large"),
        ),
    ] {
        let error = connect(&request(), ANSWER, limits)
            .err()
            .map(|error| error.to_string());
        match (error, expected) {
            (None, None) => {}
            (Some(error), Some(expected)) => assert!(error.contains(expected), "{error}"),
            (error, expected) => panic!("{error:?} instead of {expected:?}"),
        }
    }
    let endless = format!("HTTP/1.1 101 \r\n{}", "X: y\r\n".repeat(1 << 16));
    assert_eq!(outcome(&request(), endless), "too many headers");
    let endless = format!("HTTP/1.1 101 \r\nX: {}", "y".repeat(1 << 20));
    assert_eq!(outcome(&request(), endless), "too large");
}

/// R6455-4.1-48: a server that speaks something else is noticed at its first bytes.
#[test]
fn what_is_not_http_fails_at_once() {
    for input in [
        "\x15\x03",
        "SSH-2.0",
        "HTTP/2",
        "\r\n",
        "H\r",
        "HTTP/1.1 101 \r\n\t",
    ] {
        let expected = if input.ends_with('\t') {
            "folded"
        } else {
            "malformed"
        };
        assert_eq!(
            outcome(&request(), format!("{input}rest")),
            expected,
            "{input:?}"
        );
    }
}
