use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Response, StatusCode};
use sha2::{Digest, Sha256};

use super::names::RoomName;

/// The answers that are plain HTTP: the page for every room, and the few around it.
#[derive(Debug)]
pub(super) struct Page {
    security_policy: HeaderValue,
}

impl Page {
    pub(super) fn new() -> Self {
        let policy = format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; \
             img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
             require-trusted-types-for 'script'",
            hash_of("script"),
            hash_of("style"),
        );
        Self {
            security_policy: policy
                .try_into()
                .expect("the policy is ASCII without control characters"),
        }
    }

    /// Answers a request that is not for a WebSocket.
    pub(super) fn answer(&self, method: &Method, path: &str) -> Response<Bytes> {
        if method != Method::GET {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET here\n");
            response
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static("GET"));
            return response;
        }
        match path {
            "/" => {
                let mut response = plain(StatusCode::FOUND, "");
                response
                    .headers_mut()
                    .insert(header::LOCATION, HeaderValue::from_static("/r/lobby"));
                response
            }
            "/healthz" => plain(StatusCode::OK, "ok\n"),
            _ if is_room(path, "/r/") => self.page(),
            // The library adds what a 426 has to say about the upgrade.
            _ if is_room(path, "/ws/") => plain(StatusCode::UPGRADE_REQUIRED, "a websocket\n"),
            _ => plain(StatusCode::NOT_FOUND, "nothing here\n"),
        }
    }

    fn page(&self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from_static(HTML.as_bytes()));
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        );
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            self.security_policy.clone(),
        );
        harden(&mut response);
        response
    }
}

/// The room that a path names below a prefix.
pub(super) fn room_in(path: &str, prefix: &str) -> Option<RoomName> {
    RoomName::parse(path.strip_prefix(prefix)?)
}

fn is_room(path: &str, prefix: &str) -> bool {
    room_in(path, prefix).is_some()
}

fn plain(status: StatusCode, body: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    harden(&mut response);
    response
}

/// What every answer says to the browser about how much to trust it.
fn harden(response: &mut Response<Bytes>) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    // Rooms are named in the address, and links lead out of them.
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
}

/// The hash that lets the browser run the page's one script, or use its one style sheet, and
/// nothing that anybody manages to put beside it.
fn hash_of(element: &str) -> String {
    let (_, rest) = HTML
        .split_once(&format!("<{element}>"))
        .expect("the page has one of each");
    let (content, _) = rest
        .split_once(&format!("</{element}>"))
        .expect("elements of the page are closed");
    STANDARD.encode(Sha256::digest(content))
}

const HTML: &str = include_str!("index.html");

#[cfg(test)]
mod tests {
    use http::{Method, StatusCode, header};

    use super::{HTML, Page};

    #[test]
    fn every_path_has_its_answer() {
        let page = Page::new();
        for (method, path, status) in [
            (Method::GET, "/", StatusCode::FOUND),
            (Method::GET, "/r/lobby", StatusCode::OK),
            (Method::GET, "/r/a-1", StatusCode::OK),
            (Method::GET, "/healthz", StatusCode::OK),
            (Method::GET, "/ws/lobby", StatusCode::UPGRADE_REQUIRED),
            (Method::GET, "/r/", StatusCode::NOT_FOUND),
            (Method::GET, "/r/Lobby", StatusCode::NOT_FOUND),
            (Method::GET, "/r/a/b", StatusCode::NOT_FOUND),
            (Method::GET, "/r/../healthz", StatusCode::NOT_FOUND),
            (Method::GET, "/favicon.ico", StatusCode::NOT_FOUND),
            (Method::POST, "/r/lobby", StatusCode::METHOD_NOT_ALLOWED),
            (Method::DELETE, "/nowhere", StatusCode::METHOD_NOT_ALLOWED),
        ] {
            let response = page.answer(&method, path);
            assert_eq!(response.status(), status, "{method} {path}");
            assert_eq!(
                response.headers()[header::X_CONTENT_TYPE_OPTIONS],
                "nosniff"
            );
        }
    }

    #[test]
    fn the_page_needs_nothing_that_its_policy_forbids() {
        for (what, count) in [
            ("<script", 1),
            ("<style", 1),
            (" style=", 0),
            (" onclick=", 0),
            ("innerHTML", 0),
        ] {
            assert_eq!(HTML.matches(what).count(), count, "{what}");
        }
        let outside = ["src=\"http", "href=\"http", "url(http", "@import"];
        assert!(
            outside.iter().all(|what| !HTML.contains(what)),
            "the page is complete in itself"
        );
    }
}
