use std::{fmt, io, net::SocketAddr, time::Duration};

use crate::{Tls, Transport};

/// What [`Connector`](crate::Connector) and [`Serve`](crate::Serve) need of a runtime: TCP, names,
/// tasks and waiting.
///
/// The second seam that an adapter fills, beside [`Transport`]; a connection over a stream that
/// exists already needs only that one.
pub trait Runtime: Clone + fmt::Debug + Send + Sync + 'static {
    /// A TCP stream.
    type Tcp: Send + 'static;

    /// What accepts TCP streams.
    type Listener: fmt::Debug + Send + Sync + 'static;

    /// TLS over TCP streams of this runtime, or [`NoTls`](crate::NoTls).
    type Tls: Tls<Self::Tcp>;

    /// What connections run over: TCP, or TLS over it.
    type Transport: Transport<Stream = <Self::Tls as Tls<Self::Tcp>>::Stream> + Send + 'static;

    /// The addresses of a host, in the order in which they are to be tried.
    fn lookup_host(
        &self,
        host: &str,
        port: u16,
    ) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send;

    /// Connects to an address.
    fn connect(&self, address: SocketAddr) -> impl Future<Output = io::Result<Self::Tcp>> + Send;

    /// Takes the next connection of a listener. Nothing is lost if it is given up.
    fn accept(
        &self,
        listener: &Self::Listener,
    ) -> impl Future<Output = io::Result<(Self::Tcp, SocketAddr)>> + Send;

    /// Runs a task on its own. It does not panic.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// Waits.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}
