//! An echo server, and a client that talks to one.
//!
//! ```text
//! cargo run --release --example echo -- server [ADDR]
//! cargo run --release --example echo -- client [URI]
//! ```
//!
//! The server listens on 127.0.0.1:9001 unless told otherwise. The client sends each line of its
//! standard input and prints what comes back.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::env;

use tautline::{
    CloseCode, Error,
    tokio::{Corked, connect, serve},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, stdin},
    net::TcpListener,
    signal::ctrl_c,
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut args = env::args().skip(1);
    match (args.next().as_deref(), args.next()) {
        (Some("server"), address) => server(address.as_deref().unwrap_or("127.0.0.1:9001")).await,
        (Some("client"), uri) => client(uri.as_deref().unwrap_or("ws://127.0.0.1:9001/")).await,
        _ => anyhow::bail!("usage: echo server [ADDR] | echo client [URI]"),
    }
}

async fn server(address: &str) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    serve(listener, async |mut ws: Corked| {
        while let Some(message) = ws.recv().await? {
            ws.send(message).await?;
        }
        Ok::<(), Error>(())
    })
    .with_graceful_shutdown(async {
        // Without the signal the server runs until it is killed.
        let _ = ctrl_c().await;
    })
    .await?;
    Ok(())
}

async fn client(uri: &str) -> anyhow::Result<()> {
    let mut ws = connect(uri).await?;
    let mut lines = BufReader::new(stdin()).lines();
    // Both are awaited at once, so that pings are answered while nobody types.
    let (mut typing, mut unanswered) = (true, 0);
    while typing || unanswered > 0 {
        tokio::select! {
            line = lines.next_line(), if typing => match line? {
                Some(line) => {
                    ws.send(line).await?;
                    unanswered += 1;
                }
                None => typing = false,
            },
            message = ws.recv() => match message? {
                Some(message) => {
                    println!("{}", message.as_text().unwrap_or("(binary)"));
                    unanswered -= 1;
                }
                None => break,
            },
        }
    }
    let closed = ws.close(CloseCode::NORMAL, "bye").await?;
    println!(
        "closed: {}{}",
        closed.code(),
        if closed.is_clean() { " (clean)" } else { "" }
    );
    Ok(())
}
