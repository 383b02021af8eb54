//! How a connection over TCP ends: who closes what first, and for how long anybody waits.

use std::time::Duration;

use futures_util::{AsyncReadExt, FutureExt, join};
use tautline::{CloseCode, Closed, Config, Error, Initiator, Timeout};

use crate::support::{
    Adapter, Clock, Clocked, client_and_peer, echo_all, pair, pair_on,
    raw::{self, CLOSE, TEXT},
    server_and_peer, settle, spawn,
};

/// The default close timeout.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

fn summary(closed: &Closed) -> (Option<Initiator>, u16, &str, bool) {
    (
        closed.initiator,
        closed.code(),
        closed.reason(),
        closed.is_clean(),
    )
}

/// R6455-5.5.1-12, R6455-7.1.2-01, R6455-7.1.5-01, R6455-7.3-03
pub(crate) async fn a_close_from_either_side_is_clean_on_both<A: Adapter>() {
    let (mut client, server) = pair::<A>().await;
    let server = spawn::<A, _>(echo_all(server));
    let closed = client.close(CloseCode::NORMAL, "bye").await.unwrap();
    assert_eq!(summary(&closed), (Some(Initiator::Local), 1000, "", true));
    let closed = server.await.closed();
    assert_eq!(
        summary(&closed),
        (Some(Initiator::Remote), 1000, "bye", true)
    );

    let (client, mut server) = pair::<A>().await;
    let client = spawn::<A, _>(echo_all(client));
    let closed = server.close(CloseCode::GOING_AWAY, "bye").await.unwrap();
    assert_eq!(summary(&closed), (Some(Initiator::Local), 1001, "", true));
    let closed = client.await.closed();
    assert_eq!(
        summary(&closed),
        (Some(Initiator::Remote), 1001, "bye", true)
    );
}

/// R6455-5.5.1-16, R6455-7.1.5-01
pub(crate) async fn closes_that_cross_are_one_handshake<A: Adapter>() {
    let (mut client, mut server) = pair::<A>().await;
    let (client, server) = join!(
        client.close(CloseCode::NORMAL, "client"),
        server.close(CloseCode::GOING_AWAY, "server")
    );
    let (client, server) = (client.unwrap(), server.unwrap());
    assert!(client.is_clean() && server.is_clean());
    assert!([1000, 1001].contains(&client.code()));
}

/// R6455-5.5.1-14, R6455-7.1.1-03, R6455-7.1.1-06
pub(crate) async fn a_client_waits_for_the_server_to_end_the_stream<A: Adapter>() {
    let (mut client, mut server) = client_and_peer(&A::default(), Config::new()).await;
    let mut client = spawn::<A, _>(async move { client.close(CloseCode::NORMAL, "").await });
    let (opcode, body) = raw::read_frame(&mut server).await;
    assert_eq!(opcode, CLOSE);
    raw::send(&mut server, raw::plain(CLOSE, &body)).await;
    settle().await;
    assert!((&mut client).now_or_never().is_none());
    assert!(server.read(&mut [0]).now_or_never().is_none());
    raw::end(&server);
    assert!(client.await.unwrap().is_clean());
    assert_eq!(raw::read_to_end(&mut server).await, b"");
}

/// R6455-5.5.1-15, R6455-7.1.1-04
pub(crate) async fn a_client_that_waits_for_the_end_in_vain_is_done_in_time_and_clean<
    A: Adapter,
>() {
    let clock = Clock::new();
    let runtime = Clocked::<A>::new(&clock);
    let (mut client, mut server) = client_and_peer(&runtime, Config::new()).await;
    let close = raw::plain(CLOSE, &raw::close_body(1001, "bye"));
    raw::send(&mut server, close).await;
    let end = clock.after(CLOSE_TIMEOUT, client.recv()).await;
    assert_eq!(end.unwrap(), None);
    let closed = client.closed();
    assert_eq!(
        summary(&closed),
        (Some(Initiator::Remote), 1001, "bye", true)
    );
    // Everything that there was to send has been sent.
    client.flush().await.unwrap();
}

