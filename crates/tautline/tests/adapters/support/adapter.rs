#[cfg(any(feature = "rustls", feature = "smol"))]
use std::sync::Arc;
use std::{
    fmt, io,
    net::{TcpListener, TcpStream},
};

use tautline::driver::{Runtime, Transport};
#[cfg(feature = "rustls")]
use tautline::driver::{
    Tls,
    rustls_config::rustls::{ClientConfig, ProtocolVersion, ServerConfig},
};

#[cfg(feature = "tokio")]
use tautline::tokio::Tokio;
#[cfg(any(feature = "async-std", feature = "smol"))]
use tautline_async_std::FuturesIo;

use super::pipe::Pipe;

/// What the tests need of an adapter beyond what the driver does.
pub(crate) trait Adapter: Runtime<Transport: fmt::Debug + Unpin> + Default {
    /// This adapter's transport over a stream in memory.
    type Piped: Transport<Stream = Pipe> + fmt::Debug + Send + 'static;

    /// This adapter's transport over a TCP stream that can never be TLS.
    type Plain: Transport<Stream = Self::Tcp> + fmt::Debug + Send + 'static;

    /// Runs a test. Its tasks have as few threads as the runtime can do with.
    fn block_on(test: impl Future<Output = ()>);

    /// Runs a test whose tasks, on the runtime that it is given, have at least two threads.
    fn block_on_threads<F: Future<Output = ()>>(test: impl FnOnce(Self) -> F);

    fn listener(listener: TcpListener) -> io::Result<Self::Listener>;

    fn tcp(stream: TcpStream) -> io::Result<Self::Tcp>;

    fn nodelay(tcp: &Self::Tcp) -> io::Result<bool>;

    /// The TCP stream under what `connect` and `serve` use.
    fn tcp_of(stream: &<Self::Transport as Transport>::Stream) -> &Self::Tcp;

    #[cfg(feature = "rustls")]
    fn client_tls(config: Arc<ClientConfig>) -> <Self::Tls as Tls<Self::Tcp>>::ClientConfig;

    #[cfg(feature = "rustls")]
    fn server_tls(config: Arc<ServerConfig>) -> <Self::Tls as Tls<Self::Tcp>>::ServerConfig;

    /// The version of TLS that was agreed on; `None` without TLS.
    #[cfg(feature = "rustls")]
    fn tls_version(stream: &<Self::Transport as Transport>::Stream) -> Option<ProtocolVersion>;
}

/// An adapter, by its module in the facade, its runtime and its transport. What is behind them is
/// what cannot be written once.
macro_rules! adapter {
    ($module:ident, $runtime:ident, $transport:ident, { $($own:item)* }) => {
        impl Adapter for tautline::$module::$runtime {
            type Piped = $transport<Pipe>;
            type Plain = $transport<Self::Tcp>;

            $($own)*

            fn nodelay(tcp: &Self::Tcp) -> io::Result<bool> {
                tcp.nodelay()
            }

            fn tcp_of(stream: &tautline::$module::MaybeTlsStream) -> &Self::Tcp {
                stream.tcp()
            }

            #[cfg(feature = "rustls")]
            fn client_tls(config: Arc<ClientConfig>) -> Arc<ClientConfig> {
                config
            }

            #[cfg(feature = "rustls")]
            fn server_tls(config: Arc<ServerConfig>) -> Arc<ServerConfig> {
                config
            }

            #[cfg(feature = "rustls")]
            fn tls_version(stream: &tautline::$module::MaybeTlsStream) -> Option<ProtocolVersion> {
                match stream {
                    tautline::$module::MaybeTlsStream::Tls(stream) => {
                        stream.get_ref().1.protocol_version()
                    }
                    _ => None,
                }
            }
        }
    };
}

#[cfg(feature = "tokio")]
adapter!(tokio, TokioRuntime, Tokio, {
    fn block_on(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(test);
    }

    fn block_on_threads<F: Future<Output = ()>>(test: impl FnOnce(Self) -> F) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(test(Self));
    }

    fn listener(listener: TcpListener) -> io::Result<Self::Listener> {
        listener.set_nonblocking(true)?;
        tokio::net::TcpListener::from_std(listener)
    }

    fn tcp(stream: TcpStream) -> io::Result<Self::Tcp> {
        stream.set_nonblocking(true)?;
        tokio::net::TcpStream::from_std(stream)
    }
});

#[cfg(feature = "async-std")]
adapter!(async_std, AsyncStdRuntime, FuturesIo, {
    fn block_on(test: impl Future<Output = ()>) {
        async_std::task::block_on(test);
    }

    // There is one executor in a process, with a thread for each processor.
    fn block_on_threads<F: Future<Output = ()>>(test: impl FnOnce(Self) -> F) {
        async_std::task::block_on(test(Self));
    }

    fn listener(listener: TcpListener) -> io::Result<Self::Listener> {
        Ok(listener.into())
    }

    fn tcp(stream: TcpStream) -> io::Result<Self::Tcp> {
        Ok(stream.into())
    }
});

#[cfg(feature = "smol")]
adapter!(smol, SmolRuntime, FuturesIo, {
    fn block_on(test: impl Future<Output = ()>) {
        smol::block_on(test);
    }

    fn block_on_threads<F: Future<Output = ()>>(test: impl FnOnce(Self) -> F) {
        let executor = Arc::new(smol::Executor::new());
        let (stop, stopped) = smol::channel::bounded::<()>(1);
        std::thread::scope(|scope| {
            // Also if the test panics.
            let _stop = stop;
            for _ in 0..2 {
                scope.spawn(|| smol::block_on(executor.run(stopped.recv())));
            }
            smol::block_on(test(Self::new(executor.clone())));
        });
    }

    fn listener(listener: TcpListener) -> io::Result<Self::Listener> {
        listener.try_into()
    }

    fn tcp(stream: TcpStream) -> io::Result<Self::Tcp> {
        stream.try_into()
    }
});
