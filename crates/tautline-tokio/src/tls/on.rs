//! TLS through rustls, with ring. The provider is named wherever a configuration is made, so that
//! nothing depends on a process-wide default that somebody has to install.
//!
//! A client needs nothing of this: [`connect`](crate::connect) takes `wss://` URIs and trusts what
//! the platform trusts. A server reads its certificate and key:
//!
//! ```no_run
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! use tautline_tokio::{
//!     Corked, Error, serve,
//!     tls::{
//!         rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
//!         server_config,
//!     },
//! };
//!
//! let chain = CertificateDer::pem_file_iter("chain.pem")?.collect::<Result<Vec<_>, _>>()?;
//! let key = PrivateKeyDer::from_pem_file("key.pem")?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:9443").await?;
//! serve(listener, async |mut ws: Corked| {
//!     while let Some(message) = ws.recv().await? {
//!         ws.send(message).await?;
//!     }
//!     Ok::<(), Error>(())
//! })
//! .tls(server_config(chain, key)?)
//! .await?;
//! # Ok(())
//! # }
//! ```

use std::{
    io,
    sync::{Arc, OnceLock},
};

use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector, TlsStream,
    rustls::{
        ClientConfig, ConfigBuilder, ConfigSide, Error, RootCertStore, ServerConfig, WantsVerifier,
        WantsVersions,
        crypto::{CryptoProvider, ring},
        pki_types::{CertificateDer, PrivateKeyDer, ServerName},
    },
};

use crate::{ConnectError, MaybeTlsStream};

pub use tokio_rustls::{TlsAcceptor, rustls};

/// A client's TLS settings with the platform's own verifier of certificates.
///
/// # Errors
///
/// If the platform's certificates cannot be loaded.
pub fn client_config() -> Result<Arc<ClientConfig>, Error> {
    let config = versions(ClientConfig::builder_with_provider(provider()))?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(with_alpn(config))
}

/// A client's TLS settings that trust these root certificates and no others.
///
/// # Errors
///
/// If one of them is not a certificate.
pub fn client_config_with_roots(
    roots: impl IntoIterator<Item = CertificateDer<'static>>,
) -> Result<Arc<ClientConfig>, Error> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root)?;
    }
    let config = versions(ClientConfig::builder_with_provider(provider()))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(with_alpn(config))
}

/// A server's TLS settings with this chain of certificates and its key, for
/// [`Serve::tls`](crate::Serve::tls) or [`TlsAcceptor`].
///
/// # Errors
///
/// If the key does not fit the certificate, or is of an unknown kind.
pub fn server_config(
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, Error> {
    let mut config = versions(ServerConfig::builder_with_provider(provider()))?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    Ok(Arc::new(config))
}

/// The protocol that the opening handshake is made in.
const HTTP_1_1: &[u8] = b"http/1.1";

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER
        .get_or_init(|| Arc::new(ring::default_provider()))
        .clone()
}

/// TLS 1.2 and 1.3 (RFC 6455 section 10.6).
fn versions<S: ConfigSide>(
    builder: ConfigBuilder<S, WantsVersions>,
) -> Result<ConfigBuilder<S, WantsVerifier>, Error> {
    builder.with_safe_default_protocol_versions()
}

fn with_alpn(mut config: ClientConfig) -> Arc<ClientConfig> {
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    Arc::new(config)
}

/// A connector's settings; the platform's if there are none.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientTls(Option<Arc<ClientConfig>>);

impl From<Arc<ClientConfig>> for ClientTls {
    fn from(config: Arc<ClientConfig>) -> Self {
        Self(Some(config))
    }
}

impl ClientTls {
    /// What TLS with `host` takes. Made before anything is sent, for it can fail.
    pub(crate) fn session(&self, host: &str) -> Result<ClientSession, ConnectError> {
        let config = match &self.0 {
            Some(config) => config.clone(),
            None => platform_config().map_err(ConnectError::Tls)?,
        };
        let name = ServerName::try_from(host.to_owned()).map_err(|error| {
            ConnectError::Tls(io::Error::new(io::ErrorKind::InvalidInput, error))
        })?;
        Ok(ClientSession {
            connector: TlsConnector::from(config),
            name,
        })
    }
}

/// Settings for one host.
pub(crate) struct ClientSession {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl ClientSession {
    pub(crate) async fn connect(&self, tcp: TcpStream) -> Result<MaybeTlsStream, ConnectError> {
        let stream = self
            .connector
            .connect(self.name.clone(), tcp)
            .await
            .map_err(ConnectError::Tls)?;
        Ok(MaybeTlsStream::Tls(Box::new(TlsStream::Client(stream))))
    }
}

/// Loading the platform's certificates takes milliseconds; it is done once.
fn platform_config() -> io::Result<Arc<ClientConfig>> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(config.clone());
    }
    let config = client_config().map_err(io::Error::other)?;
    Ok(CONFIG.get_or_init(|| config).clone())
}

/// A server's settings; plain TCP if there are none.
#[derive(Clone, Default)]
pub(crate) struct ServerTls(Option<TlsAcceptor>);

impl From<Arc<ServerConfig>> for ServerTls {
    fn from(config: Arc<ServerConfig>) -> Self {
        Self(Some(TlsAcceptor::from(config)))
    }
}

impl ServerTls {
    pub(crate) async fn accept(&self, tcp: TcpStream) -> io::Result<MaybeTlsStream> {
        match &self.0 {
            None => Ok(MaybeTlsStream::Plain(tcp)),
            Some(acceptor) => {
                let stream = acceptor.accept(tcp).await?;
                Ok(MaybeTlsStream::Tls(Box::new(TlsStream::Server(stream))))
            }
        }
    }
}
