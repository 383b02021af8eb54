//! What a client does, from a URI to an open connection or to the reason why there is none.

use std::{collections::HashSet, io, net, pin::pin, time::Duration};

use async_io::Async;
use futures_util::{AsyncReadExt, FutureExt, join};
use http::StatusCode;
use tautline::{
    ClientRequest, CloseCode, Config, Error, HandshakeError, Message, Role,
    driver::{ConnectError, Connector, Upgrade, WebSocket},
    handshake::{ClientError, RequestError, UriError},
};

use crate::support::{
    Adapter, Clock, Clocked, Pipe, Timed, Untouched, client_and_peer, connect, echo_all, pair,
    raw::{self, TEXT},
    settle, spawn,
};

fn request() -> ClientRequest {
    ClientRequest::try_from("ws://server.example.com/chat").unwrap()
}

/// R6455-4.1-02, R6455-4.1-09, R6455-4.1-16
pub(crate) async fn messages_of_every_kind_come_back_over_tcp<A: Adapter>() {
    let (mut client, server) = pair::<A>().await;
    let messages = [
        Message::from("hello"),
        Message::from("κόσμε"),
        Message::from(""),
        Message::from(vec![0, 0xFF]),
        Message::from(vec![7; 70_000]),
    ];
    let server = spawn::<A, _>(echo_all(server));
    for message in messages {
        client.send(message.clone()).await.unwrap();
        assert_eq!(client.recv().await.unwrap(), Some(message));
    }
    let closed = client.close(CloseCode::NORMAL, "done").await.unwrap();
    assert!(closed.is_clean());
    assert_eq!(server.await.closed().reason(), "done");
}

/// R6455-4.1-01
pub(crate) async fn any_stream_will_do<A: Adapter>() {
    let (near, far) = Pipe::pair(64);
    let request = request();
    let (client, server) = join!(
        WebSocket::<A::Piped>::connect_on(near, &request, Config::new()),
        async { Upgrade::<A::Piped>::read(far).await?.accept().await }
    );
    let (mut client, mut server) = (client.unwrap(), server.unwrap());
    // More than the pipe holds, so that both ends have to take turns.
    let (sent, got) = join!(client.send(vec![1; 1000]), server.recv());
    sent.unwrap();
    assert_eq!(got.unwrap(), Some(Message::from(vec![1; 1000])));
}

pub(crate) async fn nodelay_is_set_on_both_sides<A: Adapter>() {
    let (client, server) = pair::<A>().await;
    assert!(A::nodelay(A::tcp_of(client.stream())).unwrap());
    assert!(A::nodelay(A::tcp_of(server.stream())).unwrap());
}

pub(crate) async fn nodelay_is_set_on_a_stream_that_was_connected_before<A: Adapter>() {
    let (listener, uri) = raw::listen();
    let stream = net::TcpStream::connect(raw::address(&uri)).unwrap();
    let stream = A::tcp(stream).unwrap();
    assert!(!A::nodelay(&stream).unwrap());
    let request = request();
    let (client, _server) = join!(
        WebSocket::<A::Plain>::connect_on(stream, &request, Config::new()),
        raw::accept(&listener)
    );
    assert!(A::nodelay(client.unwrap().stream()).unwrap());
}

/// R6455-4.1-50, R6455-4.1-51
pub(crate) async fn the_response_with_its_subprotocol_and_cookies_is_there_to_be_read<
    A: Adapter,
>() {
    let (listener, uri) = raw::listen();
    let request = ClientRequest::try_from(uri)
        .unwrap()
        .subprotocol("superchat")
        .and_then(|request| request.subprotocol("chat"))
        .unwrap();
    let connector = Connector::<A>::new();
    let (client, ()) = join!(connector.connect(request), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = raw::read_head(&mut stream).await;
        let offered = raw::header(&head, "sec-websocket-protocol");
        assert_eq!(offered, Some("superchat, chat"));
        let more = "Sec-WebSocket-Protocol: chat\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n";
        raw::send(&mut stream, raw::switching(&head, more)).await;
    });
    let client = client.unwrap();
    assert_eq!(client.subprotocol(), Some("chat"));
    let headers = client.response().unwrap().headers();
    let cookies: Vec<_> = headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
}

