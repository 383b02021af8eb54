//! `wss://` from end to end, and everything that must not get through it.

use std::{io, sync::Arc, time::Duration};

use tautline_tokio::{
    CloseCode, Config, ConnectError, Connector, Error, MaybeTlsStream, Message, WebSocket, serve,
    tls,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    join,
    net::{TcpListener, TcpStream},
    time::pause,
};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    rustls::{
        ClientConfig, ServerConfig, SupportedProtocolVersion,
        crypto::{CryptoProvider, ring},
        pki_types::ServerName,
        version::{TLS12, TLS13},
    },
    server::TlsStream,
};

use crate::support::{
    certificates::{Authority, self_signed},
    echo, listen,
    raw::{self, CLOSE},
    run, within,
};

fn secure(uri: &str) -> String {
    uri.replace("ws://", "wss://")
}

/// The same address by its name.
fn named(uri: &str) -> String {
    secure(uri).replace("127.0.0.1", "localhost")
}

/// Accepts one TCP connection and does the handshake of TLS.
async fn accept_tls(
    listener: &TcpListener,
    config: Arc<ServerConfig>,
) -> io::Result<TlsStream<TcpStream>> {
    let (stream, _) = listener.accept().await.unwrap();
    TlsAcceptor::from(config).accept(stream).await
}

/// Answers the request of a client, inside TLS.
async fn upgrade(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let head = raw::read_head(stream).await;
    let answer = raw::switching(&head, "");
    stream.write_all(answer.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
}

/// Nobody gets a message through while a certificate is wrong, so this is proof that it is right.
async fn exchange(ws: &mut WebSocket) {
    for message in [Message::from("κόσμε"), Message::from(vec![0xA5; 100_000])] {
        ws.send(message.clone()).await.unwrap();
        assert_eq!(ws.recv().await.unwrap(), Some(message));
    }
}

/// R6455-4.1-12, R6455-4.1-16, R6455-4.2.2-02, R6455-10.6-01
#[tokio::test]
async fn messages_come_back_over_tls() {
    within(async {
        let authority = Authority::new();
        let config = authority.server("localhost");
        let (uri, _server) = run(|listener| serve(listener, echo).tls(config)).await;
        let mut client = authority.connector().connect(named(&uri)).await.unwrap();
        assert!(matches!(client.stream(), MaybeTlsStream::Tls(_)));
        assert!(client.stream().tcp().nodelay().unwrap());
        exchange(&mut client).await;
        let closed = client.close(CloseCode::NORMAL, "").await.unwrap();
        assert!(closed.is_clean());
        // Programs that use several providers, or none, are not forced to choose one.
        assert!(CryptoProvider::get_default().is_none());
    })
    .await;
}

/// R6455-10.6-03
#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken_and_nothing_older() {
    within(async {
        let authority = Authority::new();
        let config = authority.server("127.0.0.1");
        let (uri, _server) = run(|listener| serve(listener, echo).tls(config)).await;
        for version in [&TLS12, &TLS13] {
            let config = one_version(&authority, version);
            let connector = Connector::new().tls(Arc::new(config));
            let mut client = connector.connect(secure(&uri)).await.unwrap();
            exchange(&mut client).await;
            let MaybeTlsStream::Tls(stream) = client.stream() else {
                panic!("{client:?}");
            };
            let spoken = stream.get_ref().1.protocol_version();
            assert_eq!(spoken, Some(version.version));
        }
        // A ClientHello of TLS 1.1, which offers nothing newer.
        let mut old = TcpStream::connect(raw::address(&uri)).await.unwrap();
        let mut hello = vec![22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2];
        hello.extend([7; 32]);
        hello.extend([0, 0, 2, 0xC0, 0x13, 1, 0]);
        old.write_all(&hello).await.unwrap();
        let answer = raw::read_to_end(&mut old).await;
        assert_eq!(answer.first(), Some(&21), "an alert: {answer:?}");
    })
    .await;
}

