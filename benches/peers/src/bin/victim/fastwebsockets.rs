use std::{convert::Infallible, net::SocketAddr};

use bytes::Bytes;
use fastwebsockets::{FragmentCollector, Frame, OpCode, WebSocket, handshake, upgrade};
use http_body_util::Empty;
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    header::{CONNECTION, HOST, UPGRADE},
    rt::Executor,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

pub(crate) async fn serve(stream: TcpStream) -> anyhow::Result<()> {
    let service = service_fn(|request| async { Ok::<_, Infallible>(answer(request)) });
    http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await?;
    Ok(())
}

fn answer(mut request: Request<Incoming>) -> Response<Empty<Bytes>> {
    let Ok((response, upgraded)) = upgrade::upgrade(&mut request) else {
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

pub(crate) async fn visit(address: SocketAddr) -> anyhow::Result<()> {
    let stream = TcpStream::connect(address).await?;
    let request = Request::builder()
        .uri(format!("http://{address}/"))
        .header(HOST, address.to_string())
        .header(UPGRADE, "websocket")
        .header(CONNECTION, "upgrade")
        .header("Sec-WebSocket-Key", handshake::generate_key())
        .header("Sec-WebSocket-Version", "13")
        .body(Empty::<Bytes>::new())?;
    let (ws, _) = handshake::client(&Spawn, request, stream).await?;
    crate::opened();
    echo(ws).await
}

struct Spawn;

impl<F> Executor<F> for Spawn
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, future: F) {
        tokio::spawn(future);
    }
}

async fn echo<S>(ws: WebSocket<S>) -> anyhow::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut ws = FragmentCollector::new(ws);
    loop {
        let frame = ws.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            // Made anew, as a received one would be sent as masked.
            OpCode::Text | OpCode::Binary => {
                ws.write_frame(Frame::new(true, frame.opcode, None, frame.payload))
                    .await?;
            }
            _ => {}
        }
    }
}
