//! Agreeing on permessage-deflate in the opening handshake, word by word.

use futures_util::{FutureExt, join};
use http::HeaderValue;
use tautline::{
    ClientError, ClientRequest, Config, HandshakeError, Role,
    deflate::{Settings, Window},
    driver::{Upgrade, WebSocket},
};

use crate::support::{
    Adapter, Pipe,
    deflate::{
        COMPRESSED, FIN, Zlib, client, config, frame_to, line, pair, read_frame, server, settings,
        text, try_client,
    },
    raw::{self, TEXT},
};

const PLAIN: Option<&str> = Some("permessage-deflate");

fn with(settings: Settings) -> Config {
    Config::new().deflate(settings)
}

/// R7692-5-01, R7692-5-02, R7692-5-04, R7692-5-05, R7692-7.1.1.1-01, R7692-7.1.1.2-01,
/// R7692-7.1.2.1-01, R7692-7.1.2.1-02, R7692-7.1.2.2-01, R7692-7.1.2.2-02
pub(crate) async fn a_client_offers_what_its_settings_say<A: Adapter>() {
    let new = settings();
    for (settings, offers) in [
        (
            Settings::new(),
            "permessage-deflate; client_max_window_bits=12",
        ),
        (new, "permessage-deflate; client_max_window_bits"),
        (
            new.with_window(Window::KiB2),
            "permessage-deflate; client_max_window_bits=11",
        ),
        (
            new.with_window(Window::Bytes512),
            "permessage-deflate; client_max_window_bits=9",
        ),
        (
            new.with_peer_window(Window::KiB1),
            "permessage-deflate; client_max_window_bits; server_max_window_bits=10, \
             permessage-deflate; client_max_window_bits; server_no_context_takeover",
        ),
        (
            new.without_context_takeover(),
            "permessage-deflate; client_max_window_bits; client_no_context_takeover",
        ),
        (
            new.without_peer_context_takeover(),
            "permessage-deflate; client_max_window_bits; server_no_context_takeover",
        ),
    ] {
        let (client, offered, _) = try_client::<A>(with(settings), None).await;
        client.unwrap();
        assert_eq!(offered.as_deref(), Some(offers));
    }
}

pub(crate) async fn a_client_without_the_setting_offers_nothing<A: Adapter>() {
    let (client, offered, _) = try_client::<A>(Config::new(), None).await;
    client.unwrap();
    assert_eq!(offered, None);
}

/// R7692-5-03, R7692-5-06, R7692-5-07, R7692-5-08, R7692-7-03, R7692-7-04, R7692-7.1.1.1-02,
/// R7692-7.1.1.1-03, R7692-7.1.1.1-04, R7692-7.1.1.2-02, R7692-7.1.2.1-03, R7692-7.1.2.1-04,
/// R7692-7.1.2.1-05, R7692-7.1.2.2-03, R7692-7.1.2.2-04, R7692-7.1.2.2-05, D-17
pub(crate) async fn a_server_answers_the_first_offer_that_it_can_keep_to<A: Adapter>() {
    let new = settings();
    let small = new.with_window(Window::KiB2).with_peer_window(Window::KiB1);
    let alone = new
        .without_context_takeover()
        .without_peer_context_takeover();
    for (settings, offers, answer) in [
        (new, "permessage-deflate", "permessage-deflate"),
        (
            new,
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate",
        ),
        (
            new,
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits=10",
        ),
        (
            new,
            "permessage-deflate; server_max_window_bits=\"10\"",
            "permessage-deflate; server_max_window_bits=10",
        ),
        (
            new,
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate; server_no_context_takeover",
        ),
        // The first one that is valid and can be kept to.
        (
            new,
            "permessage-deflate; server_max_window_bits=12, permessage-deflate",
            "permessage-deflate; server_max_window_bits=12",
        ),
        (
            new,
            "permessage-deflate; server_max_window_bits=8, permessage-deflate",
            "permessage-deflate",
        ),
        (
            new,
            "x-other; a=b, permessage-deflate; client_max_window_bits; \
             client_max_window_bits=10, permessage-deflate; server_no_context_takeover",
            "permessage-deflate; server_no_context_takeover",
        ),
        // The server's own limits.
        (
            small,
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; client_max_window_bits=10; server_max_window_bits=11",
        ),
        (
            small,
            "permessage-deflate; client_max_window_bits=9; server_max_window_bits=15",
            "permessage-deflate; client_max_window_bits=9; server_max_window_bits=11",
        ),
        (
            small,
            "permessage-deflate",
            "permessage-deflate; server_max_window_bits=11; client_no_context_takeover",
        ),
        (
            alone,
            "permessage-deflate",
            "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
        ),
    ] {
        let (_, accepted, _) = server::<A>(with(settings), Some(offers)).await;
        assert_eq!(accepted.as_deref(), Some(answer), "{offers}");
    }
}

