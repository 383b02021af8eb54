//! The server that runs a handler for every connection.

use std::{future::pending, time::Duration};

use tautline_tokio::ClientRequest;
use tautline_tokio::{
    CloseCode, Config, ConnectError, Corked, Error, HandshakeError, Limits, Message, OriginPolicy,
    ServeError, UpgradeError, WebSocket, connect, serve,
};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    sync::{mpsc, oneshot},
    time::{Instant, pause},
};

use crate::support::{
    echo,
    raw::{self, CLOSE, TEXT},
    run, within,
};

/// A handler that does what the first message says.
async fn obey(mut ws: Corked) -> Result<(), &'static str> {
    while let Ok(Some(message)) = ws.recv().await {
        match message.as_text() {
            Some("fail") => return Err("as it was told"),
            Some("panic") => panic!("as it was told"),
            Some("return") => {
                let _ = ws.send("last words").await;
                return Ok(());
            }
            _ => drop(ws.send(message).await),
        }
    }
    Ok(())
}

async fn is_alive(ws: &mut WebSocket) {
    ws.send("still there?").await.unwrap();
    assert_eq!(ws.recv().await.unwrap(), Some("still there?".into()));
}

/// R6455-5.1-07
#[tokio::test]
async fn a_handler_answers_every_message_of_every_connection() {
    within(async {
        let (uri, _server) = run(|listener| serve(listener, echo)).await;
        let mut clients = [connect(&uri).await.unwrap(), connect(&uri).await.unwrap()];
        for client in &mut clients {
            for number in 0..100 {
                client.feed(number.to_string()).await.unwrap();
            }
        }
        for client in &mut clients {
            for number in 0..100 {
                let expected = Message::from(number.to_string());
                assert_eq!(client.recv().await.unwrap(), Some(expected));
            }
            let closed = client.close(CloseCode::NORMAL, "").await.unwrap();
            assert!(closed.is_clean());
        }
    })
    .await;
}

/// R6455-7.1.7-04
#[tokio::test]
async fn what_keeps_a_peer_out_is_told_with_its_address() {
    within(async {
        let (tell, mut told) = mpsc::unbounded_channel();
        let hook = move |error| tell.send(error).unwrap();
        let (uri, _server) = run(|listener| serve(listener, echo).on_error(hook)).await;
        let request = ClientRequest::try_from(&uri).unwrap();
        let address = (request.uri().host(), request.uri().port());
        let mut peer = TcpStream::connect(address).await.unwrap();
        peer.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .await
            .unwrap();
        let error = told.recv().await.unwrap();
        let ServeError::Upgrade(from, UpgradeError::Refused(refusal)) = &error else {
            panic!("{error:?}");
        };
        assert_eq!(*from, peer.local_addr().unwrap());
        assert_eq!(refusal.status(), 426);
        assert!(error.to_string().contains(&from.to_string()));
        is_alive(&mut connect(uri).await.unwrap()).await;
    })
    .await;
}

/// R6455-4.2.2-22
#[tokio::test]
async fn a_handler_may_speak_first() {
    within(async {
        let handler = async |mut ws: Corked| {
            ws.send("hi").await?;
            ws.recv().await.map(drop)
        };
        let (uri, _server) = run(|listener| serve(listener, handler)).await;
        let mut client = connect(uri).await.unwrap();
        assert_eq!(client.recv().await.unwrap(), Some("hi".into()));
    })
    .await;
}

/// R6455-7.4.1-14
#[tokio::test]
async fn a_handler_that_fails_or_panics_closes_its_own_connection_with_1011() {
    within(async {
        let (uri, _server) = run(|listener| serve(listener, obey)).await;
        let mut other = connect(&uri).await.unwrap();
        for order in ["fail", "panic"] {
            let mut client = connect(&uri).await.unwrap();
            client.send(order).await.unwrap();
            assert_eq!(client.recv().await.unwrap(), None, "{order}");
            assert_eq!(client.closed().code(), 1011, "{order}");
            assert!(client.closed().is_clean());
            is_alive(&mut other).await;
        }
        is_alive(&mut connect(uri).await.unwrap()).await;
    })
    .await;
}

