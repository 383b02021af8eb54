//! The echo as programs write it, one function for each way of doing so.
//!
//! They are apart from each other because the task of a connection is as large as its future, and
//! the future of a function that can do it in any way would be as large as the largest.

use tautline::{
    Error,
    driver::{Corked, Transport, WebSocket},
};

/// Messages are lent, and their replies are queued.
pub(crate) async fn lending<T: Transport>(mut ws: WebSocket<T>) -> Result<(), Error> {
    while let Some(mut received) = ws.recv_ref().await? {
        received.reply.echo(received.message)?;
    }
    Ok(())
}

/// Messages are owned, and each leaves before the next is looked for.
pub(crate) async fn owned<T: Transport>(mut ws: WebSocket<T>) -> Result<(), Error> {
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}

/// Messages are owned, and leave together.
pub(crate) async fn corked<T: Transport>(mut ws: Corked<T>) -> Result<(), Error> {
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}
