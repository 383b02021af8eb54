//! How a connection over TCP ends: who closes what first, and for how long anybody waits.

use std::time::Duration;

use futures_util::FutureExt;
use tautline_tokio::{CloseCode, Closed, Error, Initiator, Timeout, accept, connect};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    join,
    time::{Instant, pause},
};

use crate::support::{
    echo_all, listen, pair,
    raw::{self, CLOSE, TEXT},
    settle, within,
};

fn summary(closed: &Closed) -> (Option<Initiator>, u16, &str, bool) {
    (
        closed.initiator,
        closed.code(),
        closed.reason(),
        closed.is_clean(),
    )
}

/// R6455-5.5.1-12, R6455-7.1.2-01, R6455-7.1.5-01, R6455-7.3-03
#[tokio::test]
async fn a_close_from_either_side_is_clean_on_both() {
    within(async {
        let (mut client, server) = pair().await;
        let server = tokio::spawn(echo_all(server));
        let closed = client.close(CloseCode::NORMAL, "bye").await.unwrap();
        assert_eq!(summary(&closed), (Some(Initiator::Local), 1000, "", true));
        let closed = server.await.unwrap().closed();
        assert_eq!(
            summary(&closed),
            (Some(Initiator::Remote), 1000, "bye", true)
        );

        let (client, mut server) = pair().await;
        let client = tokio::spawn(echo_all(client));
        let closed = server.close(CloseCode::GOING_AWAY, "bye").await.unwrap();
        assert_eq!(summary(&closed), (Some(Initiator::Local), 1001, "", true));
        let closed = client.await.unwrap().closed();
        assert_eq!(
            summary(&closed),
            (Some(Initiator::Remote), 1001, "bye", true)
        );
    })
    .await;
}

/// R6455-5.5.1-16, R6455-7.1.5-01
#[tokio::test]
async fn closes_that_cross_are_one_handshake() {
    within(async {
        let (mut client, mut server) = pair().await;
        let (client, server) = join!(
            client.close(CloseCode::NORMAL, "client"),
            server.close(CloseCode::GOING_AWAY, "server")
        );
        let (client, server) = (client.unwrap(), server.unwrap());
        assert!(client.is_clean() && server.is_clean());
        assert!([1000, 1001].contains(&client.code()));
    })
    .await;
}

/// R6455-5.5.1-14, R6455-7.1.1-03, R6455-7.1.1-06
#[tokio::test]
async fn a_client_waits_for_the_server_to_end_the_stream() {
    within(async {
        let (listener, uri) = listen().await;
        let (client, mut server) = join!(connect(uri), raw::accept(&listener));
        let mut client = client.unwrap();
        let client = tokio::spawn(async move { client.close(CloseCode::NORMAL, "").await });
        let (opcode, body) = raw::read_frame(&mut server).await;
        assert_eq!(opcode, CLOSE);
        server.write_all(&raw::plain(CLOSE, &body)).await.unwrap();
        settle().await;
        assert!(!client.is_finished());
        assert!(server.read_u8().now_or_never().is_none());
        server.shutdown().await.unwrap();
        assert!(client.await.unwrap().unwrap().is_clean());
        assert_eq!(raw::read_to_end(&mut server).await, b"");
    })
    .await;
}

/// R6455-5.5.1-15, R6455-7.1.1-04
#[tokio::test]
async fn a_client_that_waits_for_the_end_in_vain_is_done_in_time_and_clean() {
    let (listener, uri) = listen().await;
    let (client, mut server) = join!(connect(uri), raw::accept(&listener));
    let mut client = client.unwrap();
    server
        .write_all(&raw::plain(CLOSE, &raw::close_body(1001, "bye")))
        .await
        .unwrap();
    client.stream().tcp().readable().await.unwrap();
    pause();
    let start = Instant::now();
    assert_eq!(within(client.recv()).await.unwrap(), None);
    assert_eq!(start.elapsed().as_secs(), 5);
    let closed = client.closed();
    assert_eq!(
        summary(&closed),
        (Some(Initiator::Remote), 1001, "bye", true)
    );
}

/// R6455-7.1.2-03, R6455-7.1.5-03
#[tokio::test]
async fn a_peer_that_never_answers_a_close_is_given_up_in_time() {
    let (listener, uri) = listen().await;
    let (client, mut server) = join!(connect(&*uri), raw::accept(&listener));
    let mut client = client.unwrap();
    let peer = tokio::spawn(async move { raw::connect(&uri).await });
    let mut ws = accept(listener.accept().await.unwrap().0).await.unwrap();
    let mut peer = peer.await.unwrap();
    pause();
    for role in ["client", "server"] {
        let start = Instant::now();
        let (closed, error) = if role == "client" {
            let closed = within(client.close(CloseCode::NORMAL, "bye"))
                .await
                .unwrap();
            (closed, client.recv().await.unwrap_err())
        } else {
            let closed = within(ws.close(CloseCode::NORMAL, "bye")).await.unwrap();
            (closed, ws.recv().await.unwrap_err())
        };
        assert_eq!(start.elapsed().as_secs(), 5, "{role}");
        assert_eq!(
            summary(&closed),
            (Some(Initiator::Local), 1006, "", false),
            "{role}"
        );
        assert!(
            matches!(error, Error::Timeout(Timeout::Close)),
            "{role}: {error:?}"
        );
    }
    drop((client, ws));
    tokio::time::resume();
    within(async {
        // Both got the frame, and nothing behind it.
        for stream in [&mut server, &mut peer] {
            let expected = (CLOSE, raw::close_body(1000, "bye"));
            assert_eq!(raw::read_frame(stream).await, expected);
            assert_eq!(raw::read_to_end(stream).await, b"");
        }
    })
    .await;
}

