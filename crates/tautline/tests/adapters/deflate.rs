//! Messages that are compressed (RFC 7692), to peers made of bytes and from one end to the other.

use std::{thread, time::Duration};

use futures_channel::oneshot;
use futures_util::{AsyncReadExt, FutureExt, join};
use tautline::{
    CloseCode, Config, Error, Fin, Keepalive, Limits, Message, Prepared, Role, Violation,
    deflate::Window,
    driver::{Connector, Corked, Runtime, Serve, Transport, Upgrade, WebSocket},
};

use crate::support::{
    Adapter, Clock, Pipe, Timed,
    deflate::{
        COMPRESSED, CONTINUATION, FIN, RSV1, Zlib, client, config, end, frame_to, handshake, line,
        noise, pair, read_frame, server, settings, text,
    },
    echo, listen,
    raw::{self, CLOSE, PING, PONG, TEXT},
    serve, spawn_on,
};

const BINARY: u8 = 0x2;
const BOTH: [Role; 2] = [Role::Client, Role::Server];
const AGREED: Option<&str> = Some("permessage-deflate");

/// Messages of every kind and of the lengths where something changes.
fn messages() -> Vec<Message> {
    let mut messages = Vec::new();
    for len in [
        0, 1, 63, 64, 65, 125, 126, 127, 1000, 4096, 16_384, 32_768, 65_535, 65_536, 65_537,
        100_000,
    ] {
        messages.push(text(len, len).into());
        messages.push(vec![0xA5; len].into());
        messages.push(noise(len).into());
    }
    messages
}

/// R7692-5-16, R7692-6-01, R7692-6.1-01, R7692-6.1-05, R7692-7.2.1-01, R7692-7.2.1-09,
/// R7692-7.2.1-11
pub(crate) async fn both_ends_compress_what_they_send<A: Adapter>() {
    for role in BOTH {
        let (mut ws, mut peer) = end::<A>(role, config()).await;
        let mut zlib = Zlib::new();
        let mut lens = Vec::new();
        for (opcode, message) in [
            (TEXT, Message::from(text(0, 4000))),
            (BINARY, text(0, 4000).into_bytes().into()),
            (TEXT, "x".repeat(100_000).into()),
        ] {
            ws.send(message.clone()).await.unwrap();
            let (first, payload) = read_frame(&mut peer).await;
            assert_eq!(first, FIN | RSV1 | opcode);
            assert_eq!(zlib.inflate(&payload).unwrap(), message.as_bytes());
            lens.push(payload.len());
        }
        assert!(lens[0] < 2000, "{lens:?}");
        // It refers to the message before.
        assert!(lens[1] < lens[0] / 4, "{lens:?}");
        assert!(lens[2] < 1000, "{lens:?}");
    }
}

/// R7692-6-02, R7692-6.1-02, R7692-7.2.3-01
pub(crate) async fn what_would_not_get_shorter_is_sent_as_it_is<A: Adapter>() {
    for role in BOTH {
        let (mut ws, mut peer) = end::<A>(role, config()).await;
        let mut zlib = Zlib::new();
        for (message, is_compressed) in [
            (Vec::new(), false),
            (vec![b'x'; 63], false),
            (vec![b'x'; 64], true),
            (noise(10_000), false),
            (vec![b'x'; 64], true),
        ] {
            ws.send(message.clone()).await.unwrap();
            let (first, payload) = read_frame(&mut peer).await;
            if is_compressed {
                assert_eq!(first, FIN | RSV1 | BINARY);
                assert_eq!(zlib.inflate(&payload).unwrap(), message);
            } else {
                assert_eq!((first, payload), (FIN | BINARY, message));
            }
        }
    }
}

/// Also in the middle of compressed ones, which refer to each other and not to it.
///
/// R7692-6-02, R7692-6.1-02, R7692-8-01
pub(crate) async fn a_message_is_kept_from_being_compressed<A: Adapter>() {
    for role in BOTH {
        let (mut ws, mut peer) = end::<A>(role, config()).await;
        let mut zlib = Zlib::new();
        let secret = "secret ".repeat(100);
        let words = text(0, 1000);
        ws.send(words.as_str()).await.unwrap();
        ws.send_uncompressed(secret.as_str()).await.unwrap();
        let (_reader, writer) = ws.split();
        writer.send_uncompressed(secret.as_str()).await.unwrap();
        writer.send(words.as_str()).await.unwrap();
        for expected in [&words, &secret, &secret, &words] {
            let (first, payload) = read_frame(&mut peer).await;
            if expected == &secret {
                assert_eq!((first, payload.as_slice()), (FIN | TEXT, secret.as_bytes()));
            } else {
                assert_eq!(first, COMPRESSED);
                assert_eq!(zlib.inflate(&payload).unwrap(), words.as_bytes());
            }
        }
    }
}

