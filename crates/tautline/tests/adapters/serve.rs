//! The server that runs a handler for every connection.

use std::{future::pending, sync::Mutex, time::Duration};

use futures_channel::{mpsc, oneshot};
use futures_util::{FutureExt, StreamExt};
use tautline::{
    ClientRequest, CloseCode, Config, Error, HandshakeError, Limits, Message, OriginPolicy,
    UpgradeError,
    driver::{ConnectError, Connector, Corked, Serve, ServeError, Transport, WebSocket},
};

use crate::support::{
    Adapter, Clock, Clocked, connect, echo,
    raw::{self, CLOSE, TEXT},
    serve, settle, spawn,
};

/// A handler that does what the first message says.
async fn obey<T: Transport>(mut ws: Corked<T>) -> Result<(), &'static str> {
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

/// Completes when the first part is dropped.
fn signal() -> (oneshot::Sender<()>, impl Future<Output = ()> + Send) {
    let (sender, receiver) = oneshot::channel();
    (sender, receiver.map(|_| ()))
}

async fn is_alive<T: Transport>(ws: &mut WebSocket<T>) {
    ws.send("still there?").await.unwrap();
    assert_eq!(ws.recv().await.unwrap(), Some("still there?".into()));
}

/// R6455-5.1-07
pub(crate) async fn a_handler_answers_every_message_of_every_connection<A: Adapter>() {
    let (uri, _server) = serve::<A, _>(|listener| Serve::new(A::default(), listener, echo));
    let mut clients = [
        connect::<A>(&uri).await.unwrap(),
        connect::<A>(&uri).await.unwrap(),
    ];
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
}

/// R6455-7.1.7-04
pub(crate) async fn what_keeps_a_peer_out_is_told_with_its_address<A: Adapter>() {
    let (tell, mut told) = mpsc::unbounded();
    let hook = move |error| tell.unbounded_send(error).unwrap();
    let (uri, _server) =
        serve::<A, _>(|listener| Serve::new(A::default(), listener, echo).on_error(hook));
    let mut peer = raw::dial(&uri).await;
    raw::send(&mut peer, "GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    let error = told.next().await.unwrap();
    let ServeError::Upgrade(from, UpgradeError::Refused(refusal)) = &error else {
        panic!("{error:?}");
    };
    assert_eq!(*from, peer.get_ref().local_addr().unwrap());
    assert_eq!(refusal.status(), 426);
    assert!(error.to_string().contains(&from.to_string()));
    is_alive(&mut connect::<A>(&uri).await.unwrap()).await;
}

/// R6455-4.2.2-22
pub(crate) async fn a_handler_may_speak_first<A: Adapter>() {
    let handler = async |mut ws: Corked<A::Transport>| {
        ws.send("hi").await?;
        ws.recv().await.map(drop)
    };
    let (uri, _server) = serve::<A, _>(|listener| Serve::new(A::default(), listener, handler));
    let mut client = connect::<A>(&uri).await.unwrap();
    assert_eq!(client.recv().await.unwrap(), Some("hi".into()));
}

/// R6455-7.4.1-14
pub(crate) async fn a_handler_that_fails_or_panics_closes_its_own_connection_with_1011<
    A: Adapter,
>() {
    let (uri, _server) = serve::<A, _>(|listener| Serve::new(A::default(), listener, obey));
    let mut other = connect::<A>(&uri).await.unwrap();
    for order in ["fail", "panic"] {
        let mut client = connect::<A>(&uri).await.unwrap();
        client.send(order).await.unwrap();
        assert_eq!(client.recv().await.unwrap(), None, "{order}");
        assert_eq!(client.closed().code(), 1011, "{order}");
        assert!(client.closed().is_clean());
        is_alive(&mut other).await;
    }
    is_alive(&mut connect::<A>(&uri).await.unwrap()).await;
}

/// There is not even a future yet that could be closed in an orderly way. The connection is lost,
/// and everything else goes on.
pub(crate) async fn a_handler_that_panics_at_once_harms_nobody_else<A: Adapter>() {
    let runtime = Clocked::<A>::new(&Clock::new());
    let (stop, stopped) = signal();
    let (uri, server) = serve::<A, _>(|listener| {
        Serve::new(runtime.clone(), listener, |ws: Corked<_>| {
            assert!(ws.subprotocol().is_some(), "as it was told");
            echo(ws)
        })
        .on_error(|error| panic!("{error}"))
        .with_graceful_shutdown(stopped)
    });
    for _ in 0..3 {
        // No subprotocol is ever agreed on by this server.
        let mut client = connect::<A>(&uri).await.unwrap();
        client.recv().await.unwrap_err();
        // And the hook panics for this one.
        let mut peer = raw::dial(&uri).await;
        raw::send(&mut peer, "no request\r\n\r\n").await;
        raw::end(&peer);
        raw::read_to_end(&mut peer).await;
    }
    // The executor still runs tasks, and the server knows that those have ended.
    assert_eq!(spawn::<A, _>(async { 1 }).await, 1);
    drop(stop);
    server.await.unwrap();
    assert_eq!(runtime.panics(), 0);
}

/// What a handler owns may panic as it is dropped, and a server that is dropped drops its handlers.
pub(crate) async fn a_handler_that_panics_as_it_is_dropped_harms_nobody_else<A: Adapter>() {
    struct Panics(mpsc::UnboundedSender<()>);

    impl Drop for Panics {
        fn drop(&mut self) {
            let _ = self.0.unbounded_send(());
            panic!("as it was told");
        }
    }

    let runtime = Clocked::<A>::new(&Clock::new());
    let (tell, mut told) = mpsc::unbounded();
    let (uri, server) = serve::<A, _>(|listener| {
        Serve::new(runtime.clone(), listener, move |mut ws: Corked<_>| {
            let panics = Panics(tell.clone());
            async move {
                let _ = ws.send("ready").await;
                let _ = ws.recv().await;
                drop(panics);
            }
        })
    });
    let mut peer = raw::connect(&uri).await;
    assert_eq!(raw::read_frame(&mut peer).await, (TEXT, b"ready".to_vec()));
    drop(server);
    assert_eq!(told.next().await, Some(()));
    assert_eq!(raw::read_to_end_or_reset(&mut peer).await, b"");
    settle().await;
    assert_eq!(runtime.panics(), 0);
}

/// R6455-7.3-01, R6455-7.4.1-02
pub(crate) async fn a_handler_that_returns_closes_normally_after_its_last_words<A: Adapter>() {
    let (uri, _server) = serve::<A, _>(|listener| Serve::new(A::default(), listener, obey));
    let mut client = connect::<A>(&uri).await.unwrap();
    client.send("return").await.unwrap();
    assert_eq!(client.recv().await.unwrap(), Some("last words".into()));
    assert_eq!(client.recv().await.unwrap(), None);
    assert_eq!(client.closed().code(), 1000);
}

/// R6455-7.3-01, R6455-7.4.1-03
pub(crate) async fn a_shutdown_tells_everyone_1001_and_ends_the_server<A: Adapter>() {
    let (stop, stopped) = signal();
    let (uri, server) = serve::<A, _>(|listener| {
        Serve::new(A::default(), listener, echo).with_graceful_shutdown(stopped)
    });
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = connect::<A>(&uri).await.unwrap();
        is_alive(&mut client).await;
        clients.push(client);
    }
    drop(stop);
    for client in &mut clients {
        assert_eq!(client.recv().await.unwrap(), None);
        assert_eq!(client.closed().code(), 1001);
        assert!(client.closed().is_clean());
    }
    server.await.unwrap();
    assert!(matches!(
        connect::<A>(&uri).await,
        Err(ConnectError::Connect(_))
    ));
}

