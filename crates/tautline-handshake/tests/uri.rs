//! The URIs of WebSockets.

use tautline_handshake::{ClientRequest, RequestError, Uri, UriError};

fn parse(text: &str) -> Result<Uri, UriError> {
    text.parse()
}

#[test]
fn good_uris_are_brought_into_one_form() {
    for (id, text, secure, host, port, authority, resource) in [
        ("R6455-3-01", "WS://h/", false, "h", 80, "h", "/"),
        ("R6455-3-01", "WsS://H/", true, "h", 443, "h", "/"),
        ("R6455-3-02", "wss://h/x", true, "h", 443, "h", "/x"),
        ("R6455-3-02", "ws://h:443/x", false, "h", 443, "h:443", "/x"),
        (
            "R6455-3-04",
            "wss://h:8443/",
            true,
            "h",
            8443,
            "h:8443",
            "/",
        ),
        ("R6455-4.1-20", "ws://h:80/", false, "h", 80, "h", "/"),
        ("R6455-4.1-20", "wss://h:443/", true, "h", 443, "h", "/"),
        ("R6455-3-05", "ws://h:/", false, "h", 80, "h", "/"),
        ("R6455-3-05", "ws://h:080/", false, "h", 80, "h", "/"),
        ("R6455-3-05", "ws://h:0/", false, "h", 0, "h:0", "/"),
        (
            "R6455-3-05",
            "ws://h:65535",
            false,
            "h",
            65535,
            "h:65535",
            "/",
        ),
        ("R6455-3-06", "ws://h", false, "h", 80, "h", "/"),
        ("R6455-3-06", "ws://h?q=1", false, "h", 80, "h", "/?q=1"),
        (
            "R6455-3-07",
            "ws://h/a/b;c?x=1&y=%20z",
            false,
            "h",
            80,
            "h",
            "/a/b;c?x=1&y=%20z",
        ),
        ("R6455-3-07", "ws://h/a?", false, "h", 80, "h", "/a"),
        (
            "R6455-3-07",
            "ws://h/a?b?c/d",
            false,
            "h",
            80,
            "h",
            "/a?b?c/d",
        ),
        (
            "R6455-3-09",
            "ws://h/a%23b?c=%23",
            false,
            "h",
            80,
            "h",
            "/a%23b?c=%23",
        ),
        (
            "R6455-3-10",
            "ws://[::1]:9001/x",
            false,
            "::1",
            9001,
            "[::1]:9001",
            "/x",
        ),
        (
            "R6455-3-10",
            "ws://[0:0::0:1]",
            false,
            "::1",
            80,
            "[::1]",
            "/",
        ),
        (
            "R6455-3-11",
            "ws://h/%2e%2F%7Ea",
            false,
            "h",
            80,
            "h",
            "/%2e%2F%7Ea",
        ),
        ("H8", "ws://h/%0d%0aX:y", false, "h", 80, "h", "/%0d%0aX:y"),
        (
            "R8307-1-01",
            "ws://h/.well-known/x",
            false,
            "h",
            80,
            "h",
            "/.well-known/x",
        ),
        (
            "R6455-11.1-02",
            "ws://h/é?ü=1",
            false,
            "h",
            80,
            "h",
            "/%C3%A9?%C3%BC=1",
        ),
        (
            "R6455-3-03",
            "ws://127.0.0.1:1/",
            false,
            "127.0.0.1",
            1,
            "127.0.0.1:1",
            "/",
        ),
    ] {
        let uri = parse(text).unwrap_or_else(|error| panic!("{id}: {text}: {error}"));
        assert_eq!(uri.is_secure(), secure, "{id}");
        assert_eq!((uri.host(), uri.port()), (host, port), "{id}");
        assert_eq!(uri.authority(), authority, "{id}");
        assert_eq!(uri.resource_name(), resource, "{id}");
        assert_eq!(parse(&uri.to_string()).as_ref(), Ok(&uri), "{id}");
        assert_eq!(Uri::try_from(text.to_owned()).as_ref(), Ok(&uri), "{id}");
    }
}