/// R7692-6.1-02, R7692-8-01
pub(crate) async fn a_handler_keeps_a_message_from_being_compressed<A: Adapter>() {
    let (uri, _server) = serve::<A, _>(|listener| {
        let handler = async |mut ws: Corked<A::Transport>| {
            while let Some(message) = ws.recv().await? {
                ws.send(message.clone()).await?;
                ws.send_uncompressed(message).await?;
            }
            Ok::<_, Error>(())
        };
        Serve::new(A::default(), listener, handler).config(config())
    });
    let mut peer = dial(&uri).await;
    let words = text(0, 1000);
    let mut zlib = Zlib::new();
    let compressed = zlib.compress(words.as_bytes());
    raw::send(&mut peer, frame_to(Role::Server, COMPRESSED, &compressed)).await;
    let (first, payload) = read_frame(&mut peer).await;
    assert_eq!(first, COMPRESSED);
    assert_eq!(zlib.inflate(&payload).unwrap(), words.as_bytes());
    let (first, payload) = read_frame(&mut peer).await;
    assert_eq!((first, payload), (FIN | TEXT, words.into_bytes()));
}

/// Connects to a server over TCP that agrees on deflate.
async fn dial(uri: &str) -> async_io::Async<std::net::TcpStream> {
    let mut peer = raw::dial(uri).await;
    let request = raw::request("/", raw::address(uri), &line(AGREED));
    raw::send(&mut peer, request).await;
    let head = raw::read_head(&mut peer).await;
    assert_eq!(raw::header(&head, "sec-websocket-extensions"), AGREED);
    peer
}

/// R7692-7.1.1.2-03, R7692-7.2.1-08, R7692-7.2.1-10
pub(crate) async fn every_message_starts_anew_without_context_takeover<A: Adapter>() {
    let answer = Some("permessage-deflate; client_no_context_takeover");
    let offer = Some("permessage-deflate; server_no_context_takeover");
    let mut ends = vec![client::<A>(config(), answer).await];
    let (server, _, peer) = server::<A>(config(), offer).await;
    ends.push((server, peer));
    for (mut ws, mut peer) in ends {
        let words = text(0, 1000);
        let mut payloads = Vec::new();
        for _ in 0..2 {
            ws.send(words.as_str()).await.unwrap();
            let (first, payload) = read_frame(&mut peer).await;
            assert_eq!(first, COMPRESSED);
            // An inflater that has seen nothing yet.
            assert_eq!(Zlib::new().inflate(&payload).unwrap(), words.as_bytes());
            payloads.push(payload);
        }
        assert_eq!(payloads[0], payloads[1]);
    }
}

/// The frames of a peer, and the texts that they are.
struct Case(&'static [(u8, &'static [u8])], &'static [&'static str]);

