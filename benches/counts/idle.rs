use std::{fmt, io, net::SocketAddr, thread};

use allocation_counter::measure;
use benches::Script;
use bytes::Buf;
use tautline::{
    Config, Error, Limits, Message, Role,
    connection::Connection,
    deflate::{Agreed, Context, Settings, Window},
    tokio::WebSocket,
};
use tokio::{net::TcpStream, runtime::Runtime, sync::oneshot};

use crate::{
    client::{Client, SETTLE, binary},
    handlers,
    host::Host,
};

/// How the server handles its connections.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// `accept`, and a handler that is lent messages.
    Lending,
    /// `accept`, and a handler that owns messages.
    Owned,
    /// `accept`, and a handler with the two halves of the connection.
    Split,
    /// `serve`.
    Serve,
}

/// What a connection has been through before it waits.
#[derive(Clone, Copy)]
pub(crate) enum Past {
    /// The opening handshake.
    Nothing,
    /// An echo of so many bytes.
    Message(usize),
    /// The agreement to compress with context takeover, and an echo of 1 KiB of text.
    Compressed,
}

impl Way {
    pub(crate) const ALL: [Self; 4] = [Self::Lending, Self::Owned, Self::Split, Self::Serve];

    fn start(self, config: Config) -> (Runtime, SocketAddr) {
        let host = Host::new();
        match self {
            Self::Lending => host.accept(config, handlers::lending),
            Self::Owned => host.accept(config, handlers::owned),
            Self::Split => host.accept(config, halves),
            Self::Serve => host.serve(config),
        }
    }
}

async fn halves(ws: WebSocket<TcpStream>) -> Result<(), Error> {
    let (mut reader, writer) = ws.split();
    while let Some(message) = reader.recv().await? {
        writer.send(message).await?;
    }
    Ok(())
}

/// The bytes that the server's thread holds for a connection, its task and its socket.
///
/// As many connections as are counted are there before: what grows in steps, and what a thread
/// has once, is in neither number.
pub(crate) fn bytes_a_connection(way: Way, past: Past) -> f64 {
    let (runtime, server) = way.start(past.config());
    // Stay connected until all is counted. The list has its room before anything is.
    let mut clients = Vec::with_capacity(2);
    let mut held = 0;
    for _ in 0..2 {
        let (tell, mut done) = oneshot::channel();
        thread::spawn(move || tell.send(past.clients(server)));
        let info = measure(|| {
            // By the time that this thread hears of the last echo, it has looked for the message
            // after it, too.
            clients.push(runtime.block_on(&mut done));
        });
        held = info.bytes_current;
    }
    for result in clients {
        result
            .expect("the clients compare what they get")
            .expect("the server takes every connection");
    }
    held as f64 / CONNECTIONS as f64
}

impl Past {
    pub(crate) const ALL: [Self; 4] = [
        Self::Nothing,
        Self::Message(16 * 1024),
        Self::Message(1024 * 1024),
        Self::Compressed,
    ];

    fn config(self) -> Config {
        match self {
            Self::Compressed => Config::new().deflate(Settings::new()),
            _ => Config::new(),
        }
    }

    /// Connects clients and has them go through it, one after the other.
    fn clients(self, server: SocketAddr) -> io::Result<Vec<Client>> {
        let clients = (0..CONNECTIONS).map(|_| Client::connect(server));
        let mut clients: Vec<_> = clients.collect::<Result<_, _>>()?;
        thread::sleep(SETTLE);
        for client in &mut clients {
            self.live_through(client)?;
        }
        Ok(clients)
    }

    fn live_through(self, client: &mut Client) -> io::Result<()> {
        client.open(match self {
            Self::Compressed => Some("permessage-deflate"),
            _ => None,
        })?;
        match self {
            Self::Nothing => {}
            Self::Message(size) => {
                let payload = vec![0x5a; size];
                client.send(&binary(&payload))?;
                assert_eq!(client.receive()?, payload);
            }
            Self::Compressed => {
                client.send(&compressed())?;
                client.receive()?;
            }
        }
        Ok(())
    }
}

/// The first message of a client that compresses.
fn compressed() -> Vec<u8> {
    let context = Context {
        window: Window::KiB32,
        takeover: true,
    };
    let agreed = Agreed {
        compress: Some(context),
        decompress: context,
    };
    let mut client = Connection::with_limits(Role::Client, || [1, 2, 3, 4], Limits::default());
    client.set_deflate(&agreed, &Settings::new());
    client
        .send(Message::text(Script::Ascii.text(1024)))
        .expect("the connection is open");
    let output = client.output();
    output.copy_to_bytes(output.remaining()).into()
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lending => "lending",
            Self::Owned => "owned",
            Self::Split => "split",
            Self::Serve => "serve",
        })
    }
}

impl fmt::Display for Past {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("new"),
            Self::Message(size) => write!(f, "after {size} B"),
            Self::Compressed => f.write_str("compressed, after 1024 B"),
        }
    }
}

/// More than a thread keeps states of zlib for.
const CONNECTIONS: usize = 64;