/// The connection goes on without compression.
///
/// R7692-5-13, R7692-5-14, R7692-7-01, R7692-7-02, R7692-7-03, R7692-7-04, D-17
pub(crate) async fn offers_that_are_invalid_are_declined_and_not_the_handshake<A: Adapter>() {
    for params in [
        "foo",
        "foo=1",
        "server_max_window_bits",
        "server_max_window_bits=7",
        "server_max_window_bits=8",
        "server_max_window_bits=16",
        "server_max_window_bits=08",
        "server_max_window_bits=1e1",
        "server_max_window_bits=abc",
        "client_max_window_bits=7",
        "client_max_window_bits=16",
        "client_max_window_bits=010",
        "server_no_context_takeover=1",
        "client_no_context_takeover=true",
        "client_max_window_bits; client_max_window_bits=10",
        "server_no_context_takeover; server_no_context_takeover",
    ] {
        let offer = format!("permessage-deflate; {params}");
        let (mut server, accepted, mut peer) = server::<A>(config(), Some(&offer)).await;
        assert_eq!(accepted, None, "{offer}");
        let text = text(0, 1000);
        server.send(text.as_str()).await.unwrap();
        let frame = read_frame(&mut peer).await;
        assert_eq!(frame, (FIN | TEXT, text.into_bytes()));
    }
}

/// R7692-5-13, R7692-5-14
pub(crate) async fn a_server_without_the_setting_ignores_offers<A: Adapter>() {
    let (mut server, accepted, mut peer) = server::<A>(Config::new(), PLAIN).await;
    assert_eq!(accepted, None);
    server.send("x".repeat(100)).await.unwrap();
    let frame = read_frame(&mut peer).await;
    assert_eq!(frame, (FIN | TEXT, vec![b'x'; 100]));
}

/// R7692-5-13, R7692-5-14
pub(crate) async fn a_server_accepts_nothing_that_was_not_offered<A: Adapter>() {
    for offer in [None, Some("x-other"), Some("permessage-deflate2")] {
        let (_, accepted, _) = server::<A>(config(), offer).await;
        assert_eq!(accepted, None);
    }
}

/// R7692-5-14
pub(crate) async fn a_client_whose_offer_is_declined_compresses_nothing<A: Adapter>() {
    let (mut client, mut peer) = client::<A>(config(), None).await;
    client.send("x".repeat(100)).await.unwrap();
    let frame = read_frame(&mut peer).await;
    assert_eq!(frame, (FIN | TEXT, vec![b'x'; 100]));
}

