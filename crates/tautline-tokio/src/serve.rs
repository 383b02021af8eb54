use std::{
    error, fmt,
    future::{Future, IntoFuture, pending},
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use tautline_driver::{CloseCode, Config, Cork, HandlerOutput, UpgradeError};
use tautline_handshake::OriginPolicy;
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{Corked, MaybeTlsStream, Tokio, Upgrade, tls};

/// Accepts connections and runs `handler` for each, in a task of its own, corked.
///
/// ```no_run
/// # async fn f() -> std::io::Result<()> {
/// use tautline_tokio::{Corked, Error, serve};
/// use tokio::net::TcpListener;
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
    Serve {
        listener,
        handler,
        config: Arc::default(),
        origin: OriginPolicy::default(),
        tls: tls::ServerTls::default(),
        shutdown: Box::pin(pending()),
        on_error: Arc::new(|_| {}),
    }
}

/// A server that is configured and not running yet; see [`serve`].
#[must_use = "a server runs when it is awaited"]
pub struct Serve<H> {
    listener: TcpListener,
    handler: H,
    config: Arc<Config>,
    origin: OriginPolicy,
    tls: tls::ServerTls,
    shutdown: Pin<Box<dyn Future<Output = ()> + Send>>,
    on_error: OnError,
}

type OnError = Arc<dyn Fn(ServeError) + Send + Sync>;

/// What kept a peer from becoming a connection; see [`Serve::on_error`].
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError {
    /// The listener could not accept: the peer was gone already, or the process is out of file
    /// descriptors. The server tries again after a moment.
    Accept(io::Error),
    /// TLS failed.
    Tls(SocketAddr, io::Error),
    /// The opening handshake failed; the peer has been answered wherever it could be.
    Upgrade(SocketAddr, UpgradeError),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept(_) => f.write_str("could not accept a connection"),
            Self::Tls(peer, _) => write!(f, "tls with {peer} failed"),
            Self::Upgrade(peer, _) => write!(f, "opening handshake with {peer} failed"),
        }
    }
}

impl error::Error for ServeError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Accept(error) | Self::Tls(_, error) => Some(error),
            Self::Upgrade(_, error) => Some(error),
        }
    }
}

/// What waits after an accept that failed, for want of file descriptors for example: trying again
/// at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

impl<H> Serve<H> {
    /// Settings of the connections and their handshakes.
    pub fn config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.config = config.into();
        self
    }

    /// Which pages may connect (RFC 6455 section 10.2). Default: those of the same origin, so that
    /// no other site can act for a user whose cookies this server trusts. Clients that are not
    /// browsers are not concerned.
    pub fn origin(mut self, policy: OriginPolicy) -> Self {
        self.origin = policy;
        self
    }

    /// Serves `wss://`.
    #[cfg(feature = "rustls")]
    pub fn tls(mut self, config: Arc<tokio_rustls::rustls::ServerConfig>) -> Self {
        self.tls = tls::ServerTls::from(config);
        self
    }

    /// Calls `hook` with whatever keeps a peer from becoming a connection, to be logged or counted.
    /// Default: nothing is told.
    ///
    /// Any peer can make it be called as often as it likes. What becomes of a connection after the
    /// handshake is for the handler to tell.
    pub fn on_error(mut self, hook: impl Fn(ServeError) + Send + Sync + 'static) -> Self {
        self.on_error = Arc::new(hook);
        self
    }

    /// When `signal` completes, stops accepting, closes every connection with 1001, going away, and
    /// waits for the closing handshakes and the handlers, for at most twice the
    /// [close timeout](Config::close_timeout).
    pub fn with_graceful_shutdown(
        mut self,
        signal: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        self.shutdown = Box::pin(signal);
        self
    }
}

impl<H, F> Serve<H>
where
    H: Fn(Corked) -> F + Send + Sync + 'static,
    F: Future<Output: HandlerOutput + Send> + Send + 'static,
{
    async fn run(self) -> io::Result<()> {
        let Self {
            listener,
            handler,
            config,
            origin,
            tls,
            mut shutdown,
            on_error,
        } = self;
        let peers = Arc::new(Peers {
            handler,
            config,
            origin,
            tls,
            on_error,
        });
        let (stop, stopped) = watch::channel(());
        let mut tasks = JoinSet::new();
        loop {
            select! {
                () = &mut shutdown => break,
                // Finished tasks are let go of; a panic has been told by the runtime already.
                Some(_) = tasks.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, address)) => {
                        tasks.spawn(peers.clone().run(stream, address, stopped.clone()));
                    }
                    // The listener itself is fine: it was this connection, or a want of resources.
                    Err(error) => {
                        (peers.on_error)(ServeError::Accept(error));
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        // Every task waits for this end of the channel to go away.
        drop(stop);
        let limit = 2 * peers.config.close_timeout_value();
        // Tasks that are left after that are aborted when the set is dropped.
        let _ = timeout(limit, async { while tasks.join_next().await.is_some() {} }).await;
        Ok(())
    }
}

/// What the tasks of a server share.
struct Peers<H> {
    handler: H,
    config: Arc<Config>,
    origin: OriginPolicy,
    tls: tls::ServerTls,
    on_error: OnError,
}

impl<H, F> Peers<H>
where
    H: Fn(Corked) -> F + Send + Sync + 'static,
    F: Future<Output: HandlerOutput + Send> + Send + 'static,
{
    async fn run(
        self: Arc<Self>,
        stream: TcpStream,
        address: SocketAddr,
        mut stopped: watch::Receiver<()>,
    ) {
        // Boxed: the task of a connection lives for long, and would be as large as its largest
        // moment.
        let cork = select! {
            cork = Box::pin(self.open(stream, address)) => cork,
            _ = stopped.changed() => return,
        };
        let mut cork = match cork {
            Ok(cork) => cork,
            Err(error) => return (self.on_error)(error),
        };
        select! {
            _ = &mut cork => {}
            _ = stopped.changed() => Box::pin(shut_down(cork)).await,
        }
    }

    /// Does the handshakes and starts the handler.
    async fn open(
        &self,
        stream: TcpStream,
        address: SocketAddr,
    ) -> Result<Cork<Tokio<MaybeTlsStream>, F>, ServeError> {
        let limit = self.config.handshake_timeout_value();
        let stream = timeout(limit, self.tls.accept(stream))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .map_err(|error| ServeError::Tls(address, error))?;
        let upgrade = async {
            let upgrade = Upgrade::read_with(stream, self.config.clone()).await?;
            upgrade.check_origin(&self.origin).await?.accept().await
        };
        let ws = upgrade
            .await
            .map_err(|error| ServeError::Upgrade(address, error))?;
        Ok(ws.cork(&self.handler))
    }
}

/// Closes a connection from the server's side. The handler learns of it by the end of its messages.
async fn shut_down<F: Future<Output: HandlerOutput>>(mut cork: Cork<Tokio<MaybeTlsStream>, F>) {
    let writer = cork.writer();
    let closing = writer.close(CloseCode::GOING_AWAY, "server is shutting down");
    select! {
        _ = &mut cork => return,
        _ = closing => {}
    }
    cork.await;
}

impl<H, F> IntoFuture for Serve<H>
where
    H: Fn(Corked) -> F + Send + Sync + 'static,
    F: Future<Output: HandlerOutput + Send> + Send + 'static,
{
    type Output = io::Result<()>;
    type IntoFuture = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<H> fmt::Debug for Serve<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("listener", &self.listener)
            .finish_non_exhaustive()
    }
}