/// What a valid peer may send, one case a connection.
///
/// R7692-6-01, R7692-6-02, R7692-6.1-06, R7692-6.2-01, R7692-6.2-02, R7692-7.2.1-02,
/// R7692-7.2.1-03, R7692-7.2.1-04, R7692-7.2.1-05, R7692-7.2.1-06, R7692-7.2.2-01,
/// R7692-7.2.2-03, R7692-7.2.2-05, R7692-7.2.2-12, R7692-7.2.3-01, D-14, D-19
pub(crate) async fn every_valid_form_of_a_message_is_inflated<A: Adapter>() {
    const HELLO: &[u8] = b"\xF2\x48\xCD\xC9\xC9\x07\x00";
    const AGAIN: &[u8] = b"\xF2\x00\x11\x00\x00";
    const STORED: &[u8] = b"\x00\x05\x00\xFA\xFFHello\x00";
    const FINAL: &[u8] = b"\xF3\x48\xCD\xC9\xC9\x07\x00\x00";
    const TWO_BLOCKS: &[u8] = b"\xF2\x48\x05\x00\x00\x00\xFF\xFF\xCA\xC9\xC9\x07\x00";
    const FLUSHED: &[u8] = b"\xF2\x48\xCD\xC9\xC9\x07\x00\x00\x00\xFF\xFF";
    let cases = [
        Case(&[(COMPRESSED, HELLO)], &["Hello"]),
        Case(
            &[(COMPRESSED, HELLO), (FIN | TEXT, b"x"), (COMPRESSED, AGAIN)],
            &["Hello", "x", "Hello"],
        ),
        Case(
            &[
                (RSV1 | TEXT, b"\xF2\x48\xCD"),
                (FIN | CONTINUATION, b"\xC9\xC9\x07\x00"),
            ],
            &["Hello"],
        ),
        Case(
            &[
                (RSV1 | TEXT, b"\xF2"),
                (FIN | PING, b"p"),
                (CONTINUATION, b""),
                (CONTINUATION, b"\x48\xCD\xC9\xC9\x07\x00"),
                (FIN | CONTINUATION, b""),
                (COMPRESSED, AGAIN),
            ],
            &["Hello", "Hello"],
        ),
        Case(&[(COMPRESSED, TWO_BLOCKS)], &["Hello"]),
        Case(
            &[(COMPRESSED, STORED), (COMPRESSED, AGAIN)],
            &["Hello", "Hello"],
        ),
        Case(
            &[(COMPRESSED, FINAL), (COMPRESSED, AGAIN)],
            &["Hello", "Hello"],
        ),
        Case(
            &[(COMPRESSED, b"\x00"), (COMPRESSED, HELLO)],
            &["", "Hello"],
        ),
        Case(&[(COMPRESSED, b""), (COMPRESSED, HELLO)], &["", "Hello"]),
        Case(
            &[(RSV1 | TEXT, FLUSHED), (FIN | CONTINUATION, b"\x00")],
            &["Hello"],
        ),
    ];
    for role in BOTH {
        for Case(frames, expected) in &cases {
            let (mut ws, mut peer) = end::<A>(role, config()).await;
            for (first, payload) in *frames {
                raw::send(&mut peer, frame_to(role, *first, payload)).await;
            }
            for text in *expected {
                let received = ws.recv().await.unwrap();
                assert_eq!(received, Some((*text).into()), "{frames:x?}");
            }
            assert!(ws.recv().now_or_never().is_none());
        }
    }
}

/// Told to fail: what the peer sent, the code of the Close frame.
async fn fails<A: Adapter>(role: Role, config: Config, frames: &[u8], code: u16) -> Violation {
    let (mut ws, mut peer) = end::<A>(role, config).await;
    raw::send(&mut peer, frames).await;
    let receiving = async {
        loop {
            match ws.recv().await {
                Ok(message) => assert!(message.is_some()),
                Err(Error::Violation(violation)) => break violation,
                Err(error) => panic!("{error:?}"),
            }
        }
    };
    let answer = async {
        let (first, payload) = read_frame(&mut peer).await;
        assert_eq!(first, FIN | CLOSE);
        assert_eq!(payload[..2], code.to_be_bytes(), "{frames:x?}");
        drop(peer);
    };
    join!(receiving, answer).0
}

/// R7692-6.1-04, R7692-5-14
pub(crate) async fn rsv1_where_it_has_no_meaning_is_1002<A: Adapter>() {
    for role in BOTH {
        for frames in [
            frame_to(role, FIN | RSV1 | PING, b""),
            frame_to(role, FIN | RSV1 | CLOSE, &raw::close_body(1000, "")),
            [
                frame_to(role, RSV1 | TEXT, b"\xF2\x48\xCD"),
                frame_to(role, FIN | RSV1 | CONTINUATION, b"\xC9\xC9\x07\x00"),
            ]
            .concat(),
        ] {
            let violation = fails::<A>(role, config(), &frames, 1002).await;
            assert_eq!(violation, Violation::ReservedBit);
        }
    }
    // Without an agreement it never has one.
    let (mut client, mut peer) = client::<A>(config(), None).await;
    let hello = b"\xF2\x48\xCD\xC9\xC9\x07\x00";
    raw::send(&mut peer, frame_to(Role::Client, COMPRESSED, hello)).await;
    let (received, close) = join!(client.recv(), async {
        let close = read_frame(&mut peer).await;
        drop(peer);
        close
    });
    let error = received.unwrap_err();
    assert!(
        matches!(error, Error::Violation(Violation::ReservedBit)),
        "{error:?}"
    );
    assert_eq!(close.0, FIN | CLOSE);
    assert_eq!(close.1[..2], 1002_u16.to_be_bytes());
}