/// Not a byte follows the request.
///
/// R7692-5-15, R7692-5.1-01, R7692-7-05, R7692-7-06, R7692-7-07, R7692-7.1.1.1-02,
/// R7692-7.1.2.1-04, R7692-7.1.2.2-04, R7692-7.1.2.2-05, D-16
pub(crate) async fn an_answer_that_is_not_allowed_fails_before_any_frame<A: Adapter>() {
    let new = settings();
    let limited = new.with_peer_window(Window::KiB1);
    let alone = new.without_peer_context_takeover();
    for (settings, answer) in [
        (new, "permessage-deflate; foo"),
        (new, "permessage-deflate; foo=1"),
        (new, "permessage-deflate; server_max_window_bits"),
        (new, "permessage-deflate; server_max_window_bits=7"),
        (new, "permessage-deflate; server_max_window_bits=16"),
        (new, "permessage-deflate; server_max_window_bits=09"),
        (new, "permessage-deflate; client_max_window_bits"),
        (new, "permessage-deflate; client_max_window_bits=16"),
        (new, "permessage-deflate; server_no_context_takeover=x"),
        (new, "permessage-deflate; client_no_context_takeover=1"),
        (
            new,
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        ),
        (
            new,
            "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
        ),
        (new, "permessage-deflate, permessage-deflate"),
        (
            limited,
            "permessage-deflate; server_max_window_bits=10, \
             permessage-deflate; server_no_context_takeover",
        ),
        (limited, "permessage-deflate; server_max_window_bits=11"),
        (limited, "permessage-deflate"),
        (alone, "permessage-deflate"),
        (alone, "permessage-deflate; client_no_context_takeover"),
    ] {
        let (client, _, mut peer) = try_client::<A>(with(settings), Some(answer)).await;
        let error = client.unwrap_err();
        assert!(
            matches!(error, HandshakeError::Extension(_)),
            "{answer}: {error:?}"
        );
        assert_eq!(raw::read_to_end(&mut peer).await, b"");
    }
}

/// R6455-4.1-50, R7692-5-15
pub(crate) async fn an_extension_that_was_never_offered_fails_the_handshake<A: Adapter>() {
    for (config, answer) in [
        (Config::new(), "permessage-deflate"),
        (config(), "x-webkit-deflate-frame"),
        (config(), "permessage-deflate, x-other"),
        (config(), "x-other, permessage-deflate; foo"),
    ] {
        let (client, _, mut peer) = try_client::<A>(config, Some(answer)).await;
        let error = client.unwrap_err();
        assert!(
            matches!(error, HandshakeError::Response(ClientError::Extension)),
            "{answer}: {error:?}"
        );
        assert_eq!(raw::read_to_end(&mut peer).await, b"");
    }
}

/// What the server says of its own accord, and either of two offers.
///
/// R7692-7.1.1.1-04, R7692-7.1.2.1-05, R7692-7.1.2.2-06, D-15
pub(crate) async fn a_client_takes_every_answer_that_is_allowed<A: Adapter>() {
    let new = settings();
    let limited = new.with_peer_window(Window::KiB1);
    let hint = new.with_window(Window::KiB1);
    for (settings, answer) in [
        (new, "permessage-deflate"),
        (new, "permessage-deflate; server_no_context_takeover"),
        (new, "permessage-deflate; server_max_window_bits=11"),
        (new, "permessage-deflate; server_max_window_bits=8"),
        (new, "permessage-deflate; client_max_window_bits=9"),
        (new, "permessage-deflate; client_no_context_takeover"),
        (limited, "permessage-deflate; server_max_window_bits=10"),
        (limited, "permessage-deflate; server_max_window_bits=9"),
        (limited, "permessage-deflate; server_no_context_takeover"),
        (hint, "permessage-deflate; client_max_window_bits=12"),
        (hint, "permessage-deflate"),
    ] {
        let (mut client, mut peer) = client::<A>(with(settings), Some(answer)).await;
        let mut zlib = Zlib::new();
        let text = text(0, 1000);
        client.send(text.as_str()).await.unwrap();
        let (first, payload) = read_frame(&mut peer).await;
        assert_eq!(first, COMPRESSED, "{answer}");
        assert_eq!(zlib.inflate(&payload).unwrap(), text.as_bytes(), "{answer}");
        // The server's messages are valid for every agreement as long as they are alone.
        let frame = frame_to(
            Role::Client,
            COMPRESSED,
            &zlib.compress(&text.as_bytes()[..200]),
        );
        raw::send(&mut peer, frame).await;
        let received = client.recv().await.unwrap().unwrap();
        assert_eq!(received.as_bytes(), &text.as_bytes()[..200], "{answer}");
    }
}

