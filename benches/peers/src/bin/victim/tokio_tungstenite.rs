use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_tungstenite::{WebSocketStream, accept_async, connect_async};

pub(crate) async fn serve(stream: TcpStream) -> anyhow::Result<()> {
    echo(accept_async(stream).await?).await
}

pub(crate) async fn visit(address: SocketAddr) -> anyhow::Result<()> {
    let (ws, _) = connect_async(format!("ws://{address}/")).await?;
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
