use tokio::net::TcpListener;
use tungstenite::{Error, WebSocket};

use super::{
    Contestant, Deflate, Echoing, Serving, Verdict, Work,
    tokio_tungstenite::{config, is_data},
};
use crate::{ring::Ring, wire::Role};

/// `read` and `send` of the blocking API; the ring never blocks.
pub(super) struct Tungstenite;

impl Contestant for Tungstenite {
    fn library(&self) -> &'static str {
        "tungstenite"
    }

    fn judge(&self, work: Work) -> Verdict {
        match work {
            Work::InMemory(_) => Verdict::Does(vec!["blocking"]),
            // tokio-tungstenite is the same protocol code on tokio.
            Work::Deflate(_) | Work::Loopback => Verdict::Absent,
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
}

fn echo(mut ws: WebSocket<Ring>) -> Result<(), Error> {
    loop {
        let message = ws.read()?;
        if is_data(&message) {
            ws.send(message)?;
        }
    }
}
