use std::{
    fmt, io,
    marker::PhantomData,
    net::SocketAddr,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::{Buf, BytesMut};
use futures_util::FutureExt;
use tautline::driver::{ConnectError, Runtime, Tls, Transport};

use super::clock::{Clock, Timer};

/// A runtime as it is, but for its time, which is that of a [`Clock`]. It also knows whether a task
/// has panicked, which executors take in different ways.
#[derive(Clone, Debug)]
pub(crate) struct Clocked<R> {
    runtime: R,
    clock: Clock,
    panics: Arc<AtomicUsize>,
}

/// A TCP stream that knows the time.
pub(crate) struct ClockedTcp<R: Runtime> {
    tcp: R::Tcp,
    clock: Clock,
}

/// TLS over such streams.
pub(crate) struct ClockedTls<R>(PhantomData<R>);

/// A transport as it is, but for its time. It is its own stream, for that has to bring the clock
/// along.
#[derive(Debug)]
pub(crate) struct Timed<T> {
    transport: T,
    clock: Clock,
    timer: Timer,
}

impl<R: Runtime + Default> Clocked<R> {
    pub(crate) fn new(clock: &Clock) -> Self {
        Self {
            runtime: R::default(),
            clock: clock.clone(),
            panics: Arc::default(),
        }
    }

    /// How many tasks have panicked.
    pub(crate) fn panics(&self) -> usize {
        self.panics.load(Ordering::SeqCst)
    }
}

impl<R: Runtime> Runtime for Clocked<R> {
    type Tcp = ClockedTcp<R>;
    type Listener = R::Listener;
    type Tls = ClockedTls<R>;
    type Transport = Timed<R::Transport>;

    fn lookup_host(
        &self,
        host: &str,
        port: u16,
    ) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send {
        self.runtime.lookup_host(host, port)
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Self::Tcp> {
        let tcp = self.runtime.connect(address).await?;
        let clock = self.clock.clone();
        Ok(ClockedTcp { tcp, clock })
    }

    async fn accept(&self, listener: &Self::Listener) -> io::Result<(Self::Tcp, SocketAddr)> {
        let (tcp, address) = self.runtime.accept(listener).await?;
        let clock = self.clock.clone();
        Ok((ClockedTcp { tcp, clock }, address))
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let panics = self.panics.clone();
        self.runtime.spawn(async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                panics.fetch_add(1, Ordering::SeqCst);
            }
        });
    }

    async fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }
}

impl<R: Runtime> Tls<ClockedTcp<R>> for ClockedTls<R> {
    type Stream = Timed<R::Transport>;
    type ClientConfig = <R::Tls as Tls<R::Tcp>>::ClientConfig;
    type ServerConfig = <R::Tls as Tls<R::Tcp>>::ServerConfig;
    type ClientSession = <R::Tls as Tls<R::Tcp>>::ClientSession;

    fn client_session(
        config: Option<&Self::ClientConfig>,
        host: &str,
    ) -> Result<Self::ClientSession, ConnectError> {
        R::Tls::client_session(config, host)
    }

    async fn connect(
        session: &Self::ClientSession,
        tcp: ClockedTcp<R>,
    ) -> io::Result<Self::Stream> {
        let stream = R::Tls::connect(session, tcp.tcp).await?;
        Ok(Timed::new(stream, &tcp.clock))
    }

    async fn accept(config: &Self::ServerConfig, tcp: ClockedTcp<R>) -> io::Result<Self::Stream> {
        let stream = R::Tls::accept(config, tcp.tcp).await?;
        Ok(Timed::new(stream, &tcp.clock))
    }
}

impl<R: Runtime> From<ClockedTcp<R>> for Timed<R::Transport> {
    fn from(tcp: ClockedTcp<R>) -> Self {
        Self::new(tcp.tcp.into(), &tcp.clock)
    }
}

impl<R: Runtime> fmt::Debug for ClockedTcp<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClockedTcp").finish_non_exhaustive()
    }
}

impl<T: Transport> Timed<T> {
    pub(crate) fn new(stream: T::Stream, clock: &Clock) -> Self {
        Self {
            transport: T::from_stream(stream),
            clock: clock.clone(),
            timer: clock.timer(),
        }
    }
}

impl<T: Transport> Transport for Timed<T> {
    type Stream = Self;

    fn from_stream(stream: Self) -> Self {
        stream
    }

    fn stream(&self) -> &Self {
        self
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, input: &mut BytesMut) -> Poll<io::Result<usize>> {
        self.transport.poll_read(cx, input)
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut impl Buf,
    ) -> Poll<io::Result<usize>> {
        self.transport.poll_write(cx, output)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.transport.poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.transport.poll_shutdown(cx)
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        self.timer.poll(cx, deadline)
    }
}
