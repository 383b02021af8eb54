use std::{
    error, fmt,
    future::{IntoFuture, pending, poll_fn},
    io,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use tautline_frame::CloseCode;
use tautline_handshake::OriginPolicy;

use crate::{
    Config, Cork, Corked, HandlerOutput, Runtime, Tls, Transport, Upgrade, UpgradeError,
    race::{First, race, timeout},
    stop::{Phase, Stop},
};

/// A server that is configured and not running yet: it accepts connections and runs a handler for
/// each, in a task of its own, corked.
///
/// Awaiting it runs the server; dropping that future ends its connections without a closing
/// handshake. A handler that fails or panics closes its own connection with 1011 and no other.
#[must_use = "a server runs when it is awaited"]
pub struct Serve<R: Runtime, H> {
    runtime: R,
    listener: R::Listener,
    handler: H,
    config: Arc<Config>,
    origin: OriginPolicy,
    tls: Option<ServerConfig<R>>,
    shutdown: Pin<Box<dyn Future<Output = ()> + Send>>,
    on_error: OnError,
}

type ServerConfig<R> = <<R as Runtime>::Tls as Tls<<R as Runtime>::Tcp>>::ServerConfig;

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

impl<R: Runtime, H> Serve<R, H> {
    /// Runs the connections on this runtime instead, where there is a choice: on an executor of
    /// one's own, say.
    pub fn runtime(mut self, runtime: R) -> Self {
        self.runtime = runtime;
        self
    }

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
    ///
    /// An `Arc<rustls::ServerConfig>` in adapters with the feature `rustls`; without it there is no
    /// value to call this with.
    pub fn tls(mut self, config: ServerConfig<R>) -> Self {
        self.tls = Some(config);
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

impl<R, H, F> Serve<R, H>
where
    R: Runtime,
    H: Fn(Corked<R::Transport>) -> F + Send + Sync + 'static,
    F: Future<Output: HandlerOutput + Send> + Send + 'static,
{
    /// A server with the defaults.
    pub fn new(runtime: R, listener: R::Listener, handler: H) -> Self {
        Self {
            runtime,
            listener,
            handler,
            config: Arc::default(),
            origin: OriginPolicy::default(),
            tls: None,
            shutdown: Box::pin(pending()),
            on_error: Arc::new(|_| {}),
        }
    }

    async fn run(self) -> io::Result<()> {
        let Self {
            runtime,
            listener,
            handler,
            config,
            origin,
            tls,
            mut shutdown,
            on_error,
        } = self;
        // Also when this future is dropped.
        let stop = AbandonOnDrop(Arc::default());
        let ended = Arc::new(Stop::default());
        let peers = Arc::new(Peers {
            runtime,
            handler,
            config,
            origin,
            tls,
            on_error,
            stop: stop.0.clone(),
            ended: ended.clone(),
        });
        let runtime = peers.runtime.clone();
        loop {
            match race(&mut shutdown, runtime.accept(&listener)).await {
                First::Left(()) => break,
                First::Right(Ok((tcp, address))) => {
                    runtime.spawn(contain(peers.clone().run(tcp, address)));
                }
                // The listener itself is fine: it was this connection, or a want of resources.
                First::Right(Err(error)) => {
                    (peers.on_error)(ServeError::Accept(error));
                    runtime.sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(listener);
        let limit = 2 * peers.config.close_timeout_value();
        // Every task has one of these; with the last one gone they have all ended.
        drop(peers);
        stop.0.enter(Phase::Closing);
        timeout(&runtime, limit, ended.reached(Phase::Abandoned)).await;
        Ok(())
    }
}

/// Ends the tasks of a server that is no more.
struct AbandonOnDrop(Arc<Stop>);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.enter(Phase::Abandoned);
    }
}

/// What the tasks of a server share.
struct Peers<R: Runtime, H> {
    runtime: R,
    handler: H,
    config: Arc<Config>,
    origin: OriginPolicy,
    tls: Option<ServerConfig<R>>,
    on_error: OnError,
    stop: Arc<Stop>,
    /// Abandoned when this is dropped.
    ended: Arc<Stop>,
}

impl<R: Runtime, H> Drop for Peers<R, H> {
    fn drop(&mut self) {
        self.ended.enter(Phase::Abandoned);
    }
}

impl<R, H, F> Peers<R, H>
where
    R: Runtime,
    H: Fn(Corked<R::Transport>) -> F + Send + Sync + 'static,
    F: Future<Output: HandlerOutput + Send> + Send + 'static,
{
    async fn run(self: Arc<Self>, tcp: R::Tcp, address: SocketAddr) {
        race(
            self.stop.reached(Phase::Abandoned),
            self.serve(tcp, address),
        )
        .await;
    }

    async fn serve(&self, tcp: R::Tcp, address: SocketAddr) {
        // Boxed: the task of a connection lives for long, and would be as large as its largest
        // moment.
        let open = Box::pin(self.open(tcp, address));
        let cork = match race(open, self.stop.reached(Phase::Closing)).await {
            First::Left(Ok(cork)) => cork,
            First::Left(Err(error)) => return (self.on_error)(error),
            First::Right(()) => return,
        };
        let mut cork = cork;
        match race(&mut cork, self.stop.reached(Phase::Closing)).await {
            First::Left(_) => {}
            First::Right(()) => Box::pin(close(cork)).await,
        }
    }

    /// Does the handshakes and starts the handler.
    async fn open(
        &self,
        tcp: R::Tcp,
        address: SocketAddr,
    ) -> Result<Cork<R::Transport, F>, ServeError> {
        let stream = match &self.tls {
            None => tcp.into(),
            Some(config) => {
                let limit = self.config.handshake_timeout_value();
                timeout(&self.runtime, limit, R::Tls::accept(config, tcp))
                    .await
                    .unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
                    .map_err(|error| ServeError::Tls(address, error))?
            }
        };
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
async fn close<T: Transport, F: Future<Output: HandlerOutput>>(mut cork: Cork<T, F>) {
    let writer = cork.writer();
    let closing = writer.close(CloseCode::GOING_AWAY, "server is shutting down");
    if let First::Right(_) = race(&mut cork, closing).await {
        cork.await;
    }
}

/// Ends a task that panics: what an executor makes of a panic differs, and one may let it end the
/// program. The panic itself has been told by the panic hook.
async fn contain(task: impl Future<Output = ()>) {
    let mut task = pin!(task);
    poll_fn(|cx| {
        // A task that has panicked is not polled again.
        let polled = catch_unwind(AssertUnwindSafe(|| task.as_mut().poll(cx)));
        polled.unwrap_or(Poll::Ready(()))
    })
    .await;
}

impl<R, H, F> IntoFuture for Serve<R, H>
where
    R: Runtime,
    H: Fn(Corked<R::Transport>) -> F + Send + Sync + 'static,
    F: Future<Output: HandlerOutput + Send> + Send + 'static,
{
    type Output = io::Result<()>;
    type IntoFuture = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<R: Runtime, H> fmt::Debug for Serve<R, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("runtime", &self.runtime)
            .field("listener", &self.listener)
            .finish_non_exhaustive()
    }
}
