use std::net::SocketAddr;

use tokio::net::TcpStream;
use wtx::{
    collection::Vector,
    misc::UriRef,
    rng::Rng,
    stream::Stream,
    web_socket::{
        DeflateConfig, OpCode, WebSocket, WebSocketAcceptor, WebSocketBuffer, WebSocketConnector,
        WebSocketPayloadOrigin,
        compression::{Flate2, NegotiatedCompression},
    },
};

use crate::Compression;

pub(crate) async fn serve(stream: TcpStream, compression: Compression) -> anyhow::Result<()> {
    let acceptor = WebSocketAcceptor::default();
    match compression {
        Compression::Off => {
            let ws = acceptor.accept(stream).await;
            echo(ws?).await
        }
        Compression::On => {
            let acceptor = acceptor.compression(Flate2::from(DeflateConfig::default()));
            let ws = Box::pin(acceptor.accept(stream)).await;
            echo(ws?).await
        }
    }
}

pub(crate) async fn visit(address: SocketAddr, compression: Compression) -> anyhow::Result<()> {
    let stream = TcpStream::connect(address).await?;
    let uri = format!("ws://{address}/");
    let uri = UriRef::new(&uri);
    let connector = WebSocketConnector::default();
    match compression {
        Compression::Off => {
            let ws = connector.connect(stream, &uri).await?;
            crate::opened();
            echo(ws).await
        }
        Compression::On => {
            let connector = connector.compression(Flate2::from(DeflateConfig::default()));
            let ws = Box::pin(connector.connect(stream, &uri)).await;
            let ws = ws?;
            crate::opened();
            echo(ws).await
        }
    }
}

async fn echo<C, R, S, const IS_CLIENT: bool>(
    mut ws: WebSocket<C, R, S, WebSocketBuffer, IS_CLIENT>,
) -> anyhow::Result<()>
where
    C: NegotiatedCompression,
    R: Rng,
    S: Stream,
{
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
