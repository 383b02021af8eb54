use std::{io, net::SocketAddr, time::Duration};

use tautline::driver::Runtime;

/// A runtime that nobody may ask for anything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Untouched<R>(R);

impl<R: Runtime> Runtime for Untouched<R> {
    type Tcp = R::Tcp;
    type Listener = R::Listener;
    type Tls = R::Tls;
    type Transport = R::Transport;

    async fn lookup_host(&self, host: &str, _port: u16) -> io::Result<Vec<SocketAddr>> {
        panic!("asked for the addresses of {host}");
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<R::Tcp> {
        panic!("asked to connect to {address}");
    }

    async fn accept(&self, _listener: &R::Listener) -> io::Result<(R::Tcp, SocketAddr)> {
        panic!("asked for a connection");
    }

    fn spawn(&self, _task: impl Future<Output = ()> + Send + 'static) {
        panic!("asked to run a task");
    }

    async fn sleep(&self, duration: Duration) {
        panic!("asked to wait for {duration:?}");
    }
}
