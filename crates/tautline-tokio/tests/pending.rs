//! One opening handshake at a time to an address.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt, future::join_all};
use tautline_tokio::{Config, ConnectError, Connector, Pending, connect};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream, lookup_host},
    sync::Barrier,
};

use crate::support::{listen, raw, settle, within};

async fn answer(stream: &mut TcpStream) {
    let head = raw::read_head(stream).await;
    let answer = raw::switching(&head, "");
    stream.write_all(answer.as_bytes()).await.unwrap();
}

/// R6455-4.1-04, R6455-4.1-05
#[tokio::test]
async fn handshakes_with_one_address_take_turns() {
    const CLIENTS: usize = 20;
    within(async {
        let (listener, uri) = listen().await;
        let unanswered = Arc::new(AtomicUsize::new(0));
        let server = tokio::spawn(async move {
            let mut peers = Vec::new();
            for _ in 0..CLIENTS {
                let (mut stream, _) = listener.accept().await.unwrap();
                let unanswered = unanswered.clone();
                peers.push(tokio::spawn(async move {
                    assert_eq!(unanswered.fetch_add(1, Ordering::SeqCst), 0);
                    let head = raw::read_head(&mut stream).await;
                    // Every other client would come now if it could.
                    settle().await;
                    assert_eq!(unanswered.fetch_sub(1, Ordering::SeqCst), 1);
                    let answer = raw::switching(&head, "");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    stream
                }));
            }
            join_all(peers).await
        });
        for client in join_all((0..CLIENTS).map(|_| connect(&*uri))).await {
            client.unwrap();
        }
        assert!(server.await.unwrap().iter().all(Result::is_ok));
    })
    .await;
}

/// R6455-4.1-04
#[tokio::test]
async fn handshakes_under_two_names_of_one_address_take_turns() {
    let (listener, _) = listen().await;
    let address = listener.local_addr().unwrap();
    let port = address.port();
    let resolved = lookup_host(("localhost", port)).await;
    if !resolved.is_ok_and(|mut addresses| addresses.any(|found| found == address)) {
        // A machine where they are not the same address has nothing to show here.
        return;
    }
    within(async {
        let first = tokio::spawn(connect(format!("ws://localhost:{port}/a")));
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = raw::read_head(&mut stream).await;
        let second = tokio::spawn(connect(format!("ws://127.0.0.1:{port}/b")));
        settle().await;
        assert!(listener.accept().now_or_never().is_none());
        let answer_to_first = raw::switching(&head, "");
        stream.write_all(answer_to_first.as_bytes()).await.unwrap();
        first.await.unwrap().unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        answer(&mut stream).await;
        second.await.unwrap().unwrap();
    })
    .await;
}

/// R6455-4.1-04
#[tokio::test]
async fn a_handshake_that_fails_or_is_given_up_lets_the_next_one_begin() {
    within(async {
        let (listener, uri) = listen().await;
        let given_up = tokio::spawn(connect(uri.clone()));
        let (stream, _) = listener.accept().await.unwrap();
        let failing = tokio::spawn(connect(uri.clone()));
        let next = tokio::spawn(connect(uri));
        settle().await;
        given_up.abort();
        let (broken, _) = listener.accept().await.unwrap();
        drop(broken);
        let (mut last, _) = listener.accept().await.unwrap();
        answer(&mut last).await;
        assert!(failing.await.unwrap().is_err());
        next.await.unwrap().unwrap();
        drop(stream);
    })
    .await;
}

/// R6455-4.1-04
#[tokio::test]
async fn handshakes_with_two_ports_do_not_wait_for_each_other() {
    within(async {
        let (first, first_uri) = listen().await;
        let (second, second_uri) = listen().await;
        let clients = tokio::spawn(join_all([connect(first_uri), connect(second_uri)]));
        let barrier = Barrier::new(2);
        let serve = async |listener: TcpListener| {
            let (mut stream, _) = listener.accept().await.unwrap();
            // Both handshakes are under way, or nobody gets past here.
            barrier.wait().await;
            answer(&mut stream).await;
        };
        tokio::join!(serve(first), serve(second));
        assert!(clients.await.unwrap().iter().all(Result::is_ok));
    })
    .await;
}

#[tokio::test]
async fn a_connector_for_load_tools_does_not_wait() {
    const CLIENTS: usize = 8;
    within(async {
        let (listener, uri) = listen().await;
        let connector = Connector::new().pending(Pending::Unlimited);
        let clients = join_all((0..CLIENTS).map(|_| connector.connect(&*uri)));
        let server = async {
            let mut streams = Vec::new();
            // None is answered before all have come.
            for _ in 0..CLIENTS {
                streams.push(listener.accept().await.unwrap().0);
            }
            join_all(streams.iter_mut().map(answer)).await;
        };
        let (clients, ()) = tokio::join!(clients, server);
        assert!(clients.iter().all(Result::is_ok));
    })
    .await;
}

/// Time spent in the queue is not time that the server took.
#[tokio::test]
async fn waiting_for_the_turn_does_not_count_as_the_handshake() {
    let (listener, uri) = listen().await;
    let slow = Config::new().handshake_timeout(Duration::from_secs(30));
    let hasty = Config::new().handshake_timeout(Duration::from_secs(10));
    let slow = Connector::new().config(slow);
    let hasty = Connector::new().config(hasty);
    let first_uri = uri.clone();
    let first = tokio::spawn(async move { slow.connect(first_uri).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    raw::read_head(&mut stream).await;
    let second = tokio::spawn(async move { hasty.connect(uri).await });
    settle().await;
    tokio::time::pause();
    assert!(matches!(
        within(first).await.unwrap(),
        Err(ConnectError::Handshake(_))
    ));
    tokio::time::resume();
    within(async {
        let (mut stream, _) = listener.accept().await.unwrap();
        answer(&mut stream).await;
        second.await.unwrap().unwrap();
    })
    .await;
}