/// A handler that never looks, and a peer that never answers. From the signal on, nothing but the
/// clock can end it.
///
/// R6455-7.1.2-03
pub(crate) async fn a_shutdown_is_bounded_by_twice_the_close_timeout<A: Adapter>() {
    async fn ignore<T: Transport>(ws: Corked<T>) {
        let _ = ws.send("ready").await;
        pending::<()>().await;
    }
    async fn heed<T: Transport>(ws: Corked<T>) -> Result<(), Error> {
        ws.send("ready").await?;
        echo(ws).await
    }
    let clock = Clock::new();
    let runtime = Clocked::<A>::new(&clock);
    // Not to be mistaken for the handshake timeout, which somebody may still wait for.
    let config = Config::new().close_timeout(Duration::from_secs(7));
    let (stop_ignoring, stopped) = signal();
    let ignoring = serve::<A, _>(|listener| {
        Serve::new(runtime.clone(), listener, ignore)
            .config(config.clone())
            .with_graceful_shutdown(stopped)
    });
    let (stop_heeding, stopped) = signal();
    let heeding = serve::<A, _>(|listener| {
        Serve::new(runtime, listener, heed)
            .config(config)
            .with_graceful_shutdown(stopped)
    });
    for ((uri, server), stop, bound) in [(ignoring, stop_ignoring, 14), (heeding, stop_heeding, 7)]
    {
        let mut peer = raw::connect(&uri).await;
        assert_eq!(raw::read_frame(&mut peer).await, (TEXT, b"ready".to_vec()));
        drop(stop);
        let stopped = clock.after(Duration::from_secs(bound), server).await;
        stopped.unwrap();
        let (opcode, body) = raw::read_frame(&mut peer).await;
        assert_eq!((opcode, &body[..2]), (CLOSE, &1001_u16.to_be_bytes()[..]));
        assert_eq!(raw::read_to_end(&mut peer).await, b"");
    }
}

/// By the clock it would never be over.
pub(crate) async fn a_shutdown_does_not_wait_for_a_request_that_is_not_complete<A: Adapter>() {
    let runtime = Clocked::<A>::new(&Clock::new());
    let (stop, stopped) = signal();
    let (uri, server) = serve::<A, _>(|listener| {
        Serve::new(runtime, listener, echo).with_graceful_shutdown(stopped)
    });
    let mut peer = raw::dial(&uri).await;
    raw::send(&mut peer, "GET / HTTP/1.1\r\n").await;
    is_alive(&mut connect::<A>(&uri).await.unwrap()).await;
    drop(stop);
    server.await.unwrap();
}

