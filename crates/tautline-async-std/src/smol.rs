//! WebSocket client and server on smol.
//!
//! ```
//! use tautline_async_std::smol::{CloseCode, Corked, Error, connect, serve};
//! use smol::net::TcpListener;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! smol::block_on(async {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let uri = format!("ws://{}/", listener.local_addr()?);
//!     let server = serve(listener, async |mut ws: Corked| {
//!         while let Some(message) = ws.recv().await? {
//!             ws.send(message).await?;
//!         }
//!         Ok::<(), Error>(())
//!     });
//!     smol::spawn(server.into_future()).detach();
//!
//!     let mut ws = connect(uri).await?;
//!     ws.send("hello").await?;
//!     assert_eq!(ws.recv().await?, Some("hello".into()));
//!     assert!(ws.close(CloseCode::NORMAL, "").await?.is_clean());
//!     Ok(())
//! })
//! # }
//! ```
//!
//! [`connect`] runs on any executor. [`serve`] runs each connection in a task of its own, by
//! `smol::spawn` or on an [`Executor`] of the program's own:
//!
//! ```no_run
//! # async fn f(listener: smol::net::TcpListener) -> std::io::Result<()> {
//! use std::sync::Arc;
//!
//! use smol::Executor;
//! use tautline_async_std::smol::{Corked, SmolRuntime, serve};
//!
//! let executor = Arc::new(Executor::new());
//! let server = serve(listener, async |mut ws: Corked| ws.send("hello").await)
//!     .runtime(SmolRuntime::new(executor.clone()));
//! executor.run(server.into_future()).await
//! # }
//! ```

use std::{fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use ::smol::{
    Executor,
    net::{TcpListener, TcpStream, resolve},
};
use async_io::Timer;
use tautline_driver::Runtime;

#[cfg(feature = "rustls")]
pub use crate::tls;
#[doc(inline)]
pub use crate::{FuturesIo, accept};
#[doc(inline)]
pub use tautline_driver::neutral::*;

/// A TCP stream of smol, or TLS over one.
pub type MaybeTlsStream = crate::MaybeTlsStream<TcpStream>;

/// A WebSocket connection.
pub type WebSocket<S = MaybeTlsStream> = crate::WebSocket<S>;

/// A request that was read and not answered yet.
pub type Upgrade<S = MaybeTlsStream> = crate::Upgrade<S>;

/// The connection of a corked handler.
pub type Corked<S = MaybeTlsStream> = crate::Corked<S>;

/// The receiving half of a split connection.
pub type ReadHalf<S = MaybeTlsStream> = crate::ReadHalf<S>;

/// The sending half of a split connection.
pub type WriteHalf<S = MaybeTlsStream> = crate::WriteHalf<S>;

/// Settings of a client.
pub type Connector = tautline_driver::Connector<SmolRuntime>;

/// A server that is configured and not running yet; see [`serve`].
pub type Serve<H> = tautline_driver::Serve<SmolRuntime, H>;

/// Connects to `uri`, `ws://` or `wss://`, with the default settings.
///
/// ```no_run
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let mut ws = tautline_async_std::smol::connect("ws://127.0.0.1:9001/chat").await?;
/// ws.send("hello").await?;
/// # Ok(())
/// # }
/// ```
///
/// Subprotocols and header fields go into a [`ClientRequest`]; settings into a [`Connector`].
///
/// # Errors
///
/// See [`ConnectError`].
///
/// # Cancel safety
///
/// Cancel safe in that nothing is left behind: the attempt is given up.
pub async fn connect<Q>(request: Q) -> Result<WebSocket, ConnectError>
where
    Q: TryInto<ClientRequest>,
    ConnectError: From<Q::Error>,
{
    Connector::new().connect(request).await
}

/// Accepts connections and runs `handler` for each, in a task of its own, corked.
///
/// ```no_run
/// # async fn f() -> std::io::Result<()> {
/// use smol::net::TcpListener;
/// use tautline_async_std::smol::{Corked, Error, serve};
///
/// let listener = TcpListener::bind("127.0.0.1:9001").await?;
/// serve(listener, async |mut ws: Corked| {
///     while let Some(message) = ws.recv().await? {
///         ws.send(message).await?;
///     }
///     Ok::<(), Error>(())
/// })
/// .await
/// # }
/// ```
///
/// Awaiting the result runs the server. A handler that fails or panics closes its own connection
/// with 1011 and no other. For routes, other answers or decisions that wait for something, accept
/// with [`Upgrade`] instead.
pub fn serve<H, F>(listener: TcpListener, handler: H) -> Serve<H>
where
    H: Fn(Corked) -> F + Send + Sync + 'static,
    F: Future<Output: HandlerOutput + Send> + Send + 'static,
{
    Serve::new(SmolRuntime::default(), listener, handler)
}

/// smol, with its tasks on the global executor or on one of the program's own.
#[derive(Clone, Default)]
pub struct SmolRuntime {
    executor: Option<Arc<Executor<'static>>>,
}

impl SmolRuntime {
    /// Runs tasks on this executor, which somebody has to run. The default is `smol::spawn`.
    #[must_use]
    pub const fn new(executor: Arc<Executor<'static>>) -> Self {
        Self {
            executor: Some(executor),
        }
    }
}

impl Runtime for SmolRuntime {
    type Tcp = TcpStream;
    type Listener = TcpListener;
    #[cfg(feature = "rustls")]
    type Tls = tls::Rustls;
    #[cfg(not(feature = "rustls"))]
    type Tls = tautline_driver::NoTls<MaybeTlsStream>;
    type Transport = FuturesIo<MaybeTlsStream>;

    async fn lookup_host(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        resolve((host, port)).await
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(address).await
    }

    async fn accept(&self, listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        listener.accept().await
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        match &self.executor {
            Some(executor) => executor.spawn(task),
            None => ::smol::spawn(task),
        }
        .detach();
    }

    async fn sleep(&self, duration: Duration) {
        Timer::after(duration).await;
    }
}

impl fmt::Debug for SmolRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An executor would tell of every task.
        f.debug_struct("SmolRuntime").finish_non_exhaustive()
    }
}
