//! The other libraries as victims of `cargo xtask hostile`: an echo server and an echo client of
//! each, with the settings that it comes with and the loop of its documentation.
#![forbid(unsafe_code)]

mod fastwebsockets;
mod sockudo_ws;
mod soketto;
mod tokio_tungstenite;
mod tokio_websockets;
mod wtx;
mod yawc;

#[path = "../../versions.rs"]
mod versions;

use std::{
    future::pending,
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use tokio::net::{TcpListener, TcpStream};

/// An echo endpoint of a library that is not Tautline.
#[derive(Parser)]
struct Arguments {
    #[arg(long, value_enum)]
    library: Option<Library>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Echoes until it is killed, and prints the address that it listens on.
    Server {
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// Does not accept compression.
        #[arg(long)]
        no_compression: bool,
    },
    /// Connects, echoes and says how it ended, some times over, then waits to be killed.
    Visit {
        /// Such as `ws://127.0.0.1:9001/`.
        #[arg(long)]
        url: String,
        #[arg(long, default_value_t = 1)]
        times: u32,
        /// Does not offer compression.
        #[arg(long)]
        no_compression: bool,
    },
    /// Prints the version of a package.
    Version { package: String },
}

#[derive(Clone, Copy, ValueEnum)]
enum Library {
    Fastwebsockets,
    SockudoWs,
    Soketto,
    TokioTungstenite,
    TokioWebsockets,
    Wtx,
    Yawc,
}

/// Whether permessage-deflate is switched on, with the library's own defaults for it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compression {
    Off,
    On,
}

impl Compression {
    const fn unless(off: bool) -> Self {
        if off { Self::Off } else { Self::On }
    }
}

impl Library {
    /// Serves one connection, the opening handshake included.
    async fn serve(self, stream: TcpStream, compression: Compression) -> anyhow::Result<()> {
        match self {
            Self::Fastwebsockets => fastwebsockets::serve(stream).await,
            Self::SockudoWs => Box::pin(sockudo_ws::serve(stream, compression)).await,
            Self::Soketto => soketto::serve(stream).await,
            Self::TokioTungstenite => tokio_tungstenite::serve(stream).await,
            Self::TokioWebsockets => tokio_websockets::serve(stream).await,
            Self::Wtx => Box::pin(wtx::serve(stream, compression)).await,
            Self::Yawc => yawc::serve(stream, compression).await,
        }
    }

    /// Connects, calls [`opened`] and echoes to the end.
    async fn visit(self, address: SocketAddr, compression: Compression) -> anyhow::Result<()> {
        match self {
            Self::Fastwebsockets => fastwebsockets::visit(address).await,
            Self::SockudoWs => Box::pin(sockudo_ws::visit(address)).await,
            Self::Soketto => soketto::visit(address).await,
            Self::TokioTungstenite => tokio_tungstenite::visit(address).await,
            Self::TokioWebsockets => tokio_websockets::visit(address).await,
            Self::Wtx => Box::pin(wtx::visit(address, compression)).await,
            Self::Yawc => yawc::visit(address, compression).await,
        }
    }
}

/// Tells that the opening handshake of a visit is over.
fn opened() {
    OPENED.store(true, Ordering::Relaxed);
    println!("opened");
}

/// One visit is made at a time.
static OPENED: AtomicBool = AtomicBool::new(false);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments { library, command } = Arguments::parse();
    let library = || library.context("which library? --library");
    match command {
        Command::Server {
            listen,
            no_compression,
        } => serve(library()?, listen, Compression::unless(no_compression)).await,
        Command::Visit {
            url,
            times,
            no_compression,
        } => visit(library()?, &url, times, Compression::unless(no_compression)).await,
        Command::Version { package } => {
            println!("{}", versions::of(&package)?);
            Ok(())
        }
    }
}

async fn serve(
    library: Library,
    listen: SocketAddr,
    compression: Compression,
) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        // A client may be gone again before it is accepted.
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        tokio::spawn(async move {
            // What fails here its client notices.
            let _ = library.serve(stream, compression).await;
        });
    }
}

async fn visit(
    library: Library,
    url: &str,
    times: u32,
    compression: Compression,
) -> anyhow::Result<()> {
    let address = url
        .strip_prefix("ws://")
        .and_then(|rest| rest.trim_end_matches('/').parse().ok())
        .context("not such as ws://127.0.0.1:9001/")?;
    for _ in 0..times {
        OPENED.store(false, Ordering::Relaxed);
        // A task, so that a panic ends a visit and not the program.
        let visit = tokio::spawn(async move { library.visit(address, compression).await });
        match visit.await {
            Ok(Ok(())) => println!("closed"),
            Ok(Err(error)) => println!("{} {error:#}", how()),
            Err(_) => println!("{} it panicked", how()),
        }
    }
    pending().await
}

/// What an error means.
fn how() -> &'static str {
    match OPENED.load(Ordering::Relaxed) {
        true => "failed",
        false => "refused",
    }
}
