//! A relay between a client and a server that reads what passes, and changes nothing.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, anyhow};

use crate::interop::scanner::{Scanned, Scanner, Sender};

/// A loopback port for the one connection of a session.
pub(super) struct Tap {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    relay: JoinHandle<anyhow::Result<Recording>>,
}

/// Both directions of a connection that has ended.
pub(super) struct Recording {
    pub(super) client: Scanned,
    pub(super) server: Scanned,
}

impl Tap {
    /// Listens for a client, to connect it to `server`.
    pub(super) fn open(server: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
        let address = listener.local_addr()?;
        // Waits in steps: a client that never comes must not hold up the others.
        listener.set_nonblocking(true)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let relay = thread::spawn(move || relay(&listener, server, &stopped));
        Ok(Self {
            address,
            stop,
            relay,
        })
    }

    pub(super) fn url(&self) -> String {
        format!("ws://{}/", self.address)
    }

    /// What has passed, once both sides have closed the connection.
    ///
    /// # Errors
    ///
    /// When nobody has connected, one side has not closed, or a frame was not as it should be.
    pub(super) fn finish(self) -> anyhow::Result<Recording> {
        self.stop.store(true, Ordering::Relaxed);
        self.relay
            .join()
            .unwrap_or_else(|_| Err(anyhow!("the relay has panicked")))
    }
}

fn relay(
    listener: &TcpListener,
    server: SocketAddr,
    stop: &AtomicBool,
) -> anyhow::Result<Recording> {
    let client = loop {
        match listener.accept() {
            Ok((stream, _)) => break stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if stop.load(Ordering::Relaxed) {
                    return Err(anyhow!("nobody has connected"));
                }
                thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error.into()),
        }
    };
    client.set_nonblocking(false)?;
    let server = TcpStream::connect(server).context("the server does not accept")?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(SILENCE))?;
        stream.set_write_timeout(Some(SILENCE))?;
    }
    thread::scope(|scope| {
        let upwards = scope.spawn(|| copy(&client, &server, Sender::Client));
        let downwards = copy(&server, &client, Sender::Server);
        let upwards = upwards
            .join()
            .unwrap_or_else(|_| Err(anyhow!("the relay has panicked")));
        Ok(Recording {
            client: upwards.context("from the client")?,
            server: downwards.context("from the server")?,
        })
    })
}

/// Copies until the end of `from`, which is passed on.
fn copy(mut from: &TcpStream, mut to: &TcpStream, sender: Sender) -> anyhow::Result<Scanned> {
    let mut scanner = Scanner::new(sender);
    let mut buffer = vec![0; 64 * 1024];
    let mut scanned = Ok(());
    loop {
        let count = match from.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // Who has got the other's Close frame may go without reading on.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
            Err(error) => return Err(error.into()),
        };
        if count == 0 {
            break;
        }
        // What is wrong is passed on nevertheless: it is for the peer to say so, too.
        if scanned.is_ok() {
            scanned = scanner.scan(&buffer[..count]);
        }
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    // The other side may have gone already.
    let _ = to.shutdown(Shutdown::Write);
    scanned?;
    scanner.finish()
}

/// How long a connection may be silent before it is given up.
const SILENCE: Duration = Duration::from_secs(60);
