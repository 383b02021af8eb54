//! Accepting in two steps, with the request in between.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{AsyncReadExt, AsyncWriteExt, FutureExt, join};
use http::StatusCode;
use tautline::{
    ClientRequest, Config, HandshakeError, OriginPolicy, UpgradeError,
    driver::{Transport, Upgrade, WebSocket},
    handshake::{AcceptError, RefusalReason, Reject},
};

use crate::support::{
    Adapter, Clock, Pipe, Timed,
    raw::{self, TEXT},
    settle,
};

const HOST: &str = "server.example.com";

/// A peer that has sent this, and a server's end of the pipe.
async fn peer(request: &str) -> (Pipe, Pipe) {
    let (mut near, far) = Pipe::pair(64 * 1024);
    raw::send(&mut near, request).await;
    (near, far)
}

/// As [`peer`], with a request as it should be, and time as this clock tells it.
async fn timed_peer<T: Transport<Stream = Pipe>>(clock: &Clock) -> (Pipe, Timed<T>) {
    let (near, far) = peer(&raw::request("/", HOST, "")).await;
    (near, Timed::new(far, clock))
}

async fn accept<T: Transport>(stream: T::Stream) -> Result<WebSocket<T>, UpgradeError> {
    Upgrade::read(stream).await?.accept().await
}

/// A client's attempt, and what a server makes of it.
async fn meet<T: Transport<Stream = Pipe>, R>(
    request: ClientRequest,
    server: impl AsyncFnOnce(Upgrade<T>) -> R,
) -> (Result<WebSocket<T>, HandshakeError>, R) {
    let (near, far) = Pipe::pair(64 * 1024);
    join!(
        WebSocket::connect_on(near, &request, Config::new()),
        async { server(Upgrade::read(far).await.unwrap()).await }
    )
}

fn refused(error: HandshakeError) -> http::Response<Bytes> {
    match error {
        HandshakeError::Response(error) => error.response().cloned().expect("a refusal"),
        error => panic!("{error:?}"),
    }
}

/// R6455-4.2.2-11, R6455-4.2.2-13, R6455-4.1-50
pub(crate) async fn a_request_is_seen_and_answered_with_a_subprotocol_and_header_fields<
    A: Adapter,
>() {
    let request = ClientRequest::try_from("ws://server.example.com/chat?room=7")
        .unwrap()
        .subprotocol("chat")
        .and_then(|request| request.subprotocol("superchat"))
        .and_then(|request| request.header("authorization", "Bearer t"))
        .unwrap();
    let (client, server) = meet(request, async |upgrade: Upgrade<A::Piped>| {
        let request = upgrade.request();
        assert!(request.is_upgrade());
        assert_eq!(request.path(), "/chat");
        assert_eq!(request.query(), Some("room=7"));
        assert_eq!(request.host(), Some(HOST));
        assert_eq!(request.header("authorization"), Some("Bearer t"));
        assert_eq!(
            request.subprotocols().collect::<Vec<_>>(),
            ["chat", "superchat"]
        );
        // The decision may wait for something.
        settle().await;
        upgrade
            .accept_with(|accept| accept.subprotocol("superchat")?.header("x-served-by", "a"))
            .await
    })
    .await;
    let (mut client, mut server) = (client.unwrap(), server.unwrap());
    assert_eq!(client.subprotocol(), Some("superchat"));
    assert_eq!(server.subprotocol(), Some("superchat"));
    assert_eq!(client.response().unwrap().headers()["x-served-by"], "a");
    server.send("hi").await.unwrap();
    assert_eq!(client.recv().await.unwrap(), Some("hi".into()));
}

/// R6455-4.2.2-04, R6455-4.2.2-05, R6455-4.2.2-08, R6455-4.2.2-12
pub(crate) async fn a_rejection_has_the_status_header_and_body_it_was_given<A: Adapter>() {
    for (status, name, value, body) in [
        (404, "content-type", "text/plain", "no such room"),
        (401, "www-authenticate", "Basic realm=\"x\"", ""),
        (307, "location", "wss://elsewhere.example/", "there"),
    ] {
        let request = "ws://server.example.com/".try_into().unwrap();
        let status = StatusCode::from_u16(status).unwrap();
        let (client, server) = meet(request, async |upgrade: Upgrade<A::Piped>| {
            upgrade
                .reject_with(status, |reject| Ok(reject.header(name, value)?.body(body)))
                .await
        })
        .await;
        server.unwrap();
        let response = refused(client.unwrap_err());
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()[name], value);
        assert_eq!(response.body(), body);
    }
}

