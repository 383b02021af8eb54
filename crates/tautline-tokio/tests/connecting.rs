//! What a client does, from a URI to an open connection or to the reason why there is none.

use std::{collections::HashSet, io, time::Duration};

use futures_util::FutureExt;
use http::StatusCode;
use tautline_handshake::{ClientError, RequestError, UriError};
use tautline_tokio::{
    ClientRequest, CloseCode, Config, ConnectError, Error, HandshakeError, Message, Role,
    WebSocket, accept, connect,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    join,
    net::{TcpListener, TcpStream},
    time::{Instant, pause},
};

use crate::support::{
    echo_all, listen, pair,
    raw::{self, TEXT},
    settle, within,
};

fn request() -> ClientRequest {
    ClientRequest::try_from("ws://server.example.com/chat").unwrap()
}

/// R6455-4.1-02, R6455-4.1-09, R6455-4.1-16
#[tokio::test]
async fn messages_of_every_kind_come_back_over_tcp() {
    within(async {
        let (mut client, server) = pair().await;
        let messages = [
            Message::from("hello"),
            Message::from("κόσμε"),
            Message::from(""),
            Message::from(vec![0, 0xFF]),
            Message::from(vec![7; 70_000]),
        ];
        let server = tokio::spawn(echo_all(server));
        for message in messages {
            client.send(message.clone()).await.unwrap();
            assert_eq!(client.recv().await.unwrap(), Some(message));
        }
        let closed = client.close(CloseCode::NORMAL, "done").await.unwrap();
        assert!(closed.is_clean());
        assert_eq!(server.await.unwrap().closed().reason(), "done");
    })
    .await;
}

/// R6455-4.1-01
#[tokio::test]
async fn any_stream_will_do() {
    within(async {
        let (near, far) = duplex(64);
        let request = request();
        let (client, server) = join!(
            WebSocket::<DuplexStream>::connect_on(near, &request, Config::new()),
            accept(far)
        );
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        // More than the pipe holds, so that both ends have to take turns.
        let (sent, got) = join!(client.send(vec![1; 1000]), server.recv());
        sent.unwrap();
        assert_eq!(got.unwrap(), Some(Message::from(vec![1; 1000])));
    })
    .await;
}

#[tokio::test]
async fn nodelay_is_set_on_both_sides() {
    within(async {
        let (client, server) = pair().await;
        assert!(client.stream().tcp().nodelay().unwrap());
        assert!(server.stream().nodelay().unwrap());
    })
    .await;
}

#[tokio::test]
async fn nodelay_is_set_on_a_stream_that_was_connected_before() {
    within(async {
        let (listener, uri) = listen().await;
        let stream = TcpStream::connect(raw::address(&uri)).await.unwrap();
        assert!(!stream.nodelay().unwrap());
        let request = request();
        let (client, _server) = join!(
            WebSocket::<TcpStream>::connect_on(stream, &request, Config::new()),
            raw::accept(&listener)
        );
        assert!(client.unwrap().stream().nodelay().unwrap());
    })
    .await;
}

