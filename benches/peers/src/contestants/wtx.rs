use tokio::net::TcpListener;
use wtx::{
    collection::Vector,
    rng::{ChaCha20, CryptoSeedableRng, Rng},
    stream::Stream,
    web_socket::{
        Compression, DeflateConfig, Frame, OpCode, WebSocket, WebSocketAcceptor, WebSocketBuffer,
        WebSocketPayloadOrigin,
        compression::{Flate2, NegotiatedCompression},
    },
};

use super::{
    Audience, Contestant, Deflate, Echoing, MAX_MESSAGE, Serving, Verdict, Work, accept, audience,
};
use crate::{outlet::Outlet, ring::Ring, wire::Role};

/// `read_frame` and `write_frame`; the payload is lent by its buffer.
pub(super) struct Wtx;

impl Contestant for Wtx {
    fn library(&self) -> &'static str {
        "wtx"
    }

    fn judge(&self, work: Work) -> Verdict {
        match work {
            Work::Deflate(deflate) if deflate.takeover => {
                Verdict::Refuses("it never takes a context over")
            }
            Work::FanOut { deflate, .. } if deflate.is_some_and(|deflate| deflate.takeover) => {
                Verdict::Refuses("it never takes a context over")
            }
            Work::FanOut { .. } => Verdict::Does(vec!["one frame is written to all", RELEASE]),
            Work::Deflate(_) => Verdict::Does(vec![
                "it answers `client_max_window_bits` though that was not offered",
                RELEASE,
            ]),
            Work::Loopback => {
                Verdict::Does(vec!["it has no queue: every message is a write", RELEASE])
            }
            Work::InMemory(Role::Client) => Verdict::Does(vec![
                "its own weak generator of masking keys is replaced by its ChaCha20",
                RELEASE,
            ]),
            Work::InMemory(Role::Server) => Verdict::Does(vec![RELEASE]),
        }
    }

    fn serve(&self, listener: TcpListener, deflate: Option<Deflate>) -> Serving {
        Box::pin(accept::each(listener, move |stream| async move {
            let acceptor = WebSocketAcceptor::default();
            // One future for both would be as large as the larger of them.
            match deflate {
                None => {
                    if let Ok(ws) = acceptor.accept(stream).await {
                        let _ = echo::<_, _, _, false>(ws).await;
                    }
                }
                Some(deflate) => {
                    let acceptor = acceptor.compression(Flate2::from(settings(deflate)));
                    if let Ok(ws) = Box::pin(acceptor.accept(stream)).await {
                        let _ = Box::pin(echo::<_, _, _, false>(ws)).await;
                    }
                }
            }
        }))
    }

    fn echo(&self, ring: Ring, role: Role) -> Echoing {
        Box::pin(async move {
            let rng = ChaCha20::from_getrandom().expect("the system has random numbers");
            let buffer = WebSocketBuffer::new();
            let _ = match role {
                Role::Client => {
                    echo(WebSocket::<_, _, _, _, true>::new(
                        (),
                        false,
                        rng,
                        ring,
                        buffer,
                    ))
                    .await
                }
                Role::Server => {
                    echo(WebSocket::<_, _, _, _, false>::new(
                        (),
                        false,
                        rng,
                        ring,
                        buffer,
                    ))
                    .await
                }
            };
        })
    }

    fn audience(
        &self,
        outlets: Vec<Outlet>,
        deflate: Option<Deflate>,
    ) -> anyhow::Result<Box<dyn Audience>> {
        type Server<C> = WebSocket<C, ChaCha20, Outlet, WebSocketBuffer, false>;

        fn server<C: NegotiatedCompression>(compression: C, outlet: Outlet) -> Server<C> {
            let rng = ChaCha20::from_getrandom().expect("the system has random numbers");
            WebSocket::new(compression, false, rng, outlet, WebSocketBuffer::new())
        }

        async fn write<C: NegotiatedCompression>(
            ws: &mut Server<C>,
            frame: &mut Frame<Vec<u8>, false>,
        ) -> anyhow::Result<()> {
            Ok(ws.write_frame(frame).await?)
        }

        let frame = |text: &str| Frame::new_fin(OpCode::Text, text.as_bytes().to_vec());
        match deflate {
            None => {
                let connections = outlets.into_iter().map(|outlet| server((), outlet));
                audience::of(connections.collect(), frame, write)
            }
            Some(deflate) => {
                let offer: [&[u8]; 2] = [b"sec-websocket-extensions", b"permessage-deflate"];
                let connections = outlets.into_iter().map(|outlet| {
                    let flate2 = Flate2::from(settings(deflate));
                    let negotiated = Compression::<false>::negotiate(flate2, [offer].into_iter())?;
                    Ok(server(negotiated, outlet))
                });
                let connections = connections.collect::<wtx::Result<_>>()?;
                audience::of(connections, frame, write)
            }
        }
    }
}

const RELEASE: &str = "not its newest release: that one needs a newer compiler";

fn settings(deflate: Deflate) -> DeflateConfig {
    let window = deflate.window.try_into();
    let window = window.expect("the group asks for windows of 9 to 15 bits");
    let level = deflate.level.try_into();
    DeflateConfig {
        client_max_window_bits: window,
        compression_level: level.expect("the group asks for levels from 1 to 9"),
        server_max_window_bits: window,
    }
}

async fn echo<C, R, S, const IS_CLIENT: bool>(
    mut ws: WebSocket<C, R, S, WebSocketBuffer, IS_CLIENT>,
) -> Result<(), wtx::Error>
where
    C: NegotiatedCompression,
    R: Rng,
    S: Stream,
{
    ws.set_max_payload_len(MAX_MESSAGE);
    let (mut common, mut reader, mut writer) = ws.split_mut();
    let mut buffer = Vector::new();
    loop {
        buffer.clear();
        let mut frame = reader
            .read_frame(&mut buffer, &mut common, WebSocketPayloadOrigin::Adaptive)
            .await?;
        match frame.op_code() {
            OpCode::Text | OpCode::Binary => writer.write_frame(&mut common, &mut frame).await?,
            OpCode::Close => return Ok(()),
            _ => {}
        }
    }
}