/// R6455-7.1.2-03, R6455-7.1.5-03
pub(crate) async fn a_peer_that_never_answers_a_close_is_given_up_in_time<A: Adapter>() {
    let clock = Clock::new();
    let runtime = Clocked::<A>::new(&clock);
    for (role, (mut ws, mut peer)) in [
        ("client", client_and_peer(&runtime, Config::new()).await),
        (
            "server",
            server_and_peer::<A, _>(&runtime, Config::new()).await,
        ),
    ] {
        let closing = ws.close(CloseCode::NORMAL, "bye");
        let closed = clock.after(CLOSE_TIMEOUT, closing).await.unwrap();
        assert_eq!(
            summary(&closed),
            (Some(Initiator::Local), 1006, "", false),
            "{role}"
        );
        let error = ws.recv().await.unwrap_err();
        assert!(
            matches!(error, Error::Timeout(Timeout::Close)),
            "{role}: {error:?}"
        );
        drop(ws);
        // It got the frame, and nothing behind it.
        let expected = (CLOSE, raw::close_body(1000, "bye"));
        assert_eq!(raw::read_frame(&mut peer).await, expected);
        assert_eq!(raw::read_to_end(&mut peer).await, b"");
    }
}

/// R6455-5.5.1-13, R6455-7.1.1-03, R6455-7.1.1-05
pub(crate) async fn a_server_ends_the_stream_first<A: Adapter>() {
    let (server, mut peer) = server_and_peer::<A, _>(&A::default(), Config::new()).await;
    let server = spawn::<A, _>(echo_all(server));
    let body = raw::close_body(4000, "enough");
    raw::send(&mut peer, raw::masked(CLOSE, &body)).await;
    assert_eq!(
        raw::read_frame(&mut peer).await,
        (CLOSE, raw::close_body(4000, ""))
    );
    // The end comes although this side has not ended yet, and is not kept waiting.
    assert_eq!(raw::read_to_end(&mut peer).await, b"");
    drop(peer);
    assert_eq!(server.await.closed().code(), 4000);
}

/// R6455-5.5.1-17, R6455-7.1.1-01, R6455-7.1.1-07
pub(crate) async fn what_a_peer_sends_after_its_close_does_not_cost_it_the_answer<A: Adapter>() {
    let (server, mut peer) = server_and_peer::<A, _>(&A::default(), Config::new()).await;
    // Whatever has not been read when it is dropped here resets the connection.
    let server = spawn::<A, _>(async { echo_all(server).await.closed() });
    let close = raw::masked(CLOSE, &raw::close_body(1000, ""));
    raw::send(&mut peer, close).await;
    let answer = (CLOSE, raw::close_body(1000, ""));
    assert_eq!(raw::read_frame(&mut peer).await, answer);
    assert_eq!(raw::read_to_end(&mut peer).await, b"");
    // The server has ended its side, and still takes what comes until this side ends.
    for _ in 0..8 {
        settle().await;
        let late = raw::masked(TEXT, &[b'x'; 100]).repeat(10);
        raw::send(&mut peer, late).await;
    }
    raw::end(&peer);
    assert!(server.await.is_clean());
}

/// R6455-7.1.7-01, R6455-7.1.7-03, R6455-7.1.7-05
pub(crate) async fn a_peer_that_breaks_the_protocol_is_told_and_let_go_of<A: Adapter>() {
    let runtime = A::default();
    for (role, (mut ws, mut peer), wrong) in [
        (
            "a server must not mask",
            client_and_peer(&runtime, Config::new()).await,
            raw::masked(TEXT, b"hi"),
        ),
        (
            "a client must",
            server_and_peer::<A, _>(&runtime, Config::new()).await,
            raw::plain(TEXT, b"hi"),
        ),
    ] {
        raw::send(&mut peer, wrong).await;
        let told = async {
            let (opcode, body) = raw::read_frame(&mut peer).await;
            assert_eq!((opcode, &body[..2]), (CLOSE, &1002_u16.to_be_bytes()[..]));
            assert_eq!(raw::read_to_end(&mut peer).await, b"");
            drop(peer);
        };
        let (error, ()) = join!(ws.recv(), told);
        assert!(
            matches!(error, Err(Error::Violation(_))),
            "{role}: {error:?}"
        );
    }
}

/// R6455-7.1.7-08, R6455-7.3-02
pub(crate) async fn an_idle_client_stays_connected<A: Adapter>() {
    let clock = Clock::new();
    let (mut client, mut server) = pair_on::<A, _>(&Clocked::<A>::new(&clock)).await;
    let mut client = spawn::<A, _>(async move { client.recv().await });
    settle().await;
    clock.advance(Duration::from_secs(24 * 60 * 60));
    settle().await;
    assert!((&mut client).now_or_never().is_none());
    server.send("still there").await.unwrap();
    assert_eq!(client.await.unwrap(), Some("still there".into()));
}

/// R6455-7.1.1-02, R6455-7.3-03
pub(crate) async fn a_connection_that_is_dropped_is_lost_for_the_other_end<A: Adapter>() {
    let (client, mut server) = pair::<A>().await;
    drop(client);
    let error = server.recv().await.unwrap_err();
    assert!(matches!(error, Error::Lost(_)), "{error:?}");
}
