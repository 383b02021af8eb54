use anyhow::Context;
use futures_util::io::{AsyncRead, AsyncWrite, BufReader, BufWriter};
use soketto::{
    Data,
    connection::{Builder, Mode, Receiver, Sender},
    handshake::{Server, server::Response},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

use super::{
    Audience, Contestant, Deflate, Echoing, MAX_MESSAGE, Serving, Verdict, Work, accept, audience,
};
use crate::{outlet::Outlet, ring::Ring, wire::Role};

/// `receive` and `send`, over buffers as its documentation advises.
pub(super) struct Soketto;

impl Contestant for Soketto {
    fn library(&self) -> &'static str {
        "soketto"
    }

    fn judge(&self, work: Work) -> Verdict {
        match work {
            Work::Deflate(_) if !cfg!(feature = "c-zlib") => Verdict::Refuses(
                "it fails on every message with the flate2 of `Cargo.lock` (\"incomplete deflate \
                 stream\"), and takes the zlib that is written in C, which flate2 would then take for \
                 everybody: see the feature `c-zlib`",
            ),
            Work::Deflate(deflate) if deflate.takeover => {
                Verdict::Refuses("it never takes a context over")
            }
            Work::Deflate(deflate) if deflate.level != 1 => {
                Verdict::Refuses("its level is 1 and cannot be set")
            }
            Work::Deflate(_) => Verdict::Does(vec![BUFFER, UTF8, INCOMPLETE]),
            Work::FanOut { deflate: None, .. } => {
                Verdict::Does(vec![BUFFER, "the text is borrowed"])
            }
            Work::FanOut { .. } => Verdict::Refuses("its extension is for handshakes of its own"),
            Work::InMemory(_) => Verdict::Does(vec![BUFFER, UTF8]),
            Work::Loopback => Verdict::Does(vec![BUFFER]),
        }
    }

    fn serve(&self, listener: TcpListener, deflate: Option<Deflate>) -> Serving {
        Box::pin(accept::each(listener, move |stream| async move {
            if let Ok((sender, receiver)) = accept(stream, deflate.is_some()).await {
                let _ = echo(sender, receiver).await;
            }
        }))
    }

    fn echo(&self, ring: Ring, role: Role) -> Echoing {
        let mode = match role {
            Role::Client => Mode::Client,
            Role::Server => Mode::Server,
        };
        let mut builder = Builder::new(buffered(ring), mode);
        builder.set_max_message_size(MAX_MESSAGE);
        let (sender, receiver) = builder.finish();
        Box::pin(async move {
            let _ = echo(sender, receiver).await;
        })
    }

    fn audience(
        &self,
        outlets: Vec<Outlet>,
        _: Option<Deflate>,
    ) -> anyhow::Result<Box<dyn Audience>> {
        type Halves = (Sender<Buffered<Outlet>>, Receiver<Buffered<Outlet>>);

        let server = |outlet| Builder::new(buffered(outlet), Mode::Server).finish();
        audience::of(
            outlets.into_iter().map(server).collect(),
            |text| text.to_owned(),
            async |(sender, _): &mut Halves, text: &mut String| {
                sender.send_text(text.as_str()).await?;
                Ok(sender.flush().await?)
            },
        )
    }
}

const BUFFER: &str = "it reads and writes through the `BufReader` and `BufWriter` of futures";
const INCOMPLETE: &str = "its inflater wants a stream to end, which a message's does not: with the flate2 \
                          of `Cargo.lock` it fails on every message (\"incomplete deflate stream\")";
const UTF8: &str = "it does not check text: the benchmark does, with the standard library";

type Buffered<S> = BufReader<BufWriter<Compat<S>>>;

fn buffered<S>(stream: S) -> Buffered<S>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite,
{
    BufReader::new(BufWriter::new(stream.compat()))
}

async fn accept(
    stream: TcpStream,
    deflate: bool,
) -> anyhow::Result<(Sender<Buffered<TcpStream>>, Receiver<Buffered<TcpStream>>)> {
    let mut server = Server::new(buffered(stream));
    if deflate {
        add_deflate(&mut server);
    }
    let key = server.receive_request().await?.key();
    let accept = Response::Accept {
        key,
        protocol: None,
    };
    server.send_response(&accept).await?;
    let mut builder = server.into_builder();
    builder.set_max_message_size(MAX_MESSAGE);
    Ok(builder.finish())
}

#[cfg(feature = "c-zlib")]
fn add_deflate<S: AsyncRead + AsyncWrite + Unpin>(server: &mut Server<'_, S>) {
    use soketto::extension::deflate::Deflate;

    server.add_extension(Box::new(Deflate::new(Mode::Server)));
}

/// Without the extension nothing is compressed, and the handshake of the group fails.
#[cfg(not(feature = "c-zlib"))]
fn add_deflate<S: AsyncRead + AsyncWrite + Unpin>(_: &mut Server<'_, S>) {}

async fn echo<S>(mut sender: Sender<S>, mut receiver: Receiver<S>) -> anyhow::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut message = Vec::new();
    loop {
        message.clear();
        match receiver.receive_data(&mut message).await? {
            Data::Text(_) => {
                let text = str::from_utf8(&message).context("not UTF-8")?;
                sender.send_text(text).await?;
            }
            Data::Binary(_) => sender.send_binary_mut(&mut message).await?,
        }
        sender.flush().await?;
    }
}
