use tokio::net::TcpListener;
use tungstenite::{Error, Message, WebSocket};

use super::{
    Audience, Contestant, Deflate, Echoing, Over, Serving, Verdict, Work, audience,
    tokio_tungstenite::{CLONES, config, is_data},
};
use crate::{outlet::Outlet, ring::Ring, wire::Role};

/// `read` and `send` of the blocking API; the ring never blocks.
pub(super) struct Tungstenite;

impl Contestant for Tungstenite {
    fn library(&self) -> &'static str {
        "tungstenite"
    }

    fn judge(&self, work: Work) -> Verdict {
        match work {
            Work::FanOut {
                over: Over::Memory,
                deflate: None,
            } => Verdict::Does(vec!["blocking", CLONES]),
            Work::InMemory(_) => Verdict::Does(vec!["blocking"]),
            // tokio-tungstenite is the same protocol code on tokio.
            Work::Deflate(_) | Work::FanOut { .. } | Work::Loopback => Verdict::Absent,
        }
    }

    fn serve(&self, _: TcpListener, _: Option<Deflate>) -> Serving {
        Box::pin(async { Err(std::io::ErrorKind::Unsupported.into()) })
    }

    fn echo(&self, ring: Ring, role: Role) -> Echoing {
        let role = match role {
            Role::Client => tungstenite::protocol::Role::Client,
            Role::Server => tungstenite::protocol::Role::Server,
        };
        Box::pin(async move {
            let _ = echo(WebSocket::from_raw_socket(ring, role, Some(config())));
        })
    }

    fn audience(
        &self,
        outlets: Vec<Outlet>,
        _: Option<Deflate>,
    ) -> anyhow::Result<Box<dyn Audience>> {
        let server = |outlet| {
            let role = tungstenite::protocol::Role::Server;
            WebSocket::from_raw_socket(outlet, role, Some(config()))
        };
        audience::of(
            outlets.into_iter().map(server).collect(),
            |text| Message::text(text),
            async |ws: &mut WebSocket<Outlet>, message: &mut Message| Ok(ws.send(message.clone())?),
        )
    }
}

fn echo(mut ws: WebSocket<Ring>) -> Result<(), Error> {
    loop {
        let message = ws.read()?;
        if is_data(&message) {
            ws.send(message)?;
        }
    }
}
