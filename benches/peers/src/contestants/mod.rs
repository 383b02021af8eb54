//! Who takes part, and how each library is used.
//!
//! Every file is one library and has its loop: receive a message, send it back, until the
//! connection ends. The loop is the one of its documentation and examples, with the checks on that
//! others cannot switch off. Errors end a connection and are not told; whoever awaits the echo
//! notices.

mod accept;
mod audience;
mod fastwebsockets;
mod raw_tokio;
mod sockudo_ws;
mod soketto;
mod tautline;
mod tokio_tungstenite;
mod tokio_websockets;
mod tungstenite;
mod web_socket;
mod wtx;
mod yawc;

use std::{io, pin::Pin};

use anyhow::Context;
use tokio::net::TcpListener;

pub(crate) use self::audience::Audience;
use crate::{outlet::Outlet, ring::Ring, versions, wire::Role};

/// A library, used in one way.
pub(crate) trait Contestant: Sync {
    /// Its name on crates.io.
    fn library(&self) -> &'static str;

    /// How it is used; empty for the usual loop.
    fn way(&self) -> &'static str {
        ""
    }

    /// Whether it can do the work, and what has to be said about how it does it.
    fn judge(&self, work: Work) -> Verdict;

    /// Accepts connections and echoes, until the future is dropped.
    fn serve(&self, listener: TcpListener, deflate: Option<Deflate>) -> Serving;

    /// Echoes what the ring holds, until its end.
    fn echo(&self, ring: Ring, role: Role) -> Echoing;

    /// Takes connections that are open to tell all of them the same.
    fn audience(
        &self,
        outlets: Vec<Outlet>,
        deflate: Option<Deflate>,
    ) -> anyhow::Result<Box<dyn Audience>>;

    /// The name on the command line.
    fn name(&self) -> String {
        match self.way() {
            "" => self.library().to_owned(),
            way => format!("{}:{way}", self.library()),
        }
    }

    fn version(&self) -> anyhow::Result<String> {
        versions::of(self.library())
    }
}

pub(crate) type Serving = Pin<Box<dyn Future<Output = io::Result<()>>>>;
pub(crate) type Echoing = Pin<Box<dyn Future<Output = ()>>>;

/// What is asked of a contestant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// To compress, over TCP.
    Deflate(Deflate),
    /// To tell many connections the same.
    FanOut {
        over: Over,
        deflate: Option<Deflate>,
    },
    /// To echo in memory.
    InMemory(Role),
    /// To serve over TCP.
    Loopback,
}

/// Where what is sent goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Over {
    /// To a transport that takes everything at once.
    Memory,
    /// To the sockets of loopback TCP.
    Loopback,
}

/// The same for both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deflate {
    /// The level of zlib.
    pub(crate) level: u8,
    pub(crate) takeover: bool,
    /// The base-2 logarithm of the window.
    pub(crate) window: u8,
}

/// Whether a contestant can do some work.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    /// It can; the notes say what is different about it.
    Does(Vec<&'static str>),
    /// It cannot, and why.
    Refuses(&'static str),
    /// It is no different there from another way of the same library, or that way is not for this.
    Absent,
}

impl Verdict {
    /// It does exactly what is asked.
    const fn does() -> Self {
        Self::Does(Vec::new())
    }
}

/// The messages of a connection are this large at most.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// Everybody: the floor first, then Tautline.
pub(crate) fn all() -> Vec<Box<dyn Contestant>> {
    let mut all: Vec<Box<dyn Contestant>> = vec![Box::new(raw_tokio::RawTokio)];
    all.extend(boxed(tautline::WAYS));
    all.extend(boxed(fastwebsockets::WAYS));
    all.extend(boxed(tokio_websockets::WAYS));
    all.extend(boxed(sockudo_ws::WAYS));
    all.extend(boxed(yawc::WAYS));
    all.push(Box::new(wtx::Wtx));
    all.push(Box::new(web_socket::WebSocket));
    all.push(Box::new(soketto::Soketto));
    all.extend(boxed(tokio_tungstenite::WAYS));
    all.push(Box::new(tungstenite::Tungstenite));
    all
}

/// The contestants whose names begin with one of `names`; all of them if there is none.
pub(crate) fn chosen(names: &[String]) -> anyhow::Result<Vec<Box<dyn Contestant>>> {
    for name in names {
        let known = all().iter().any(|contestant| matches(&**contestant, name));
        known
            .then_some(())
            .with_context(|| format!("there is no contestant {name}: see `peers list`"))?;
    }
    let mut contestants = all();
    if !names.is_empty() {
        contestants.retain(|contestant| names.iter().any(|name| matches(&**contestant, name)));
    }
    Ok(contestants)
}

pub(crate) fn named(name: &str) -> anyhow::Result<Box<dyn Contestant>> {
    all()
        .into_iter()
        .find(|contestant| contestant.name() == name)
        .with_context(|| format!("there is no contestant {name}: see `peers list`"))
}

/// Runs a server on a thread of its own, until the process ends.
#[cfg(test)]
pub(crate) fn serve_on_thread(
    contestant: &dyn Contestant,
    deflate: Option<Deflate>,
) -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let name = contestant.name();
    std::thread::spawn(move || {
        let contestant = named(&name).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            contestant.serve(listener, deflate).await
        })
    });
    address
}

/// By the whole name, or by the library.
fn matches(contestant: &dyn Contestant, name: &str) -> bool {
    contestant.library() == name || contestant.name() == name
}

fn boxed<C: Contestant + Copy + 'static>(ways: &[C]) -> impl Iterator<Item = Box<dyn Contestant>> {
    ways.iter()
        .map(|&contestant| Box::new(contestant) as Box<dyn Contestant>)
}
