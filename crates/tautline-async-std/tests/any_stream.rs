//! Streams that are no sockets of a runtime, on executors that are none's.

use std::{rc::Rc, time::Duration};

use futures_io::{AsyncRead, AsyncWrite};
use futures_util::future::join;
use tautline_async_std::{ClientRequest, CloseCode, Closed, Config, WebSocket, accept};

use crate::support::{pipe::pipe, run};

/// Longer than a test may take: what waits for it fails.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3600);

async fn connect<S>(stream: S) -> WebSocket<S>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let request = ClientRequest::try_from("ws://localhost/").unwrap();
    let config = Config::new().close_timeout(CLOSE_TIMEOUT);
    WebSocket::connect_on(stream, &request, config)
        .await
        .unwrap()
}

/// Echoes until the peer closes.
async fn serve<S>(stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let mut ws = accept(stream).await.unwrap();
    while let Some(message) = ws.recv().await.unwrap() {
        ws.send(message).await.unwrap();
    }
}

/// Sends messages that come back, and closes.
async fn talk<S>(stream: S) -> Closed
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let mut ws = connect(stream).await;
    for len in [0, 5, 99, 100, 101, 5000, 100_000] {
        let text = "x".repeat(len);
        ws.send(text.clone()).await.unwrap();
        assert_eq!(ws.recv().await.unwrap(), Some(text.into()));
    }
    ws.close(CloseCode::NORMAL, "bye").await.unwrap()
}

#[test]
fn a_pipe_in_memory_is_enough() {
    let (near, far) = pipe();
    let (closed, ()) = run(join(talk(near), serve(far)));
    assert!(closed.is_clean());
}

/// What holds an `Rc` cannot leave its thread; nothing here asks it to.
#[test]
fn connections_that_stay_on_their_thread_run_on_a_local_executor() {
    let executor = smol::LocalExecutor::new();
    let served = Rc::new(());
    run(executor.run(async {
        let (near, far) = pipe();
        let token = served.clone();
        let server = executor.spawn(async move {
            serve(far).await;
            drop(token);
        });
        assert!(executor.spawn(talk(near)).await.is_clean());
        server.await;
    }));
    assert_eq!(Rc::strong_count(&served), 1);
}

/// The end of a Unix socket has to go out as that of TCP, or the closing handshake would take its
/// whole timeout.
#[cfg(unix)]
#[test]
fn a_unix_socket_closes_without_waiting_for_a_timeout() {
    use async_io::Async;

    let (near, far) = Async::<std::os::unix::net::UnixStream>::pair().unwrap();
    let (closed, ()) = run(join(talk(near), serve(far)));
    assert!(closed.is_clean());
}
