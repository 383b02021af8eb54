use std::net::SocketAddr;

use bytes::BytesMut;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use sockudo_ws::{
    CompressedWebSocketStream, Config, Error, Message, Role, WebSocketStream,
    client::WebSocketClient,
    deflate::{DeflateConfig, DeflateNegotiation, negotiate_server_deflate},
    handshake::{build_response, generate_accept_key, parse_request},
    server::WebSocketServer,
    transport::Http1,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::Compression;

pub(crate) async fn serve(stream: TcpStream, compression: Compression) -> anyhow::Result<()> {
    match compression {
        Compression::Off => {
            let server = WebSocketServer::<Http1>::default_config();
            let (ws, _) = server.accept(stream).await?;
            echo(ws).await
        }
        Compression::On => serve_deflate(stream).await,
    }
}

pub(crate) async fn visit(address: SocketAddr) -> anyhow::Result<()> {
    let stream = TcpStream::connect(address).await?;
    let client = WebSocketClient::<Http1>::default_config();
    let (ws, _) = client
        .connect(stream, &address.to_string(), "/", None)
        .await?;
    crate::opened();
    echo(ws).await
}

/// Its one-call handshake cannot negotiate, so the handshake is put together of its parts.
async fn serve_deflate(mut stream: TcpStream) -> anyhow::Result<()> {
    let mut head = BytesMut::with_capacity(4096);
    let (response, negotiated, consumed) = loop {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(Error::ConnectionClosed.into());
        }
        let Some((request, consumed)) = parse_request(&head)? else {
            continue;
        };
        let negotiated = request
            .extensions
            .and_then(|offers| negotiate_server_deflate(offers, &DeflateConfig::default()));
        let extensions = negotiated
            .as_ref()
            .map(DeflateNegotiation::to_response_header);
        let key = generate_accept_key(request.key);
        let response = build_response(&key, None, extensions.as_deref());
        break (response, negotiated, consumed);
    };
    stream.write_all(&response).await?;
    let leftover = Some(head.split_off(consumed).freeze());
    let config = Config::default();
    match negotiated {
        Some(DeflateNegotiation {
            config: deflate, ..
        }) => {
            let ws =
                CompressedWebSocketStream::server_with_leftover(stream, config, deflate, leftover);
            echo(ws).await
        }
        None => {
            let ws =
                WebSocketStream::from_raw_with_leftover(stream, Role::Server, config, leftover);
            echo(ws).await
        }
    }
}

async fn echo<W>(mut ws: W) -> anyhow::Result<()>
where
    W: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin,
{
    while let Some(message) = ws.next().await {
        match message? {
            message @ (Message::Text(_) | Message::Binary(_)) => ws.send(message).await?,
            Message::Close(_) => return Ok(()),
            _ => {}
        }
    }
    Ok(())
}
