//! Pings by the clock, against a peer that is there and one that is gone.

use std::time::Duration;

use tautline_tokio::{
    CloseCode, Config, Connector, Error, Keepalive, Timeout, Upgrade, WebSocket, accept,
};
use tokio::{
    io::{DuplexStream, duplex},
    join,
    time::{Instant, pause, resume},
};

use crate::support::{
    echo_all, listen,
    raw::{self, PING, TEXT},
    within,
};

fn config() -> Config {
    let keepalive = Keepalive::new(Duration::from_secs(20), Duration::from_secs(10));
    Config::new().keepalive(keepalive)
}

/// R6455-5.5.2-05, R6455-7.1.5-03
#[tokio::test]
async fn a_client_gives_up_a_server_that_answers_no_ping() {
    let (listener, uri) = listen().await;
    let connector = Connector::new().config(config());
    let (client, mut server) = join!(connector.connect(uri), raw::accept(&listener));
    let mut client = client.unwrap();
    pause();
    let start = Instant::now();
    let error = within(client.recv()).await.unwrap_err();
    assert!(
        matches!(error, Error::Timeout(Timeout::Keepalive)),
        "{error:?}"
    );
    // The keepalive began when the connection did, a moment before the clock was stopped.
    let elapsed = start.elapsed().as_secs_f64();
    assert!((25.0..31.0).contains(&elapsed), "{elapsed}");
    assert_eq!(client.closed().code(), 1006);
    drop(client);
    resume();
    within(async {
        assert_eq!(raw::read_frame(&mut server).await.0, PING);
        assert_eq!(raw::read_to_end(&mut server).await, b"");
    })
    .await;
}

/// R6455-5.5.2-05
#[tokio::test]
async fn a_server_gives_up_a_client_that_answers_no_ping() {
    let (listener, uri) = listen().await;
    let (server, _peer) = join!(
        async {
            let stream = listener.accept().await.unwrap().0;
            Upgrade::read_with(stream, config())
                .await
                .unwrap()
                .accept()
                .await
        },
        raw::connect(&uri)
    );
    let (mut reader, writer) = server.unwrap().split();
    let reading = tokio::spawn(async move { reader.recv().await });
    pause();
    let error = within(reading).await.unwrap().unwrap_err();
    assert!(
        matches!(error, Error::Timeout(Timeout::Keepalive)),
        "{error:?}"
    );
    let error = writer.send("into the void").await.unwrap_err();
    assert!(
        matches!(error, Error::Timeout(Timeout::Keepalive)),
        "{error:?}"
    );
}

/// R6455-5.5.2-05
#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_is_kept_for_days() {
    let (near, far) = duplex(1024);
    let request = "ws://server.example.com/".try_into().unwrap();
    let (client, server) = join!(
        WebSocket::<DuplexStream>::connect_on(near, &request, config()),
        accept(far)
    );
    let mut client = client.unwrap();
    let server = tokio::spawn(echo_all(server.unwrap()));
    let day = Duration::from_secs(24 * 60 * 60);
    let idle = tokio::time::timeout(day, client.recv()).await;
    assert!(idle.is_err(), "{idle:?}");
    assert_eq!(client.round_trip(), Some(Duration::ZERO));
    client.send("still there").await.unwrap();
    assert_eq!(client.recv().await.unwrap(), Some("still there".into()));
    let closed = client.close(CloseCode::NORMAL, "").await.unwrap();
    assert!(closed.is_clean());
    server.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_round_trip_of_a_ping_is_measured_by_the_clock_of_the_runtime() {
    let (near, mut far) = duplex(1024);
    let mut ws = WebSocket::<DuplexStream>::from_handshake(
        near,
        tautline_tokio::Role::Client,
        Default::default(),
        Config::new(),
    );
    assert_eq!(ws.round_trip(), None);
    ws.ping("marco").await.unwrap();
    let peer = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        let (opcode, payload) = raw::read_frame(&mut far).await;
        assert_eq!((opcode, &payload[..]), (PING, &b"marco"[..]));
        tokio::time::sleep(Duration::from_millis(1500)).await;
        far.write_all(&raw::plain(raw::PONG, &payload))
            .await
            .unwrap();
        far.write_all(&raw::plain(TEXT, b"polo")).await.unwrap();
        far
    });
    assert_eq!(ws.recv().await.unwrap(), Some("polo".into()));
    assert_eq!(ws.round_trip(), Some(Duration::from_millis(1500)));
    peer.await.unwrap();
}