/// Nothing of a corrupt message is delivered.
///
/// R7692-7.2.2-11, R7692-7.2.2-14, R7692-6.1-06, D-13
pub(crate) async fn what_is_corrupt_is_1007<A: Adapter>() {
    for role in BOTH {
        for payload in [
            &b"\xFF"[..],
            b"\x07\x00",
            // It refers to what was never there.
            b"\xF2\x00\x11\x00\x00",
            // Cut off.
            b"\xF2\x48\xCD",
            // A last block, and something else behind it.
            b"\xF3\x48\xCD\xC9\xC9\x07\x00\xFF\xFF",
        ] {
            let frame = frame_to(role, COMPRESSED, payload);
            let violation = fails::<A>(role, config(), &frame, 1007).await;
            assert_eq!(violation, Violation::CorruptDeflate, "{payload:x?}");
        }
        let not_text = Zlib::new().compress(b"\xC0\xAF");
        let frame = frame_to(role, COMPRESSED, &not_text);
        let violation = fails::<A>(role, config(), &frame, 1007).await;
        assert_eq!(violation, Violation::InvalidUtf8);
    }
}

/// R7692-7.2.2-13, R6455-7.4.1-11
pub(crate) async fn a_limit_is_for_what_comes_out<A: Adapter>() {
    let limits = Limits::default().with_max_message_size(100_000);
    let config = config().limits(limits);
    for role in BOTH {
        let (mut ws, mut peer) = end::<A>(role, config.clone()).await;
        let largest = Zlib::new().compress(&vec![b'x'; 100_000]);
        raw::send(&mut peer, frame_to(role, COMPRESSED, &largest)).await;
        let received = ws.recv().await.unwrap().unwrap();
        assert_eq!(received.as_bytes(), vec![b'x'; 100_000]);

        let larger = Zlib::new().compress(&vec![b'x'; 100_001]);
        let whole = frame_to(role, COMPRESSED, &larger);
        let (half, rest) = larger.split_at(larger.len() / 2);
        let cut = [
            frame_to(role, RSV1 | TEXT, half),
            frame_to(role, FIN | CONTINUATION, rest),
        ]
        .concat();
        for frames in [whole, cut] {
            let violation = fails::<A>(role, config.clone(), &frames, 1009).await;
            assert_eq!(violation, Violation::MessageTooBig);
        }
    }
}

/// R7692-7.2.2-13
pub(crate) async fn a_server_outlives_a_bomb<A: Adapter>() {
    let limits = Limits::default().with_max_message_size(64 * 1024);
    let config = config().limits(limits);
    let (uri, _server) =
        serve::<A, _>(|listener| Serve::new(A::default(), listener, echo).config(config));
    let mut witness = dial(&uri).await;
    let bomb = Zlib::new().compress(&vec![0; 1024 * 1024]);
    assert!(bomb.len() < 1100, "{}", bomb.len());
    for _ in 0..3 {
        let mut peer = dial(&uri).await;
        raw::send(
            &mut peer,
            frame_to(Role::Server, FIN | RSV1 | BINARY, &bomb),
        )
        .await;
        let (first, payload) = read_frame(&mut peer).await;
        assert_eq!(first, FIN | CLOSE);
        assert_eq!(payload[..2], 1009_u16.to_be_bytes());
        // On the thread that had to give up.
        let words = text(0, 1000);
        let frame = frame_to(
            Role::Server,
            COMPRESSED,
            &Zlib::new().compress(words.as_bytes()),
        );
        raw::send(&mut witness, frame).await;
        let (first, payload) = read_frame(&mut witness).await;
        assert_eq!(first, COMPRESSED);
        assert!(payload.len() < 1000);
    }
}

/// R7692-6.1-01, R7692-6.1-03, R7692-7.2.1-06
pub(crate) async fn a_message_leaves_in_fragments_of_the_size_that_was_set<A: Adapter>() {
    let size = 100.try_into().unwrap();
    for role in BOTH {
        let (mut ws, mut peer) = end::<A>(role, config().fragment_size(size)).await;
        let mut zlib = Zlib::new();
        for _ in 0..2 {
            let words: String = noise(300)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            ws.send(words.as_str()).await.unwrap();
            let (first, mut payload) = read_frame(&mut peer).await;
            if first == COMPRESSED {
                // The second one is little more than a reference.
                assert!(payload.len() <= 100);
            } else {
                assert_eq!((first, payload.len()), (RSV1 | TEXT, 100));
                loop {
                    let (first, more) = read_frame(&mut peer).await;
                    payload.extend(&more);
                    if first == FIN | CONTINUATION {
                        break;
                    }
                    assert_eq!((first, more.len()), (CONTINUATION, 100));
                }
            }
            assert_eq!(zlib.inflate(&payload).unwrap(), words.as_bytes());
        }
    }
}