/// R6455-4.2.2-12
pub(crate) async fn a_plain_rejection_has_no_body<A: Adapter>() {
    let request = "ws://server.example.com/nope".try_into().unwrap();
    let (client, server) = meet(request, async |upgrade: Upgrade<A::Piped>| {
        upgrade.reject(StatusCode::NOT_FOUND).await
    })
    .await;
    server.unwrap();
    let response = refused(client.unwrap_err());
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert!(response.body().is_empty());
}

pub(crate) async fn a_page_is_served_on_the_same_port<A: Adapter>() {
    let (mut peer, stream) = peer("GET /page HTTP/1.1\r\nHost: server.example.com\r\n\r\n").await;
    let upgrade = Upgrade::<A::Piped>::read(stream).await.unwrap();
    assert!(!upgrade.request().is_upgrade());
    let page = http::Response::builder()
        .header("content-type", "text/html")
        .header("content-length", "1")
        .body(Bytes::from("<p>hello"))
        .unwrap();
    let (served, (head, body)) = join!(upgrade.respond(page), async move {
        let head = raw::read_head(&mut peer).await;
        let mut body = [0; 8];
        peer.read_exact(&mut body).await.unwrap();
        // The server ends the stream, and then so does the browser.
        assert_eq!(raw::read_to_end(&mut peer).await, b"");
        (head, body)
    });
    served.unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert_eq!(raw::header(&head, "content-type"), Some("text/html"));
    assert_eq!(raw::header(&head, "content-length"), Some("8"));
    assert_eq!(&body, b"<p>hello");
}

/// R6455-4.2.2-06, R6455-4.2.2-07, R6455-10.2-01, R6455-10.2-02
pub(crate) async fn origins_that_are_not_on_the_list_get_403<A: Adapter>() {
    let policy = OriginPolicy::allow(["http://example.com"]).unwrap();
    for (origin, accepted) in [
        ("http://example.com", true),
        ("HTTP://Example.COM", true),
        ("http://example.com.evil.example", false),
        ("http://example.com:8080", false),
        ("https://example.com", false),
        ("null", false),
    ] {
        let request = raw::request("/", HOST, &format!("Origin: {origin}\r\n"));
        let (mut peer, stream) = peer(&request).await;
        let upgrade = Upgrade::<A::Piped>::read(stream).await.unwrap();
        assert_eq!(upgrade.request().origin(), Some(origin));
        let (checked, head) = join!(upgrade.check_origin(&policy), async {
            if accepted {
                return None;
            }
            let head = raw::read_head(&mut peer).await;
            raw::read_to_end(&mut peer).await;
            peer.close().await.unwrap();
            Some(head)
        });
        match (checked, head) {
            (Ok(upgrade), None) => drop(upgrade.accept().await.unwrap()),
            (Err(UpgradeError::Refused(refusal)), Some(head)) => {
                assert_eq!(
                    *refusal.reason(),
                    RefusalReason::OriginNotAllowed,
                    "{origin}"
                );
                assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
            }
            other => panic!("{origin}: {other:?}"),
        }
    }
}

/// R6455-4.2.2-10, R6455-10.7-04
pub(crate) async fn what_is_no_handshake_is_refused_with_the_status_that_fits<A: Adapter>() {
    let good = raw::request("/", HOST, "");
    for (request, status) in [
        (good.replace("Version: 13", "Version: 25"), 426),
        (good.replace("Upgrade: websocket", "Upgrade: h2c"), 426),
        (
            good.replace("Connection: Upgrade", "Connection: close"),
            400,
        ),
        (good.replace("dGhl", "dGh"), 400),
        (good.replace("GET", "POST"), 405),
    ] {
        let (mut peer, stream) = peer(&request).await;
        let (result, answer) = join!(accept::<A::Piped>(stream), async move {
            let head = raw::read_head(&mut peer).await;
            raw::read_to_end(&mut peer).await;
            head
        });
        assert!(matches!(result, Err(UpgradeError::Refused(_))), "{request}");
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
        if request.contains("Version: 25") {
            assert_eq!(raw::header(&answer, "sec-websocket-version"), Some("13"));
        }
    }
}

/// R6455-4.2.2-13, R6455-4.2.2-15
pub(crate) async fn an_answer_that_is_not_allowed_is_the_servers_own_fault<A: Adapter>() {
    for name in ["other", ""] {
        let request = ClientRequest::try_from("ws://server.example.com/")
            .unwrap()
            .subprotocol("chat")
            .unwrap();
        let (client, server) = meet(request, async |upgrade: Upgrade<A::Piped>| {
            upgrade.accept_with(|accept| accept.subprotocol(name)).await
        })
        .await;
        let error = server.unwrap_err();
        assert!(matches!(error, UpgradeError::Accept(_)), "{error:?}");
        let response = refused(client.unwrap_err());
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().get("sec-websocket-protocol").is_none());
    }
}