/// There is no compressor for that; the other direction is compressed all the same.
///
/// R7692-7-08, R7692-6.1-02, D-17
pub(crate) async fn a_client_that_must_keep_to_256_bytes_compresses_nothing<A: Adapter>() {
    let answer = Some("permessage-deflate; client_max_window_bits=8");
    let (mut client, mut peer) = client::<A>(config(), answer).await;
    client.send("x".repeat(100)).await.unwrap();
    let frame = read_frame(&mut peer).await;
    assert_eq!(frame, (FIN | TEXT, vec![b'x'; 100]));
    let hello = frame_to(Role::Client, COMPRESSED, b"\xF2\x48\xCD\xC9\xC9\x07\x00");
    raw::send(&mut peer, hello).await;
    assert_eq!(client.recv().await.unwrap(), Some("Hello".into()));
}

/// Between a client and a server of any settings something is agreed on that both keep to.
///
/// R7692-5-16
pub(crate) async fn any_two_settings_get_along<A: Adapter>() {
    let mut all = Vec::new();
    for window in [Window::Bytes512, Window::KiB32] {
        for peer_window in [Window::Bytes512, Window::KiB32] {
            let settings = settings().with_window(window).with_peer_window(peer_window);
            all.extend([
                settings,
                settings.without_context_takeover(),
                settings.without_peer_context_takeover(),
            ]);
        }
    }
    for &near in &all {
        for &far in &all {
            let (mut client, mut server) = pair::<A>(with(near), with(far)).await;
            for number in 0..3 {
                let text = text(number, 2000);
                client.send(text.as_str()).await.unwrap();
                let received = server.recv().await.unwrap().unwrap();
                assert_eq!(received.as_text(), Some(text.as_str()), "{near:?} {far:?}");
                server.send(received).await.unwrap();
                let received = client.recv().await.unwrap().unwrap();
                assert_eq!(received.as_text(), Some(text.as_str()), "{near:?} {far:?}");
            }
            assert!(client.recv().now_or_never().is_none());
        }
    }
}

/// What an application asks for or accepts by itself might need the same bit, or frames as they
/// were.
///
/// R7692-5-09, R7692-5-10, R7692-5-11, R7692-5-12
pub(crate) async fn no_other_extension_is_agreed_on_beside_it<A: Adapter>() {
    let other = || HeaderValue::from_static("x-other");
    let (near, mut far) = Pipe::pair(64 * 1024);
    let server = async {
        let upgrade = Upgrade::<A::Piped>::read_with(near, config()).await?;
        upgrade
            .accept_with(|accept| accept.extensions(other()))
            .await
    };
    let (server, accepted) = join!(server, async {
        let offers = line(Some("x-other, permessage-deflate"));
        raw::send(&mut far, raw::request("/", "server.example.com", &offers)).await;
        let head = raw::read_head(&mut far).await;
        raw::header(&head, "sec-websocket-extensions").map(str::to_owned)
    });
    assert!(server.unwrap().deflate().is_some());
    assert_eq!(accepted.as_deref(), PLAIN);

    for answer in ["permessage-deflate, x-other", "x-other, permessage-deflate"] {
        let (near, mut far) = Pipe::pair(64 * 1024);
        let request = ClientRequest::try_from("ws://server.example.com/").unwrap();
        let request = request.extensions(other()).unwrap();
        let client = WebSocket::<A::Piped>::connect_on(near, &request, config());
        let (client, offers) = join!(client, async {
            let head = raw::read_head(&mut far).await;
            raw::send(&mut far, raw::switching(&head, &line(Some(answer)))).await;
            raw::header(&head, "sec-websocket-extensions").map(str::to_owned)
        });
        assert_eq!(
            offers.as_deref(),
            Some("permessage-deflate; client_max_window_bits")
        );
        let error = client.unwrap_err();
        assert!(
            matches!(error, HandshakeError::Response(ClientError::Extension)),
            "{answer}: {error:?}"
        );
    }
}
