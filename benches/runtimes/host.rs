use std::{
    future::pending,
    io,
    net::SocketAddr,
    sync::Arc,
    thread::{self, available_parallelism},
};

use tautline::{
    async_std::AsyncStdRuntime, driver::Runtime, smol::SmolRuntime, tokio::TokioRuntime,
};

/// Where the benchmarks listen: any free port.
const LOOPBACK: &str = "127.0.0.1:0";

/// A runtime with its threads: what a [`Runtime`] does not say of it.
pub(crate) trait Host {
    /// The library's view of it.
    type Runtime: Runtime;

    /// Its name in reports.
    const NAME: &'static str;

    /// The library's view of it.
    fn runtime(&self) -> Self::Runtime;

    /// Runs a future on the thread of the caller, where [`Runtime::spawn`] can be called.
    fn block_on<F: Future>(&self, future: F) -> F::Output;

    /// Listens on the loopback interface.
    async fn bind(&self) -> io::Result<(<Self::Runtime as Runtime>::Listener, SocketAddr)>;
}

/// tokio, multi-thread.
pub(crate) struct Tokio(tokio::runtime::Runtime);

impl Tokio {
    pub(crate) fn new() -> Self {
        Self(tokio::runtime::Runtime::new().expect("threads can be started"))
    }
}

impl Host for Tokio {
    type Runtime = TokioRuntime;

    const NAME: &'static str = "tokio";

    fn runtime(&self) -> TokioRuntime {
        TokioRuntime
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    async fn bind(&self) -> io::Result<(tokio::net::TcpListener, SocketAddr)> {
        let listener = tokio::net::TcpListener::bind(LOOPBACK).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }
}

/// async-std, on its global executor.
pub(crate) struct AsyncStd;

impl Host for AsyncStd {
    type Runtime = AsyncStdRuntime;

    const NAME: &'static str = "async-std";

    fn runtime(&self) -> AsyncStdRuntime {
        AsyncStdRuntime
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        async_std::task::block_on(future)
    }

    async fn bind(&self) -> io::Result<(async_std::net::TcpListener, SocketAddr)> {
        let listener = async_std::net::TcpListener::bind(LOOPBACK).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }
}

/// smol, on an executor with a thread for each core.
pub(crate) struct Smol(Arc<smol::Executor<'static>>);

impl Smol {
    pub(crate) fn new() -> Self {
        let executor = Arc::new(smol::Executor::new());
        for _ in 0..available_parallelism().map_or(1, usize::from) {
            let executor = executor.clone();
            // It ends with the process, as the threads of the global executor do.
            thread::spawn(move || smol::block_on(executor.run(pending::<()>())));
        }
        Self(executor)
    }
}

impl Host for Smol {
    type Runtime = SmolRuntime;

    const NAME: &'static str = "smol";

    fn runtime(&self) -> SmolRuntime {
        SmolRuntime::new(self.0.clone())
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        smol::block_on(future)
    }

    async fn bind(&self) -> io::Result<(smol::net::TcpListener, SocketAddr)> {
        let listener = smol::net::TcpListener::bind(LOOPBACK).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }
}