/// R6455-7.3-01, R6455-7.4.1-02
#[tokio::test]
async fn a_handler_that_returns_closes_normally_after_its_last_words() {
    within(async {
        let (uri, _server) = run(|listener| serve(listener, obey)).await;
        let mut client = connect(uri).await.unwrap();
        client.send("return").await.unwrap();
        assert_eq!(client.recv().await.unwrap(), Some("last words".into()));
        assert_eq!(client.recv().await.unwrap(), None);
        assert_eq!(client.closed().code(), 1000);
    })
    .await;
}

/// R6455-7.3-01, R6455-7.4.1-03
#[tokio::test]
async fn a_shutdown_tells_everyone_1001_and_ends_the_server() {
    within(async {
        let (stop, stopped) = oneshot::channel::<()>();
        let (uri, server) = run(|listener| {
            serve(listener, echo).with_graceful_shutdown(async { drop(stopped.await) })
        })
        .await;
        let mut clients = Vec::new();
        for _ in 0..3 {
            let mut client = connect(&uri).await.unwrap();
            is_alive(&mut client).await;
            clients.push(client);
        }
        drop(stop);
        for client in &mut clients {
            assert_eq!(client.recv().await.unwrap(), None);
            assert_eq!(client.closed().code(), 1001);
            assert!(client.closed().is_clean());
        }
        server.await.unwrap().unwrap();
        assert!(matches!(connect(uri).await, Err(ConnectError::Connect(_))));
    })
    .await;
}

