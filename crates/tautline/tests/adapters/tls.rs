//! `wss://` from end to end, and everything that must not get through it.

use std::{
    io,
    net::{TcpListener, TcpStream},
    sync::Arc,
    time::Duration,
};

use async_io::Async;
use futures_rustls::{TlsAcceptor, TlsConnector, server::TlsStream};
use futures_util::{AsyncReadExt, AsyncWriteExt, join};
use tautline::{
    CloseCode, Error, Message,
    driver::{
        ConnectError, Connector, Serve, Transport, WebSocket,
        rustls_config::{
            client_config_with_roots,
            rustls::{
                ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion,
                crypto::{CryptoProvider, ring},
                pki_types::ServerName,
                version::{TLS12, TLS13},
            },
        },
    },
};

use crate::support::{
    Adapter, Clock, Clocked,
    certificates::{Authority, self_signed},
    echo,
    raw::{self, CLOSE},
    serve, spawn,
};

fn secure(uri: &str) -> String {
    uri.replace("ws://", "wss://")
}

/// The same address by its name.
fn named(uri: &str) -> String {
    secure(uri).replace("127.0.0.1", "localhost")
}

/// A client that trusts this authority and no other.
fn connector<A: Adapter>(authority: &Authority) -> Connector<A> {
    Connector::new().tls(A::client_tls(authority.client()))
}

/// Accepts one TCP connection and does the handshake of TLS.
async fn accept_tls(
    listener: &Async<TcpListener>,
    config: Arc<ServerConfig>,
) -> io::Result<TlsStream<Async<TcpStream>>> {
    let (stream, _) = listener.accept().await.unwrap();
    TlsAcceptor::from(config).accept(stream).await
}

/// Nobody gets a message through while a certificate is wrong, so this is proof that it is right.
async fn exchange<T: Transport>(ws: &mut WebSocket<T>) {
    for message in [Message::from("κόσμε"), Message::from(vec![0xA5; 100_000])] {
        ws.send(message.clone()).await.unwrap();
        assert_eq!(ws.recv().await.unwrap(), Some(message));
    }
}

/// R6455-4.1-12, R6455-4.1-16, R6455-4.2.2-02, R6455-10.6-01
pub(crate) async fn messages_come_back_over_tls<A: Adapter>() {
    let authority = Authority::new();
    let config = A::server_tls(authority.server("localhost"));
    let (uri, _server) =
        serve::<A, _>(|listener| Serve::new(A::default(), listener, echo).tls(config));
    let connector = connector::<A>(&authority);
    let mut client = connector.connect(named(&uri)).await.unwrap();
    assert!(A::tls_version(client.stream()).is_some());
    assert!(A::nodelay(A::tcp_of(client.stream())).unwrap());
    exchange(&mut client).await;
    let closed = client.close(CloseCode::NORMAL, "").await.unwrap();
    assert!(closed.is_clean());
    // Programs that use several providers, or none, are not forced to choose one.
    assert!(CryptoProvider::get_default().is_none());
}

/// Both ends send much more than TLS and the sockets hold before they have read anything.
///
/// R6455-4.1-14, R6455-5.1-07
pub(crate) async fn both_directions_are_in_use_at_once_inside_tls<A: Adapter>() {
    let authority = Authority::new();
    let config = A::server_tls(authority.server("127.0.0.1"));
    let (uri, _server) =
        serve::<A, _>(|listener| Serve::new(A::default(), listener, echo).tls(config));
    let connector = connector::<A>(&authority);
    let client = connector.connect(secure(&uri)).await.unwrap();
    let (mut reader, writer) = client.split();
    let message = |number: usize| Message::from(vec![number as u8; 10_000 + number]);
    let sending = spawn::<A, _>(async move {
        for number in 0..1000 {
            writer.send(message(number)).await.unwrap();
        }
        writer
    });
    for number in 0..1000 {
        assert_eq!(reader.recv().await.unwrap(), Some(message(number)));
    }
    sending.await.close(CloseCode::NORMAL, "").await.unwrap();
    assert_eq!(reader.recv().await.unwrap(), None);
}

/// R6455-10.6-03
pub(crate) async fn tls_1_2_and_1_3_are_spoken_and_nothing_older<A: Adapter>() {
    let authority = Authority::new();
    let config = A::server_tls(authority.server("127.0.0.1"));
    let (uri, _server) =
        serve::<A, _>(|listener| Serve::new(A::default(), listener, echo).tls(config));
    for version in [&TLS12, &TLS13] {
        let config = Arc::new(one_version(&authority, version));
        let connector = Connector::<A>::new().tls(A::client_tls(config));
        let mut client = connector.connect(secure(&uri)).await.unwrap();
        exchange(&mut client).await;
        assert_eq!(A::tls_version(client.stream()), Some(version.version));
    }
    // A ClientHello of TLS 1.1, which offers nothing newer.
    let mut old = raw::dial(&uri).await;
    let mut hello = vec![22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xC0, 0x13, 1, 0]);
    raw::send(&mut old, hello).await;
    let answer = raw::read_to_end(&mut old).await;
    assert_eq!(answer.first(), Some(&21), "an alert: {answer:?}");
}

