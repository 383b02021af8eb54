use std::time::Duration;

use clap::Args;
use tautline::{Config, Keepalive};

/// Whether peers that have gone silent are found out; they are not unless this is set.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct KeepaliveMillis {
    /// Pings at this interval, and gives up a peer that takes as long to answer.
    #[arg(long, value_name = "MILLISECONDS")]
    keepalive: Option<u64>,
}

impl KeepaliveMillis {
    pub(crate) fn add_to(self, config: Config) -> Config {
        let Some(millis) = self.keepalive else {
            return config;
        };
        let span = Duration::from_millis(millis);
        config.keepalive(Keepalive::new(span, span))
    }
}
