use anyhow::Context;
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use tokio_tungstenite::{
    WebSocketStream, accept_async_with_config,
    tungstenite::{Error, Message, protocol::WebSocketConfig},
};

use super::{
    Audience, Contestant, Deflate, Echoing, MAX_MESSAGE, Serving, Verdict, Work, accept, audience,
};
use crate::{outlet::Outlet, ring::Ring, wire::Role};

/// `Stream` and `Sink`.
#[derive(Clone, Copy)]
pub(super) enum TokioTungstenite {
    Send,
    /// Replies are queued, and flushed when no message is there.
    Feed,
}

pub(super) const WAYS: &[TokioTungstenite] = &[TokioTungstenite::Send, TokioTungstenite::Feed];

impl Contestant for TokioTungstenite {
    fn library(&self) -> &'static str {
        "tokio-tungstenite"
    }

    fn way(&self) -> &'static str {
        match self {
            Self::Send => "",
            Self::Feed => "feed",
        }
    }

    fn judge(&self, work: Work) -> Verdict {
        match (work, self) {
            (Work::FanOut { deflate: None, .. }, Self::Send) => Verdict::Does(vec![CLONES]),
            (Work::Deflate(_) | Work::FanOut { .. }, Self::Send) => {
                Verdict::Refuses("it has no permessage-deflate")
            }
            (Work::Deflate(_) | Work::FanOut { .. } | Work::InMemory(_), Self::Feed) => {
                Verdict::Absent
            }
            (Work::Loopback, Self::Feed) => Verdict::Does(vec![
                "by hand: `feed`, and `flush` when no message is there",
            ]),
            (_, Self::Send) => Verdict::does(),
        }
    }

    fn serve(&self, listener: TcpListener, _: Option<Deflate>) -> Serving {
        let way = *self;
        Box::pin(accept::each(listener, move |stream| async move {
            if let Ok(ws) = accept_async_with_config(stream, Some(config())).await {
                let _ = way.run(ws).await;
            }
        }))
    }

    fn echo(&self, ring: Ring, role: Role) -> Echoing {
        let role = match role {
            Role::Client => tungstenite::protocol::Role::Client,
            Role::Server => tungstenite::protocol::Role::Server,
        };
        let way = *self;
        Box::pin(async move {
            let ws = WebSocketStream::from_raw_socket(ring, role, Some(config())).await;
            let _ = way.run(ws).await;
        })
    }

    fn audience(
        &self,
        outlets: Vec<Outlet>,
        _: Option<Deflate>,
    ) -> anyhow::Result<Box<dyn Audience>> {
        let server = |outlet| {
            let role = tungstenite::protocol::Role::Server;
            WebSocketStream::from_raw_socket(outlet, role, Some(config()))
                .now_or_never()
                .context("it does not wait for anything")
        };
        audience::of(
            outlets.into_iter().map(server).collect::<Result<_, _>>()?,
            |text| Message::text(text),
            async |ws: &mut WebSocketStream<Outlet>, message: &mut Message| {
                Ok(ws.send(message.clone()).await?)
            },
        )
    }
}

impl TokioTungstenite {
    async fn run<S>(self, ws: WebSocketStream<S>) -> Result<(), Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        match self {
            Self::Send => send(ws).await,
            Self::Feed => feed(ws).await,
        }
    }
}

pub(super) const CLONES: &str = "clones of a message, which share its payload";

pub(super) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
}

async fn send<S>(mut ws: WebSocketStream<S>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = ws.next().await {
        let message = message?;
        if is_data(&message) {
            ws.send(message).await?;
        }
    }
    Ok(())
}

async fn feed<S>(mut ws: WebSocketStream<S>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
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
        if is_data(&message) {
            ws.feed(message).await?;
        }
    }
}

pub(super) const fn is_data(message: &Message) -> bool {
    matches!(message, Message::Text(_) | Message::Binary(_))
}
