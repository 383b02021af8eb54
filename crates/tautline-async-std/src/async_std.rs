//! WebSocket client and server on async-std.
//!
//! async-std is no longer maintained; the [crate page](crate#from-async-std-to-smol) says what a
//! program changes to go on with smol.
//!
//! ```
//! use async_std::{net::TcpListener, task};
//! use tautline_async_std::async_std::{CloseCode, Corked, Error, connect, serve};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! task::block_on(async {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let uri = format!("ws://{}/", listener.local_addr()?);
//!     let server = serve(listener, async |mut ws: Corked| {
//!         while let Some(message) = ws.recv().await? {
//!             ws.send(message).await?;
//!         }
//!         Ok::<(), Error>(())
//!     });
//!     task::spawn(server.into_future());
//!
//!     let mut ws = connect(uri).await?;
//!     ws.send("hello").await?;
//!     assert_eq!(ws.recv().await?, Some("hello".into()));
//!     assert!(ws.close(CloseCode::NORMAL, "").await?.is_clean());
//!     Ok(())
//! })
//! # }
//! ```

use std::{io, net::SocketAddr, time::Duration};

use ::async_std::{
    net::{TcpListener, TcpStream, ToSocketAddrs},
    task,
};
use async_io::Timer;
use tautline_driver::Runtime;

#[cfg(feature = "rustls")]
pub use crate::tls;
#[doc(inline)]
pub use crate::{FuturesIo, accept};
#[doc(inline)]
pub use tautline_driver::neutral::*;

/// A TCP stream of async-std, or TLS over one.
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
pub type Connector = tautline_driver::Connector<AsyncStdRuntime>;

/// A server that is configured and not running yet; see [`serve`].
pub type Serve<H> = tautline_driver::Serve<AsyncStdRuntime, H>;

/// Connects to `uri`, `ws://` or `wss://`, with the default settings.
///
/// ```no_run
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let mut ws = tautline_async_std::async_std::connect("ws://127.0.0.1:9001/chat").await?;
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
/// use async_std::net::TcpListener;
/// use tautline_async_std::async_std::{Corked, Error, serve};
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
    Serve::new(AsyncStdRuntime, listener, handler)
}

/// The async-std runtime, of which there is one in a process.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it stands for a runtime and holds nothing"
)]
pub struct AsyncStdRuntime;

impl Runtime for AsyncStdRuntime {
    type Tcp = TcpStream;
    type Listener = TcpListener;
    #[cfg(feature = "rustls")]
    type Tls = tls::Rustls;
    #[cfg(not(feature = "rustls"))]
    type Tls = tautline_driver::NoTls<MaybeTlsStream>;
    type Transport = FuturesIo<MaybeTlsStream>;

    async fn lookup_host(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok((host, port).to_socket_addrs().await?.collect())
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(address).await
    }

    async fn accept(&self, listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        listener.accept().await
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        task::spawn(task);
    }

    async fn sleep(&self, duration: Duration) {
        Timer::after(duration).await;
    }
}
