use std::{ffi::OsString, process, time::Duration};

use anyhow::Context;
use clap::Args;
use rustix::process::{Signal, set_parent_process_death_signal};
use tokio::{net::TcpListener, runtime};

use crate::{
    contestants::{self, Deflate},
    cores::{self, Cores},
};

/// What a server is to do.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Options {
    /// Whose server.
    contestant: String,
    /// Agrees on permessage-deflate, with this level of zlib.
    #[arg(long)]
    deflate: Option<u8>,
    /// Keeps the context of both directions from message to message.
    #[arg(long, requires = "deflate")]
    takeover: bool,
    /// The window of both directions, as its base-2 logarithm.
    #[arg(long, requires = "deflate", default_value_t = 15)]
    window: u8,
    /// Runs on a thread for each core, and not on one.
    #[arg(long)]
    multi_thread: bool,
    /// Runs on this core only.
    #[arg(long)]
    core: Option<usize>,
}

impl Options {
    pub(crate) fn deflate(mut self, deflate: Deflate) -> Self {
        self.deflate = Some(deflate.level);
        self.takeover = deflate.takeover;
        self.window = deflate.window;
        self
    }

    pub(crate) fn multi_thread(mut self) -> Self {
        self.multi_thread = true;
        self
    }

    pub(crate) fn cores(mut self, cores: Cores) -> anyhow::Result<Self> {
        self.core = cores.server()?;
        Ok(self)
    }

    /// These options on the command line of a server of `contestant`.
    pub(crate) fn arguments(&self, contestant: &str) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec![contestant.into()];
        if let Some(level) = self.deflate {
            arguments.push(format!("--deflate={level}").into());
            arguments.push(format!("--window={}", self.window).into());
            if self.takeover {
                arguments.push("--takeover".into());
            }
        }
        if self.multi_thread {
            arguments.push("--multi-thread".into());
        }
        if let Some(core) = self.core {
            arguments.push(format!("--core={core}").into());
        }
        arguments
    }
}

/// Prints the address it listens at and its process, and serves until it is killed.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    // Whoever is killed cannot kill it any more.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let contestant = contestants::named(&options.contestant)?;
    let deflate = options.deflate.map(|level| Deflate {
        level,
        takeover: options.takeover,
        window: options.window,
    });
    if let Some(core) = options.core {
        cores::pin(core)?;
    }
    let mut builder = if options.multi_thread {
        runtime::Builder::new_multi_thread()
    } else {
        runtime::Builder::new_current_thread()
    };
    let runtime = builder.enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{} {}", listener.local_addr()?, process::id());
        contestant.serve(listener, deflate).await
    })?;
    // What is killed does not come here.
    runtime.shutdown_timeout(Duration::ZERO);
    None.context("the server ended")
}