fn one_version(authority: &Authority, version: &'static SupportedProtocolVersion) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.root()).unwrap();
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// The server's part of TLS fails, so that its application sees nothing at all.
///
/// R6455-4.1-13
pub(crate) async fn certificates_that_do_not_convince_end_it_before_any_request<A: Adapter>() {
    let authority = Authority::new();
    let stranger = Authority::new();
    for (what, config, connector) in [
        (
            "another name",
            authority.server("other.example"),
            connector::<A>(&authority),
        ),
        (
            "another authority",
            stranger.server("localhost"),
            connector::<A>(&authority),
        ),
        (
            "signed by itself",
            self_signed("localhost"),
            connector::<A>(&authority),
        ),
        (
            "unknown to the platform",
            authority.server("localhost"),
            Connector::new(),
        ),
    ] {
        let (listener, uri) = raw::listen();
        let server = spawn::<A, _>(async move { accept_tls(&listener, config).await.map(drop) });
        let error = connector.connect(named(&uri)).await.unwrap_err();
        assert!(matches!(error, ConnectError::Tls(_)), "{what}: {error:?}");
        // A client whose platform has no certificates at all does not even come; this one does, and
        // leaves.
        drop(Async::<TcpStream>::connect(address(&uri)).await);
        assert!(server.await.is_err(), "{what}");
    }
}

fn address(uri: &str) -> std::net::SocketAddr {
    raw::address(uri).parse().unwrap()
}

/// R6455-4.1-12
pub(crate) async fn the_first_bytes_are_those_of_tls<A: Adapter>() {
    let (listener, uri) = raw::listen();
    let connector = connector::<A>(&Authority::new());
    let (client, hello) = join!(connector.connect(secure(&uri)), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 5];
        stream.read_exact(&mut head).await.unwrap();
        let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
        stream.read_exact(&mut hello).await.unwrap();
        raw::send(&mut stream, "HTTP/1.1 400 No\r\n\r\n").await;
        [&head[..], &hello].concat()
    });
    // A handshake record with a ClientHello.
    assert_eq!(hello[..2], [0x16, 0x03]);
    assert_eq!(hello[5], 1);
    assert!(!contains(&hello, b"GET ") && !contains(&hello, b"Sec-WebSocket"));
    let error = client.unwrap_err();
    assert!(matches!(error, ConnectError::Tls(_)), "{error:?}");
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Passes on what one end says to the other, and returns it.
async fn listen_in(mut from: &Async<TcpStream>, mut to: &Async<TcpStream>) -> Vec<u8> {
    let mut heard = Vec::new();
    let mut buffer = vec![0; 4096];
    while let Ok(len @ 1..) = from.read(&mut buffer).await {
        raw::send(&mut to, &buffer[..len]).await;
        heard.extend_from_slice(&buffer[..len]);
    }
    // The other end may have gone already.
    let _ = to.get_ref().shutdown(std::net::Shutdown::Write);
    heard
}

/// R6455-4.1-14, R6455-4.2.2-03
pub(crate) async fn whoever_listens_in_hears_nothing_but_tls<A: Adapter>() {
    let authority = Authority::new();
    let config = A::server_tls(authority.server("127.0.0.1"));
    let (server_uri, _server) =
        serve::<A, _>(|listener| Serve::new(A::default(), listener, echo).tls(config));
    let (relay, uri) = raw::listen();
    let relay = spawn::<A, _>(async move {
        let (near, _) = relay.accept().await.unwrap();
        let far = raw::dial(&server_uri).await;
        join!(listen_in(&near, &far), listen_in(&far, &near))
    });
    let connector = connector::<A>(&authority);
    let mut client = connector.connect(secure(&uri)).await.unwrap();
    client.send("a secret").await.unwrap();
    assert_eq!(client.recv().await.unwrap(), Some("a secret".into()));
    client.close(CloseCode::NORMAL, "").await.unwrap();
    drop(client);
    let (up, down) = relay.await;
    for heard in [up, down] {
        assert!(!contains(&heard, b"WebSocket") && !contains(&heard, b"secret"));
        let mut rest = &heard[..];
        while let [kind, 3, _, high, low, ..] = *rest {
            assert!((20..=23).contains(&kind), "{kind}");
            rest = &rest[5 + usize::from(u16::from_be_bytes([high, low]))..];
        }
        assert!(rest.is_empty() && !heard.is_empty());
    }
}

