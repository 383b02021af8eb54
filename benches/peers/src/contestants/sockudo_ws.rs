use bytes::BytesMut;
use futures_util::{FutureExt, Sink, SinkExt, Stream, StreamExt};
use sockudo_ws::{
    CompressedWebSocketStream, Config, Error, Message, WebSocketStream,
    deflate::{DeflateConfig, DeflateNegotiation, negotiate_server_deflate},
    handshake::{build_response, generate_accept_key, parse_request, server_handshake},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{
    Audience, Contestant, Deflate, Echoing, MAX_MESSAGE, Serving, Verdict, Work, accept, audience,
};
use crate::{outlet::Outlet, ring::Ring, wire::Role};

/// `Stream` and `Sink`.
#[derive(Clone, Copy)]
pub(super) enum SockudoWs {
    Send,
    /// Replies are queued, and flushed when no message is there.
    Feed,
}

pub(super) const WAYS: &[SockudoWs] = &[SockudoWs::Send, SockudoWs::Feed];

impl Contestant for SockudoWs {
    fn library(&self) -> &'static str {
        "sockudo-ws"
    }

    fn way(&self) -> &'static str {
        match self {
            Self::Send => "",
            Self::Feed => "feed",
        }
    }

    fn judge(&self, work: Work) -> Verdict {
        match (work, self) {
            (Work::Deflate(_), Self::Send) => Verdict::Does(vec![
                "the opening handshake is put together of its parts, as its one-call handshake cannot negotiate",
                "its pings and its idle timeout are off, as the others' are",
            ]),
            (Work::FanOut { .. }, Self::Send) => Verdict::Does(vec![
                "clones of a message, which share its payload, as its `PubSub` hands them out",
                "its pings and its idle timeout are off, as the others' are",
            ]),
            (Work::Deflate(_) | Work::FanOut { .. } | Work::InMemory(_), Self::Feed) => {
                Verdict::Absent
            }
            (_, Self::Send) => Verdict::Does(vec![
                "its pings and its idle timeout are off, as the others' are",
            ]),
            (Work::Loopback, Self::Feed) => Verdict::Does(vec![
                "by hand: `feed`, and `flush` when no message is there",
                "its pings and its idle timeout are off, as the others' are",
            ]),
        }
    }

    fn serve(&self, listener: TcpListener, deflate: Option<Deflate>) -> Serving {
        let way = *self;
        if let Some(deflate) = deflate {
            return Box::pin(accept::each(listener, move |stream| async move {
                if let Ok(ws) = accept_deflate(stream, policy(deflate)).await {
                    let _ = way.run(ws).await;
                }
            }));
        }
        Box::pin(accept::each(listener, move |mut stream| async move {
            if let Ok(handshake) = server_handshake(&mut stream).await {
                let ws = WebSocketStream::from_raw_with_leftover(
                    stream,
                    sockudo_ws::Role::Server,
                    config(),
                    handshake.leftover,
                );
                let _ = way.run(ws).await;
            }
        }))
    }

    fn echo(&self, ring: Ring, role: Role) -> Echoing {
        let ws = match role {
            Role::Client => WebSocketStream::client(ring, config()),
            Role::Server => WebSocketStream::server(ring, config()),
        };
        let way = *self;
        Box::pin(async move {
            let _ = way.run(ws).await;
        })
    }

    fn audience(
        &self,
        outlets: Vec<Outlet>,
        deflate: Option<Deflate>,
    ) -> anyhow::Result<Box<dyn Audience>> {
        async fn clone<W>(ws: &mut W, message: &mut Message) -> anyhow::Result<()>
        where
            W: Sink<Message, Error = Error> + Unpin,
        {
            Ok(ws.send(message.clone()).await?)
        }
        let make = |text: &str| Message::text(text);
        match deflate {
            None => {
                let server = |outlet| WebSocketStream::server(outlet, config());
                audience::of(outlets.into_iter().map(server).collect(), make, clone)
            }
            Some(deflate) => {
                let server =
                    |outlet| CompressedWebSocketStream::server(outlet, config(), policy(deflate));
                audience::of(outlets.into_iter().map(server).collect(), make, clone)
            }
        }
    }
}

impl SockudoWs {
    async fn run<W>(self, ws: W) -> Result<(), Error>
    where
        W: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin,
    {
        match self {
            Self::Send => send(ws).await,
            Self::Feed => feed(ws).await,
        }
    }
}

fn config() -> Config {
    Config::builder()
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .auto_ping(false)
        .idle_timeout(0)
        .build()
}

fn policy(deflate: Deflate) -> DeflateConfig {
    let window = deflate.window.try_into();
    let window = window.expect("the group asks for windows of 9 to 15 bits");
    DeflateConfig {
        server_max_window_bits: window,
        client_max_window_bits: window,
        server_no_context_takeover: !deflate.takeover,
        client_no_context_takeover: !deflate.takeover,
        compression_level: deflate.level.into(),
        ..DeflateConfig::default()
    }
}

async fn accept_deflate(
    mut stream: TcpStream,
    policy: DeflateConfig,
) -> Result<CompressedWebSocketStream<TcpStream>, Error> {
    let mut head = BytesMut::with_capacity(4096);
    let (response, negotiated, consumed) = loop {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(Error::ConnectionClosed);
        }
        let Some((request, consumed)) = parse_request(&head)? else {
            continue;
        };
        let negotiated = request
            .extensions
            .and_then(|offers| negotiate_server_deflate(offers, &policy))
            .ok_or(Error::HandshakeFailed("permessage-deflate was not offered"))?;
        let extensions = DeflateNegotiation::to_response_header(&negotiated);
        let key = generate_accept_key(request.key);
        let response = build_response(&key, None, Some(&extensions));
        break (response, negotiated, consumed);
    };
    stream.write_all(&response).await?;
    let leftover = head.split_off(consumed).freeze();
    Ok(CompressedWebSocketStream::server_with_leftover(
        stream,
        config(),
        negotiated.config,
        Some(leftover),
    ))
}

async fn send<W>(mut ws: W) -> Result<(), Error>
where
    W: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin,
{
    while let Some(message) = ws.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            ws.send(message).await?;
        }
    }
    Ok(())
}

async fn feed<W>(mut ws: W) -> Result<(), Error>
where
    W: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin,
{
    loop {
        let message = match ws.next().now_or_never() {
            Some(message) => message,
            None => {
                ws.flush().await?;
                ws.next().await
            }
        };
        let Some(message) = message.transpose()? else {
            return Ok(());
        };
        if message.is_text() || message.is_binary() {
            ws.feed(message).await?;
        }
    }
}