/// Connections in every state: in the middle of the request, with a handler that reads, and with
/// one that does not.
///
/// R6455-7.3-01
pub(crate) async fn a_server_that_is_dropped_takes_its_connections_and_handlers_along<
    A: Adapter,
>() {
    let (tell, mut told) = mpsc::unbounded::<()>();
    let (uri, server) = serve::<A, _>(|listener| {
        Serve::new(
            A::default(),
            listener,
            move |mut ws: Corked<A::Transport>| {
                let alive = tell.clone();
                async move {
                    let _ = ws.send("ready").await;
                    while let Ok(Some(_)) = ws.recv().await {
                        pending::<()>().await;
                    }
                    drop(alive);
                }
            },
        )
    });
    let mut beginner = raw::dial(&uri).await;
    raw::send(&mut beginner, "GET / HTTP/1.1\r\n").await;
    let mut reader = raw::connect(&uri).await;
    let mut waiter = raw::connect(&uri).await;
    for peer in [&mut reader, &mut waiter] {
        assert_eq!(raw::read_frame(peer).await, (TEXT, b"ready".to_vec()));
    }
    raw::send(&mut waiter, raw::masked(TEXT, b"wait")).await;
    assert!(told.next().now_or_never().is_none());
    drop(server);
    // The last one who could tell anything is gone.
    assert_eq!(told.next().await, None);
    for peer in [&mut beginner, &mut reader, &mut waiter] {
        assert_eq!(raw::read_to_end_or_reset(peer).await, b"");
    }
    assert!(matches!(
        connect::<A>(&uri).await,
        Err(ConnectError::Connect(_))
    ));
}

/// R6455-4.2.2-06, R6455-4.2.2-08, R6455-10.2-02
pub(crate) async fn pages_of_other_origins_get_403_unless_the_server_says_otherwise<A: Adapter>() {
    let (closed_uri, _closed) = serve::<A, _>(|listener| Serve::new(A::default(), listener, echo));
    let (open_uri, _open) = serve::<A, _>(|listener| {
        Serve::new(A::default(), listener, echo).origin(OriginPolicy::any())
    });
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
        match Connector::<A>::new().connect(request).await {
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
}

/// R6455-7.2.2-01, R6455-10.7-04
pub(crate) async fn a_peer_that_speaks_no_http_gets_an_answer_and_harms_nobody<A: Adapter>() {
    let (uri, _server) = serve::<A, _>(|listener| Serve::new(A::default(), listener, echo));
    let mut peer = raw::dial(&uri).await;
    raw::send(&mut peer, b"\x16\x03\x01 this is no request\r\n\r\n").await;
    let answer = raw::read_to_end(&mut peer).await;
    assert!(answer.starts_with(b"HTTP/1.1 400 "));
    // One that leaves in the middle of its request.
    let mut peer = raw::dial(&uri).await;
    raw::send(&mut peer, "GET / HT").await;
    drop(peer);
    is_alive(&mut connect::<A>(&uri).await.unwrap()).await;
}

/// R6455-4.1-53, R6455-7.2.2-01
pub(crate) async fn a_peer_that_sends_no_request_is_let_go_of<A: Adapter>() {
    let clock = Clock::new();
    let runtime = Clocked::<A>::new(&clock);
    let (uri, _server) = serve::<A, _>(|listener| Serve::new(runtime, listener, echo));
    let mut peer = raw::dial(&uri).await;
    let limit = Duration::from_secs(10);
    let rest = clock.after(limit, raw::read_to_end(&mut peer)).await;
    assert_eq!(rest, b"");
}

/// R6455-7.4.1-11
pub(crate) async fn the_limits_of_the_configuration_hold<A: Adapter>() {
    let limits = Limits::default().with_max_message_size(1024);
    let config = Config::new().limits(limits);
    let (uri, _server) =
        serve::<A, _>(|listener| Serve::new(A::default(), listener, echo).config(config));
    let mut client = connect::<A>(&uri).await.unwrap();
    client.send(vec![0; 1024]).await.unwrap();
    assert!(client.recv().await.unwrap().is_some());
    client.send(vec![0; 1025]).await.unwrap();
    assert_eq!(client.recv().await.unwrap(), None);
    assert_eq!(client.closed().code(), 1009);
}

/// A writer that outlives its turn: other tasks send to a connection whose handler waits.
pub(crate) async fn another_task_sends_while_the_handler_waits<A: Adapter>() {
    let (give, take) = oneshot::channel();
    let give = Mutex::new(Some(give));
    let (uri, _server) = serve::<A, _>(|listener| {
        Serve::new(A::default(), listener, move |ws: Corked<A::Transport>| {
            let give = give.lock().unwrap().take().unwrap();
            async move {
                drop(give.send(ws.writer()));
                echo(ws).await
            }
        })
    });
    let mut client = connect::<A>(&uri).await.unwrap();
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
}
