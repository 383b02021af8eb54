//! Scenarios over TCP, for system calls to be counted: `cargo xtask bench counts` runs them under
//! strace, and [`scenario::obey`] says how.
//!
//! The server has the main thread, and the client another, which strace does not follow: what is
//! counted are the calls of the server. The client sends a message, or a burst, in one write, and
//! waits for all of the echo, so that what the server finds does not depend on which is faster.
#![forbid(unsafe_code)]

mod client;
mod handlers;
mod host;
mod scenario;

use std::{fmt, io, net::SocketAddr, thread};

use tautline::Config;
use tokio::{runtime::Runtime, sync::oneshot};

use self::{
    client::{Client, SETTLE, binary},
    host::Host,
    scenario::Scenario,
};

fn main() {
    let mut scenarios = Vec::new();
    for load in Load::ALL {
        for way in Way::ALL {
            scenarios.push(Scenario {
                name: format!("{load}, {way}"),
                few: 160,
                many: 1_760,
                run: Box::new(move |messages| run(load, way, messages)),
            });
        }
    }
    scenario::obey(&scenarios);
}

/// What the client sends before it waits for the echo.
#[derive(Clone, Copy)]
struct Load {
    messages: u64,
    /// Bytes of a message.
    payload: usize,
}

impl Load {
    const ALL: [Self; 3] = [
        Self {
            messages: 1,
            payload: 20,
        },
        Self {
            messages: 1,
            payload: 16 * 1024,
        },
        Self {
            messages: 16,
            payload: 20,
        },
    ];

    fn rounds(self, server: SocketAddr, messages: u64) -> io::Result<()> {
        let mut client = Client::connect(server)?;
        thread::sleep(SETTLE);
        client.open(None)?;
        let payload = vec![0x5a; self.payload];
        let frames = binary(&payload).repeat(self.messages as usize);
        for _ in 0..messages / self.messages {
            client.send(&frames)?;
            for _ in 0..self.messages {
                assert_eq!(client.receive()?, payload);
            }
        }
        Ok(())
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.messages {
            1 => write!(f, "{} B", self.payload),
            messages => write!(f, "{messages} x {} B", self.payload),
        }
    }
}

/// How the server handles its connection.
#[derive(Clone, Copy)]
enum Way {
    Lending,
    Owned,
    Serve,
}

impl Way {
    const ALL: [Self; 3] = [Self::Lending, Self::Owned, Self::Serve];

    fn start(self) -> (Runtime, SocketAddr) {
        let host = Host::new();
        match self {
            Self::Lending => host.accept(Config::new(), handlers::lending),
            Self::Owned => host.accept(Config::new(), handlers::owned),
            Self::Serve => host.serve(Config::new()),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lending => "lending",
            Self::Owned => "owned",
            Self::Serve => "serve",
        })
    }
}

fn run(load: Load, way: Way, messages: u64) {
    let (runtime, server) = way.start();
    let (tell, done) = oneshot::channel();
    thread::spawn(move || tell.send(load.rounds(server, messages)));
    runtime
        .block_on(done)
        .expect("the client compares what it gets")
        .expect("the server takes the connection and echoes");
}