/// R6455-4.1-03: nothing is sent when this fails, since there is no request yet.
#[test]
fn bad_uris_are_refused_with_the_reason() {
    for (id, text, error) in [
        ("R6455-3-01", "ftp://h/", UriError::Scheme),
        ("R6455-3-01", "http://h/", UriError::Scheme),
        ("R6455-3-01", "https://h/", UriError::Scheme),
        ("R6455-3-01", "//h/", UriError::Scheme),
        ("R6455-3-01", "h/", UriError::Scheme),
        ("R6455-3-01", "", UriError::Scheme),
        ("R6455-3-03", "ws:///chat", UriError::Host),
        ("R6455-3-03", "ws://:80/", UriError::Host),
        ("R6455-3-03", "ws:chat", UriError::Host),
        ("R6455-3-03", "ws://", UriError::Host),
        ("R6455-3-03", "ws://a b/", UriError::Host),
        ("R6455-3-03", "ws://a\r\nb/", UriError::Host),
        ("R6455-3-03", "ws://a%41/", UriError::Host),
        ("R6455-3-05", "ws://h:65536/", UriError::Port),
        ("R6455-3-05", "ws://h:-1/", UriError::Port),
        ("R6455-3-05", "ws://h:+1/", UriError::Port),
        ("R6455-3-05", "ws://h:8a/", UriError::Port),
        ("R6455-4.1-03", "ws://h:99999/", UriError::Port),
        ("R6455-3-08", "ws://h/a#f", UriError::Fragment),
        ("R6455-3-08", "ws://h/a#", UriError::Fragment),
        ("R6455-3-08", "ws://h#f", UriError::Fragment),
        ("R6455-3-10", "ws://::1/", UriError::Host),
        ("R6455-3-10", "ws://1::2/", UriError::Host),
        ("R6455-3-10", "ws://[::1/", UriError::Host),
        ("R6455-3-10", "ws://[::g]/", UriError::Host),
        ("R6455-3-10", "ws://[::1]9/", UriError::Host),
        ("R6455-3-10", "ws://[1.2.3.4]/", UriError::Host),
        ("R6455-3-11", "ws://h/%zz", UriError::Character),
        ("R6455-3-11", "ws://h/%4", UriError::Character),
        ("R6455-3-11", "ws://h/%4?1", UriError::Character),
        ("R6455-3-11", "ws://h/?%", UriError::Character),
        ("R6455-3-11", "ws://h/%é", UriError::Character),
        ("R6455-3-12", "ws://h/a b", UriError::Character),
        ("R6455-3-12", "ws://h/a\r\nX-Evil: 1", UriError::Character),
        ("R6455-3-12", "ws://h/\0", UriError::Character),
        ("R6455-3-12", "ws://h/a\\b", UriError::Character),
        ("R6455-3-12", "ws://h/?a=\"b\"", UriError::Character),
        ("R6455-3-13", "ws://u:p@h/", UriError::UserInfo),
        ("R6455-3-13", "ws://@h/", UriError::UserInfo),
    ] {
        assert_eq!(parse(text), Err(error), "{id}: {text:?}");
        let request = ClientRequest::try_from(text).map(|_| ());
        assert_eq!(request, Err(RequestError::Uri(error)), "{id}: {text:?}");
    }
}

#[test]
fn the_uri_of_another_crate_is_checked_too() {
    let http: http::Uri = "wss://H:444/a?b".parse().unwrap();
    assert_eq!(Uri::try_from(http).unwrap().to_string(), "wss://h:444/a?b");
    let page: http::Uri = "https://h/".parse().unwrap();
    assert_eq!(Uri::try_from(page), Err(UriError::Scheme));
    let path: http::Uri = "/chat".parse().unwrap();
    assert_eq!(Uri::try_from(path), Err(UriError::Scheme));
}

/// R6455-11.1-01.
#[cfg(feature = "idna")]
#[test]
fn international_hosts_are_converted() {
    let uri = parse("wss://Bücher.example:81/ü").unwrap();
    assert_eq!(uri.host(), "xn--bcher-kva.example");
    assert_eq!(uri.authority(), "xn--bcher-kva.example:81");
    assert_eq!(uri.resource_name(), "/%C3%BC");
    assert_eq!(parse("ws://\u{ff0f}/"), Err(UriError::Host));
    assert_eq!(parse("ws://é@h/"), Err(UriError::UserInfo));
}

/// R6455-11.1-01: never raw UTF-8 in `Host`.
#[cfg(not(feature = "idna"))]
#[test]
fn international_hosts_are_refused() {
    assert_eq!(parse("ws://bücher.example/"), Err(UriError::Host));
}
