//! TLS through rustls, with ring. The provider is named wherever a configuration is made, so that
//! nothing depends on a process-wide default that somebody has to install.
//!
//! A client needs nothing of this: `connect` takes `wss://` URIs and trusts what the platform
//! trusts. A server reads its certificate and key, here on smol:
//!
//! ```no_run
//! # #[cfg(feature = "smol")]
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! use tautline_async_std::{
//!     smol::{Corked, Error, serve},
//!     tls::{
//!         rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
//!         server_config,
//!     },
//! };
//!
//! let chain = CertificateDer::pem_file_iter("chain.pem")?.collect::<Result<Vec<_>, _>>()?;
//! let key = PrivateKeyDer::from_pem_file("key.pem")?;
//! let listener = smol::net::TcpListener::bind("127.0.0.1:9443").await?;
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

use futures_io::{AsyncRead, AsyncWrite};
use futures_rustls::{TlsConnector, TlsStream};
use tautline_driver::{ConnectError, Tls, rustls_config::ClientSession};

use crate::MaybeTlsStream;

pub use futures_rustls::TlsAcceptor;
pub use tautline_driver::rustls_config::{
    client_config, client_config_with_roots, rustls, server_config,
};

/// TLS over the TCP streams of any runtime.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Rustls;

impl<Tcp> Tls<Tcp> for Rustls
where
    Tcp: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = MaybeTlsStream<Tcp>;
    type ClientConfig = Arc<rustls::ClientConfig>;
    type ServerConfig = Arc<rustls::ServerConfig>;
    type ClientSession = ClientSession;

    fn client_session(
        config: Option<&Self::ClientConfig>,
        host: &str,
    ) -> Result<ClientSession, ConnectError> {
        ClientSession::new(config, host)
    }

    async fn connect(session: &ClientSession, tcp: Tcp) -> io::Result<MaybeTlsStream<Tcp>> {
        let connector = TlsConnector::from(session.config.clone());
        let stream = connector.connect(session.name.clone(), tcp).await?;
        Ok(MaybeTlsStream::Tls(Box::new(TlsStream::Client(stream))))
    }

    async fn accept(config: &Self::ServerConfig, tcp: Tcp) -> io::Result<MaybeTlsStream<Tcp>> {
        let stream = TlsAcceptor::from(config.clone()).accept(tcp).await?;
        Ok(MaybeTlsStream::Tls(Box::new(TlsStream::Server(stream))))
    }
}
