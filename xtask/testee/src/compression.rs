use std::num::NonZeroUsize;

use clap::Args;
use tautline::{
    Config,
    deflate::{Settings, Window, WindowBits},
};

/// What permessage-deflate is set to; without a flag, what the library has as its default.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Compression {
    /// Neither offers nor accepts compression.
    #[arg(long)]
    no_compression: bool,
    /// The largest window for compressing, in bits (9 to 15).
    #[arg(long, value_name = "BITS", value_parser = window)]
    window: Option<Window>,
    /// The largest window that the peer may compress with, in bits (9 to 15).
    #[arg(long, value_name = "BITS", value_parser = window)]
    peer_window: Option<Window>,
    /// Compresses every message by itself.
    #[arg(long)]
    no_context_takeover: bool,
    /// Has the peer compress every message by itself.
    #[arg(long)]
    no_peer_context_takeover: bool,
    /// Cuts messages into frames of this many bytes at most.
    #[arg(long, value_name = "BYTES")]
    fragment_size: Option<NonZeroUsize>,
}

impl Compression {
    pub(crate) fn config(&self) -> Config {
        let mut config = Config::new();
        if !self.no_compression {
            config = config.deflate(self.settings());
        }
        if let Some(bytes) = self.fragment_size {
            config = config.fragment_size(bytes);
        }
        config
    }

    fn settings(&self) -> Settings {
        // Short messages, too: it is to be seen that they can be compressed.
        let mut settings = Settings::new().with_threshold(0);
        if let Some(window) = self.window {
            settings = settings.with_window(window);
        }
        if let Some(window) = self.peer_window {
            settings = settings.with_peer_window(window);
        }
        if self.no_context_takeover {
            settings = settings.without_context_takeover();
        }
        if self.no_peer_context_takeover {
            settings = settings.without_peer_context_takeover();
        }
        settings
    }
}

fn window(bits: &str) -> Result<Window, String> {
    WindowBits::parse(bits)
        .and_then(Window::from_bits)
        .ok_or_else(|| "a window has 9 to 15 bits".to_owned())
}