/// R6455-4.2.2-13
pub(crate) async fn a_subprotocol_that_was_not_offered_is_named_as_the_fault<A: Adapter>() {
    let request = ClientRequest::try_from("ws://server.example.com/").unwrap();
    let (_, server) = meet(request, async |upgrade: Upgrade<A::Piped>| {
        upgrade
            .accept_with(|accept| accept.subprotocol("chat"))
            .await
    })
    .await;
    assert!(matches!(
        server,
        Err(UpgradeError::Accept(AcceptError::SubprotocolNotOffered))
    ));
}

pub(crate) async fn bytes_in_the_segment_of_the_request_are_the_first_message<A: Adapter>() {
    let (mut peer, stream) = peer(&raw::request("/", HOST, "")).await;
    raw::send(&mut peer, raw::masked(TEXT, b"hi")).await;
    let mut server = accept::<A::Piped>(stream).await.unwrap();
    assert_eq!(server.recv().await.unwrap(), Some("hi".into()));
    let head = raw::read_head(&mut peer).await;
    assert_eq!(
        raw::header(&head, "sec-websocket-accept"),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
    // Once, and nothing behind it.
    assert!(peer.read(&mut [0]).now_or_never().is_none());
}

/// R6455-7.2.2-01, R6455-10.7-04
pub(crate) async fn what_is_no_request_is_answered_as_far_as_it_can_be<A: Adapter>() {
    let (near, stream) = peer("this is no request\r\n\r\n").await;
    let (result, answer) = join!(
        Upgrade::<A::Piped>::read(stream),
        leave_and_read_the_answer(near)
    );
    assert!(matches!(result, Err(UpgradeError::Head(_))), "{result:?}");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");

    let (near, stream) = peer("GET / HT").await;
    drop(near);
    let result = Upgrade::<A::Piped>::read(stream).await;
    assert!(matches!(result, Err(UpgradeError::Eof)), "{result:?}");

    let junk = "x".repeat(60_000);
    let (near, stream) = peer(&junk).await;
    let (result, _) = join!(
        Upgrade::<A::Piped>::read(stream),
        leave_and_read_the_answer(near)
    );
    assert!(matches!(result, Err(UpgradeError::Head(_))), "{result:?}");
}

async fn leave_and_read_the_answer(mut peer: Pipe) -> String {
    peer.close().await.unwrap();
    String::from_utf8(raw::read_to_end(&mut peer).await).unwrap()
}

/// R6455-4.1-53
pub(crate) async fn a_client_that_stays_silent_runs_into_the_handshake_timeout<A: Adapter>() {
    let clock = Clock::new();
    let (_near, far) = Pipe::pair(1024);
    let reading = Upgrade::<Timed<A::Piped>>::read(Timed::new(far, &clock));
    let result = clock.after(Duration::from_secs(10), reading).await;
    assert!(matches!(result, Err(UpgradeError::Timeout)), "{result:?}");
}

/// R6455-4.2.2-08
pub(crate) async fn a_rejected_peer_that_does_not_read_or_does_not_leave_is_let_go_of<
    A: Adapter,
>() {
    let clock = Clock::new();
    let (_near, stream) = timed_peer::<A::Piped>(&clock).await;
    let upgrade = Upgrade::<Timed<_>>::read(stream).await.unwrap();
    // This one takes the answer, and then never ends its side.
    let rejecting = upgrade.reject(StatusCode::FORBIDDEN);
    clock
        .after(Duration::from_secs(1), rejecting)
        .await
        .unwrap();

    let (_near, stream) = timed_peer::<A::Piped>(&clock).await;
    let upgrade = Upgrade::<Timed<_>>::read(stream).await.unwrap();
    let large = |reject: Reject| Ok(reject.body(vec![b'x'; 100_000]));
    let rejecting = upgrade.reject_with(StatusCode::FORBIDDEN, large);
    let result = clock.after(Duration::from_secs(10), rejecting).await;
    assert!(matches!(result, Err(UpgradeError::Timeout)), "{result:?}");
}

/// The time that the application takes to decide is its own.
pub(crate) async fn a_decision_may_take_longer_than_the_handshake_timeout<A: Adapter>() {
    let clock = Clock::new();
    let (mut near, stream) = timed_peer::<A::Piped>(&clock).await;
    let upgrade = Upgrade::<Timed<_>>::read(stream).await.unwrap();
    clock.advance(Duration::from_secs(60 * 60));
    let mut server = upgrade.accept().await.unwrap();
    server.send("at last").await.unwrap();
    assert!(raw::read_head(&mut near).await.starts_with("HTTP/1.1 101 "));
    assert_eq!(
        raw::read_frame(&mut near).await,
        (TEXT, b"at last".to_vec())
    );
}
