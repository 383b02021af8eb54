//! One opening handshake at a time to an address.

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_io::Async;
use async_lock::Barrier;
use futures_util::{
    FutureExt,
    future::{join, join_all},
    join,
};
use tautline::{
    Config,
    driver::{ConnectError, Connector, Pending},
};

use crate::support::{Adapter, Clock, Clocked, connect, raw, settle, spawn};

/// R6455-4.1-04, R6455-4.1-05
pub(crate) async fn handshakes_with_one_address_take_turns<A: Adapter>() {
    const CLIENTS: usize = 20;
    let (listener, uri) = raw::listen();
    let unanswered = Arc::new(AtomicUsize::new(0));
    let server = spawn::<A, _>(async move {
        let mut peers = Vec::new();
        for _ in 0..CLIENTS {
            let (mut stream, _) = listener.accept().await.unwrap();
            let unanswered = unanswered.clone();
            peers.push(spawn::<A, _>(async move {
                assert_eq!(unanswered.fetch_add(1, Ordering::SeqCst), 0);
                let head = raw::read_head(&mut stream).await;
                // Every other client would come now if it could.
                settle().await;
                assert_eq!(unanswered.fetch_sub(1, Ordering::SeqCst), 1);
                raw::send(&mut stream, raw::switching(&head, "")).await;
                stream
            }));
        }
        join_all(peers).await
    });
    for client in join_all((0..CLIENTS).map(|_| connect::<A>(&uri))).await {
        client.unwrap();
    }
    server.await;
}

/// R6455-4.1-04
pub(crate) async fn handshakes_under_two_names_of_one_address_take_turns<A: Adapter>() {
    let (listener, _) = raw::listen();
    let address = listener.get_ref().local_addr().unwrap();
    let port = address.port();
    let resolved = A::default().lookup_host("localhost", port).await;
    if !resolved.is_ok_and(|addresses| addresses.contains(&address)) {
        // A machine where they are not the same address has nothing to show here.
        return;
    }
    let first = format!("ws://localhost:{port}/a");
    let first = spawn::<A, _>(async move { connect::<A>(&first).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    let head = raw::read_head(&mut stream).await;
    let second = format!("ws://127.0.0.1:{port}/b");
    let second = spawn::<A, _>(async move { connect::<A>(&second).await });
    settle().await;
    assert!(listener.accept().now_or_never().is_none());
    raw::send(&mut stream, raw::switching(&head, "")).await;
    first.await.unwrap();
    let _stream = raw::accept(&listener).await;
    second.await.unwrap();
}

/// R6455-4.1-04
pub(crate) async fn a_handshake_that_fails_or_is_given_up_lets_the_next_one_begin<A: Adapter>() {
    let (listener, uri) = raw::listen();
    let attempt = || {
        let uri = uri.clone();
        spawn::<A, _>(async move { connect::<A>(&uri).await })
    };
    let given_up = attempt();
    let (stream, _) = listener.accept().await.unwrap();
    let failing = attempt();
    settle().await;
    let next = attempt();
    settle().await;
    assert!(listener.accept().now_or_never().is_none());
    drop(given_up);
    let (broken, _) = listener.accept().await.unwrap();
    drop(broken);
    let _last = raw::accept(&listener).await;
    let (failing, next) = join(failing, next).await;
    // Which of the two came first is not promised.
    assert!(failing.is_ok() != next.is_ok());
    drop(stream);
}

/// R6455-4.1-04
pub(crate) async fn handshakes_with_two_ports_do_not_wait_for_each_other<A: Adapter>() {
    let (first, first_uri) = raw::listen();
    let (second, second_uri) = raw::listen();
    let clients = join(connect::<A>(&first_uri), connect::<A>(&second_uri));
    let barrier = Barrier::new(2);
    let serve = async |listener: Async<TcpListener>| {
        let (mut stream, _) = listener.accept().await.unwrap();
        // Both handshakes are under way, or nobody gets past here.
        barrier.wait().await;
        raw::answer(&mut stream).await;
    };
    let ((first, second), _, _) = join!(clients, serve(first), serve(second));
    first.unwrap();
    second.unwrap();
}

pub(crate) async fn a_connector_for_load_tools_does_not_wait<A: Adapter>() {
    const CLIENTS: usize = 8;
    let (listener, uri) = raw::listen();
    let connector = Connector::<A>::new().pending(Pending::Unlimited);
    let clients = join_all((0..CLIENTS).map(|_| connector.connect(&*uri)));
    let server = async {
        let mut streams = Vec::new();
        // None is answered before all have come.
        for _ in 0..CLIENTS {
            streams.push(listener.accept().await.unwrap().0);
        }
        join_all(streams.iter_mut().map(raw::answer)).await;
    };
    let (clients, ()) = join!(clients, server);
    assert!(clients.iter().all(Result::is_ok));
}

/// Time spent in the queue is not time that the server took.
pub(crate) async fn waiting_for_the_turn_does_not_count_as_the_handshake<A: Adapter>() {
    const LONG: Duration = Duration::from_secs(30);
    let clock = Clock::new();
    let (listener, uri) = raw::listen();
    let connect_within = |limit: Duration| {
        let uri = uri.clone();
        let connector = Connector::with_runtime(Clocked::<A>::new(&clock))
            .config(Config::new().handshake_timeout(limit));
        spawn::<A, _>(async move { connector.connect(uri).await })
    };
    let slow = connect_within(LONG);
    let (mut stream, _) = listener.accept().await.unwrap();
    raw::read_head(&mut stream).await;
    let hasty = connect_within(LONG / 3);
    settle().await;
    assert!(matches!(
        clock.after(LONG, slow).await,
        Err(ConnectError::Handshake(_))
    ));
    let _stream = raw::accept(&listener).await;
    hasty.await.unwrap();
}
