//! Accepting in two steps, with the request in between.

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::StatusCode;
use tautline_handshake::{AcceptError, RefusalReason, Reject};
use tautline_tokio::{
    ClientRequest, Config, HandshakeError, OriginPolicy, Upgrade, UpgradeError, WebSocket, accept,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    join,
    time::Instant,
};

use crate::support::{
    raw::{self, TEXT},
    settle, within,
};

const HOST: &str = "server.example.com";

/// A peer that has sent this, and a server's end of the pipe.
async fn peer(request: &str) -> (DuplexStream, DuplexStream) {
    let (mut near, far) = duplex(64 * 1024);
    near.write_all(request.as_bytes()).await.unwrap();
    (near, far)
}

/// The answer to what a peer has sent, up to the end of the stream.
async fn answer(mut peer: DuplexStream) -> String {
    String::from_utf8(raw::read_to_end(&mut peer).await).unwrap()
}

/// A client's attempt, and what a server makes of it.
async fn meet<R>(
    request: ClientRequest,
    server: impl AsyncFnOnce(Upgrade<DuplexStream>) -> R,
) -> (Result<WebSocket<DuplexStream>, HandshakeError>, R) {
    let (near, far) = duplex(64 * 1024);
    within(async {
        join!(
            WebSocket::connect_on(near, &request, Config::new()),
            async { server(Upgrade::read(far).await.unwrap()).await }
        )
    })
    .await
}

fn refused(error: HandshakeError) -> http::Response<Bytes> {
    match error {
        HandshakeError::Response(error) => error.response().cloned().expect("a refusal"),
        error => panic!("{error:?}"),
    }
}

