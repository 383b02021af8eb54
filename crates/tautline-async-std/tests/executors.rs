//! Where `serve` runs its connections on smol.

use std::{
    sync::{Arc, mpsc},
    thread::{self, ThreadId},
};

use smol::{Executor, net::TcpListener};
use tautline_async_std::smol::{CloseCode, Corked, SmolRuntime, connect, serve};

use crate::support::run;

/// Connects to a server on this runtime, and tells where its handler ran.
async fn handler_thread(runtime: SmolRuntime) -> (ThreadId, Option<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("ws://{}/", listener.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    let server = serve(listener, move |mut ws: Corked| {
        let current = thread::current();
        tell.send((current.id(), current.name().map(str::to_owned)))
            .unwrap();
        async move {
            while ws.recv().await?.is_some() {}
            Ok::<(), tautline_async_std::Error>(())
        }
    })
    .runtime(runtime);
    let client = async {
        let mut ws = connect(uri).await.unwrap();
        assert!(ws.close(CloseCode::NORMAL, "").await.unwrap().is_clean());
    };
    smol::future::or(client, async {
        server.await.unwrap();
    })
    .await;
    told.try_recv().unwrap()
}

#[test]
fn connections_run_on_the_global_executor_unless_told_otherwise() {
    let (_, name) = run(handler_thread(SmolRuntime::default()));
    assert!(name.unwrap().starts_with("smol-"));
}

#[test]
fn connections_run_on_an_executor_of_the_programs_own() {
    let executor = Arc::new(Executor::new());
    let (id, _) = run(executor.run(handler_thread(SmolRuntime::new(executor.clone()))));
    assert_eq!(id, thread::current().id());
}
