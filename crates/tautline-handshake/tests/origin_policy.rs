//! Whose pages may open a WebSocket.

#[path = "common/server.rs"]
mod common;

use http::StatusCode;
use tautline_handshake::{HandshakeLimits, MissingOrigin, OriginPolicy, RefusalReason, Request};

use crate::common::{BASE, serve, with};

fn request(origin: &str) -> Request {
    serve(with(&format!("Origin: {origin}")), HandshakeLimits::new())
        .expect("a well-formed request")
        .0
}

/// R6455-4.2.2-06, R6455-4.2.2-07, R6455-10.2-01, R6455-10.2-02 and H10.
#[test]
fn origins_match_in_full_and_never_in_part() {
    let rows = [
        ("http://example.com", "http://example.com", true),
        ("http://example.com", "HTTP://Example.COM", true),
        ("http://EXAMPLE.com", "http://example.com", true),
        ("http://example.com", "http://example.com:80", true),
        ("https://example.com:443", "https://example.com", true),
        ("https://example.com:8443", "https://example.com:8443", true),
        ("http://[::1]:8080", "http://[0:0::1]:8080", true),
        ("http://example.com", "http://example.com.evil.test", false),
        ("http://example.com", "http://evil-example.com", false),
        ("http://example.com", "http://sub.example.com", false),
        ("http://example.com", "http://example.com:8080", false),
        ("http://example.com", "https://example.com", false),
        ("http://example.com", "http://example.com:443", false),
        ("http://example.com", "http://example.com/", false),
        (
            "http://example.com",
            "http://example.com http://evil.test",
            false,
        ),
        ("http://example.com", "http://user@example.com", false),
        ("http://example.com", "example.com", false),
        ("http://example.com", "null", false),
        ("http://example.com", "file://", false),
        ("http://example.com", "", false),
        ("null", "null", true),
        ("null", "NULL", false),
        ("file://", "file://", true),
        ("file://", "null", false),
        (
            "chrome-extension://abcdef",
            "chrome-extension://abcdef",
            true,
        ),
        ("https://*.example.com", "https://a.example.com", true),
        ("https://*.example.com", "https://A.B.Example.com:443", true),
        (
            "https://*.example.com:8443",
            "https://a.example.com:8443",
            true,
        ),
        ("https://*.example.com", "https://example.com", false),
        ("https://*.example.com", "https://.example.com", false),
        ("https://*.example.com", "https://a..example.com", false),
        ("https://*.example.com", "https://evil-example.com", false),
        ("https://*.example.com", "https://a.example.com.evil", false),
        ("https://*.example.com", "https://a.example.com:8443", false),
        ("https://*.example.com", "http://a.example.com", false),
        ("https://*.example.com", "https://*.example.com", false),
        ("https://*.example.com", "null", false),
    ];
    for (pattern, origin, allowed) in rows {
        let policy = OriginPolicy::allow(["https://other.test", pattern]).unwrap();
        let verdict = policy.check(&request(origin));
        assert_eq!(verdict.is_ok(), allowed, "{pattern} and {origin}");
        if let Err(refusal) = verdict {
            assert_eq!(refusal.reason(), &RefusalReason::OriginNotAllowed);
            assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
            assert!(
                refusal
                    .response()
                    .starts_with(b"HTTP/1.1 403 Forbidden\r\n")
            );
        }
    }
}

/// H10: the page comes from where the request goes.
#[test]
fn the_same_origin_is_the_host_of_the_request() {
    for (host, origin, allowed) in [
        ("example.com", "http://example.com", true),
        ("example.com", "https://example.com", true),
        ("Example.com", "https://EXAMPLE.COM:443", true),
        ("example.com:443", "https://example.com", true),
        ("example.com:8080", "http://example.com:8080", true),
        ("[::1]:9001", "http://[::1]:9001", true),
        ("example.com:443", "http://example.com", false),
        ("example.com", "http://example.com:8080", false),
        ("example.com:8080", "http://example.com", false),
        ("example.com", "http://evil-example.com", false),
        ("example.com", "http://example.com.evil", false),
        ("example.com", "ftp://example.com", false),
        ("example.com", "null", false),
        ("example.com", "file://", false),
        ("example.com", "", false),
    ] {
        let input = with(&format!("Origin: {origin}")).replace("server.example.com", host);
        let (request, _) = serve(input, HandshakeLimits::new()).unwrap();
        for policy in [OriginPolicy::same_origin(), OriginPolicy::default()] {
            assert_eq!(
                policy.check(&request).is_ok(),
                allowed,
                "{host} and {origin}"
            );
        }
    }
}

/// R6455-4.2.1-10: no origin is neither `null` nor any other.
#[test]
fn a_missing_origin_is_decided_on_its_own() {
    let (request, _) = serve(BASE, HandshakeLimits::new()).unwrap();
    for policy in [
        OriginPolicy::any(),
        OriginPolicy::same_origin(),
        OriginPolicy::allow(["null"]).unwrap(),
    ] {
        assert_eq!(policy.check(&request), Ok(()));
        let strict = policy.missing(MissingOrigin::Refuse);
        let refusal = strict.check(&request).unwrap_err();
        assert_eq!(refusal.reason(), &RefusalReason::OriginMissing);
        assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
    }
}

/// R6455-10.1-01: whoever says so gets in, browser or not.
#[test]
fn any_origin_passes_where_all_may() {
    for origin in ["null", "http://a", "nonsense", ""] {
        assert_eq!(OriginPolicy::any().check(&request(origin)), Ok(()));
    }
}

#[test]
fn an_origin_that_cannot_be_read_is_not_a_missing_one() {
    let policy = OriginPolicy::allow(["http://a"]).unwrap();
    let refusal = policy.check(&request("http://\u{e9}")).unwrap_err();
    assert_eq!(refusal.reason(), &RefusalReason::OriginNotAllowed);

    let two = serve(
        with("Origin: http://a\r\nOrigin: http://b"),
        HandshakeLimits::new(),
    );
    let refusal = OriginPolicy::any().check(&two.unwrap().0).unwrap_err();
    assert_eq!(refusal.status(), StatusCode::BAD_REQUEST);
}

#[test]
fn patterns_that_could_match_too_much_are_refused() {
    for pattern in [
        "",
        "*",
        "example.com",
        "*.example.com",
        "https://",
        "https://*",
        "https://*.",
        "https://*example.com",
        "https://a.*.example.com",
        "https://*.*.example.com",
        "https://example.*",
        "https://*.[::1]",
        "*://example.com",
        "https://example.com/",
        "https://example.com:*",
        "https://example.com:66000",
        "https://user@example.com",
        "https://b\u{fc}cher.example",
    ] {
        let error = OriginPolicy::allow([pattern]).unwrap_err();
        assert_eq!(error.pattern, pattern);
    }
}
