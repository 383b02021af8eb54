use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use serde::Deserialize;
use tautline::{
    CloseCode, Message,
    connection::Fin,
    driver::{Connector, Runtime, Transport, WebSocket},
};

use crate::compression::Compression;

/// A conversation to have with an echo server.
#[derive(Clone, Debug, Args)]
pub(crate) struct Talk {
    /// The echo server, such as `ws://127.0.0.1:9001`.
    #[arg(long)]
    url: String,
    /// The directory with `conversation.json` and the payloads that it names.
    #[arg(long, value_name = "DIRECTORY")]
    conversation: PathBuf,
    #[command(flatten)]
    compression: Compression,
}

/// Sends every message, expects each to come back, and closes.
pub(crate) async fn talk<R: Runtime>(runtime: R, talk: &Talk) -> anyhow::Result<()> {
    let conversation = Conversation::read(&talk.conversation)?;
    let connector = Connector::with_runtime(runtime).config(talk.compression.config());
    let mut ws = connector.connect(talk.url.as_str()).await?;
    for round in &conversation.rounds {
        for line in round {
            send(&mut ws, line)
                .await
                .with_context(|| format!("cannot send {}", line.name))?;
        }
        for line in round {
            let echo = ws
                .recv()
                .await
                .with_context(|| format!("no echo of {}", line.name))?;
            ensure!(
                echo.as_ref() == Some(&line.message),
                "the echo of {} is another message",
                line.name
            );
        }
    }
    let closed = ws.close(CloseCode::NORMAL, "done").await?;
    ensure!(
        closed.is_clean() && closed.code() == CloseCode::NORMAL.get(),
        "closed with {}, which is not 1000 and clean",
        closed.code()
    );
    Ok(())
}

/// A message in as many fragments as its line asks for, with a Ping after each but the last: it
/// must not disturb a message that is compressed.
async fn send<T: Transport>(ws: &mut WebSocket<T>, line: &Line) -> anyhow::Result<()> {
    if line.fragments <= 1 {
        return Ok(ws.send(line.message.clone()).await?);
    }
    let mut rest = line.message.clone();
    for left in (1..line.fragments).rev() {
        let (fragment, after) = split(rest, left);
        ws.send_fragment(fragment, Fin::More).await?;
        ws.ping("between").await?;
        rest = after;
    }
    Ok(ws.send_fragment(rest, Fin::Last).await?)
}

/// Cuts the first fragment off what is to be sent in it and `left` others.
fn split(message: Message, left: usize) -> (Message, Message) {
    let mut length = message.len() / (left + 1);
    match message.as_text() {
        Some(text) => {
            while !text.is_char_boundary(length) {
                length -= 1;
            }
            let (fragment, rest) = text.split_at(length);
            (Message::text(fragment), Message::text(rest))
        }
        None => {
            let mut bytes = message.into_bytes();
            let fragment = bytes.split_to(length);
            (Message::binary(fragment), Message::binary(bytes))
        }
    }
}

/// What is said: messages that are sent at once make a round.
struct Conversation {
    rounds: Vec<Vec<Line>>,
}

struct Line {
    name: String,
    message: Message,
    fragments: usize,
}

impl Conversation {
    fn read(directory: &Path) -> anyhow::Result<Self> {
        let read = |name: &str| {
            let path = directory.join(name);
            fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let Script { rounds } = serde_json::from_slice(&read("conversation.json")?)?;
        let line = |scripted: Scripted| {
            let payload = read(&scripted.payload)?;
            let message = if scripted.text {
                Message::from(String::from_utf8(payload)?)
            } else {
                Message::from(payload)
            };
            Ok(Line {
                name: scripted.name,
                message,
                fragments: scripted.fragments,
            })
        };
        let rounds = rounds
            .into_iter()
            .map(|round| round.into_iter().map(line).collect())
            .collect::<anyhow::Result<Vec<_>>>()?;
        if rounds.is_empty() {
            bail!("there is nothing to say in {}", directory.display());
        }
        Ok(Self { rounds })
    }
}

#[derive(Deserialize)]
struct Script {
    rounds: Vec<Vec<Scripted>>,
}

#[derive(Deserialize)]
struct Scripted {
    name: String,
    /// The name of a file.
    payload: String,
    text: bool,
    fragments: usize,
}