/// R6455-4.2.2-11, R6455-4.2.2-13, R6455-4.1-50
#[tokio::test]
async fn a_request_is_seen_and_answered_with_a_subprotocol_and_header_fields() {
    let request = ClientRequest::try_from("ws://server.example.com/chat?room=7")
        .unwrap()
        .subprotocol("chat")
        .and_then(|request| request.subprotocol("superchat"))
        .and_then(|request| request.header("authorization", "Bearer t"))
        .unwrap();
    let (client, server) = meet(request, async |upgrade| {
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
#[tokio::test]
async fn a_rejection_has_the_status_header_and_body_it_was_given() {
    for (status, name, value, body) in [
        (404, "content-type", "text/plain", "no such room"),
        (401, "www-authenticate", "Basic realm=\"x\"", ""),
        (307, "location", "wss://elsewhere.example/", "there"),
    ] {
        let request = "ws://server.example.com/".try_into().unwrap();
        let status = StatusCode::from_u16(status).unwrap();
        let (client, server) = meet(request, async |upgrade| {
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
#[tokio::test]
async fn a_plain_rejection_has_no_body() {
    let request = "ws://server.example.com/nope".try_into().unwrap();
    let (client, server) = meet(request, async |upgrade| {
        upgrade.reject(StatusCode::NOT_FOUND).await
    })
    .await;
    server.unwrap();
    let response = refused(client.unwrap_err());
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert!(response.body().is_empty());
}

#[tokio::test]
async fn a_page_is_served_on_the_same_port() {
    within(async {
        let (peer, stream) = peer("GET /page HTTP/1.1\r\nHost: server.example.com\r\n\r\n").await;
        let upgrade = Upgrade::read(stream).await.unwrap();
        assert!(!upgrade.request().is_upgrade());
        let page = http::Response::builder()
            .header("content-type", "text/html")
            .header("content-length", "1")
            .body(Bytes::from("<p>hello"))
            .unwrap();
        let (served, answer) = join!(upgrade.respond(page), async {
            let mut peer = peer;
            let head = raw::read_head(&mut peer).await;
            let mut body = [0; 8];
            peer.read_exact(&mut body).await.unwrap();
            // The server ends the stream, and then so does the browser.
            assert_eq!(raw::read_to_end(&mut peer).await, b"");
            (head, body)
        });
        served.unwrap();
        let (head, body) = answer;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert_eq!(raw::header(&head, "content-type"), Some("text/html"));
        assert_eq!(raw::header(&head, "content-length"), Some("8"));
        assert_eq!(&body, b"<p>hello");
    })
    .await;
}

/// R6455-4.2.2-06, R6455-4.2.2-07, R6455-10.2-01, R6455-10.2-02
#[tokio::test]
async fn origins_that_are_not_on_the_list_get_403() {
    let policy = OriginPolicy::allow(["http://example.com"]).unwrap();
    for (origin, accepted) in [
        ("http://example.com", true),
        ("HTTP://Example.COM", true),
        ("http://example.com.evil.example", false),
        ("http://example.com:8080", false),
        ("https://example.com", false),
        ("null", false),
    ] {
        within(async {
            let request = raw::request("/", HOST, &format!("Origin: {origin}\r\n"));
            let (mut peer, stream) = peer(&request).await;
            let upgrade = Upgrade::read(stream).await.unwrap();
            assert_eq!(upgrade.request().origin(), Some(origin));
            let (checked, head) = join!(upgrade.check_origin(&policy), async {
                if accepted {
                    return None;
                }
                let head = raw::read_head(&mut peer).await;
                raw::read_to_end(&mut peer).await;
                peer.shutdown().await.unwrap();
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
        })
        .await;
    }
}

/// R6455-4.2.2-10, R6455-10.7-04
#[tokio::test]
async fn what_is_no_handshake_is_refused_with_the_status_that_fits() {
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
        within(async {
            let (peer, stream) = peer(&request).await;
            let (result, answer) = join!(accept(stream), async {
                let mut peer = peer;
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
        })
        .await;
    }
}

/// R6455-4.2.2-13, R6455-4.2.2-15
#[tokio::test]
async fn an_answer_that_is_not_allowed_is_the_servers_own_fault() {
    for name in ["other", ""] {
        let request = ClientRequest::try_from("ws://server.example.com/")
            .unwrap()
            .subprotocol("chat")
            .unwrap();
        let (client, server) = meet(request, async |upgrade| {
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
#[tokio::test]
async fn a_subprotocol_that_was_not_offered_is_named_as_the_fault() {
    let request = ClientRequest::try_from("ws://server.example.com/").unwrap();
    let (_, server) = meet(request, async |upgrade| {
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

#[tokio::test]
async fn bytes_in_the_segment_of_the_request_are_the_first_message() {
    within(async {
        let (mut peer, stream) = peer(&raw::request("/", HOST, "")).await;
        peer.write_all(&raw::masked(TEXT, b"hi")).await.unwrap();
        let mut server = accept(stream).await.unwrap();
        assert_eq!(server.recv().await.unwrap(), Some("hi".into()));
        let head = raw::read_head(&mut peer).await;
        assert_eq!(
            raw::header(&head, "sec-websocket-accept"),
            Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        );
        // Once, and nothing behind it.
        assert!(peer.read_u8().now_or_never().is_none());
    })
    .await;
}

/// R6455-7.2.2-01, R6455-10.7-04
#[tokio::test]
async fn what_is_no_request_is_answered_as_far_as_it_can_be() {
    within(async {
        let (near, stream) = peer("this is no request\r\n\r\n").await;
        let (result, answer) = join!(Upgrade::read(stream), answer_then_leave(near));
        assert!(matches!(result, Err(UpgradeError::Head(_))), "{result:?}");
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");

        let (near, stream) = peer("GET / HT").await;
        drop(near);
        let result = Upgrade::read(stream).await;
        assert!(matches!(result, Err(UpgradeError::Eof)), "{result:?}");

        let junk = "x".repeat(60_000);
        let (near, stream) = peer(&junk).await;
        let (result, _) = join!(Upgrade::read(stream), answer_then_leave(near));
        assert!(matches!(result, Err(UpgradeError::Head(_))), "{result:?}");
    })
    .await;
}

async fn answer_then_leave(mut peer: DuplexStream) -> String {
    peer.shutdown().await.unwrap();
    answer(peer).await
}

/// R6455-4.1-53
#[tokio::test(start_paused = true)]
async fn a_client_that_stays_silent_runs_into_the_handshake_timeout() {
    let (_near, far) = duplex(1024);
    let start = Instant::now();
    let result = within(Upgrade::read(far)).await;
    assert!(matches!(result, Err(UpgradeError::Timeout)), "{result:?}");
    assert_eq!(start.elapsed(), Duration::from_secs(10));
}

/// R6455-4.2.2-08
#[tokio::test(start_paused = true)]
async fn a_rejected_peer_that_does_not_read_or_does_not_leave_is_let_go_of() {
    let (_near, stream) = peer(&raw::request("/", HOST, "")).await;
    let upgrade = Upgrade::read(stream).await.unwrap();
    let start = Instant::now();
    // This one takes the answer, and then never ends its side.
    within(upgrade.reject(StatusCode::FORBIDDEN)).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(10));

    let (_near, stream) = peer(&raw::request("/", HOST, "")).await;
    let upgrade = Upgrade::read(stream).await.unwrap();
    let start = Instant::now();
    let large = |reject: Reject| Ok(reject.body(vec![b'x'; 100_000]));
    let result = within(upgrade.reject_with(StatusCode::FORBIDDEN, large)).await;
    assert!(matches!(result, Err(UpgradeError::Timeout)), "{result:?}");
    assert_eq!(start.elapsed().as_secs(), 10);
}

/// The time that the application takes to decide is its own.
#[tokio::test(start_paused = true)]
async fn a_decision_may_take_longer_than_the_handshake_timeout() {
    let (mut near, stream) = peer(&raw::request("/", HOST, "")).await;
    let upgrade = Upgrade::read(stream).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60 * 60)).await;
    let mut server = upgrade.accept().await.unwrap();
    server.send("at last").await.unwrap();
    assert!(raw::read_head(&mut near).await.starts_with("HTTP/1.1 101 "));
    assert_eq!(
        raw::read_frame(&mut near).await,
        (TEXT, b"at last".to_vec())
    );
}
