//! An echo server on smol, and a client that talks to one.
//!
//! ```text
//! cargo run --release --example echo_smol -- server [ADDR]
//! cargo run --release --example echo_smol -- client [URI]
//! ```
//!
//! The server listens on 127.0.0.1:9001 unless told otherwise; `SMOL_THREADS` says on how many
//! threads its connections run. The client sends each line of its standard input and prints what
//! comes back.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::{env, io::stdin};

use async_signal::{Signal, Signals};
use smol::{
    Unblock, future,
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    stream::StreamExt,
};
use tautline::{
    CloseCode, Error,
    smol::{Corked, connect, serve},
};

fn main() -> anyhow::Result<()> {
    let mut args = env::args().skip(1);
    smol::block_on(async {
        match (args.next().as_deref(), args.next()) {
            (Some("server"), address) => {
                server(address.as_deref().unwrap_or("127.0.0.1:9001")).await
            }
            (Some("client"), uri) => client(uri.as_deref().unwrap_or("ws://127.0.0.1:9001/")).await,
            _ => anyhow::bail!("usage: echo_smol server [ADDR] | echo_smol client [URI]"),
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
    let mut lines = BufReader::new(Unblock::new(stdin())).lines();
    let typing = async {
        while let Some(line) = lines.next().await {
            writer.send(line?).await?;
        }
        writer.close(CloseCode::NORMAL, "bye").await?;
        // What is still to come is the reader's to print.
        future::pending().await
    };
    let printing = async {
        while let Some(message) = reader.recv().await? {
            println!("{}", message.as_text().unwrap_or("(binary)"));
        }
        anyhow::Ok(())
    };
    // Both are awaited at once, so that pings are answered while nobody types.
    future::or(printing, typing).await?;
    let closed = writer.closed();
    println!(
        "closed: {}{}",
        closed.code(),
        if closed.is_clean() { " (clean)" } else { "" }
    );
    Ok(())
}
