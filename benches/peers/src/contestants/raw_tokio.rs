use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{Audience, Contestant, Deflate, Echoing, Serving, Verdict, Work, accept, audience};
use crate::{
    handshake,
    outlet::Outlet,
    ring::Ring,
    wire::{Head, Kind, Role},
};

/// TCP and no more: the bytes go back as they came. The floor of what any server can do.
pub(super) struct RawTokio;

impl Contestant for RawTokio {
    fn library(&self) -> &'static str {
        "tokio"
    }

    fn way(&self) -> &'static str {
        "raw"
    }

    fn judge(&self, work: Work) -> Verdict {
        match work {
            Work::Loopback => Verdict::Does(vec![
                "plain TCP: after a handshake, bytes go back as they came, masked",
            ]),
            Work::FanOut { deflate: None, .. } => {
                Verdict::Does(vec!["bytes that were made into a frame by hand"])
            }
            Work::Deflate(_) | Work::FanOut { .. } | Work::InMemory(_) => Verdict::Absent,
        }
    }

    fn serve(&self, listener: TcpListener, _: Option<Deflate>) -> Serving {
        Box::pin(accept::each(listener, async |stream| {
            let _ = echo(stream).await;
        }))
    }

    fn echo(&self, _: Ring, _: Role) -> Echoing {
        Box::pin(async {})
    }

    fn audience(
        &self,
        outlets: Vec<Outlet>,
        _: Option<Deflate>,
    ) -> anyhow::Result<Box<dyn Audience>> {
        // The frame, as if by hand.
        let frame = |text: &str| {
            let mut frame = Vec::new();
            Head::message(Kind::Text, text.len(), None).encode(text.as_bytes(), &mut frame);
            frame
        };
        audience::of(
            outlets,
            frame,
            async |outlet: &mut Outlet, frame: &mut Vec<u8>| Ok(outlet.write_all(frame).await?),
        )
    }
}

async fn echo(mut stream: TcpStream) -> std::io::Result<()> {
    handshake::answer(&mut stream).await?;
    loop {
        // Idle connections have no buffer.
        stream.readable().await?;
        let mut buffer = Vec::with_capacity(64 * 1024);
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
        stream.write_all(&buffer).await?;
    }
}
