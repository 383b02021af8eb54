//! Configurations of rustls, with ring. The provider is named wherever a configuration is made, so
//! that nothing depends on a process-wide default that somebody has to install.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use rustls::{
    ClientConfig, ConfigBuilder, ConfigSide, Error, RootCertStore, ServerConfig, WantsVerifier,
    WantsVersions,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
};
use rustls_platform_verifier::BuilderVerifierExt;

use crate::ConnectError;

pub use rustls;

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
/// [`Serve::tls`](crate::Serve::tls) or an acceptor.
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

/// What a client needs for TLS with one host.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientSession {
    /// The settings.
    pub config: Arc<ClientConfig>,
    /// The name that the server's certificate has to be for.
    pub name: ServerName<'static>,
}

impl ClientSession {
    /// With the platform's own verifier of certificates, if there are no other settings.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Tls`] if the host is no name that a certificate can have, or if the
    /// platform's certificates cannot be loaded.
    pub fn new(config: Option<&Arc<ClientConfig>>, host: &str) -> Result<Self, ConnectError> {
        let config = match config {
            Some(config) => config.clone(),
            None => platform_config().map_err(ConnectError::Tls)?,
        };
        let name = ServerName::try_from(host.to_owned()).map_err(|error| {
            ConnectError::Tls(io::Error::new(io::ErrorKind::InvalidInput, error))
        })?;
        Ok(Self { config, name })
    }
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

/// Loading the platform's certificates takes milliseconds; it is done once.
fn platform_config() -> io::Result<Arc<ClientConfig>> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(config.clone());
    }
    let config = client_config().map_err(io::Error::other)?;
    Ok(CONFIG.get_or_init(|| config).clone())
}
