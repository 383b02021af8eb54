use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use socket2::SockRef;
use tautline::{CloseCode, Config, Message, handshake::ClientRequest, tokio::WebSocket};
use tokio::{net::TcpSocket, time::timeout};

/// Opens connections to a server.
#[derive(Debug)]
pub(super) struct Clients {
    server: SocketAddr,
    request: ClientRequest,
    config: Arc<Config>,
    sources: u32,
    next: AtomicU32,
}

impl Clients {
    /// For as many connections at once; an address of the machine has ports for fewer than that.
    pub(super) fn new(server: SocketAddr, connections: u32) -> anyhow::Result<Self> {
        let uri = format!("ws://{server}/");
        let config = Config::new()
            .handshake_timeout(PATIENCE)
            .close_timeout(PATIENCE);
        Ok(Self {
            server,
            request: ClientRequest::try_from(uri)?,
            config: Arc::new(config),
            sources: 1 + connections / PORTS,
            next: AtomicU32::new(0),
        })
    }

    pub(super) async fn connect(&self) -> anyhow::Result<WebSocket> {
        self.connect_with(self.socket()?).await
    }

    /// Connects with little room for what is not read, so that it piles up at the server, and not in
    /// the megabytes that the kernel has for the long segments of loopback.
    pub(super) async fn connect_narrow(&self) -> anyhow::Result<WebSocket> {
        let socket = self.socket()?;
        socket.set_recv_buffer_size(NARROW)?;
        socket.set_send_buffer_size(NARROW)?;
        SockRef::from(&socket).set_tcp_mss(ETHERNET)?;
        self.connect_with(socket).await
    }

    async fn connect_with(&self, socket: TcpSocket) -> anyhow::Result<WebSocket> {
        let tcp = timeout(PATIENCE, socket.connect(self.server))
            .await
            .context("cannot connect in time")?
            .context("cannot connect")?;
        WebSocket::connect_on(tcp.into(), &self.request, self.config.clone())
            .await
            .context("the opening handshake failed")
    }

    fn socket(&self) -> anyhow::Result<TcpSocket> {
        let socket = match self.server {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        if self.sources > 1 && self.server.is_ipv4() {
            // 127.0.0.1 has ports for some; all of 127.0.0.0/8 is this machine.
            let source = self.next.fetch_add(1, Ordering::Relaxed) % self.sources;
            let address = Ipv4Addr::from(u32::from(Ipv4Addr::LOCALHOST) + source);
            socket
                .bind(SocketAddr::new(IpAddr::V4(address), 0))
                .context("no port is free")?;
        }
        Ok(socket)
    }
}

/// Sends a message and waits for it to come back unchanged.
pub(super) async fn echo(ws: &mut WebSocket, message: &Message) -> anyhow::Result<()> {
    let echo = async {
        ws.send(message.clone()).await?;
        ws.recv().await
    };
    let echo = timeout(PATIENCE, echo).await.context("no echo in time")?;
    check(echo.context("lost")?.as_ref(), message)
}

/// Whether a message is what was sent.
pub(super) fn check(echo: Option<&Message>, sent: &Message) -> anyhow::Result<()> {
    match echo {
        Some(echo) if echo == sent => Ok(()),
        Some(_) => bail!("the echo is another message"),
        None => bail!("the server has closed"),
    }
}

/// Runs the closing handshake.
pub(super) async fn close(mut ws: WebSocket) -> anyhow::Result<()> {
    let closed = ws.close(CloseCode::NORMAL, "").await?;
    ensure!(
        closed.is_clean() && closed.code() == CloseCode::NORMAL.get(),
        "the closing handshake ended with {}",
        closed.code()
    );
    Ok(())
}

/// The bytes of a message: different ones for different numbers.
pub(super) fn payload(number: u64, len: usize) -> Message {
    let step = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
    let bytes: Vec<u8> = step.iter().copied().cycle().take(len).collect();
    Message::binary(bytes)
}

/// How long anything may take on a machine that is busy with this very load.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Linux gives out 28,232 ports of an address unless told otherwise.
const PORTS: u32 = 20_000;

/// The kernel doubles it.
const NARROW: u32 = 16 << 10;

/// The segments of a network.
const ETHERNET: u32 = 1448;

#[cfg(test)]
mod tests {
    use super::{Clients, check, payload};

    #[test]
    fn many_connections_come_from_several_addresses() {
        let server = "127.0.0.1:9".parse().unwrap();
        assert_eq!(Clients::new(server, 11_164).unwrap().sources, 1);
        assert_eq!(Clients::new(server, 50_000).unwrap().sources, 3);
    }

    #[test]
    fn an_echo_must_be_the_message() {
        let sent = payload(1, 100);
        assert_eq!(sent.len(), 100);
        assert!(check(Some(&payload(1, 100)), &sent).is_ok());
        for echo in [Some(&payload(2, 100)), Some(&payload(1, 99)), None] {
            assert!(check(echo, &sent).is_err());
        }
    }
}