/// R6455-4.1-50
pub(crate) async fn there_is_no_subprotocol_where_none_was_agreed_on<A: Adapter>() {
    let (client, server) = pair::<A>().await;
    assert_eq!(client.subprotocol(), None);
    assert_eq!(server.subprotocol(), None);
    assert!(server.response().is_none());
}

/// R6455-4.1-11
pub(crate) async fn a_port_where_nobody_listens_is_an_error_of_connecting<A: Adapter>() {
    let (listener, uri) = raw::listen();
    drop(listener);
    match connect::<A>(&uri).await {
        Err(ConnectError::Connect(error)) => {
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        }
        other => panic!("{other:?}"),
    }
}

/// R6455-4.1-03
pub(crate) async fn an_invalid_uri_fails_before_any_input_or_output<A: Adapter>() {
    let cases = [
        ("http://127.0.0.1/", UriError::Scheme),
        ("127.0.0.1:80", UriError::Scheme),
        ("ws:///chat", UriError::Host),
        ("ws://h:99999/", UriError::Port),
        ("ws://h/#fragment", UriError::Fragment),
        ("ws://user:secret@h/", UriError::UserInfo),
        ("ws://h/a b", UriError::Character),
    ];
    let connector = Connector::<Untouched<A>>::new();
    for (uri, expected) in cases {
        match connector.connect(uri).now_or_never() {
            Some(Err(ConnectError::Uri(error))) => assert_eq!(error, expected, "{uri}"),
            other => panic!("{uri}: {other:?}"),
        }
    }
}

#[test]
fn errors_tell_an_invalid_request_from_an_invalid_uri() {
    let error = ConnectError::from(RequestError::Uri(UriError::Port));
    assert!(matches!(error, ConnectError::Uri(UriError::Port)));
    let error = ConnectError::from(RequestError::Subprotocol);
    assert!(matches!(
        error,
        ConnectError::Request(RequestError::Subprotocol)
    ));
}

/// R6455-4.1-38, R6455-4.1-39, R6455-4.1-40
pub(crate) async fn a_refusal_comes_with_status_header_and_body<A: Adapter>() {
    let cases = [
        (404, "content-type", "text/plain", "no such room"),
        (401, "www-authenticate", "Basic realm=\"x\"", ""),
        (302, "location", "ws://elsewhere.example/", "moved"),
        (200, "content-type", "text/html", "<p>hello"),
    ];
    for (status, name, value, body) in cases {
        let (listener, uri) = raw::listen();
        let (client, mut stream) = join!(connect::<A>(&uri), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            raw::read_head(&mut stream).await;
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} No\r\n{name}: {value}\r\nContent-Length: {length}\r\n\r\n{body}"
            );
            raw::send(&mut stream, answer).await;
            stream
        });
        let Err(ConnectError::Handshake(HandshakeError::Response(error))) = client else {
            panic!("{client:?}");
        };
        let response = error.response().expect("the server refused");
        assert_eq!(response.status(), StatusCode::from_u16(status).unwrap());
        assert_eq!(response.headers()[name], value);
        assert_eq!(response.body(), body);
        // Neither a frame nor anything else follows a refusal.
        assert_eq!(raw::read_to_end(&mut stream).await, b"");
    }
}

/// R6455-4.1-37, R6455-4.1-44, R6455-7.2.1-01
pub(crate) async fn a_wrong_response_ends_the_connection_without_a_frame<A: Adapter>() {
    let (listener, uri) = raw::listen();
    let (client, mut stream) = join!(connect::<A>(&uri), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = raw::read_head(&mut stream).await;
        let answer = raw::switching(&head, "").replace("Accept: ", "Accept: A");
        raw::send(&mut stream, answer).await;
        stream
    });
    let Err(ConnectError::Handshake(HandshakeError::Response(error))) = client else {
        panic!("{client:?}");
    };
    assert!(matches!(error, ClientError::Accept), "{error:?}");
    assert_eq!(raw::read_to_end(&mut stream).await, b"");
}

