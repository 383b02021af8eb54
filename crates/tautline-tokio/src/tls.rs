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

use std::{io, sync::Arc};

use tautline_driver::{ConnectError, Tls, rustls_config::ClientSession};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, TlsStream};

use crate::MaybeTlsStream;

pub use tautline_driver::rustls_config::{
    client_config, client_config_with_roots, rustls, server_config,
};
pub use tokio_rustls::TlsAcceptor;

/// TLS over tokio's TCP streams.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Rustls;

impl Tls<TcpStream> for Rustls {
    type Stream = MaybeTlsStream;
    type ClientConfig = Arc<rustls::ClientConfig>;
    type ServerConfig = Arc<rustls::ServerConfig>;
    type ClientSession = ClientSession;

    fn client_session(
        config: Option<&Self::ClientConfig>,
        host: &str,
    ) -> Result<ClientSession, ConnectError> {
        ClientSession::new(config, host)
    }

    async fn connect(session: &ClientSession, tcp: TcpStream) -> io::Result<MaybeTlsStream> {
        let connector = TlsConnector::from(session.config.clone());
        let stream = connector.connect(session.name.clone(), tcp).await?;
        Ok(MaybeTlsStream::Tls(Box::new(TlsStream::Client(stream))))
    }

    async fn accept(config: &Self::ServerConfig, tcp: TcpStream) -> io::Result<MaybeTlsStream> {
        let stream = TlsAcceptor::from(config.clone()).accept(tcp).await?;
        Ok(MaybeTlsStream::Tls(Box::new(TlsStream::Server(stream))))
    }
}
