use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tautline::tokio::{Upgrade, WebSocket};
use tautline::{Config, Keepalive, OriginPolicy, UpgradeError};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::limits::Limits;
use super::member::Member;
use super::names::RoomName;
use super::page::{Page, room_in};
use super::rooms::Rooms;

/// The chat on one port: the page for browsers, and the WebSocket that the page opens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    places: Arc<Semaphore>,
    shared: Arc<Shared>,
    log: fn(&str),
}

impl Server {
    /// Listens; connections are accepted once it [runs](Self::run).
    ///
    /// # Errors
    ///
    /// What the operating system says to the address.
    pub fn bind(address: SocketAddr, limits: Limits) -> io::Result<Self> {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        // A server that is started again gets its port back at once.
        socket.set_reuseaddr(true)?;
        // Accepted sockets inherit it. The system would otherwise hold megabytes for whoever does
        // not read, before the member's queue says anything.
        socket.set_send_buffer_size(limits.send_buffer)?;
        socket.bind(address)?;
        Ok(Self {
            listener: socket.listen(BACKLOG)?,
            places: Arc::new(Semaphore::new(limits.connections)),
            shared: Arc::new(Shared::new(limits)),
            log: |_| {},
        })
    }

    /// Calls this with a line for every member who comes or goes. By default nobody is told.
    #[must_use]
    pub const fn log_to(mut self, log: fn(&str)) -> Self {
        self.log = log;
        self
    }

    /// Where it listens: the port that was chosen, if 0 was asked for.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is ready, then closes every connection with 1001 and waits for the
    /// closing handshakes, hardly longer than [`Limits::close`].
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self {
            listener,
            places,
            shared,
            log,
        } = self;
        let down = CancellationToken::new();
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                (stream, place) = next(&listener, &places) => {
                    let (shared, down) = (Arc::clone(&shared), down.clone());
                    connections.spawn(async move {
                        // Whoever made a wrong request has been told by the answer.
                        let _ = shared.serve(stream, down, log).await;
                        drop(place);
                    });
                }
                Some(_) = connections.join_next() => {}
            }
        }
        drop(listener);
        down.cancel();
        // The library bounds each closing handshake; this bounds them all, a little later.
        let all_closed = async { while connections.join_next().await.is_some() {} };
        let _ = timeout(shared.limits.close + GRACE, all_closed).await;
        connections.shutdown().await;
    }
}

/// What all connections use.
#[derive(Debug)]
struct Shared {
    limits: Limits,
    config: Arc<Config>,
    origins: OriginPolicy,
    page: Page,
    rooms: Arc<Rooms>,
}

impl Shared {
    fn new(limits: Limits) -> Self {
        let config = Config::new()
            .limits(
                tautline::Limits::default()
                    .with_max_frame_size(limits.message)
                    .with_max_message_size(limits.message),
            )
            .keepalive(Keepalive::new(limits.keepalive, limits.keepalive))
            .close_timeout(limits.close)
            .high_water_mark(HIGH_WATER_MARK);
        Self {
            config: Arc::new(config),
            // Without it any page in the member's browser could speak here.
            origins: OriginPolicy::same_origin(),
            page: Page::new(),
            rooms: Arc::new(Rooms::new(limits.clone())),
            limits,
        }
    }

    /// Serves one connection, whichever of the two it turns out to be.
    async fn serve(
        &self,
        stream: TcpStream,
        down: CancellationToken,
        log: fn(&str),
    ) -> Result<(), UpgradeError> {
        let opened = tokio::select! {
            () = down.cancelled() => return Ok(()),
            opened = self.open(stream) => opened?,
        };
        if let Some((ws, room)) = opened {
            let member = Member::new(Arc::clone(&self.rooms), room, self.limits.clone(), log);
            // Corked, a burst of events leaves in one write. How the conversation failed, if it
            // did, is known to the member's page as well.
            let _ = ws.cork(|ws| member.run(ws, down)).await;
        }
        Ok(())
    }

    /// Reads the request and answers it: `None` when that was all.
    async fn open(
        &self,
        stream: TcpStream,
    ) -> Result<Option<(WebSocket<TcpStream>, RoomName)>, UpgradeError> {
        let upgrade = Upgrade::read_with(stream, Arc::clone(&self.config)).await?;
        let request = upgrade.request();
        let Some(room) = room_in(request.path(), "/ws/").filter(|_| request.is_upgrade()) else {
            let answer = self.page.answer(request.method(), request.path());
            upgrade.respond(answer).await?;
            return Ok(None);
        };
        let ws = upgrade.check_origin(&self.origins).await?.accept().await?;
        Ok(Some((ws, room)))
    }
}

/// The next connection, once there is a place for it.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    let place = Arc::clone(places)
        .acquire_owned()
        .await
        .expect("nobody closes the semaphore");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            // The connection is gone already, or the system is out of files: a moment helps both.
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Connections that the system completes while none can be accepted.
const BACKLOG: u32 = 1024;

/// Bytes that one member may have queued below the queue of events: a welcome fits on top.
const HIGH_WATER_MARK: usize = 16 * 1024;

const GRACE: Duration = Duration::from_millis(250);