/// R6455-5.5.1-13, R6455-7.1.1-03, R6455-7.1.1-05
#[tokio::test]
async fn a_server_ends_the_stream_first() {
    within(async {
        let (listener, uri) = listen().await;
        let server = tokio::spawn(async move {
            echo_all(accept(listener.accept().await.unwrap().0).await.unwrap()).await
        });
        let mut peer = raw::connect(&uri).await;
        let body = raw::close_body(4000, "enough");
        peer.write_all(&raw::masked(CLOSE, &body)).await.unwrap();
        assert_eq!(
            raw::read_frame(&mut peer).await,
            (CLOSE, raw::close_body(4000, ""))
        );
        // The end comes although this side has not ended yet, and is not kept waiting.
        assert_eq!(raw::read_to_end(&mut peer).await, b"");
        drop(peer);
        assert_eq!(server.await.unwrap().closed().code(), 4000);
    })
    .await;
}

/// R6455-5.5.1-17, R6455-7.1.1-01, R6455-7.1.1-07
#[tokio::test]
async fn what_a_peer_sends_after_its_close_does_not_cost_it_the_answer() {
    within(async {
        let (listener, uri) = listen().await;
        let server = tokio::spawn(async move {
            let ws = accept(listener.accept().await.unwrap().0).await.unwrap();
            // Whatever has not been read when it is dropped here resets the connection.
            echo_all(ws).await.closed()
        });
        let mut peer = raw::connect(&uri).await;
        let close = raw::masked(CLOSE, &raw::close_body(1000, ""));
        peer.write_all(&close).await.unwrap();
        let answer = (CLOSE, raw::close_body(1000, ""));
        assert_eq!(raw::read_frame(&mut peer).await, answer);
        assert_eq!(raw::read_to_end(&mut peer).await, b"");
        // The server has ended its side, and still takes what comes until this side ends.
        for _ in 0..64 {
            settle().await;
            let late = raw::masked(TEXT, &[b'x'; 100]).repeat(10);
            peer.write_all(&late).await.unwrap();
        }
        peer.shutdown().await.unwrap();
        assert!(server.await.unwrap().is_clean());
    })
    .await;
}

/// R6455-7.1.7-01, R6455-7.1.7-03, R6455-7.1.7-05
#[tokio::test]
async fn a_peer_that_breaks_the_protocol_is_told_and_let_go_of() {
    within(async {
        let (listener, uri) = listen().await;
        let (client, mut server) = join!(connect(&*uri), raw::accept(&listener));
        let mut client = client.unwrap();
        // A server must not mask.
        server.write_all(&raw::masked(TEXT, b"hi")).await.unwrap();
        let told = async {
            let (opcode, body) = raw::read_frame(&mut server).await;
            assert_eq!((opcode, &body[..2]), (CLOSE, &1002_u16.to_be_bytes()[..]));
            assert_eq!(raw::read_to_end(&mut server).await, b"");
            drop(server);
        };
        let (error, ()) = join!(client.recv(), told);
        assert!(matches!(error, Err(Error::Violation(_))), "{error:?}");

        let (ws, mut peer) = join!(
            async { accept(listener.accept().await.unwrap().0).await },
            raw::connect(&uri)
        );
        let mut ws = ws.unwrap();
        // A client must.
        peer.write_all(&raw::plain(TEXT, b"hi")).await.unwrap();
        let told = async {
            let (opcode, body) = raw::read_frame(&mut peer).await;
            assert_eq!((opcode, &body[..2]), (CLOSE, &1002_u16.to_be_bytes()[..]));
            assert_eq!(raw::read_to_end(&mut peer).await, b"");
            drop(peer);
        };
        let (error, ()) = join!(ws.recv(), told);
        assert!(matches!(error, Err(Error::Violation(_))), "{error:?}");
    })
    .await;
}

/// R6455-7.1.7-08, R6455-7.3-02
#[tokio::test]
async fn an_idle_client_stays_connected() {
    let (mut client, mut server) = pair().await;
    pause();
    let idle = tokio::time::timeout(Duration::from_secs(24 * 60 * 60), client.recv()).await;
    assert!(idle.is_err(), "{idle:?}");
    tokio::time::resume();
    within(async {
        server.send("still there").await.unwrap();
        assert_eq!(client.recv().await.unwrap(), Some("still there".into()));
    })
    .await;
}

/// R6455-7.1.1-02, R6455-7.3-03
#[tokio::test]
async fn a_connection_that_is_dropped_is_lost_for_the_other_end() {
    within(async {
        let (client, mut server) = pair().await;
        drop(client);
        let error = server.recv().await.unwrap_err();
        assert!(matches!(error, Error::Lost(_)), "{error:?}");
    })
    .await;
}
