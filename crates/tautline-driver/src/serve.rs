use std::{
    error, fmt,
    future::{IntoFuture, pending},
    io,
    net::SocketAddr,
    num::NonZeroUsize,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use async_lock::Semaphore;
use tautline_handshake::OriginPolicy;

use crate::{
    Config, Corked, HandlerOutput, Runtime, Tls, UpgradeError,
    race::{First, race, timeout},
    serve_task::{Peers, Place, ServeTask},
    stop::{Phase, Stop, Watch},
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
    max_connections: NonZeroUsize,
    shutdown: Pin<Box<dyn Future<Output = ()> + Send>>,
    on_error: OnError,
}

pub(crate) type ServerConfig<R> = <<R as Runtime>::Tls as Tls<<R as Runtime>::Tcp>>::ServerConfig;

pub(crate) type OnError = Arc<dyn Fn(ServeError) + Send + Sync>;

/// What kept a peer from becoming a connection; see [`Serve::on_error`].
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError {
    /// The listener could not accept: the peer was gone already, or the process is out of file
    /// descriptors. The server goes on with the next connection: at once if it was the peer, else after
    /// 100 ms.
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

/// What waits after an accept that failed for want of file descriptors, for example: trying again
/// at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Whether an accept has failed because of the one connection that it took from the queue. To pause
/// for that would let a peer that connects and resets hold up everybody behind it.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
    )
}

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

    /// How many connections there may be at a time, from when they are accepted until their task has
    /// ended. Default: as many as come.
    ///
    /// While there are so many, nobody else is accepted; the operating system lets as many wait as fit
    /// into the backlog of the listener. Choose fewer than the process may have file descriptors, and
    /// than fit into memory with [what one of them may use up](Config).
    pub const fn max_connections(mut self, limit: NonZeroUsize) -> Self {
        self.max_connections = limit;
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
            max_connections: NonZeroUsize::MAX,
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
            max_connections,
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
            places: Semaphore::new(max_connections.get()),
            on_error,
            stop: stop.0.clone(),
            ended: ended.clone(),
        });
        let runtime = peers.runtime.clone();
        let mut pauses = false;
        loop {
            let accept = async {
                if pauses {
                    runtime.sleep(ACCEPT_PAUSE).await;
                }
                let place = Place::take(&peers).await;
                let (tcp, address) = runtime.accept(&listener).await?;
                Ok(ServeTask::new(place, tcp, address))
            };
            let accepted = race(shutdown.as_mut(), pin!(accept)).await;
            pauses = false;
            match accepted {
                First::Left(()) => break,
                First::Right(Ok(task)) => runtime.spawn(task),
                // The listener itself is fine: it was this connection, or a want of resources.
                First::Right(Err(error)) => {
                    pauses = !is_of_one_connection(&error);
                    (peers.on_error)(ServeError::Accept(error));
                }
            }
        }
        drop(listener);
        let limit = 2 * peers.config.close_timeout_value();
        // Every task has one of these; with the last one gone they have all ended.
        drop(peers);
        stop.0.enter(Phase::Closing);
        timeout(&runtime, limit, Watch::new(ended).reached(Phase::Over)).await;
        Ok(())
    }
}

/// Ends the tasks of a server that is no more.
struct AbandonOnDrop(Arc<Stop>);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.enter(Phase::Over);
    }
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
