use bytes::BytesMut;
use tautline::{
    Config, Error, Limits,
    deflate::{Level, Settings, Window, WindowBits},
    tokio::{Corked, Upgrade, WebSocket, serve},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};

use super::{Contestant, Deflate, Echoing, MAX_MESSAGE, Serving, Verdict, Work, accept};
use crate::{ring::Ring, wire::Role};

/// Tautline, by way of the methods that a handler is written with.
#[derive(Clone, Copy)]
pub(super) enum Tautline {
    /// `serve`, or `cork`: what the handler sends leaves when it waits.
    Cork,
    /// `recv_ref`: the message is lent, the reply is queued beside it.
    RecvRef,
    /// `recv` and `send`.
    Send,
    /// `split`: the same with a half each.
    Split,
}

pub(super) const WAYS: &[Tautline] = &[
    Tautline::Cork,
    Tautline::RecvRef,
    Tautline::Send,
    Tautline::Split,
];

impl Contestant for Tautline {
    fn library(&self) -> &'static str {
        "tautline"
    }

    fn way(&self) -> &'static str {
        match self {
            Self::Cork => "cork",
            Self::RecvRef => "recv_ref",
            Self::Send => "send",
            Self::Split => "split",
        }
    }

    fn judge(&self, work: Work) -> Verdict {
        match (work, self) {
            (Work::Deflate(_), Self::Send | Self::Split) | (Work::InMemory(_), Self::Split) => {
                Verdict::Absent
            }
            (_, Self::Cork) => Verdict::Does(vec![
                "replies to messages that came together leave together",
            ]),
            _ => Verdict::does(),
        }
    }

    fn serve(&self, listener: TcpListener, deflate: Option<Deflate>) -> Serving {
        let config = config(deflate);
        match self {
            Self::Cork => Box::pin(async {
                serve(listener, async |ws: Corked| cork(ws).await)
                    .config(config)
                    .await
            }),
            Self::RecvRef => each(listener, config, recv_ref),
            Self::Send => each(listener, config, send),
            Self::Split => each(listener, config, split),
        }
    }

    fn echo(&self, ring: Ring, role: Role) -> Echoing {
        let role = match role {
            Role::Client => tautline::Role::Client,
            Role::Server => tautline::Role::Server,
        };
        let ws = WebSocket::from_handshake(ring, role, BytesMut::new(), config(None));
        let way = *self;
        Box::pin(async move {
            let _ = match way {
                Self::Cork => ws.cork(cork).await,
                Self::RecvRef => recv_ref(ws).await,
                Self::Send => send(ws).await,
                Self::Split => split(ws).await,
            };
        })
    }
}

fn config(deflate: Option<Deflate>) -> Config {
    let limits = Limits::default()
        .with_max_frame_size(MAX_MESSAGE)
        .with_max_message_size(MAX_MESSAGE);
    let config = Config::new().limits(limits);
    let Some(deflate) = deflate else {
        return config;
    };
    let window = WindowBits::new(deflate.window).and_then(Window::from_bits);
    let window = window.expect("the group asks for windows of 9 to 15 bits");
    let mut settings = Settings::new()
        .with_level(Level::new(deflate.level).expect("the group asks for levels from 1 to 9"))
        .with_window(window)
        .with_peer_window(window);
    if !deflate.takeover {
        settings = settings
            .without_context_takeover()
            .without_peer_context_takeover();
    }
    config.deflate(settings)
}

fn each<F>(
    listener: TcpListener,
    config: Config,
    handler: fn(WebSocket<tokio::net::TcpStream>) -> F,
) -> Serving
where
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    let config = std::sync::Arc::new(config);
    Box::pin(accept::each(listener, move |stream| {
        let config = config.clone();
        async move {
            let Ok(upgrade) = Upgrade::read_with(stream, config).await else {
                return;
            };
            if let Ok(ws) = upgrade.accept().await {
                let _ = handler(ws).await;
            }
        }
    }))
}

async fn cork<S>(mut ws: Corked<S>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}

async fn recv_ref<S>(mut ws: WebSocket<S>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    while let Some(mut received) = ws.recv_ref().await? {
        received.reply.echo(received.message)?;
    }
    Ok(())
}

async fn send<S>(mut ws: WebSocket<S>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}

async fn split<S>(ws: WebSocket<S>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let (mut reader, writer) = ws.split();
    while let Some(message) = reader.recv().await? {
        writer.send(message).await?;
    }
    Ok(())
}