/// Each can be inflated when it is there.
///
/// R7692-6.1-01, R7692-6.1-03, R7692-7.2.1-06, R7692-7.2.3-01
pub(crate) async fn fragments_are_compressed_one_by_one<A: Adapter>() {
    for role in BOTH {
        let (mut ws, mut peer) = end::<A>(role, config()).await;
        let mut zlib = Zlib::new();
        for _ in 0..2 {
            for part in 0..3 {
                ws.send_fragment(text(part, 500), Fin::More).await.unwrap();
            }
            ws.send_fragment("", Fin::Last).await.unwrap();
            let mut message = Vec::new();
            for (part, expected) in [RSV1 | TEXT, CONTINUATION, CONTINUATION]
                .into_iter()
                .enumerate()
            {
                let (first, payload) = read_frame(&mut peer).await;
                assert_eq!(first, expected);
                let payload = payload.strip_suffix(b"\x00\x00\xFF\xFF").unwrap();
                message.extend(zlib.inflate(payload).unwrap());
                assert!(message.ends_with(text(part, 500).as_bytes()));
            }
            let last = read_frame(&mut peer).await;
            assert_eq!(last, (FIN | CONTINUATION, vec![0]));
            assert_eq!(zlib.inflate(&last.1).unwrap(), b"");
        }
    }
}

/// A Ping by the clock goes between them, uncompressed.
///
/// R7692-6.1-03, R6455-5.5.2-05
pub(crate) async fn keepalive_pings_go_between_compressed_fragments<A: Adapter>() {
    const INTERVAL: Duration = Duration::from_secs(20);
    let keepalive = Keepalive::new(INTERVAL, Duration::from_secs(10));
    let clock = Clock::new();
    let (near, mut far) = Pipe::pair(64 * 1024);
    let near = Timed::<A::Piped>::new(near, &clock);
    let config = config().keepalive(keepalive);
    let (ws, _) = handshake::<Timed<A::Piped>>(near, &mut far, config, AGREED).await;
    let mut ws = ws.unwrap();
    let mut payload = Vec::new();
    let mut reply = Zlib::new();
    for (fin, expected) in [
        (Fin::More, RSV1 | TEXT),
        (Fin::More, CONTINUATION),
        (Fin::Last, FIN | CONTINUATION),
    ] {
        ws.send_fragment(text(0, 300), fin).await.unwrap();
        let (first, part) = read_frame(&mut far).await;
        assert_eq!(first, expected);
        payload.extend(part);
        clock.advance(INTERVAL);
        assert!(ws.recv().now_or_never().is_none());
        let (first, ping) = read_frame(&mut far).await;
        assert_eq!(first, FIN | PING);
        // The answer comes between the fragments of the peer.
        let part = reply.compress_fragment(text(0, 300).as_bytes());
        let opcode = if expected == RSV1 | TEXT {
            expected
        } else {
            CONTINUATION
        };
        raw::send(&mut far, frame_to(Role::Client, opcode, &part)).await;
        raw::send(&mut far, frame_to(Role::Client, FIN | PONG, &ping)).await;
        assert!(ws.recv().now_or_never().is_none());
    }
    let whole = text(0, 300).repeat(3);
    assert_eq!(Zlib::new().inflate(&payload).unwrap(), whole.as_bytes());
    raw::send(
        &mut far,
        frame_to(Role::Client, FIN | CONTINUATION, b"\x00"),
    )
    .await;
    assert_eq!(ws.recv().await.unwrap(), Some(whole.into()));
}

/// Given up after every byte, also between two messages that refer to each other, and while the
/// thread inflates for another connection.
///
/// R7692-6.2-01, R7692-7.2.2-03
pub(crate) async fn nothing_is_lost_by_receiving_that_is_given_up<A: Adapter>() {
    for role in BOTH {
        let (mut ws, mut peer) = end::<A>(role, config()).await;
        let (mut other, mut other_peer) = end::<A>(role, config()).await;
        let (mut zlib, mut other_zlib) = (Zlib::new(), Zlib::new());
        for round in 0..3 {
            let words = text(round, 200);
            let payload = zlib.compress(words.as_bytes());
            let (head, rest) = payload.split_at(payload.len() / 2);
            let frames = [
                frame_to(role, RSV1 | TEXT, head),
                frame_to(role, FIN | PING, b"p"),
                frame_to(role, FIN | CONTINUATION, rest),
            ]
            .concat();
            let (last, others) = frames.split_last().unwrap();
            for (number, byte) in others.iter().enumerate() {
                raw::send(&mut peer, [*byte]).await;
                assert!(ws.recv().now_or_never().is_none());
                let words = text(1000 + number, 100);
                let frame = frame_to(role, COMPRESSED, &other_zlib.compress(words.as_bytes()));
                raw::send(&mut other_peer, frame).await;
                assert_eq!(other.recv().await.unwrap(), Some(words.into()));
            }
            raw::send(&mut peer, [*last]).await;
            assert_eq!(ws.recv().await.unwrap(), Some(words.into()));
            assert_eq!(raw::read_frame(&mut peer).await, (PONG, b"p".to_vec()));
            assert!(peer.read(&mut [0]).now_or_never().is_none());
        }
    }
}