/// A handler that never looks, and a peer that never answers. From the signal on, nothing but the
/// clock can end it.
///
/// R6455-7.1.2-03
#[tokio::test]
async fn a_shutdown_is_bounded_by_twice_the_close_timeout() {
    async fn ignore(ws: Corked) {
        let _ = ws.send("ready").await;
        pending::<()>().await;
    }
    async fn heed(ws: Corked) -> Result<(), Error> {
        ws.send("ready").await?;
        echo(ws).await
    }
    let config = Config::new().close_timeout(Duration::from_secs(5));
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async { drop(stopped.await) };
    let (ignoring, ignoring_server) = run(|listener| {
        serve(listener, ignore)
            .config(config.clone())
            .with_graceful_shutdown(shutdown)
    })
    .await;
    let (stop_heeding, stopped) = oneshot::channel::<()>();
    let shutdown = async { drop(stopped.await) };
    let (heeding, heeding_server) = run(|listener| {
        serve(listener, heed)
            .config(config)
            .with_graceful_shutdown(shutdown)
    })
    .await;
    for (uri, stop, server, bound) in [
        (ignoring, stop, ignoring_server, 10),
        (heeding, stop_heeding, heeding_server, 5),
    ] {
        let mut peer = raw::connect(&uri).await;
        assert_eq!(raw::read_frame(&mut peer).await, (TEXT, b"ready".to_vec()));
        pause();
        let start = Instant::now();
        drop(stop);
        within(server).await.unwrap().unwrap();
        assert_eq!(start.elapsed().as_secs(), bound);
        tokio::time::resume();
        within(async {
            let (opcode, body) = raw::read_frame(&mut peer).await;
            assert_eq!((opcode, &body[..2]), (CLOSE, &1001_u16.to_be_bytes()[..]));
            assert_eq!(raw::read_to_end(&mut peer).await, b"");
        })
        .await;
    }
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_a_request_that_is_not_complete() {
    within(async {
        let patient = Config::new()
            .handshake_timeout(Duration::from_secs(1000))
            .close_timeout(Duration::from_secs(1000));
        let (stop, stopped) = oneshot::channel::<()>();
        let (uri, server) = run(|listener| {
            serve(listener, echo)
                .config(patient)
                .with_graceful_shutdown(async { drop(stopped.await) })
        })
        .await;
        let mut peer = TcpStream::connect(raw::address(&uri)).await.unwrap();
        peer.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        is_alive(&mut connect(uri).await.unwrap()).await;
        drop(stop);
        server.await.unwrap().unwrap();
    })
    .await;
}

/// R6455-4.2.2-06, R6455-4.2.2-08, R6455-10.2-02
#[tokio::test]
async fn pages_of_other_origins_get_403_unless_the_server_says_otherwise() {
    within(async {
        let (closed_uri, _closed) = run(|listener| serve(listener, echo)).await;
        let (open_uri, _open) =
            run(|listener| serve(listener, echo).origin(OriginPolicy::any())).await;
        let own = format!("http://{}", raw::address(&closed_uri));
        let other = "http://evil.example";
        for (uri, origin, accepted) in [
            (&closed_uri, Some(other), false),
            (&closed_uri, Some(&*own), true),
            (&closed_uri, None, true),
            (&open_uri, Some(other), true),
        ] {
            let mut request = ClientRequest::try_from(uri).unwrap();
            if let Some(origin) = origin {
                request = request.origin(origin).unwrap();
            }
            match connect(request).await {
                Ok(mut client) => {
                    assert!(accepted, "{origin:?}");
                    is_alive(&mut client).await;
                }
                Err(ConnectError::Handshake(HandshakeError::Response(error))) => {
                    assert!(!accepted, "{origin:?}");
                    assert_eq!(error.response().unwrap().status(), 403);
                }
                Err(error) => panic!("{origin:?}: {error:?}"),
            }
        }
    })
    .await;
}

/// R6455-7.2.2-01, R6455-10.7-04
#[tokio::test]
async fn a_peer_that_speaks_no_http_gets_an_answer_and_harms_nobody() {
    within(async {
        let (uri, _server) = run(|listener| serve(listener, echo)).await;
        let mut peer = TcpStream::connect(raw::address(&uri)).await.unwrap();
        peer.write_all(b"\x16\x03\x01 this is no request\r\n\r\n")
            .await
            .unwrap();
        let answer = raw::read_to_end(&mut peer).await;
        assert!(answer.starts_with(b"HTTP/1.1 400 "));
        // One that leaves in the middle of its request.
        let mut peer = TcpStream::connect(raw::address(&uri)).await.unwrap();
        peer.write_all(b"GET / HT").await.unwrap();
        drop(peer);
        is_alive(&mut connect(uri).await.unwrap()).await;
    })
    .await;
}

/// R6455-4.1-53, R6455-7.2.2-01
#[tokio::test]
async fn a_peer_that_sends_no_request_is_let_go_of() {
    within(async {
        let config = Config::new().handshake_timeout(Duration::from_millis(50));
        let (uri, _server) = run(|listener| serve(listener, echo).config(config)).await;
        let mut peer = TcpStream::connect(raw::address(&uri)).await.unwrap();
        assert_eq!(raw::read_to_end(&mut peer).await, b"");
    })
    .await;
}

/// R6455-7.4.1-11
#[tokio::test]
async fn the_limits_of_the_configuration_hold() {
    within(async {
        let limits = Limits::default().with_max_message_size(1024);
        let config = Config::new().limits(limits);
        let (uri, _server) = run(|listener| serve(listener, echo).config(config)).await;
        let mut client = connect(uri).await.unwrap();
        client.send(vec![0; 1024]).await.unwrap();
        assert!(client.recv().await.unwrap().is_some());
        client.send(vec![0; 1025]).await.unwrap();
        assert_eq!(client.recv().await.unwrap(), None);
        assert_eq!(client.closed().code(), 1009);
    })
    .await;
}

/// A writer that outlives its turn: other tasks send to a connection whose handler waits.
#[tokio::test]
async fn another_task_sends_while_the_handler_waits() {
    within(async {
        let (give, take) = oneshot::channel();
        let give = std::sync::Mutex::new(Some(give));
        let (uri, _server) = run(|listener| {
            serve(listener, move |ws: Corked| {
                let give = give.lock().unwrap().take().unwrap();
                async move {
                    drop(give.send(ws.writer()));
                    echo(ws).await
                }
            })
        })
        .await;
        let mut client = connect(uri).await.unwrap();
        is_alive(&mut client).await;
        let writer = take.await.unwrap();
        writer.send("from elsewhere").await.unwrap();
        assert_eq!(client.recv().await.unwrap(), Some("from elsewhere".into()));
        writer
            .close(CloseCode::POLICY_VIOLATION, "out")
            .await
            .unwrap();
        assert_eq!(client.recv().await.unwrap(), None);
        assert_eq!(
            (client.closed().code(), client.closed().reason()),
            (1008, "out")
        );
    })
    .await;
}
