use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_websockets::{ClientBuilder, ServerBuilder, WebSocketStream};

pub(crate) async fn serve(stream: TcpStream) -> anyhow::Result<()> {
    let (_, ws) = ServerBuilder::new().accept(stream).await?;
    echo(ws).await
}

pub(crate) async fn visit(address: SocketAddr) -> anyhow::Result<()> {
    let uri = format!("ws://{address}/").parse()?;
    let (ws, _) = ClientBuilder::from_uri(uri).connect().await?;
    crate::opened();
    echo(ws).await
}

async fn echo<S>(mut ws: WebSocketStream<S>) -> anyhow::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = ws.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            ws.send(message).await?;
        }
    }
    Ok(())
}
