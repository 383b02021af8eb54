use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use tokio_websockets::{ClientBuilder, Error, Limits, Message, ServerBuilder, WebSocketStream};

use super::{
    Audience, Contestant, Deflate, Echoing, MAX_MESSAGE, Serving, Verdict, Work, accept, audience,
};
use crate::{outlet::Outlet, ring::Ring, wire::Role};

/// `Stream` and `Sink`.
#[derive(Clone, Copy)]
pub(super) enum TokioWebSockets {
    Send,
    /// Replies are queued, and flushed when no message is there.
    Feed,
}

pub(super) const WAYS: &[TokioWebSockets] = &[TokioWebSockets::Send, TokioWebSockets::Feed];

impl Contestant for TokioWebSockets {
    fn library(&self) -> &'static str {
        "tokio-websockets"
    }

    fn way(&self) -> &'static str {
        match self {
            Self::Send => "",
            Self::Feed => "feed",
        }
    }

    fn judge(&self, work: Work) -> Verdict {
        match (work, self) {
            (Work::FanOut { deflate: None, .. }, Self::Send) => {
                Verdict::Does(vec!["clones of a message, which share its payload"])
            }
            (Work::Deflate(_) | Work::FanOut { .. }, Self::Send) => {
                Verdict::Refuses("it has no permessage-deflate")
            }
            (Work::Deflate(_) | Work::FanOut { .. } | Work::InMemory(_), Self::Feed) => {
                Verdict::Absent
            }
            (Work::Loopback, Self::Feed) => Verdict::Does(vec![
                "by hand: `feed`, and `flush` when no message is there; it flushes before every frame itself",
            ]),
            (_, Self::Send) => Verdict::does(),
        }
    }

    fn serve(&self, listener: TcpListener, _: Option<Deflate>) -> Serving {
        let way = *self;
        Box::pin(accept::each(listener, move |stream| async move {
            let accepted = ServerBuilder::new().limits(limits()).accept(stream).await;
            if let Ok((_, ws)) = accepted {
                let _ = way.run(ws).await;
            }
        }))
    }

    fn echo(&self, ring: Ring, role: Role) -> Echoing {
        let ws = match role {
            Role::Client => ClientBuilder::new().limits(limits()).take_over(ring),
            Role::Server => ServerBuilder::new().limits(limits()).serve(ring),
        };
        let way = *self;
        Box::pin(async move {
            let _ = way.run(ws).await;
        })
    }

    fn audience(
        &self,
        outlets: Vec<Outlet>,
        _: Option<Deflate>,
    ) -> anyhow::Result<Box<dyn Audience>> {
        let server = |outlet| ServerBuilder::new().limits(limits()).serve(outlet);
        audience::of(
            outlets.into_iter().map(server).collect(),
            |text| Message::text(text.to_owned()),
            async |ws: &mut WebSocketStream<Outlet>, message: &mut Message| {
                Ok(ws.send(message.clone()).await?)
            },
        )
    }
}

impl TokioWebSockets {
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

fn limits() -> Limits {
    Limits::default().max_payload_len(Some(MAX_MESSAGE))
}

async fn send<S>(mut ws: WebSocketStream<S>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = ws.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
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
        if message.is_text() || message.is_binary() {
            ws.feed(message).await?;
        }
    }
}
