use std::io;

use tokio::{
    io::{AsyncRead, AsyncWrite, BufReader},
    net::TcpListener,
};
use web_socket::{DataType, Event, MessageType};

use super::{
    Audience, Contestant, Deflate, Echoing, MAX_MESSAGE, Serving, Verdict, Work, accept, audience,
};
use crate::{handshake, outlet::Outlet, ring::Ring, wire::Role};

/// `recv` and `send`.
pub(super) struct WebSocket;

impl Contestant for WebSocket {
    fn library(&self) -> &'static str {
        "web-socket"
    }

    fn judge(&self, work: Work) -> Verdict {
        match work {
            Work::FanOut { deflate: None, .. } => Verdict::Does(vec!["the text is borrowed"]),
            Work::Deflate(_) | Work::FanOut { .. } => {
                Verdict::Refuses("it has no permessage-deflate")
            }
            Work::InMemory(_) => Verdict::Does(vec![BUFFER, UTF8]),
            Work::Loopback => Verdict::Does(vec![
                BUFFER,
                "it has no opening handshake: it is a short one of the benchmark",
                "it has no queue: every message is a write",
            ]),
        }
    }

    fn serve(&self, listener: TcpListener, _: Option<Deflate>) -> Serving {
        Box::pin(accept::each(listener, async |mut stream| {
            if handshake::answer(&mut stream).await.is_ok() {
                let ws = web_socket::WebSocket::server(BufReader::new(stream));
                let _ = echo(ws).await;
            }
        }))
    }

    fn echo(&self, ring: Ring, role: Role) -> Echoing {
        let ring = BufReader::new(ring);
        let ws = match role {
            Role::Client => web_socket::WebSocket::client(ring),
            Role::Server => web_socket::WebSocket::server(ring),
        };
        Box::pin(async move {
            let _ = echo(ws).await;
        })
    }

    fn audience(
        &self,
        outlets: Vec<Outlet>,
        _: Option<Deflate>,
    ) -> anyhow::Result<Box<dyn Audience>> {
        let server = |outlet| web_socket::WebSocket::server(BufReader::new(outlet));
        audience::of(
            outlets.into_iter().map(server).collect(),
            |text| text.to_owned(),
            async |ws: &mut web_socket::WebSocket<BufReader<Outlet>>, text: &mut String| {
                Ok(ws.send(text.as_str()).await?)
            },
        )
    }
}

const BUFFER: &str = "it does not buffer: it reads through tokio's `BufReader`";
const UTF8: &str = "it does not check text: the benchmark does, with the standard library";

async fn echo<S>(mut ws: web_socket::WebSocket<S>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    ws.max_payload_len = MAX_MESSAGE;
    loop {
        match ws.recv().await? {
            Event::Data {
                ty: DataType::Complete(MessageType::Text),
                data,
            } => {
                let text = str::from_utf8(&data).map_err(io::Error::other)?;
                ws.send(text).await?;
            }
            Event::Data {
                ty: DataType::Complete(MessageType::Binary),
                data,
            } => ws.send(&*data).await?,
            Event::Ping(data) => ws.send_pong(data).await?,
            Event::Pong(_) => {}
            // Messages in fragments would have to be put together by the application.
            Event::Data { .. } | Event::Error(_) | Event::Close { .. } => return Ok(()),
        }
    }
}
