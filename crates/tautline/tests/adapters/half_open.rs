//! Peers that vanish: in the middle of the opening handshake, in the middle of a message, with and
//! without a word.

use std::{io, net::TcpStream, time::Duration};

use async_io::Async;
use futures_util::{FutureExt, join};
use socket2::SockRef;
use tautline::{
    Config, Error, HandshakeError, UpgradeError,
    driver::{ConnectError, Connector, Upgrade},
    handshake::ClientError,
};

use crate::support::{
    Adapter, client_and_peer, connect, listen,
    raw::{self, TEXT},
    server_and_peer,
};

/// Goes away without the end of the stream.
fn reset(stream: Async<TcpStream>) {
    let socket = SockRef::from(stream.get_ref());
    socket.set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

fn is_reset(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionReset
}

/// R6455-7.1.5-03
pub(crate) async fn a_peer_that_leaves_in_the_middle_of_a_message_is_lost<A: Adapter>() {
    let runtime = A::default();
    for (role, (mut ws, mut peer), frame) in [
        (
            "client",
            client_and_peer(&runtime, Config::new()).await,
            raw::plain(TEXT, b"hello"),
        ),
        (
            "server",
            server_and_peer::<A, _>(&runtime, Config::new()).await,
            raw::masked(TEXT, b"hello"),
        ),
    ] {
        raw::send(&mut peer, &frame[..frame.len() - 1]).await;
        raw::end(&peer);
        let error = ws.recv().await.unwrap_err();
        assert!(matches!(error, Error::Lost(_)), "{role}: {error:?}");
        assert_eq!(ws.closed().code(), 1006);
        ws.send("late").await.unwrap_err();
    }
}

/// R6455-7.1.5-03
pub(crate) async fn a_peer_that_is_reset_in_the_middle_of_a_message_is_an_error<A: Adapter>() {
    let runtime = A::default();
    for (role, (mut ws, mut peer), frame) in [
        (
            "client",
            client_and_peer(&runtime, Config::new()).await,
            raw::plain(TEXT, b"hello"),
        ),
        (
            "server",
            server_and_peer::<A, _>(&runtime, Config::new()).await,
            raw::masked(TEXT, b"hello"),
        ),
    ] {
        raw::send(&mut peer, &frame[..frame.len() - 1]).await;
        assert!(ws.recv().now_or_never().is_none());
        reset(peer);
        let error = ws.recv().await.unwrap_err();
        assert!(
            matches!(&error, Error::Io(error) if is_reset(error)),
            "{role}: {error:?}"
        );
        assert_eq!(ws.closed().code(), 1006);
    }
}

/// What had arrived before is still there.
pub(crate) async fn messages_before_the_end_are_received<A: Adapter>() {
    let (mut client, mut peer) = client_and_peer(&A::default(), Config::new()).await;
    for text in ["one", "two", "three"] {
        raw::send(&mut peer, raw::plain(TEXT, text.as_bytes())).await;
    }
    drop(peer);
    for text in ["one", "two", "three"] {
        assert_eq!(client.recv().await.unwrap(), Some(text.into()));
    }
    assert!(matches!(client.recv().await, Err(Error::Lost(_))));
}

/// R6455-4.1-53
pub(crate) async fn a_server_that_leaves_before_it_answers_fails_the_handshake<A: Adapter>() {
    let (listener, uri) = raw::listen();
    let (client, ()) = join!(connect::<A>(&uri), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        raw::read_head(&mut stream).await;
        raw::send(&mut stream, "HTTP/1.1 101 Swi").await;
        raw::end(&stream);
    });
    let error = client.unwrap_err();
    assert!(
        matches!(
            error,
            ConnectError::Handshake(HandshakeError::Response(ClientError::Eof))
        ),
        "{error:?}"
    );

    let connector = Connector::<A>::new();
    let (client, ()) = join!(connector.connect(uri), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        raw::read_head(&mut stream).await;
        reset(stream);
    });
    let error = client.unwrap_err();
    assert!(
        matches!(&error, ConnectError::Handshake(HandshakeError::Io(error)) if is_reset(error)),
        "{error:?}"
    );
}

pub(crate) async fn a_client_that_leaves_before_it_has_asked_fails_the_handshake<A: Adapter>() {
    let runtime = A::default();
    let (listener, uri) = listen::<A>();
    let mut peer = raw::dial(&uri).await;
    let (tcp, _) = runtime.accept(&listener).await.unwrap();
    raw::send(&mut peer, "GET / HT").await;
    raw::end(&peer);
    let result = Upgrade::<A::Transport>::read(tcp.into()).await;
    assert!(matches!(result, Err(UpgradeError::Eof)), "{result:?}");

    let mut peer = raw::dial(&uri).await;
    let (tcp, _) = runtime.accept(&listener).await.unwrap();
    raw::send(&mut peer, "GET / HT").await;
    reset(peer);
    let result = Upgrade::<A::Transport>::read(tcp.into()).await;
    assert!(
        matches!(&result, Err(UpgradeError::Io(error)) if is_reset(error)),
        "{result:?}"
    );
}
