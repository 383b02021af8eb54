use std::sync::Arc;

use bytes::BytesMut;
use tautline::{
    Config, Error, Limits, Message, Prepared,
    deflate::{Agreed, Context, Level, Settings, Window, WindowBits},
    tokio::{Corked, Upgrade, WebSocket, serve},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};

use super::{
    Audience, Contestant, Deflate, Echoing, MAX_MESSAGE, Serving, Verdict, Work, accept, audience,
};
use crate::{outlet::Outlet, ring::Ring, wire::Role};

/// Tautline, by way of the methods that a handler is written with.
#[derive(Clone, Copy)]
pub(super) enum Tautline {
    /// `serve`, or `cork`: what the handler sends leaves when it waits.
    Cork,
    /// `recv_ref`: the message is lent, the reply is queued beside it.
    RecvRef,
    /// `send_prepared`, for what goes to many.
    Prepared,
    /// `recv` and `send`; to many, with clones of the message.
    Send,
    /// `split`: the same with a half each.
    Split,
}

pub(super) const WAYS: &[Tautline] = &[
    Tautline::Cork,
    Tautline::RecvRef,
    Tautline::Prepared,
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
            Self::Prepared => "prepared",
            Self::Send => "send",
            Self::Split => "split",
        }
    }

    fn judge(&self, work: Work) -> Verdict {
        match (work, self) {
            (Work::FanOut { .. }, Self::Send) => {
                Verdict::Does(vec!["clones of a message, which share its payload"])
            }
            (Work::FanOut { .. }, Self::Prepared) => Verdict::does(),
            (Work::FanOut { .. }, _)
            | (_, Self::Prepared)
            | (Work::Deflate(_), Self::Send | Self::Split)
            | (Work::InMemory(_), Self::Split) => Verdict::Absent,
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
            Self::Send | Self::Prepared => each(listener, config, send),
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
                Self::Send | Self::Prepared => send(ws).await,
                Self::Split => split(ws).await,
            };
        })
    }

    fn audience(
        &self,
        outlets: Vec<Outlet>,
        deflate: Option<Deflate>,
    ) -> anyhow::Result<Box<dyn Audience>> {
        let config = Arc::new(config(deflate));
        let connections = outlets.into_iter().map(|outlet| {
            let (role, early) = (tautline::Role::Server, BytesMut::new());
            let mut ws = WebSocket::from_handshake(outlet, role, early, config.clone());
            if let Some(deflate) = deflate {
                ws.set_deflate(&agreed(deflate), &settings(deflate));
            }
            ws
        });
        let connections = connections.collect();
        match self {
            Self::Prepared => audience::of(
                connections,
                |text| Prepared::new(text),
                async |ws: &mut WebSocket<Outlet>, message: &mut Prepared| {
                    Ok(ws.send_prepared(message).await?)
                },
            ),
            _ => audience::of(
                connections,
                |text| Message::from(text),
                async |ws: &mut WebSocket<Outlet>, message: &mut Message| {
                    Ok(ws.send(message.clone()).await?)
                },
            ),
        }
    }
}

fn config(deflate: Option<Deflate>) -> Config {
    let limits = Limits::default()
        .with_max_frame_size(MAX_MESSAGE)
        .with_max_message_size(MAX_MESSAGE);
    let config = Config::new().limits(limits);
    match deflate {
        None => config,
        Some(deflate) => config.deflate(settings(deflate)),
    }
}

fn window(deflate: Deflate) -> Window {
    let window = WindowBits::new(deflate.window).and_then(Window::from_bits);
    window.expect("the group asks for windows of 9 to 15 bits")
}

/// As a handshake would have it that both ends limit alike.
fn agreed(deflate: Deflate) -> Agreed {
    let context = Context {
        window: window(deflate),
        takeover: deflate.takeover,
    };
    Agreed {
        compress: Some(context),
        decompress: context,
    }
}

fn settings(deflate: Deflate) -> Settings {
    let window = window(deflate);
    let mut settings = Settings::new()
        .with_level(Level::new(deflate.level).expect("the group asks for levels from 1 to 9"))
        .with_window(window)
        .with_peer_window(window);
    if !deflate.takeover {
        settings = settings
            .without_context_takeover()
            .without_peer_context_takeover();
    }
    settings
}

fn each<F>(
    listener: TcpListener,
    config: Config,
    handler: fn(WebSocket<tokio::net::TcpStream>) -> F,
) -> Serving
where
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    let config = Arc::new(config);
    Box::pin(accept::each_as_it_is(listener, move |stream| {
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