/// R6455-4.1-15
pub(crate) async fn a_server_is_told_the_name_but_not_an_address<A: Adapter>() {
    let authority = Authority::new();
    for (host, told) in [("localhost", Some("localhost")), ("127.0.0.1", None)] {
        let (listener, uri) = raw::listen();
        let uri = secure(&uri).replace("127.0.0.1", host);
        let connector = connector::<A>(&authority);
        let (client, server) = join!(connector.connect(uri), async {
            let config = authority.server(host);
            let mut stream = accept_tls(&listener, config).await.unwrap();
            raw::answer(&mut stream).await;
            stream
        });
        client.unwrap();
        let session = server.get_ref().1;
        assert_eq!(session.server_name(), told);
        assert_eq!(session.alpn_protocol(), Some(&b"http/1.1"[..]));
    }
}

/// R6455-4.2.2-02
pub(crate) async fn plain_http_on_a_tls_port_gets_no_http_back<A: Adapter>() {
    let authority = Authority::new();
    let config = A::server_tls(authority.server("127.0.0.1"));
    let (uri, _server) =
        serve::<A, _>(|listener| Serve::new(A::default(), listener, echo).tls(config));
    let mut peer = raw::dial(&uri).await;
    raw::send(&mut peer, raw::request("/", raw::address(&uri), "")).await;
    // The end may be a reset, as the server does not read what it does not understand.
    let answer = raw::read_to_end_or_reset(&mut peer).await;
    assert!(!contains(&answer, b"HTTP"), "{answer:?}");
    let connector = connector::<A>(&authority);
    let mut client = connector.connect(secure(&uri)).await.unwrap();
    exchange(&mut client).await;
}

pub(crate) async fn peers_that_never_finish_tls_are_given_up<A: Adapter>() {
    let limit = Duration::from_secs(10);
    let authority = Authority::new();
    let clock = Clock::new();
    let runtime = Clocked::<A>::new(&clock);
    let (listener, uri) = raw::listen();
    let connector = Connector::with_runtime(runtime.clone()).tls(A::client_tls(authority.client()));
    let client = spawn::<A, _>(async move { connector.connect(secure(&uri)).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    raw::read_u8(&mut stream).await;
    let client = clock.after(limit, client).await;
    assert!(matches!(client, Err(ConnectError::Timeout)), "{client:?}");

    let config = A::server_tls(authority.server("127.0.0.1"));
    let (uri, _server) = serve::<A, _>(|listener| Serve::new(runtime, listener, echo).tls(config));
    let mut peer = raw::dial(&uri).await;
    let rest = clock.after(limit, raw::read_to_end(&mut peer)).await;
    assert_eq!(rest, b"");
}

/// The end of the stream is told inside TLS before it is told by TCP; otherwise reading it is an
/// error.
///
/// R6455-7.1.1-01
pub(crate) async fn both_sides_end_tls_before_tcp<A: Adapter>() {
    let authority = Authority::new();
    let (listener, uri) = raw::listen();
    let connector = connector::<A>(&authority);
    let (client, mut server) = join!(connector.connect(secure(&uri)), async {
        let config = authority.server("127.0.0.1");
        let mut stream = accept_tls(&listener, config).await.unwrap();
        raw::answer(&mut stream).await;
        stream
    });
    let mut client = client.unwrap();
    let (closed, ()) = join!(client.close(CloseCode::NORMAL, ""), async {
        let (opcode, body) = raw::read_frame(&mut server).await;
        assert_eq!(opcode, CLOSE);
        raw::send(&mut server, raw::plain(CLOSE, &body)).await;
        server.close().await.unwrap();
        raw::end(server.get_ref().0);
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
        // And TCP ends behind it, though the connection has not been dropped.
        assert_eq!(raw::read_to_end(&mut server.get_ref().0).await, b"");
    });
    assert!(closed.unwrap().is_clean());

    let config = A::server_tls(authority.server("127.0.0.1"));
    let (uri, _server) =
        serve::<A, _>(|listener| Serve::new(A::default(), listener, echo).tls(config));
    let stream = raw::dial(&uri).await;
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let config = client_config_with_roots([authority.root()]).unwrap();
    let connector = TlsConnector::from(config);
    let mut client = connector.connect(name, stream).await.unwrap();
    let request = raw::request("/", raw::address(&uri), "");
    raw::send(&mut client, request).await;
    raw::read_head(&mut client).await;
    let close = raw::masked(CLOSE, &raw::close_body(1000, ""));
    raw::send(&mut client, close).await;
    assert_eq!(raw::read_frame(&mut client).await.0, CLOSE);
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
}

/// R6455-7.1.5-03, R6455-7.2.1-02
pub(crate) async fn tls_that_is_cut_off_is_a_lost_connection<A: Adapter>() {
    let authority = Authority::new();
    let (listener, uri) = raw::listen();
    let connector = connector::<A>(&authority);
    let (client, server) = join!(connector.connect(secure(&uri)), async {
        let config = authority.server("127.0.0.1");
        let mut stream = accept_tls(&listener, config).await.unwrap();
        raw::answer(&mut stream).await;
        stream
    });
    let mut client = client.unwrap();
    raw::end(server.get_ref().0);
    let error = client.recv().await.unwrap_err();
    assert!(matches!(error, Error::Lost(_)), "{error:?}");
    assert_eq!(client.closed().code(), 1006);
}