/// What was given up is not in the context either.
///
/// R7692-7.2.1-09, R7692-7.2.1-11
pub(crate) async fn sending_that_is_given_up_leaves_the_context_as_the_peer_has_it<A: Adapter>() {
    let (near, far) = Pipe::pair(512);
    let request = "ws://server.example.com/".try_into().unwrap();
    let low = config().high_water_mark(10);
    let (client, server) = join!(
        WebSocket::<A::Piped>::connect_on(near, &request, low),
        async {
            let upgrade = Upgrade::<A::Piped>::read_with(far, config()).await?;
            upgrade.accept().await
        }
    );
    let (mut client, mut server) = (client.unwrap(), server.unwrap());
    let words = |number: usize| text(100 * number, 5000);
    // It fills the pipe, and what is left fills the queue.
    assert!(client.send(words(0)).now_or_never().is_none());
    for number in 1..4 {
        assert!(client.send(words(number)).now_or_never().is_none());
    }
    let sending = async {
        client.send(words(3)).await.unwrap();
        client.send(words(2)).await.unwrap();
    };
    let receiving = async {
        for number in [0, 3, 2] {
            assert_eq!(server.recv().await.unwrap(), Some(words(number).into()));
        }
    };
    join!(sending, receiving);
}

/// R7692-5-16
pub(crate) async fn messages_of_all_sizes_and_kinds_come_back_through_serve<A: Adapter>() {
    let (uri, _server) =
        serve::<A, _>(|listener| Serve::new(A::default(), listener, echo).config(config()));
    let mut client = Connector::<A>::new()
        .config(config())
        .connect(&uri)
        .await
        .unwrap();
    let accepted = &client.response().unwrap().headers()["sec-websocket-extensions"];
    assert_eq!(accepted, "permessage-deflate");
    for message in messages() {
        client.send(message.clone()).await.unwrap();
        let received = client.recv().await.unwrap();
        assert!(received.as_ref() == Some(&message), "{}", message.len());
    }
    // Several in one turn of the handler.
    for number in 0..100 {
        client.feed(text(number, number * 10)).await.unwrap();
    }
    client.flush().await.unwrap();
    for number in 0..100 {
        let expected = Message::from(text(number, number * 10));
        assert_eq!(client.recv().await.unwrap(), Some(expected));
    }
    let closed = client.close(CloseCode::NORMAL, "").await.unwrap();
    assert!(closed.is_clean());
}

/// R7692-5-16
pub(crate) async fn messages_of_all_sizes_and_kinds_go_each_way_through_halves<A: Adapter>() {
    let (client, server) = pair::<A>(config(), config()).await;
    let runtime = A::default();
    join!(
        both_ways(runtime.clone(), client, messages()),
        both_ways(runtime, server, messages())
    );
}

/// Sends all from one task and receives all in another.
async fn both_ways<R, T>(runtime: R, ws: WebSocket<T>, messages: Vec<Message>)
where
    R: Runtime,
    T: Transport + Send + 'static,
{
    let (mut reader, writer) = ws.split();
    let expected = messages.clone();
    let sending = spawn_on(&runtime, async move {
        for message in messages {
            writer.send(message).await.unwrap();
        }
        writer
    });
    let receiving = spawn_on(&runtime, async move {
        for message in expected {
            let received = reader.recv().await.unwrap();
            assert!(received.as_ref() == Some(&message), "{}", message.len());
        }
        reader
    });
    // Neither half is dropped before both are done.
    join!(sending, receiving);
}

