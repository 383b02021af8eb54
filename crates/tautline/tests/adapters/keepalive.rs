//! Pings by the clock, against a peer that is there and one that is gone.

use std::{pin::pin, time::Duration};

use futures_util::{
    AsyncReadExt, FutureExt,
    future::{Either, select},
    join,
};
use tautline::{
    CloseCode, Config, Error, Keepalive, Role, Timeout,
    driver::{Connector, WebSocket},
};

use crate::support::{
    Adapter, Clock, Clocked, Pipe, Timed, accept, client_and_peer, echo_all, listen,
    raw::{self, CLOSE, PING, PONG, TEXT},
    server_and_peer, settle, spawn,
};

const INTERVAL: Duration = Duration::from_secs(20);
const TIMEOUT: Duration = Duration::from_secs(10);

fn config() -> Config {
    Config::new().keepalive(Keepalive::new(INTERVAL, TIMEOUT))
}

/// R6455-5.5.2-05, R6455-7.1.5-03
pub(crate) async fn a_client_gives_up_a_server_that_answers_no_ping<A: Adapter>() {
    let clock = Clock::new();
    let (mut client, mut server) = client_and_peer(&Clocked::<A>::new(&clock), config()).await;
    let receiving = spawn::<A, _>(async move {
        let error = client.recv().await.unwrap_err();
        (error, client.closed())
    });
    clock.somebody_waits(INTERVAL).await;
    clock.advance(INTERVAL - Duration::from_millis(1));
    settle().await;
    assert!(server.read(&mut [0]).now_or_never().is_none());
    clock.advance(Duration::from_millis(1));
    assert_eq!(raw::read_frame(&mut server).await.0, PING);
    let (error, closed) = clock.after(TIMEOUT, receiving).await;
    assert!(
        matches!(error, Error::Timeout(Timeout::Keepalive)),
        "{error:?}"
    );
    assert_eq!(closed.code(), 1006);
    assert_eq!(raw::read_to_end(&mut server).await, b"");
}

/// R6455-5.5.2-05
pub(crate) async fn a_server_gives_up_a_client_that_answers_no_ping<A: Adapter>() {
    let clock = Clock::new();
    let runtime = Clocked::<A>::new(&clock);
    let (server, _peer) = server_and_peer::<A, _>(&runtime, config()).await;
    let (mut reader, writer) = server.split();
    let reading = spawn::<A, _>(async move { reader.recv().await });
    clock.somebody_waits(INTERVAL).await;
    clock.advance(INTERVAL);
    let error = clock.after(TIMEOUT, reading).await.unwrap_err();
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

/// A peer that is there for TCP and takes nothing: not even the Ping leaves.
///
/// R6455-5.5.2-05
pub(crate) async fn a_message_that_nobody_takes_waits_no_longer_than_the_keepalive<A: Adapter>() {
    let clock = Clock::new();
    let (near, _far) = Pipe::pair(64);
    let near = Timed::<A::Piped>::new(near, &clock);
    let mut ws =
        WebSocket::<Timed<_>>::from_handshake(near, Role::Client, Default::default(), config());
    let mut sending = pin!(ws.send(vec![0; 1000]));
    assert!(sending.as_mut().now_or_never().is_none());
    clock.advance(INTERVAL);
    assert!(sending.as_mut().now_or_never().is_none());
    let error = clock.after(TIMEOUT, sending).await.unwrap_err();
    assert!(
        matches!(error, Error::Timeout(Timeout::Keepalive)),
        "{error:?}"
    );
}

/// A slow message is finished just in time, and the next one never: it is not the keepalive, which is
/// off, that ends this.
///
/// R6455-10.4-01
pub(crate) async fn a_message_that_nobody_finishes_waits_no_longer_than_its_timeout<A: Adapter>() {
    const LIMIT: Duration = Duration::from_secs(120);
    let clock = Clock::new();
    let runtime = Clocked::<A>::new(&clock);
    let (mut server, mut peer) = server_and_peer::<A, _>(&runtime, Config::new()).await;
    let frame = raw::masked(TEXT, b"slow");
    for message in 1..=2 {
        let (begin, rest) = frame.split_at(8);
        raw::send(&mut peer, begin).await;
        let receiving = spawn::<A, _>(async move { (server.recv().await, server) });
        clock.somebody_waits(LIMIT).await;
        if message == 1 {
            clock.advance(LIMIT - Duration::from_millis(1));
            raw::send(&mut peer, rest).await;
            let received = receiving.await;
            assert_eq!(received.0.unwrap(), Some("slow".into()));
            server = received.1;
        } else {
            clock.advance(LIMIT);
            let (opcode, body) = raw::read_frame(&mut peer).await;
            let told = raw::close_body(1008, "message took too long");
            assert_eq!((opcode, body), (CLOSE, told));
            drop(peer);
            let (error, _) = receiving.await;
            assert!(
                matches!(error, Err(Error::Timeout(Timeout::Message))),
                "{error:?}"
            );
            return;
        }
    }
}

/// R6455-5.5.2-05
pub(crate) async fn a_peer_that_answers_is_kept_for_days<A: Adapter>() {
    const HOUR: Duration = Duration::from_secs(60 * 60);
    let clock = Clock::new();
    let (listener, uri) = listen::<A>();
    let connector = Connector::with_runtime(Clocked::<A>::new(&clock))
        .config(Config::new().keepalive(Keepalive::new(HOUR, TIMEOUT)));
    let runtime = A::default();
    let (client, server) = join!(connector.connect(uri), accept(&runtime, &listener));
    let mut client = client.unwrap();
    let server = spawn::<A, _>(echo_all(server.unwrap()));
    let days = async {
        for _ in 0..3 * 24 {
            // There is a next Ping only when the last one has been answered.
            clock.somebody_waits(HOUR).await;
            clock.advance(HOUR);
        }
        clock.somebody_waits(HOUR).await;
    };
    if let Either::Left((received, _)) = select(pin!(client.recv()), pin!(days)).await {
        panic!("{received:?}");
    }
    assert_eq!(client.round_trip(), Some(Duration::ZERO));
    client.send("still there").await.unwrap();
    assert_eq!(client.recv().await.unwrap(), Some("still there".into()));
    let closed = client.close(CloseCode::NORMAL, "").await.unwrap();
    assert!(closed.is_clean());
    server.await;
}

pub(crate) async fn the_round_trip_of_a_ping_is_measured_by_the_clock_of_the_runtime<A: Adapter>() {
    let clock = Clock::new();
    let (near, mut far) = Pipe::pair(1024);
    let mut ws = WebSocket::<Timed<A::Piped>>::from_handshake(
        Timed::new(near, &clock),
        Role::Client,
        Default::default(),
        Config::new(),
    );
    assert_eq!(ws.round_trip(), None);
    ws.ping("marco").await.unwrap();
    let (opcode, payload) = raw::read_frame(&mut far).await;
    assert_eq!((opcode, &payload[..]), (PING, &b"marco"[..]));
    clock.advance(Duration::from_millis(1500));
    raw::send(&mut far, raw::plain(PONG, &payload)).await;
    raw::send(&mut far, raw::plain(TEXT, b"polo")).await;
    assert_eq!(ws.recv().await.unwrap(), Some("polo".into()));
    assert_eq!(ws.round_trip(), Some(Duration::from_millis(1500)));
}