/// R6455-4.1-53
pub(crate) async fn a_server_that_stays_silent_runs_into_the_handshake_timeout<A: Adapter>() {
    let clock = Clock::new();
    let connector = Connector::with_runtime(Clocked::<A>::new(&clock));
    let (listener, uri) = raw::listen();
    let client = spawn::<A, _>(async move { connector.connect(uri).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    raw::read_head(&mut stream).await;
    // All that can happen from here on is that time passes.
    let client = clock.after(Duration::from_secs(10), client).await;
    let error = client.unwrap_err();
    assert!(
        matches!(error, ConnectError::Handshake(HandshakeError::Timeout)),
        "{error:?}"
    );
    assert_eq!(raw::read_to_end(&mut stream).await, b"");
}

/// R6455-4.1-53
pub(crate) async fn a_server_that_dribbles_runs_into_the_handshake_timeout<A: Adapter>() {
    let clock = Clock::new();
    let (near, mut far) = Pipe::pair(4096);
    let near = Timed::<A::Piped>::new(near, &clock);
    let config = Config::new().handshake_timeout(Duration::from_millis(4500));
    let request = request();
    let mut connecting = pin!(WebSocket::<Timed<A::Piped>>::connect_on(
        near, &request, config
    ));
    let mut bytes = "HTTP/1.1 101 Switching Protocols\r\nX-Slow: ";
    for _ in 0..5 {
        assert!(connecting.as_mut().now_or_never().is_none());
        raw::send(&mut far, bytes).await;
        bytes = "y";
        clock.advance(Duration::from_secs(1));
    }
    let result = connecting.now_or_never().expect("its time is over");
    assert!(matches!(result, Err(HandshakeError::Timeout)), "{result:?}");
}

/// A connection is reset when it is closed with bytes that nobody has read.
///
/// R6455-7.1.5-03, R6455-7.2.1-02
pub(crate) async fn a_connection_that_is_reset_is_an_error_and_its_code_is_1006<A: Adapter>() {
    let (mut client, peer) = client_and_peer(&A::default(), Config::new()).await;
    client.send("never read").await.unwrap();
    peer.readable().await.unwrap();
    drop(peer);
    let error = client.recv().await.unwrap_err();
    assert!(
        matches!(&error, Error::Io(error) if error.kind() == io::ErrorKind::ConnectionReset),
        "{error:?}"
    );
    assert_eq!(client.closed().code(), 1006);
    assert!(!client.closed().is_clean());
    // It stays so, and nothing can be sent any more.
    client.recv().await.unwrap_err();
    client.send("late").await.unwrap_err();
}

/// R6455-7.1.4-01, R6455-7.1.5-03
pub(crate) async fn a_stream_that_ends_without_a_closing_handshake_is_lost<A: Adapter>() {
    let (mut client, peer) = client_and_peer(&A::default(), Config::new()).await;
    drop(peer);
    let error = client.recv().await.unwrap_err();
    assert!(matches!(error, Error::Lost(_)), "{error:?}");
    assert_eq!(client.closed().code(), 1006);
    assert!(!client.closed().is_clean());
}

/// R6455-4.1-52
pub(crate) async fn bytes_in_the_segment_of_the_101_are_the_first_message<A: Adapter>() {
    let (listener, uri) = raw::listen();
    let (client, mut stream) = join!(connect::<A>(&uri), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = raw::read_head(&mut stream).await;
        let mut answer = raw::switching(&head, "").into_bytes();
        answer.extend(raw::plain(TEXT, b"hi"));
        // And the beginning of another frame.
        answer.push(0x81);
        raw::send(&mut stream, answer).await;
        stream
    });
    let mut client = client.unwrap();
    assert_eq!(client.recv().await.unwrap(), Some("hi".into()));
    raw::send(&mut stream, b"\x02yo").await;
    assert_eq!(client.recv().await.unwrap(), Some("yo".into()));
}

/// R6455-4.1-36
pub(crate) async fn nothing_is_sent_between_the_request_and_the_101<A: Adapter>() {
    let (listener, uri) = raw::listen();
    let client = spawn::<A, _>(async move {
        let mut client = connect::<A>(&uri).await.unwrap();
        client.send("first").await.unwrap();
        client
    });
    let (mut stream, _) = listener.accept().await.unwrap();
    let head = raw::read_head(&mut stream).await;
    settle().await;
    assert!(stream.read(&mut [0]).now_or_never().is_none());
    raw::send(&mut stream, raw::switching(&head, "")).await;
    let first = raw::read_frame(&mut stream).await;
    assert_eq!(first, (TEXT, b"first".to_vec()));
    client.await;
}

/// R6455-4.1-23, R6455-4.1-24, R6455-4.1-25
pub(crate) async fn every_handshake_has_a_nonce_of_its_own<A: Adapter>() {
    let request = request();
    let mut keys = HashSet::new();
    for _ in 0..10_000 {
        let (near, mut far) = Pipe::pair(1024);
        let client = WebSocket::<A::Piped>::connect_on(near, &request, Config::new());
        assert!(client.now_or_never().is_none());
        let head = String::from_utf8(raw::read_to_end(&mut far).await).unwrap();
        let key = raw::header(&head, "sec-websocket-key").unwrap().to_owned();
        // Sixteen bytes: 22 digits, of which the last has four bits of padding.
        assert!(key.len() == 24 && key.ends_with("=="), "{key}");
        assert!(b"AQgw".contains(&key.as_bytes()[21]), "{key}");
        keys.insert(key);
    }
    assert_eq!(keys.len(), 10_000);
}

pub(crate) async fn an_ipv6_address_is_connected_to<A: Adapter>() {
    // A machine without IPv6 has nothing to show here.
    let Ok(listener) = Async::<net::TcpListener>::bind(([0, 0, 0, 0, 0, 0, 0, 1], 0)) else {
        return;
    };
    let authority = listener.get_ref().local_addr().unwrap().to_string();
    let uri = format!("ws://{authority}/");
    let (client, head) = join!(connect::<A>(&uri), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        raw::answer(&mut stream).await
    });
    client.unwrap();
    assert_eq!(raw::header(&head, "host"), Some(&*authority));
}