/// R7692-5-16
pub(crate) async fn lent_messages_come_back_in_every_way_to_reply<A: Adapter>() {
    let (mut client, mut server) = pair::<A>(config(), config()).await;
    for message in messages() {
        let echo = async {
            for way in 0..3 {
                let mut received = server.recv_ref().await.unwrap().unwrap();
                assert_eq!(received.message.as_text(), message.as_text());
                assert!(received.message.as_bytes() == message.as_bytes());
                match way {
                    0 => received.reply.send_ref(received.message.as_ref()),
                    1 => received.reply.send(received.message.into_message()),
                    _ => received.reply.echo(received.message),
                }
                .unwrap();
                server.flush().await.unwrap();
            }
        };
        let exchange = async {
            for _ in 0..3 {
                client.send(message.clone()).await.unwrap();
                let received = client.recv().await.unwrap();
                assert!(received.as_ref() == Some(&message), "{}", message.len());
            }
        };
        join!(echo, exchange);
    }
}

/// R7692-5-16, R7692-6-02, R7692-7.1.1.1-02, R7692-7.2.1-10, R7692-7.2.1-11, R7692-7.2.1-14: one
/// message to clients that have asked for different windows, for no takeover, or for nothing, between
/// messages of each one's own.
pub(crate) async fn a_prepared_message_is_compressed_as_each_connection_has_agreed<A: Adapter>() {
    let mut clients = vec![Config::new(), config()];
    for window in [
        Window::Bytes512,
        Window::KiB1,
        Window::KiB2,
        Window::KiB4,
        Window::KiB8,
        Window::KiB16,
    ] {
        let settings = settings().with_peer_window(window);
        clients.push(Config::new().deflate(settings));
        clients.push(Config::new().deflate(settings.without_peer_context_takeover()));
    }
    let mut pairs = Vec::new();
    for client in clients {
        pairs.push(pair::<A>(client, config()).await);
    }
    let messages = [
        Message::from(text(0, 1000)),
        Message::from(text(0, 1000)),
        Message::from(noise(3000)),
        Message::from(text(9, 60_000)),
        Message::from("short"),
        Message::from(text(0, 3000).into_bytes()),
    ];
    for (number, message) in messages.iter().enumerate() {
        let prepared = Prepared::new(message.clone());
        for (index, (client, server)) in pairs.iter_mut().enumerate() {
            let own = Message::from(text(number + index, 500));
            server.send(own.clone()).await.unwrap();
            server.send_prepared(&prepared).await.unwrap();
            assert_eq!(client.recv().await.unwrap(), Some(own));
            let received = client.recv().await.unwrap();
            assert!(received.as_ref() == Some(message), "{number} to {index}");
            // A client can send it, too.
            client.send_prepared(&prepared).await.unwrap();
            let received = server.recv().await.unwrap();
            assert!(received.as_ref() == Some(message), "{number} from {index}");
        }
    }
}

/// R7692-6.1-01, R7692-6.2-01
pub(crate) async fn messages_of_all_sizes_and_kinds_come_in_fragments<A: Adapter>() {
    let (mut client, mut server) = pair::<A>(config(), config()).await;
    for message in messages() {
        let cut = |range: std::ops::Range<usize>| match &message {
            Message::Text(text) => Message::from(&text[range]),
            binary => Message::from(binary.as_bytes()[range].to_vec()),
        };
        let middle = (0..=message.len() / 3)
            .rev()
            .find(|index| match &message {
                Message::Text(text) => text.as_str().is_char_boundary(*index),
                _ => true,
            })
            .unwrap();
        let sending = async {
            let fragment = cut(0..middle);
            client.send_fragment(fragment, Fin::More).await.unwrap();
            let fragment = cut(middle..message.len());
            client.send_fragment(fragment, Fin::Last).await.unwrap();
            // A whole one after it, in the same context.
            client.send(message.clone()).await.unwrap();
        };
        let receiving = async {
            for _ in 0..2 {
                let received = server.recv().await.unwrap();
                assert!(received.as_ref() == Some(&message), "{}", message.len());
            }
        };
        join!(sending, receiving);
    }
}

