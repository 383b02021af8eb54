use std::{io, net::SocketAddr, time::Duration};

use tautline_driver::Runtime;
use tokio::net::{TcpListener, TcpStream, lookup_host};

use crate::{MaybeTlsStream, Tokio};

/// The tokio runtime that a future is polled in.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it stands for a runtime and holds nothing"
)]
pub struct TokioRuntime;

impl Runtime for TokioRuntime {
    type Tcp = TcpStream;
    type Listener = TcpListener;
    #[cfg(feature = "rustls")]
    type Tls = crate::tls::Rustls;
    #[cfg(not(feature = "rustls"))]
    type Tls = tautline_driver::NoTls<MaybeTlsStream>;
    type Transport = Tokio<MaybeTlsStream>;

    async fn lookup_host(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(lookup_host((host, port)).await?.collect())
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(address).await
    }

    async fn accept(&self, listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        listener.accept().await
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
