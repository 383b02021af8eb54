//! Every wait is by the clock of tokio, so that a program that stops it in its tests does not wait.

use std::time::Duration;

use tautline_driver::Runtime;
use tautline_tokio::{
    CloseCode, Config, Connector, Error, HandshakeError, Keepalive, Role, Timeout, TokioRuntime,
    Upgrade, UpgradeError, WebSocket, accept,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    join,
    net::TcpListener,
    time::{Instant, pause, sleep, timeout},
};

use crate::open;

#[tokio::test(start_paused = true)]
async fn a_close_that_is_not_answered_takes_the_close_timeout() {
    let (near, _far) = duplex(1024);
    let mut ws = open(near, Role::Client);
    let start = Instant::now();
    let closed = ws.close(CloseCode::NORMAL, "").await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    assert!(!closed.is_clean());
}

#[tokio::test(start_paused = true)]
async fn handshakes_take_the_handshake_timeout() {
    let (near, _far) = duplex(1024);
    let start = Instant::now();
    let result = Upgrade::read(near).await;
    assert!(matches!(result, Err(UpgradeError::Timeout)), "{result:?}");
    assert_eq!(start.elapsed(), Duration::from_secs(10));

    let (near, _far) = duplex(1024);
    let request = "ws://server.example.com/".try_into().unwrap();
    let start = Instant::now();
    let result = WebSocket::<DuplexStream>::connect_on(near, &request, Config::new()).await;
    assert!(matches!(result, Err(HandshakeError::Timeout)), "{result:?}");
    assert_eq!(start.elapsed(), Duration::from_secs(10));
}

/// A socket and not a pipe: the clock is stopped when nothing is left but to wait.
#[tokio::test]
async fn a_connector_takes_the_handshake_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("ws://{}/", listener.local_addr().unwrap());
    let client = tokio::spawn(async move { Connector::new().connect(uri).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.read_u8().await.unwrap();
    pause();
    let start = Instant::now();
    client.await.unwrap().unwrap_err();
    // It began a moment before the clock was stopped, and timers are a millisecond coarse.
    let elapsed = start.elapsed().as_secs_f64();
    assert!((8.0..10.5).contains(&elapsed), "{elapsed}");
}

#[tokio::test(start_paused = true)]
async fn the_runtime_sleeps_by_the_clock_of_tokio() {
    let start = Instant::now();
    let day = Duration::from_secs(24 * 60 * 60);
    TokioRuntime.sleep(day).await;
    assert_eq!(start.elapsed(), day);
}

/// R6455-5.5.2-05
#[tokio::test(start_paused = true)]
async fn a_keepalive_goes_by_the_clock_of_tokio() {
    let keepalive = Keepalive::new(Duration::from_secs(20), Duration::from_secs(10));
    let config = Config::new().keepalive(keepalive);
    let (near, far) = duplex(1024);
    let request = "ws://server.example.com/".try_into().unwrap();
    let (client, server) = join!(
        WebSocket::<DuplexStream>::connect_on(near, &request, config),
        accept(far)
    );
    let (mut client, mut server) = (client.unwrap(), server.unwrap());
    let answering = tokio::spawn(async move {
        let day = Duration::from_secs(24 * 60 * 60);
        timeout(day, server.recv()).await.unwrap_err();
        server
    });
    // As long as the server looks, its pongs come; when it does not, they do not.
    let start = Instant::now();
    let error = client.recv().await.unwrap_err();
    let _server = answering.await.unwrap();
    assert!(
        matches!(error, Error::Timeout(Timeout::Keepalive)),
        "{error:?}"
    );
    assert_eq!(client.round_trip(), Some(Duration::ZERO));
    let elapsed = start.elapsed().as_secs();
    assert!((86_400..=86_400 + 30).contains(&elapsed), "{elapsed}");
}

#[tokio::test(start_paused = true)]
async fn the_round_trip_of_a_ping_is_measured_by_the_clock_of_tokio() {
    let (near, mut far) = duplex(1024);
    let mut ws = open(near, Role::Client);
    ws.ping("").await.unwrap();
    let peer = tokio::spawn(async move {
        // An empty Ping with its masking key, and after a while an empty Pong and a message.
        far.read_exact(&mut [0; 6]).await.unwrap();
        sleep(Duration::from_millis(1500)).await;
        far.write_all(b"\x8A\0\x81\x04polo").await.unwrap();
        far
    });
    assert_eq!(ws.recv().await.unwrap(), Some("polo".into()));
    assert_eq!(ws.round_trip(), Some(Duration::from_millis(1500)));
    peer.await.unwrap();
}
