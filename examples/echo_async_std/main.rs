//! An echo server on async-std, and a client that talks to one.
//!
//! ```text
//! cargo run --release --example echo_async_std -- server [ADDR]
//! cargo run --release --example echo_async_std -- client [URI]
//! ```
//!
//! The server listens on 127.0.0.1:9001 unless told otherwise. The client sends each line of its
//! standard input and prints what comes back.
//!
//! async-std is no longer maintained; `echo_smol` is this program on smol.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::env;

use async_signal::{Signal, Signals};
use async_std::{
    io::{BufReader, prelude::BufReadExt, stdin},
    net::TcpListener,
    stream::StreamExt,
    task,
};
use tautline::{
    CloseCode, Error,
    async_std::{Corked, WriteHalf, connect, serve},
};

fn main() -> anyhow::Result<()> {
    let mut args = env::args().skip(1);
    task::block_on(async {
        match (args.next().as_deref(), args.next()) {
            (Some("server"), address) => {
                server(address.as_deref().unwrap_or("127.0.0.1:9001")).await
            }
            (Some("client"), uri) => client(uri.as_deref().unwrap_or("ws://127.0.0.1:9001/")).await,
            _ => anyhow::bail!("usage: echo_async_std server [ADDR] | echo_async_std client [URI]"),
        }
    })
}

async fn server(address: &str) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let mut ctrl_c = Signals::new([Signal::Int])?;
    serve(listener, async |mut ws: Corked| {
        while let Some(message) = ws.recv().await? {
            ws.send(message).await?;
        }
        Ok::<(), Error>(())
    })
    .with_graceful_shutdown(async move {
        ctrl_c.next().await;
    })
    .await?;
    Ok(())
}

async fn client(uri: &str) -> anyhow::Result<()> {
    let (mut reader, writer) = connect(uri).await?.split();
    // In a task of its own, so that pings are answered while nobody types.
    task::spawn(send_lines(writer.clone()));
    while let Some(message) = reader.recv().await? {
        println!("{}", message.as_text().unwrap_or("(binary)"));
    }
    let closed = writer.closed();
    println!(
        "closed: {}{}",
        closed.code(),
        if closed.is_clean() { " (clean)" } else { "" }
    );
    Ok(())
}

/// Sends what is typed, and closes at its end. If the connection fails, the reader tells of it.
async fn send_lines(writer: WriteHalf) -> Result<(), Error> {
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(Ok(line)) = lines.next().await {
        writer.send(line).await?;
    }
    writer.close(CloseCode::NORMAL, "bye").await
}
