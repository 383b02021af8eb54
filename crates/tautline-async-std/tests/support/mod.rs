//! What the tests share.

#[cfg(feature = "rustls")]
pub(crate) mod certificates;
pub(crate) mod pipe;
pub(crate) mod script;

use std::{
    future::poll_fn,
    net::{Ipv4Addr, TcpListener, TcpStream},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Wake,
    time::Duration,
};

use async_io::Timer;
use futures_util::future::{Either, select};
use tautline_driver::Transport;

/// Far longer than anything here takes on the slowest machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a future, and turns a test that hangs into one that fails.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    async_io::block_on(async {
        match select(pin!(future), Timer::after(PATIENCE)).await {
            Either::Left((output, _)) => output,
            Either::Right(_) => panic!("what has to happen has not happened"),
        }
    })
}

/// Two ends of a connection over loopback.
pub(crate) fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (far, _) = listener.accept().unwrap();
    far.set_read_timeout(Some(PATIENCE)).unwrap();
    (near, far)
}

/// Ends the direction of writing of a transport.
pub(crate) async fn shut_down(transport: &mut impl Transport) -> std::io::Result<()> {
    poll_fn(|cx| transport.poll_shutdown(cx)).await
}

/// A waker that counts.
#[derive(Default)]
pub(crate) struct Wakes(AtomicUsize);

impl Wakes {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