fn one_version(authority: &Authority, version: &'static SupportedProtocolVersion) -> ClientConfig {
    let mut roots = tokio_rustls::rustls::RootCertStore::empty();
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
#[tokio::test]
async fn certificates_that_do_not_convince_end_it_before_any_request() {
    let authority = Authority::new();
    let stranger = Authority::new();
    for (what, config, connector) in [
        (
            "another name",
            authority.server("other.example"),
            authority.connector(),
        ),
        (
            "another authority",
            stranger.server("localhost"),
            authority.connector(),
        ),
        (
            "signed by itself",
            self_signed("localhost"),
            authority.connector(),
        ),
        (
            "unknown to the platform",
            authority.server("localhost"),
            Connector::new(),
        ),
    ] {
        within(async {
            let (listener, uri) = listen().await;
            let (client, server) = join!(
                connector.connect(named(&uri)),
                accept_or_give_up(&listener, config)
            );
            let error = client.unwrap_err();
            assert!(matches!(error, ConnectError::Tls(_)), "{what}: {error:?}");
            assert!(server.is_err(), "{what}");
        })
        .await;
    }
}

/// A client whose platform has no certificates at all does not even come.
async fn accept_or_give_up(
    listener: &TcpListener,
    config: Arc<ServerConfig>,
) -> io::Result<TlsStream<TcpStream>> {
    tokio::time::timeout(Duration::from_secs(5), accept_tls(listener, config)).await?
}

/// R6455-4.1-12
#[tokio::test]
async fn the_first_bytes_are_those_of_tls() {
    within(async {
        let (listener, uri) = listen().await;
        let connector = Authority::new().connector();
        let (client, hello) = join!(connector.connect(secure(&uri)), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 5];
            stream.read_exact(&mut head).await.unwrap();
            let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
            stream.read_exact(&mut hello).await.unwrap();
            stream.write_all(b"HTTP/1.1 400 No\r\n\r\n").await.unwrap();
            [&head[..], &hello].concat()
        });
        // A handshake record with a ClientHello.
        assert_eq!(hello[..2], [0x16, 0x03]);
        assert_eq!(hello[5], 1);
        assert!(!contains(&hello, b"GET ") && !contains(&hello, b"Sec-WebSocket"));
        let error = client.unwrap_err();
        assert!(matches!(error, ConnectError::Tls(_)), "{error:?}");
    })
    .await;
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Passes on what one end says to the other, and returns it.
async fn listen_in(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> Vec<u8> {
    let mut heard = Vec::new();
    loop {
        let known = heard.len();
        match from.read_buf(&mut heard).await {
            Ok(1..) => to.write_all(&heard[known..]).await.unwrap(),
            Ok(0) | Err(_) => break,
        }
    }
    // The other end may have gone already.
    let _ = to.shutdown().await;
    heard
}

/// R6455-4.1-14, R6455-4.2.2-03
#[tokio::test]
async fn whoever_listens_in_hears_nothing_but_tls() {
    within(async {
        let authority = Authority::new();
        let config = authority.server("127.0.0.1");
        let (server_uri, _server) = run(|listener| serve(listener, echo).tls(config)).await;
        let (relay, uri) = listen().await;
        let relay = tokio::spawn(async move {
            let (near, _) = relay.accept().await.unwrap();
            let far = TcpStream::connect(raw::address(&server_uri)).await.unwrap();
            let ((near_read, near_write), (far_read, far_write)) =
                (near.into_split(), far.into_split());
            join!(
                listen_in(near_read, far_write),
                listen_in(far_read, near_write)
            )
        });
        let mut client = authority.connector().connect(secure(&uri)).await.unwrap();
        client.send("a secret").await.unwrap();
        assert_eq!(client.recv().await.unwrap(), Some("a secret".into()));
        client.close(CloseCode::NORMAL, "").await.unwrap();
        drop(client);
        let (up, down) = relay.await.unwrap();
        for heard in [up, down] {
            assert!(!contains(&heard, b"WebSocket") && !contains(&heard, b"secret"));
            let mut rest = &heard[..];
            while let [kind, 3, _, high, low, ..] = *rest {
                assert!((20..=23).contains(&kind), "{kind}");
                rest = &rest[5 + usize::from(u16::from_be_bytes([high, low]))..];
            }
            assert!(rest.is_empty() && !heard.is_empty());
        }
    })
    .await;
}

/// R6455-4.1-15
#[tokio::test]
async fn a_server_is_told_the_name_but_not_an_address() {
    let authority = Authority::new();
    for (host, told) in [("localhost", Some("localhost")), ("127.0.0.1", None)] {
        within(async {
            let (listener, uri) = listen().await;
            let uri = secure(&uri).replace("127.0.0.1", host);
            let connector = authority.connector();
            let (client, server) = join!(connector.connect(uri), async {
                let config = authority.server(host);
                let mut stream = accept_tls(&listener, config).await.unwrap();
                upgrade(&mut stream).await;
                stream
            });
            client.unwrap();
            let session = server.get_ref().1;
            assert_eq!(session.server_name(), told);
            assert_eq!(session.alpn_protocol(), Some(&b"http/1.1"[..]));
        })
        .await;
    }
}

/// R6455-4.2.2-02
#[tokio::test]
async fn plain_http_on_a_tls_port_gets_no_http_back() {
    within(async {
        let authority = Authority::new();
        let config = authority.server("127.0.0.1");
        let (uri, _server) = run(|listener| serve(listener, echo).tls(config)).await;
        let mut peer = TcpStream::connect(raw::address(&uri)).await.unwrap();
        let request = raw::request("/", raw::address(&uri), "");
        peer.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // The end may be a reset, as the server does not read what it does not understand.
        let _ = peer.read_to_end(&mut answer).await;
        assert!(!contains(&answer, b"HTTP"), "{answer:?}");
        let mut client = authority.connector().connect(secure(&uri)).await.unwrap();
        exchange(&mut client).await;
    })
    .await;
}

#[tokio::test]
async fn peers_that_never_finish_tls_are_given_up() {
    let authority = Authority::new();
    let (listener, uri) = listen().await;
    let connector = authority.connector();
    let client = tokio::spawn(async move { connector.connect(secure(&uri)).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.read_u8().await.unwrap();
    pause();
    let client = within(client).await.unwrap();
    assert!(matches!(client, Err(ConnectError::Timeout)), "{client:?}");
    tokio::time::resume();

    within(async {
        let tls = authority.server("127.0.0.1");
        let config = Config::new().handshake_timeout(Duration::from_millis(50));
        let (uri, _server) = run(|listener| serve(listener, echo).tls(tls).config(config)).await;
        let mut peer = TcpStream::connect(raw::address(&uri)).await.unwrap();
        assert_eq!(raw::read_to_end(&mut peer).await, b"");
    })
    .await;
}

/// The end of the stream is told inside TLS before it is told by TCP; otherwise reading it is an
/// error.
///
/// R6455-7.1.1-01
#[tokio::test]
async fn both_sides_end_tls_before_tcp() {
    within(async {
        let authority = Authority::new();
        let (listener, uri) = listen().await;
        let connector = authority.connector();
        let (client, mut server) = join!(connector.connect(secure(&uri)), async {
            let config = authority.server("127.0.0.1");
            let mut stream = accept_tls(&listener, config).await.unwrap();
            upgrade(&mut stream).await;
            stream
        });
        let mut client = client.unwrap();
        let (closed, ()) = join!(client.close(CloseCode::NORMAL, ""), async {
            let (opcode, body) = raw::read_frame(&mut server).await;
            assert_eq!(opcode, CLOSE);
            server.write_all(&raw::plain(CLOSE, &body)).await.unwrap();
            server.shutdown().await.unwrap();
            assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
        });
        assert!(closed.unwrap().is_clean());

        let config = authority.server("127.0.0.1");
        let (uri, _server) = run(|listener| serve(listener, echo).tls(config)).await;
        let stream = TcpStream::connect(raw::address(&uri)).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let config = tls::client_config_with_roots([authority.root()]).unwrap();
        let connector = TlsConnector::from(config);
        let mut client = connector.connect(name, stream).await.unwrap();
        let request = raw::request("/", raw::address(&uri), "");
        client.write_all(request.as_bytes()).await.unwrap();
        raw::read_head(&mut client).await;
        let close = raw::masked(CLOSE, &raw::close_body(1000, ""));
        client.write_all(&close).await.unwrap();
        assert_eq!(raw::read_frame(&mut client).await.0, CLOSE);
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    })
    .await;
}

/// R6455-7.1.5-03, R6455-7.2.1-02
#[tokio::test]
async fn tls_that_is_cut_off_is_a_lost_connection() {
    within(async {
        let authority = Authority::new();
        let (listener, uri) = listen().await;
        let connector = authority.connector();
        let (client, server) = join!(connector.connect(secure(&uri)), async {
            let config = authority.server("127.0.0.1");
            let mut stream = accept_tls(&listener, config).await.unwrap();
            upgrade(&mut stream).await;
            stream
        });
        let mut client = client.unwrap();
        let (mut tcp, _session) = server.into_inner();
        tcp.shutdown().await.unwrap();
        let error = client.recv().await.unwrap_err();
        assert!(matches!(error, Error::Lost(_)), "{error:?}");
        assert_eq!(client.closed().code(), 1006);
    })
    .await;
}
