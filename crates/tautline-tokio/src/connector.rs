use std::{
    io,
    net::SocketAddr,
    sync::{Arc, LazyLock},
};

use tautline_driver::{Config, ConnectGate, ConnectPermit};
use tautline_handshake::ClientRequest;
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

use crate::{ConnectError, MaybeTlsStream, WebSocket, tls};

/// Connects to `uri`, `ws://` or `wss://`, with the default settings.
///
/// ```no_run
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let mut ws = tautline_tokio::connect("ws://127.0.0.1:9001/chat").await?;
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
pub async fn connect<R>(request: R) -> Result<WebSocket, ConnectError>
where
    R: TryInto<ClientRequest>,
    ConnectError: From<R::Error>,
{
    Connector::new().connect(request).await
}

/// Settings of a client.
#[derive(Clone, Debug)]
#[must_use]
pub struct Connector {
    config: Arc<Config>,
    pending: Pending,
    tls: tls::ClientTls,
}

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

/// Every connector of the process passes through it.
static GATE: LazyLock<ConnectGate<SocketAddr>> = LazyLock::new(ConnectGate::new);

impl Connector {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            config: Arc::default(),
            pending: Pending::default(),
            tls: tls::ClientTls::default(),
        }
    }

    /// Settings of the connection and of the handshake. The handshake timeout bounds, each for
    /// itself, TCP with TLS, and the opening handshake.
    pub fn config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.config = config.into();
        self
    }

    /// How many connections to one address may be in the opening handshake at once. Default:
    /// [`Pending::One`].
    pub const fn pending(mut self, pending: Pending) -> Self {
        self.pending = pending;
        self
    }

    /// TLS settings for `wss://`: other roots, client certificates. Default: the verifier of the
    /// platform.
    #[cfg(feature = "rustls")]
    pub fn tls(mut self, config: Arc<tokio_rustls::rustls::ClientConfig>) -> Self {
        self.tls = tls::ClientTls::from(config);
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
    pub async fn connect<R>(&self, request: R) -> Result<WebSocket, ConnectError>
    where
        R: TryInto<ClientRequest>,
        ConnectError: From<R::Error>,
    {
        // Boxed: the task of a connection lives for long, and would be as large as its largest moment.
        Box::pin(self.try_connect(request.try_into()?)).await
    }

    async fn try_connect(&self, request: ClientRequest) -> Result<WebSocket, ConnectError> {
        let uri = request.uri();
        // First, for it can fail without anybody having been bothered.
        let tls = uri
            .is_secure()
            .then(|| self.tls.session(uri.host()))
            .transpose()?;
        let limit = self.config.handshake_timeout_value();
        let addresses: Vec<_> = timeout(limit, lookup_host((uri.host(), uri.port())))
            .await
            .map_err(|_| ConnectError::Timeout)?
            .map_err(ConnectError::Connect)?
            .collect();
        let mut error = ConnectError::Connect(io::ErrorKind::AddrNotAvailable.into());
        for address in addresses {
            // Held until the handshake is over, whichever way.
            let _permit = self.permit(address).await;
            match timeout(limit, open(address, tls.as_ref())).await {
                Ok(Ok(stream)) => {
                    return Ok(WebSocket::connect_on(stream, &request, self.config.clone()).await?);
                }
                Ok(Err(tls @ ConnectError::Tls(_))) => return Err(tls),
                Ok(Err(other)) => error = other,
                Err(_) => error = ConnectError::Timeout,
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
}

impl Default for Connector {
    fn default() -> Self {
        Self::new()
    }
}

async fn open(
    address: SocketAddr,
    tls: Option<&tls::ClientSession>,
) -> Result<MaybeTlsStream, ConnectError> {
    let tcp = TcpStream::connect(address)
        .await
        .map_err(ConnectError::Connect)?;
    match tls {
        Some(session) => session.connect(tcp).await,
        None => Ok(MaybeTlsStream::Plain(tcp)),
    }
}