/// R6455-4.1-50, R6455-4.1-51
#[tokio::test]
async fn the_response_with_its_subprotocol_and_cookies_is_there_to_be_read() {
    within(async {
        let (listener, uri) = listen().await;
        let request = ClientRequest::try_from(uri)
            .unwrap()
            .subprotocol("superchat")
            .and_then(|request| request.subprotocol("chat"))
            .unwrap();
        let (client, ()) = join!(connect(request), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let head = raw::read_head(&mut stream).await;
            let offered = raw::header(&head, "sec-websocket-protocol");
            assert_eq!(offered, Some("superchat, chat"));
            let more = "Sec-WebSocket-Protocol: chat\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n";
            let answer = raw::switching(&head, more);
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let client = client.unwrap();
        assert_eq!(client.subprotocol(), Some("chat"));
        let headers = client.response().unwrap().headers();
        let cookies: Vec<_> = headers.get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
    })
    .await;
}

/// R6455-4.1-50
#[tokio::test]
async fn there_is_no_subprotocol_where_none_was_agreed_on() {
    within(async {
        let (client, server) = pair().await;
        assert_eq!(client.subprotocol(), None);
        assert_eq!(server.subprotocol(), None);
        assert!(server.response().is_none());
    })
    .await;
}

/// R6455-4.1-11
#[tokio::test]
async fn a_port_where_nobody_listens_is_an_error_of_connecting() {
    within(async {
        let (listener, uri) = listen().await;
        drop(listener);
        match connect(uri).await {
            Err(ConnectError::Connect(error)) => {
                assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
            }
            other => panic!("{other:?}"),
        }
    })
    .await;
}

/// Outside a runtime, whatever asks for a socket, a timer or a name panics.
///
/// R6455-4.1-03
#[test]
fn an_invalid_uri_fails_before_any_input_or_output() {
    let cases = [
        ("http://127.0.0.1/", UriError::Scheme),
        ("127.0.0.1:80", UriError::Scheme),
        ("ws:///chat", UriError::Host),
        ("ws://h:99999/", UriError::Port),
        ("ws://h/#fragment", UriError::Fragment),
        ("ws://user:secret@h/", UriError::UserInfo),
        ("ws://h/a b", UriError::Character),
    ];
    for (uri, expected) in cases {
        match connect(uri).now_or_never() {
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
#[tokio::test]
async fn a_refusal_comes_with_status_header_and_body() {
    let cases = [
        (404, "content-type", "text/plain", "no such room"),
        (401, "www-authenticate", "Basic realm=\"x\"", ""),
        (302, "location", "ws://elsewhere.example/", "moved"),
        (200, "content-type", "text/html", "<p>hello"),
    ];
    for (status, name, value, body) in cases {
        within(async {
            let (listener, uri) = listen().await;
            let (client, mut stream) = join!(connect(uri), async {
                let (mut stream, _) = listener.accept().await.unwrap();
                raw::read_head(&mut stream).await;
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} No\r\n{name}: {value}\r\nContent-Length: {length}\r\n\r\n{body}"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
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
        })
        .await;
    }
}

/// R6455-4.1-37, R6455-4.1-44, R6455-7.2.1-01
#[tokio::test]
async fn a_wrong_response_ends_the_connection_without_a_frame() {
    within(async {
        let (listener, uri) = listen().await;
        let (client, mut stream) = join!(connect(uri), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let head = raw::read_head(&mut stream).await;
            let answer = raw::switching(&head, "").replace("Accept: ", "Accept: A");
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream
        });
        let Err(ConnectError::Handshake(HandshakeError::Response(error))) = client else {
            panic!("{client:?}");
        };
        assert!(matches!(error, ClientError::Accept), "{error:?}");
        assert_eq!(raw::read_to_end(&mut stream).await, b"");
    })
    .await;
}

/// R6455-4.1-53
#[tokio::test]
async fn a_server_that_stays_silent_runs_into_the_handshake_timeout() {
    let (listener, uri) = listen().await;
    let client = tokio::spawn(connect(uri));
    let (mut stream, _) = listener.accept().await.unwrap();
    raw::read_head(&mut stream).await;
    // All that can happen from here on is that time passes.
    pause();
    let error = within(client).await.unwrap().unwrap_err();
    assert!(
        matches!(error, ConnectError::Handshake(HandshakeError::Timeout)),
        "{error:?}"
    );
}

/// R6455-4.1-53
#[tokio::test(start_paused = true)]
async fn a_server_that_dribbles_runs_into_the_handshake_timeout() {
    let (near, mut far) = duplex(4096);
    let dribbling = tokio::spawn(async move {
        let mut bytes: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nX-Slow: ";
        while far.write_all(bytes).await.is_ok() {
            bytes = b"y";
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let start = Instant::now();
    let config = Config::new().handshake_timeout(Duration::from_millis(4500));
    let request = request();
    let connecting = WebSocket::<DuplexStream>::connect_on(near, &request, config);
    let result = within(connecting).await;
    assert!(matches!(result, Err(HandshakeError::Timeout)), "{result:?}");
    assert!(start.elapsed() < Duration::from_secs(5));
    dribbling.await.unwrap();
}

/// A connection is reset when it is closed with bytes that nobody has read.
///
/// R6455-7.1.5-03, R6455-7.2.1-02
#[tokio::test]
async fn a_connection_that_is_reset_is_an_error_and_its_code_is_1006() {
    within(async {
        let (listener, uri) = listen().await;
        let (client, stream) = join!(connect(uri), raw::accept(&listener));
        let mut client = client.unwrap();
        client.send("never read").await.unwrap();
        stream.readable().await.unwrap();
        drop(stream);
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
    })
    .await;
}

/// R6455-7.1.4-01, R6455-7.1.5-03
#[tokio::test]
async fn a_stream_that_ends_without_a_closing_handshake_is_lost() {
    within(async {
        let (listener, uri) = listen().await;
        let (client, stream) = join!(connect(uri), raw::accept(&listener));
        let mut client = client.unwrap();
        drop(stream);
        let error = client.recv().await.unwrap_err();
        assert!(matches!(error, Error::Lost(_)), "{error:?}");
        assert_eq!(client.closed().code(), 1006);
        assert!(!client.closed().is_clean());
    })
    .await;
}

/// R6455-4.1-52
#[tokio::test]
async fn bytes_in_the_segment_of_the_101_are_the_first_message() {
    within(async {
        let (listener, uri) = listen().await;
        let (client, mut stream) = join!(connect(uri), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let head = raw::read_head(&mut stream).await;
            let mut answer = raw::switching(&head, "").into_bytes();
            answer.extend(raw::plain(TEXT, b"hi"));
            // And the beginning of another frame.
            answer.push(0x81);
            stream.write_all(&answer).await.unwrap();
            stream
        });
        let mut client = client.unwrap();
        assert_eq!(client.recv().await.unwrap(), Some("hi".into()));
        stream.write_all(b"\x02yo").await.unwrap();
        assert_eq!(client.recv().await.unwrap(), Some("yo".into()));
    })
    .await;
}

/// R6455-4.1-36
#[tokio::test]
async fn nothing_is_sent_between_the_request_and_the_101() {
    within(async {
        let (listener, uri) = listen().await;
        let client = tokio::spawn(async {
            let mut client = connect(uri).await.unwrap();
            client.send("first").await.unwrap();
            client
        });
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = raw::read_head(&mut stream).await;
        settle().await;
        assert!(stream.read_u8().now_or_never().is_none());
        let answer = raw::switching(&head, "");
        stream.write_all(answer.as_bytes()).await.unwrap();
        let first = raw::read_frame(&mut stream).await;
        assert_eq!(first, (TEXT, b"first".to_vec()));
        client.await.unwrap();
    })
    .await;
}

/// R6455-4.1-23, R6455-4.1-24, R6455-4.1-25
#[tokio::test]
async fn every_handshake_has_a_nonce_of_its_own() {
    let request = request();
    let mut keys = HashSet::new();
    for _ in 0..10_000 {
        // The runtime rations what a task may do in one go, which would look like a slow pipe.
        tokio::task::yield_now().await;
        let (near, mut far) = duplex(1024);
        let client = WebSocket::<DuplexStream>::connect_on(near, &request, Config::new());
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

#[tokio::test]
async fn an_ipv6_address_is_connected_to() {
    // A machine without IPv6 has nothing to show here.
    let Ok(listener) = TcpListener::bind("[::1]:0").await else {
        return;
    };
    within(async {
        let authority = listener.local_addr().unwrap().to_string();
        let (client, head) = join!(connect(format!("ws://{authority}/")), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let head = raw::read_head(&mut stream).await;
            let answer = raw::switching(&head, "");
            stream.write_all(answer.as_bytes()).await.unwrap();
            head
        });
        client.unwrap();
        assert_eq!(raw::header(&head, "host"), Some(&*authority));
    })
    .await;
}

/// R6455-4.1-27, R6455-4.1-34
#[tokio::test]
async fn a_request_carries_what_its_maker_added_and_no_origin_by_itself() {
    for origin in [None, Some("http://example.com")] {
        within(async {
            let (listener, uri) = listen().await;
            let mut request = ClientRequest::try_from(&uri)
                .unwrap()
                .header("cookie", "a=b")
                .unwrap();
            if let Some(origin) = origin {
                request = request.origin(origin).unwrap();
            }
            let (client, head) = join!(connect(request), async {
                let (mut stream, _) = listener.accept().await.unwrap();
                let head = raw::read_head(&mut stream).await;
                let answer = raw::switching(&head, "");
                stream.write_all(answer.as_bytes()).await.unwrap();
                head
            });
            client.unwrap();
            assert_eq!(raw::header(&head, "cookie"), Some("a=b"));
            assert_eq!(raw::header(&head, "origin"), origin);
            assert_eq!(raw::header(&head, "host"), Some(raw::address(&uri)));
        })
        .await;
    }
}

#[tokio::test]
async fn a_handshake_done_elsewhere_is_taken_over_with_the_bytes_behind_it() {
    within(async {
        let (near, mut far) = duplex(1024);
        let early = raw::masked(TEXT, b"early");
        let early = early.as_slice().into();
        let mut server =
            WebSocket::<DuplexStream>::from_handshake(near, Role::Server, early, Config::new());
        assert_eq!(server.recv().await.unwrap(), Some("early".into()));
        server.send("late").await.unwrap();
        assert_eq!(raw::read_frame(&mut far).await, (TEXT, b"late".to_vec()));
    })
    .await;
}
