use bytes::Bytes;
use futures_util::{FutureExt, SinkExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use yawc::{CompressionLevel, DeflatePool, Frame, OpCode, Options, WebSocket, WebSocketError};

use super::{
    Audience, Contestant, Deflate, Echoing, MAX_MESSAGE, Serving, Verdict, Work, accept, audience,
};
use crate::{outlet::Outlet, ring::Ring, wire::Role};

/// `next_frame` and `Sink`, with its check of UTF-8 on.
#[derive(Clone, Copy)]
pub(super) enum Yawc {
    Send,
    /// Replies are queued, and flushed when no message is there.
    Feed,
    /// Connections without context takeover share their state of zlib.
    Pool,
}

pub(super) const WAYS: &[Yawc] = &[Yawc::Send, Yawc::Feed, Yawc::Pool];

impl Contestant for Yawc {
    fn library(&self) -> &'static str {
        "yawc"
    }

    fn way(&self) -> &'static str {
        match self {
            Self::Send => "",
            Self::Feed => "feed",
            Self::Pool => "pool",
        }
    }

    fn judge(&self, work: Work) -> Verdict {
        match (work, self) {
            (Work::Deflate(_), Self::Send) => Verdict::does(),
            (Work::Deflate(deflate), Self::Pool) if !deflate.takeover => {
                Verdict::Does(vec!["connections share a `DeflatePool`"])
            }
            (Work::FanOut { .. }, Self::Send) => {
                Verdict::Does(vec!["frames that share their payload"])
            }
            (
                Work::FanOut {
                    deflate: Some(deflate),
                    ..
                },
                Self::Pool,
            ) if !deflate.takeover => Verdict::Does(vec![
                "frames that share their payload",
                "connections share a `DeflatePool`",
            ]),
            (Work::Deflate(_) | Work::FanOut { .. } | Work::InMemory(_), Self::Feed)
            | (_, Self::Pool) => Verdict::Absent,
            (Work::Loopback, Self::Send) => {
                Verdict::Does(vec!["the opening handshake and the stream are hyper's"])
            }
            (Work::InMemory(_), Self::Send) => Verdict::does(),
            (Work::Loopback, Self::Feed) => Verdict::Does(vec![
                "the opening handshake and the stream are hyper's",
                "by hand: `feed`, and `flush` when no message is there",
            ]),
        }
    }

    fn serve(&self, listener: TcpListener, deflate: Option<Deflate>) -> Serving {
        let way = *self;
        let options = way.options(deflate);
        Box::pin(accept::each_with_hyper(listener, move |mut request| {
            let upgraded = WebSocket::upgrade_with_options(&mut request, options.clone());
            let Ok((response, upgraded)) = upgraded else {
                return accept::bad_request();
            };
            tokio::spawn(async move {
                if let Ok(ws) = upgraded.await {
                    let _ = way.run(ws).await;
                }
            });
            response
        }))
    }

    fn echo(&self, ring: Ring, role: Role) -> Echoing {
        let role = match role {
            Role::Client => yawc::Role::Client,
            Role::Server => yawc::Role::Server,
        };
        let way = *self;
        let options = way.options(None);
        Box::pin(async move {
            if let Ok(ws) = WebSocket::from_stream(ring, role, options) {
                let _ = way.run(ws).await;
            }
        })
    }

    fn audience(
        &self,
        outlets: Vec<Outlet>,
        deflate: Option<Deflate>,
    ) -> anyhow::Result<Box<dyn Audience>> {
        let options = self.options(deflate);
        let extensions = deflate.map(|deflate| {
            let bits = deflate.window;
            format!(
                "permessage-deflate; server_max_window_bits={bits}; client_max_window_bits={bits}; \
                 server_no_context_takeover; client_no_context_takeover"
            )
        });
        let server = |outlet| {
            let extensions = extensions.as_deref();
            let role = yawc::Role::Server;
            WebSocket::from_stream_with_extensions(outlet, role, extensions, options.clone())
        };
        audience::of(
            outlets.into_iter().map(server).collect::<Result<_, _>>()?,
            |text| Bytes::copy_from_slice(text.as_bytes()),
            async |ws: &mut WebSocket<Outlet>, text: &mut Bytes| {
                Ok(ws.send(Frame::text(text.clone())).await?)
            },
        )
    }
}

impl Yawc {
    fn options(self, deflate: Option<Deflate>) -> Options {
        let options = Options::default()
            .with_utf8()
            .with_limits(MAX_MESSAGE, 2 * MAX_MESSAGE);
        let Some(deflate) = deflate else {
            return options;
        };
        let mut options =
            options.with_compression_level(CompressionLevel::new(deflate.level.into()));
        if deflate.window < 15 {
            options = options
                .with_server_max_window_bits(deflate.window)
                .with_client_max_window_bits(deflate.window);
        }
        if !deflate.takeover {
            options = options
                .server_no_context_takeover()
                .client_no_context_takeover();
        }
        match self {
            Self::Pool => options.with_deflate_pool(DeflatePool::new(POOL)),
            Self::Send | Self::Feed => options,
        }
    }

    async fn run<S>(self, ws: WebSocket<S>) -> Result<(), WebSocketError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        match self {
            Self::Send | Self::Pool => send(ws).await,
            Self::Feed => feed(ws).await,
        }
    }
}

/// As many states as one thread can have use for.
const POOL: usize = 4;

async fn send<S>(mut ws: WebSocket<S>) -> Result<(), WebSocketError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let frame = ws.next_frame().await?;
        match frame.opcode() {
            OpCode::Text => ws.send(Frame::text(frame.into_payload())).await?,
            OpCode::Binary => ws.send(Frame::binary(frame.into_payload())).await?,
            OpCode::Close => return Ok(()),
            _ => {}
        }
    }
}

async fn feed<S>(mut ws: WebSocket<S>) -> Result<(), WebSocketError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let frame = match ws.next_frame().now_or_never() {
            Some(frame) => frame?,
            None => {
                ws.flush().await?;
                ws.next_frame().await?
            }
        };
        match frame.opcode() {
            OpCode::Text => ws.feed(Frame::text(frame.into_payload())).await?,
            OpCode::Binary => ws.feed(Frame::binary(frame.into_payload())).await?,
            OpCode::Close => return Ok(()),
            _ => {}
        }
    }
}
