use std::{future::pending, num::NonZeroU32};

use anyhow::Error;
use clap::Args;
use tautline::driver::{Connector, Runtime, Transport, WebSocket};

use crate::compression::Compression;

/// A server to visit, again and again.
#[derive(Clone, Debug, Args)]
pub(crate) struct Visit {
    /// The server, such as `ws://127.0.0.1:9001`.
    #[arg(long)]
    url: String,
    /// How often to connect to it, one time after the other.
    #[arg(long, default_value = "1")]
    times: NonZeroU32,
    #[command(flatten)]
    compression: Compression,
}

/// Connects, echoes what comes and says how it ended, as often as it was asked for. Then it waits to
/// be killed, so that whoever started it can see what is left of the connections.
pub(crate) async fn visit<R: Runtime>(runtime: R, visit: &Visit) -> ! {
    let connector = Connector::with_runtime(runtime).config(visit.compression.config());
    for _ in 0..visit.times.get() {
        match connector.connect(visit.url.as_str()).await {
            Err(error) => println!("refused {:#}", Error::from(error)),
            Ok(ws) => {
                println!("opened");
                match echo(ws).await {
                    Ok(code) => println!("closed {code}"),
                    Err(error) => println!("failed {error:#}"),
                }
            }
        }
    }
    pending().await
}

/// Echoes until the end; the peer's close code.
async fn echo<T: Transport>(mut ws: WebSocket<T>) -> anyhow::Result<u16> {
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(ws.closed().code())
}
