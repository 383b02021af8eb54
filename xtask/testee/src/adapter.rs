use std::{io, net::SocketAddr};

use clap::ValueEnum;
use tautline::{
    async_std::AsyncStdRuntime, driver::Runtime, smol::SmolRuntime, tokio::TokioRuntime,
};

use crate::{Role, client::client, server::server, talk::talk, visit::visit};

/// The adapter to run on.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Adapter {
    Tokio,
    AsyncStd,
    Smol,
}

impl Adapter {
    pub(crate) fn run(self, role: Role) -> anyhow::Result<()> {
        match self {
            Self::Tokio => {
                let bind = tokio::net::TcpListener::bind;
                let address = tokio::net::TcpListener::local_addr;
                let task = role.run(TokioRuntime, bind, address);
                tokio::runtime::Runtime::new()?.block_on(task)
            }
            Self::AsyncStd => {
                let bind = async_std::net::TcpListener::bind;
                let address = async_std::net::TcpListener::local_addr;
                let task = role.run(AsyncStdRuntime, bind, address);
                async_std::task::block_on(task)
            }
            // The tasks run on as many threads as SMOL_THREADS says.
            Self::Smol => {
                let bind = smol::net::TcpListener::bind;
                let address = smol::net::TcpListener::local_addr;
                let task = role.run(SmolRuntime::default(), bind, address);
                smol::block_on(task)
            }
        }
    }
}

impl Role {
    async fn run<R: Runtime, B>(
        self,
        runtime: R,
        bind: impl FnOnce(SocketAddr) -> B,
        address: impl FnOnce(&R::Listener) -> io::Result<SocketAddr>,
    ) -> anyhow::Result<()>
    where
        B: Future<Output = io::Result<R::Listener>>,
    {
        match self {
            Self::Server {
                listen,
                compression,
                keepalive,
                heap,
            } => {
                let listener = bind(listen).await?;
                println!("listening on {}", address(&listener)?);
                heap.tell();
                server(runtime, listener, keepalive.add_to(compression.config())).await?;
                Ok(())
            }
            Self::Client(cases) => client(runtime, &cases).await,
            Self::Talk(conversation) => talk(runtime, &conversation).await,
            Self::Visit(server) => visit(runtime, &server).await,
        }
    }
}
