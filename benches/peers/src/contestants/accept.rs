use std::{convert::Infallible, io};

use bytes::Bytes;
use http_body_util::Empty;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

/// Accepts connections, sets `TCP_NODELAY`, and runs `handler` for each in a task of its own.
pub(super) async fn each<F>(
    listener: TcpListener,
    handler: impl Fn(TcpStream) -> F,
) -> io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    each_as_it_is(listener, |stream| {
        // A connection that is gone already shows it to the handler.
        let _ = stream.set_nodelay(true);
        handler(stream)
    })
    .await
}

/// The same for a library that sets `TCP_NODELAY` itself.
pub(super) async fn each_as_it_is<F>(
    listener: TcpListener,
    handler: impl Fn(TcpStream) -> F,
) -> io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        // A client may be gone again before it is accepted.
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        tokio::spawn(handler(stream));
    }
}

/// Accepts connections with hyper; `upgrade` answers a request and spawns what follows.
pub(super) async fn each_with_hyper(
    listener: TcpListener,
    upgrade: impl Fn(Request<Incoming>) -> Response<Empty<Bytes>> + Clone + Send + 'static,
) -> io::Result<()> {
    each(listener, |stream| {
        let upgrade = upgrade.clone();
        let service = service_fn(move |request| {
            let response = upgrade(request);
            async { Ok::<_, Infallible>(response) }
        });
        async {
            let connection = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            // What fails here the client notices.
            let _ = connection.await;
        }
    })
    .await
}

/// The answer to a request that is no handshake.
pub(super) fn bad_request() -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    *response.status_mut() = hyper::StatusCode::BAD_REQUEST;
    response
}
