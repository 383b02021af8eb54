//! What there is of TLS without the feature `rustls`: the error that says so.

use tokio::net::TcpStream;

use crate::{ConnectError, MaybeTlsStream};

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ClientTls(());

impl ClientTls {
    pub(crate) const fn session(self, _host: &str) -> Result<ClientSession, ConnectError> {
        Err(ConnectError::TlsNotEnabled)
    }
}

/// There is none.
pub(crate) enum ClientSession {}

impl ClientSession {
    pub(crate) async fn connect(&self, _tcp: TcpStream) -> Result<MaybeTlsStream, ConnectError> {
        match *self {}
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ServerTls(());

impl ServerTls {
    pub(crate) async fn accept(self, tcp: TcpStream) -> std::io::Result<MaybeTlsStream> {
        Ok(MaybeTlsStream::Plain(tcp))
    }
}
