use fastwebsockets::{
    FragmentCollector, Frame, OpCode, Payload, WebSocket, WebSocketError, upgrade,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};

use super::{
    Audience, Contestant, Deflate, Echoing, MAX_MESSAGE, Serving, Verdict, Work, accept, audience,
};
use crate::{handshake, outlet::Outlet, ring::Ring, wire::Role};

/// The loop of its example, `echo_server.rs`.
#[derive(Clone, Copy)]
pub(super) enum FastWebSockets {
    /// Over hyper, as documented for servers.
    Upgrade,
    /// Over the TCP stream itself.
    Raw,
}

pub(super) const WAYS: &[FastWebSockets] = &[FastWebSockets::Upgrade, FastWebSockets::Raw];

impl Contestant for FastWebSockets {
    fn library(&self) -> &'static str {
        "fastwebsockets"
    }

    fn way(&self) -> &'static str {
        match self {
            Self::Upgrade => "",
            Self::Raw => "raw",
        }
    }

    fn judge(&self, work: Work) -> Verdict {
        match (work, self) {
            (Work::FanOut { deflate: None, .. }, Self::Upgrade) => {
                Verdict::Does(vec!["the payload is borrowed"])
            }
            (Work::Deflate(_) | Work::FanOut { .. }, Self::Upgrade) => {
                Verdict::Refuses("it has no permessage-deflate")
            }
            (Work::Loopback, Self::Upgrade) => Verdict::Does(vec![
                "the opening handshake and the stream are hyper's",
                "it has no queue: every message is a write",
            ]),
            (Work::Loopback, Self::Raw) => Verdict::Does(vec![
                "the opening handshake is a short one of the benchmark",
                "it has no queue: every message is a write",
            ]),
            (Work::InMemory(_), Self::Upgrade) => Verdict::Does(vec![
                "the frame is made anew without its mask, as a received one would be sent as masked",
            ]),
            (Work::Deflate(_) | Work::FanOut { .. } | Work::InMemory(_), Self::Raw) => {
                Verdict::Absent
            }
        }
    }

    fn serve(&self, listener: TcpListener, _: Option<Deflate>) -> Serving {
        match self {
            Self::Upgrade => Box::pin(accept::each_with_hyper(listener, |mut request| {
                let Ok((response, upgraded)) = upgrade::upgrade(&mut request) else {
                    return accept::bad_request();
                };
                tokio::spawn(async {
                    if let Ok(ws) = upgraded.await {
                        let _ = echo(ws).await;
                    }
                });
                response
            })),
            Self::Raw => Box::pin(accept::each(listener, async |mut stream| {
                if handshake::answer(&mut stream).await.is_ok() {
                    let ws = WebSocket::after_handshake(stream, fastwebsockets::Role::Server);
                    let _ = echo(ws).await;
                }
            })),
        }
    }

    fn echo(&self, ring: Ring, role: Role) -> Echoing {
        let role = match role {
            Role::Client => fastwebsockets::Role::Client,
            Role::Server => fastwebsockets::Role::Server,
        };
        Box::pin(async move {
            let _ = echo(WebSocket::after_handshake(ring, role)).await;
        })
    }

    fn audience(
        &self,
        outlets: Vec<Outlet>,
        _: Option<Deflate>,
    ) -> anyhow::Result<Box<dyn Audience>> {
        let server = |outlet| WebSocket::after_handshake(outlet, fastwebsockets::Role::Server);
        audience::of(
            outlets.into_iter().map(server).collect(),
            |text| text.to_owned(),
            async |ws: &mut WebSocket<Outlet>, text: &mut String| {
                let payload = Payload::Borrowed(text.as_bytes());
                Ok(ws.write_frame(Frame::text(payload)).await?)
            },
        )
    }
}

async fn echo<S>(mut ws: WebSocket<S>) -> Result<(), WebSocketError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    ws.set_max_message_size(MAX_MESSAGE);
    let mut ws = FragmentCollector::new(ws);
    loop {
        let frame = ws.read_frame().await?;
        match frame.opcode {
            OpCode::Text | OpCode::Binary => {
                ws.write_frame(Frame::new(true, frame.opcode, None, frame.payload))
                    .await?;
            }
            OpCode::Close => return Ok(()),
            _ => {}
        }
    }
}
