use std::{convert::Infallible, net::SocketAddr};

use bytes::Bytes;
use futures_util::SinkExt;
use http_body_util::Empty;
use hyper::{
    Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use yawc::{Frame, OpCode, Options, WebSocket};

use crate::Compression;

pub(crate) async fn serve(stream: TcpStream, compression: Compression) -> anyhow::Result<()> {
    let service =
        service_fn(move |request| async move { Ok::<_, Infallible>(answer(request, compression)) });
    http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await?;
    Ok(())
}

fn answer(mut request: Request<Incoming>, compression: Compression) -> Response<Empty<Bytes>> {
    let upgraded = WebSocket::upgrade_with_options(&mut request, options(compression));
    let Ok((response, upgraded)) = upgraded else {
        let mut response = Response::new(Empty::new());
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return response;
    };
    tokio::spawn(async {
        if let Ok(ws) = upgraded.await {
            let _ = echo(ws).await;
        }
    });
    response
}

pub(crate) async fn visit(address: SocketAddr, compression: Compression) -> anyhow::Result<()> {
    let url = format!("ws://{address}/").parse()?;
    let ws = WebSocket::connect(url)
        .with_options(options(compression))
        .await?;
    crate::opened();
    echo(ws).await
}

fn options(compression: Compression) -> Options {
    match compression {
        Compression::Off => Options::default(),
        Compression::On => Options::default().with_balanced_compression(),
    }
}

async fn echo<S>(mut ws: WebSocket<S>) -> anyhow::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let frame = ws.next_frame().await?;
        match frame.opcode() {
            OpCode::Text | OpCode::Binary => {
                let echo = match frame.opcode() {
                    OpCode::Text => Frame::text(frame.into_payload()),
                    _ => Frame::binary(frame.into_payload()),
                };
                ws.send(echo).await?;
            }
            OpCode::Close => return Ok(()),
            _ => {}
        }
    }
}
