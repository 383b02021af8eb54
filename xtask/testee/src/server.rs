use std::io;

use tautline::{
    Config, Error, OriginPolicy,
    driver::{Corked, Runtime, Serve},
};

/// Echoes every message of every connection.
pub(crate) async fn server<R: Runtime>(
    runtime: R,
    listener: R::Listener,
    config: Config,
) -> io::Result<()> {
    Serve::new(runtime, listener, async |mut ws: Corked<R::Transport>| {
        while let Some(message) = ws.recv().await? {
            ws.send(message).await?;
        }
        Ok::<(), Error>(())
    })
    .config(config)
    // Pages of browsers talk to it as well, and they come from elsewhere.
    .origin(OriginPolicy::any())
    .await
}
