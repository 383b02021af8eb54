use std::{
    io, mem,
    net::SocketAddr,
    ops::Deref,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use async_lock::Semaphore;
use tautline_frame::CloseCode;
use tautline_handshake::OriginPolicy;

use crate::{
    Config, Cork, Corked, HandlerOutput, Runtime, ServeError, Tls, Transport, Upgrade,
    race::{First, race, timeout},
    serve::{OnError, ServerConfig},
    stop::{Phase, Stop, Watch},
};

/// What the tasks of a server share.
pub(crate) struct Peers<R: Runtime, H> {
    pub(crate) runtime: R,
    pub(crate) handler: H,
    pub(crate) config: Arc<Config>,
    pub(crate) origin: OriginPolicy,
    pub(crate) tls: Option<ServerConfig<R>>,
    /// Those for connections that are not taken.
    pub(crate) places: Semaphore,
    pub(crate) on_error: OnError,
    pub(crate) stop: Arc<Stop>,
    /// Over when this is dropped. Every task holds it.
    pub(crate) ended: Arc<Stop>,
}

impl<R: Runtime, H> Drop for Peers<R, H> {
    fn drop(&mut self) {
        self.ended.enter(Phase::Over);
    }
}

impl<R, H, F> Peers<R, H>
where
    R: Runtime,
    H: Fn(Corked<R::Transport>) -> F + Send + Sync + 'static,
    F: Future<Output: HandlerOutput + Send> + Send + 'static,
{
    /// Does the handshakes and starts the handler.
    async fn open(
        self: Arc<Self>,
        tcp: R::Tcp,
        address: SocketAddr,
    ) -> Result<Cork<R::Transport, F>, ServeError> {
        let stream = match &self.tls {
            None => tcp.into(),
            Some(config) => {
                let limit = self.config.handshake_timeout_value();
                timeout(&self.runtime, limit, R::Tls::accept(config, tcp))
                    .await
                    .unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
                    .map_err(|error| ServeError::Tls(address, error))?
            }
        };
        let upgrade = async {
            let upgrade = Upgrade::read_with(stream, self.config.clone()).await?;
            upgrade.check_origin(&self.origin).await?.accept().await
        };
        let ws = upgrade
            .await
            .map_err(|error| ServeError::Upgrade(address, error))?;
        Ok(ws.cork(&self.handler))
    }
}

/// The place of a connection among those that a server may have at a time.
pub(crate) struct Place<R: Runtime, H>(Arc<Peers<R, H>>);

impl<R: Runtime, H> Place<R, H> {
    /// Waits until there is one.
    pub(crate) async fn take(peers: &Arc<Peers<R, H>>) -> Self {
        // What stands for a permit is a reference to the semaphore, which every task would hold beside
        // that to its peers.
        peers.places.acquire().await.forget();
        Self(peers.clone())
    }
}

impl<R: Runtime, H> Deref for Place<R, H> {
    type Target = Arc<Peers<R, H>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<R: Runtime, H> Drop for Place<R, H> {
    fn drop(&mut self) {
        self.0.places.add_permits(1);
    }
}

/// The task of one connection of a server.
///
/// Written by hand because it lives for long: as nested `async` blocks it would be several times
/// as large.
pub(crate) struct ServeTask<R: Runtime, H, F: Future> {
    state: State<R::Transport, F>,
    watch: Watch,
    // The last to be dropped: it tells that the task has ended.
    peers: Place<R, H>,
}

enum State<T, F: Future> {
    // Boxed, as the last one: the task would be as large as its largest moment.
    Opening(Boxed<Result<Cork<T, F>, ServeError>>),
    Serving(Cork<T, F>),
    Closing(Boxed<()>),
    Done,
}

type Boxed<R> = Pin<Box<dyn Future<Output = R> + Send>>;

impl<R, H, F> ServeTask<R, H, F>
where
    R: Runtime,
    H: Fn(Corked<R::Transport>) -> F + Send + Sync + 'static,
    F: Future<Output: HandlerOutput + Send> + Send + 'static,
{
    pub(crate) fn new(peers: Place<R, H>, tcp: R::Tcp, address: SocketAddr) -> Self {
        Self {
            state: State::Opening(Box::pin(Arc::clone(&peers).open(tcp, address))),
            watch: Watch::new(peers.stop.clone()),
            peers,
        }
    }

    fn poll_state(&mut self, cx: &mut Context<'_>, phase: Phase) -> Poll<()> {
        loop {
            match mem::replace(&mut self.state, State::Done) {
                State::Opening(mut open) => match open.as_mut().poll(cx) {
                    Poll::Ready(Ok(cork)) => self.state = State::Serving(cork),
                    Poll::Ready(Err(error)) => {
                        (self.peers.on_error)(error);
                        return Poll::Ready(());
                    }
                    Poll::Pending if phase == Phase::Running => {
                        self.state = State::Opening(open);
                        return Poll::Pending;
                    }
                    Poll::Pending => return Poll::Ready(()),
                },
                State::Serving(mut cork) => match Pin::new(&mut cork).poll(cx) {
                    Poll::Ready(_) => return Poll::Ready(()),
                    Poll::Pending if phase == Phase::Running => {
                        self.state = State::Serving(cork);
                        return Poll::Pending;
                    }
                    Poll::Pending => self.state = State::Closing(Box::pin(close(cork))),
                },
                State::Closing(mut close) => match close.as_mut().poll(cx) {
                    Poll::Ready(()) => return Poll::Ready(()),
                    Poll::Pending => {
                        self.state = State::Closing(close);
                        return Poll::Pending;
                    }
                },
                State::Done => return Poll::Ready(()),
            }
        }
    }
}

impl<R, H, F> Future for ServeTask<R, H, F>
where
    R: Runtime,
    H: Fn(Corked<R::Transport>) -> F + Send + Sync + 'static,
    F: Future<Output: HandlerOutput + Send> + Send + 'static,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let phase = self.watch.poll_phase(cx);
        // What an executor makes of a panic differs, and one may let it end the program. This one
        // has been told by the panic hook; the state it left is dropped.
        let polled = catch_unwind(AssertUnwindSafe(|| match phase {
            Phase::Over => {
                self.state = State::Done;
                Poll::Ready(())
            }
            phase => self.poll_state(cx, phase),
        }));
        polled.unwrap_or(Poll::Ready(()))
    }
}

// Nothing in it is pinned in place: its futures are boxed.
impl<R: Runtime, H, F: Future> Unpin for ServeTask<R, H, F> {}

/// Closes a connection from the server's side. The handler learns of it by the end of its messages.
async fn close<T: Transport, F: Future<Output: HandlerOutput>>(mut cork: Cork<T, F>) {
    let writer = cork.writer();
    let closing = pin!(writer.close(CloseCode::GOING_AWAY, "server is shutting down"));
    if let First::Right(_) = race(Pin::new(&mut cork), closing).await {
        cork.await;
    }
}
