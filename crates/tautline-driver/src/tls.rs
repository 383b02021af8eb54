use std::{convert::Infallible, io, marker::PhantomData};

use crate::ConnectError;

/// TLS over the TCP streams `S` of a runtime.
pub trait Tls<S>: 'static {
    /// A TCP stream, or TLS over one.
    type Stream: From<S> + Send + 'static;

    /// Settings of a client.
    type ClientConfig: Clone + Send + Sync + 'static;

    /// Settings of a server.
    type ServerConfig: Clone + Send + Sync + 'static;

    /// What a client needs for TLS with one host.
    type ClientSession: Send + Sync;

    /// Prepares TLS with a host, before anything is sent; with the platform's settings if there are
    /// no others.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Tls`], or [`ConnectError::TlsNotEnabled`].
    fn client_session(
        config: Option<&Self::ClientConfig>,
        host: &str,
    ) -> Result<Self::ClientSession, ConnectError>;

    /// Does the handshake of a client.
    fn connect(
        session: &Self::ClientSession,
        tcp: S,
    ) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// Does the handshake of a server.
    fn accept(
        config: &Self::ServerConfig,
        tcp: S,
    ) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// No TLS: what an adapter has that was built without it.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTls<M>(PhantomData<M>);

impl<S: Send, M: From<S> + Send + 'static> Tls<S> for NoTls<M> {
    type Stream = M;
    type ClientConfig = Infallible;
    type ServerConfig = Infallible;
    type ClientSession = Infallible;

    fn client_session(
        _config: Option<&Infallible>,
        _host: &str,
    ) -> Result<Infallible, ConnectError> {
        Err(ConnectError::TlsNotEnabled)
    }

    async fn connect(session: &Infallible, _tcp: S) -> io::Result<M> {
        match *session {}
    }

    async fn accept(config: &Infallible, _tcp: S) -> io::Result<M> {
        match *config {}
    }
}