/// R6455-4.1-27, R6455-4.1-34
pub(crate) async fn a_request_carries_what_its_maker_added_and_no_origin_by_itself<A: Adapter>() {
    for origin in [None, Some("http://example.com")] {
        let (listener, uri) = raw::listen();
        let mut request = ClientRequest::try_from(&uri)
            .unwrap()
            .header("cookie", "a=b")
            .unwrap();
        if let Some(origin) = origin {
            request = request.origin(origin).unwrap();
        }
        let connector = Connector::<A>::new();
        let (client, head) = join!(connector.connect(request), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            raw::answer(&mut stream).await
        });
        client.unwrap();
        assert_eq!(raw::header(&head, "cookie"), Some("a=b"));
        assert_eq!(raw::header(&head, "origin"), origin);
        assert_eq!(raw::header(&head, "host"), Some(raw::address(&uri)));
    }
}

pub(crate) async fn a_handshake_done_elsewhere_is_taken_over_with_the_bytes_behind_it<
    A: Adapter,
>() {
    let (near, mut far) = Pipe::pair(1024);
    let early = raw::masked(TEXT, b"early");
    let early = early.as_slice().into();
    let mut server =
        WebSocket::<A::Piped>::from_handshake(near, Role::Server, early, Config::new());
    assert_eq!(server.recv().await.unwrap(), Some("early".into()));
    server.send("late").await.unwrap();
    assert_eq!(raw::read_frame(&mut far).await, (TEXT, b"late".to_vec()));
}
