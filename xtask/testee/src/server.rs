use std::io;

use tautline::{
    Config, Error,
    deflate::Settings,
    driver::{Corked, Runtime, Serve},
};

/// Echoes every message of every connection.
pub(crate) async fn server<R: Runtime>(runtime: R, listener: R::Listener) -> io::Result<()> {
    // Short messages, too: it is to be seen that they can be compressed.
    let config = Config::new().deflate(Settings::new().with_threshold(0));
    Serve::new(runtime, listener, async |mut ws: Corked<R::Transport>| {
        while let Some(message) = ws.recv().await? {
            ws.send(message).await?;
        }
        Ok::<(), Error>(())
    })
    .config(config)
    .await
}
