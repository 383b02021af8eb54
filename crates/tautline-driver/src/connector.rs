use std::{
    fmt, io,
    net::SocketAddr,
    sync::{Arc, LazyLock},
};

use tautline_handshake::ClientRequest;

use crate::{
    Config, ConnectError, ConnectGate, ConnectPermit, Runtime, Tls, Transport, WebSocket,
    race::timeout,
};

/// Settings of a client.
#[must_use]
pub struct Connector<R: Runtime> {
    runtime: R,
    config: Arc<Config>,
    pending: Pending,
    tls: Option<ClientConfig<R>>,
}

type ClientConfig<R> = <<R as Runtime>::Tls as Tls<<R as Runtime>::Tcp>>::ClientConfig;
type ClientSession<R> = <<R as Runtime>::Tls as Tls<<R as Runtime>::Tcp>>::ClientSession;
type Stream<R> = <<R as Runtime>::Transport as Transport>::Stream;

/// How many connections to one address may be in the opening handshake at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "RFC 6455 knows one rule and its absence"
)]
pub enum Pending {
    /// One in this process, as RFC 6455 section 4.1 demands of every client: further attempts wait.
    #[default]
    One,
    /// Any number. For load tools aimed at servers of one's own.
    Unlimited,
}

/// Every connector of the process passes through it, whatever its runtime.
static GATE: LazyLock<ConnectGate<SocketAddr>> = LazyLock::new(ConnectGate::new);

impl<R: Runtime + Default> Connector<R> {
    /// The defaults.
    pub fn new() -> Self {
        Self::with_runtime(R::default())
    }
}

impl<R: Runtime> Connector<R> {
    /// The defaults, on this runtime.
    pub fn with_runtime(runtime: R) -> Self {
        Self {
            runtime,
            config: Arc::default(),
            pending: Pending::default(),
            tls: None,
        }
    }

    /// Settings of the connection and of the handshake. The handshake timeout bounds, each for
    /// itself, the lookup of the name, TCP with TLS, and the opening handshake.
    pub fn config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.config = config.into();
        self
    }

    /// How many connections to one address may be in the opening handshake at once. Default:
    /// [`Pending::One`].
    pub fn pending(mut self, pending: Pending) -> Self {
        self.pending = pending;
        self
    }

    /// TLS settings for `wss://`: other roots, client certificates. Default: the verifier of the
    /// platform.
    ///
    /// An `Arc<rustls::ClientConfig>` in adapters with the feature `rustls`; without it there is no
    /// value to call this with.
    pub fn tls(mut self, config: ClientConfig<R>) -> Self {
        self.tls = Some(config);
        self
    }

    /// Connects.
    ///
    /// The addresses of the host are tried one after the other until one takes the connection.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe in that nothing is left behind: the attempt is given up.
    pub async fn connect<Q>(&self, request: Q) -> Result<WebSocket<R::Transport>, ConnectError>
    where
        Q: TryInto<ClientRequest>,
        ConnectError: From<Q::Error>,
    {
        // Boxed: the task of a connection lives for long, and would be as large as its largest moment.
        Box::pin(self.try_connect(request.try_into()?)).await
    }

    async fn try_connect(
        &self,
        request: ClientRequest,
    ) -> Result<WebSocket<R::Transport>, ConnectError> {
        let uri = request.uri();
        // First, for it can fail without anybody having been bothered.
        let tls = uri
            .is_secure()
            .then(|| R::Tls::client_session(self.tls.as_ref(), uri.host()))
            .transpose()?;
        let limit = self.config.handshake_timeout_value();
        let lookup = self.runtime.lookup_host(uri.host(), uri.port());
        let addresses = timeout(&self.runtime, limit, lookup)
            .await
            .ok_or(ConnectError::Timeout)?
            .map_err(ConnectError::Connect)?;
        let mut error = ConnectError::Connect(io::ErrorKind::AddrNotAvailable.into());
        for address in addresses {
            // Held until the handshake is over, whichever way.
            let _permit = self.permit(address).await;
            let open = self.open(address, tls.as_ref());
            match timeout(&self.runtime, limit, open).await {
                Some(Ok(stream)) => {
                    return Ok(WebSocket::connect_on(stream, &request, self.config.clone()).await?);
                }
                Some(Err(tls @ ConnectError::Tls(_))) => return Err(tls),
                Some(Err(other)) => error = other,
                None => error = ConnectError::Timeout,
            }
        }
        Err(error)
    }

    async fn permit(&self, address: SocketAddr) -> Option<ConnectPermit> {
        match self.pending {
            Pending::One => Some(GATE.enter(address).await),
            Pending::Unlimited => None,
        }
    }

    async fn open(
        &self,
        address: SocketAddr,
        tls: Option<&ClientSession<R>>,
    ) -> Result<Stream<R>, ConnectError> {
        let tcp = self
            .runtime
            .connect(address)
            .await
            .map_err(ConnectError::Connect)?;
        match tls {
            Some(session) => R::Tls::connect(session, tcp)
                .await
                .map_err(ConnectError::Tls),
            None => Ok(tcp.into()),
        }
    }
}

impl<R: Runtime + Default> Default for Connector<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Runtime> Clone for Connector<R> {
    fn clone(&self) -> Self {
        Self {
            runtime: self.runtime.clone(),
            config: self.config.clone(),
            pending: self.pending,
            tls: self.tls.clone(),
        }
    }
}

impl<R: Runtime> fmt::Debug for Connector<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("runtime", &self.runtime)
            .field("config", &self.config)
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}
