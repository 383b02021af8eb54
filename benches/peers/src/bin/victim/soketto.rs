use std::net::SocketAddr;

use anyhow::bail;
use futures_util::io::{AsyncRead, AsyncWrite, BufReader, BufWriter};
use soketto::{
    Data,
    connection::{Receiver, Sender},
    handshake::{Client, Server, ServerResponse, server::Response},
};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

/// As its documentation advises.
type Buffered = BufReader<BufWriter<Compat<TcpStream>>>;

fn buffered(stream: TcpStream) -> Buffered {
    BufReader::new(BufWriter::new(stream.compat()))
}

pub(crate) async fn serve(stream: TcpStream) -> anyhow::Result<()> {
    let mut server = Server::new(buffered(stream));
    let key = server.receive_request().await?.key();
    let accept = Response::Accept {
        key,
        protocol: None,
    };
    server.send_response(&accept).await?;
    let (sender, receiver) = server.into_builder().finish();
    echo(sender, receiver).await
}

pub(crate) async fn visit(address: SocketAddr) -> anyhow::Result<()> {
    let stream = TcpStream::connect(address).await?;
    let host = address.to_string();
    let mut client = Client::new(buffered(stream), &host, "/");
    match client.handshake().await? {
        ServerResponse::Accepted { .. } => {}
        ServerResponse::Redirect { status_code, .. } | ServerResponse::Rejected { status_code } => {
            bail!("status {status_code}")
        }
    }
    crate::opened();
    let (sender, receiver) = client.into_builder().finish();
    echo(sender, receiver).await
}

async fn echo<S>(mut sender: Sender<S>, mut receiver: Receiver<S>) -> anyhow::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut message = Vec::new();
    loop {
        message.clear();
        match receiver.receive_data(&mut message).await? {
            Data::Text(_) => sender.send_text(std::str::from_utf8(&message)?).await?,
            Data::Binary(_) => sender.send_binary_mut(&mut message).await?,
        }
        sender.flush().await?;
    }
}