/// The thread's one state goes back and forth between connections of one window and of several,
/// and each has to find its own context again, also in the middle of a message.
///
/// R7692-7.2.1-09, R7692-7.2.1-11, R7692-7.2.2-03, R7692-7.2.2-05
pub(crate) async fn connections_of_one_thread_do_not_mix_their_contexts<A: Adapter>() {
    for role in BOTH {
        let mut ends = Vec::new();
        for _ in 0..3 {
            let (ws, peer) = end::<A>(role, config()).await;
            ends.push((ws, peer, Zlib::new()));
        }
        let small = Config::new().deflate(settings().with_window(Window::KiB1));
        if role == Role::Client {
            let (ws, peer) = end::<A>(role, small).await;
            ends.push((ws, peer, Zlib::new()));
        }
        for round in 0..20 {
            for (number, (ws, peer, zlib)) in ends.iter_mut().enumerate() {
                let words = text(1000 * number + round, 300 + 100 * round);
                ws.send(words.as_str()).await.unwrap();
                let (first, payload) = read_frame(peer).await;
                assert_eq!(first, COMPRESSED);
                assert_eq!(zlib.inflate(&payload).unwrap(), words.as_bytes());

                ws.send_fragment(words.as_str(), Fin::More).await.unwrap();
                let part = zlib.compress_fragment(words.as_bytes());
                raw::send(peer, frame_to(role, RSV1 | TEXT, &part)).await;
                assert!(ws.recv().now_or_never().is_none());
            }
            // All of them are in the middle of a message, in both directions.
            for (number, (ws, peer, zlib)) in ends.iter_mut().enumerate() {
                let words = text(1000 * number + round, 300 + 100 * round);
                ws.send_fragment(words.as_str(), Fin::Last).await.unwrap();
                let (_, mut payload) = read_frame(peer).await;
                payload.extend(read_frame(peer).await.1);
                let twice = words.repeat(2);
                assert_eq!(zlib.inflate(&payload).unwrap(), twice.as_bytes());

                let rest = zlib.compress(words.as_bytes());
                raw::send(peer, frame_to(role, FIN | CONTINUATION, &rest)).await;
                assert_eq!(ws.recv().await.unwrap(), Some(twice.into()));
            }
        }
    }
}

/// Tasks that move between threads take their contexts along.
///
/// R7692-7.2.1-09, R7692-7.2.1-11, R7692-7.2.2-03, R7692-7.2.2-05
pub(crate) async fn connections_on_several_threads_do_not_mix_their_contexts<A: Adapter>() {
    const CONNECTIONS: usize = 6;
    let (done, wait) = oneshot::channel();
    thread::spawn(move || {
        A::block_on_threads(async |runtime: A| {
            let mut tasks = Vec::new();
            for connection in 0..CONNECTIONS {
                let settings = match connection % 3 {
                    0 => settings(),
                    1 => settings().with_window(Window::KiB4),
                    _ => settings().without_context_takeover(),
                };
                let config = Config::new().deflate(settings);
                let (client, server) = pair_over_tcp::<A>(&runtime, config).await;
                let messages: Vec<Message> = (0..100)
                    .map(|number| text(1000 * connection + number, 100 + 70 * number).into())
                    .collect();
                for ws in [client, server] {
                    let both = both_ways(runtime.clone(), ws, messages.clone());
                    tasks.push(spawn_on(&runtime, both));
                }
            }
            for task in tasks {
                task.await;
            }
        });
        done.send(())
    });
    wait.await.expect("it did not panic");
}

async fn pair_over_tcp<A: Adapter>(
    runtime: &A,
    config: Config,
) -> (WebSocket<A::Transport>, WebSocket<A::Transport>) {
    let (listener, uri) = listen::<A>();
    let connector = Connector::with_runtime(runtime.clone()).config(config.clone());
    let (client, server) = join!(connector.connect(uri), async {
        let (tcp, _) = runtime.accept(&listener).await.unwrap();
        let upgrade = Upgrade::read_with(tcp.into(), config).await?;
        upgrade.accept().await
    });
    (client.unwrap(), server.unwrap())
}

/// R7692-5.1-01, D-16
pub(crate) async fn a_handshake_done_elsewhere_brings_its_agreement_along<A: Adapter>() {
    let settings = settings();
    let (answer, agreed) = settings.answer([Ok(Default::default())]).unwrap();
    assert_eq!(answer.params().count(), 0);
    let (near, mut peer) = Pipe::pair(64 * 1024);
    let mut ws = WebSocket::<A::Piped>::from_handshake(
        near,
        Role::Server,
        Default::default(),
        Config::new(),
    );
    assert_eq!(ws.deflate(), None);
    ws.set_deflate(&agreed, &settings);
    assert_eq!(ws.deflate(), Some(agreed));
    let mut zlib = Zlib::new();
    let words = text(0, 1000);
    let frame = frame_to(Role::Server, COMPRESSED, &zlib.compress(words.as_bytes()));
    raw::send(&mut peer, frame).await;
    let message = ws.recv().await.unwrap().unwrap();
    assert_eq!(message.as_text(), Some(words.as_str()));
    ws.send(message).await.unwrap();
    let (first, payload) = read_frame(&mut peer).await;
    assert_eq!(first, COMPRESSED);
    assert_eq!(zlib.inflate(&payload).unwrap(), words.as_bytes());
}
