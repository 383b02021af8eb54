use std::io;

use tautline::driver::{Corked, Error, Runtime, Serve};

/// Echoes every message of every connection.
pub(crate) async fn server<R: Runtime>(runtime: R, listener: R::Listener) -> io::Result<()> {
    Serve::new(runtime, listener, async |mut ws: Corked<R::Transport>| {
        while let Some(message) = ws.recv().await? {
            ws.send(message).await?;
        }
        Ok::<(), Error>(())
    })
    .await
}
