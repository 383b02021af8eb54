//! A chat in the browser, page and WebSocket on one port. See `examples/chat/mod.rs`.

use std::env::{self, Args};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use examples::chat::{Limits, Server};
use tokio::signal;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = env::args();
    arguments.next();
    let outcome = match Command::parse(arguments) {
        Ok(Command::Serve(address)) => serve(address)
            .await
            .map_err(|error| format!("{address}: {error}")),
        Ok(Command::Help) => {
            // Nobody who asked for help is helped by an error about printing it.
            let _ = io::stdout().write_all(HELP.as_bytes());
            Ok(())
        }
        Err(message) => Err(format!("{message}\n\n{HELP}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(io::stderr(), "chat: {}", message.trim_end());
            ExitCode::FAILURE
        }
    }
}

async fn serve(address: SocketAddr) -> io::Result<()> {
    let server = Server::bind(address, Limits::default())?;
    log(&format!("chat on http://{}/", server.local_addr()?));
    server.log_to(log).run(stop()?).await;
    Ok(())
}

/// One line to whoever watches. Nobody has to: without a reader the line is lost, and no more.
fn log(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Ready on Ctrl-C, and on what service managers send.
fn stop() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        let terminated = terminate.recv();
        #[cfg(not(unix))]
        let terminated = std::future::pending::<()>();
        tokio::select! {
            _ = signal::ctrl_c() => {}
            _ = terminated => {}
        }
    })
}

enum Command {
    Serve(SocketAddr),
    Help,
}

impl Command {
    fn parse(mut arguments: Args) -> Result<Self, String> {
        let mut address = DEFAULT_ADDRESS.to_owned();
        while let Some(argument) = arguments.next() {
            match argument.split_once('=') {
                _ if argument == "--help" || argument == "-h" => return Ok(Self::Help),
                _ if argument == "--listen" => {
                    address = arguments.next().ok_or("--listen needs an address")?;
                }
                Some(("--listen", value)) => address = value.to_owned(),
                _ => return Err(format!("unknown argument {argument:?}")),
            }
        }
        address
            .parse()
            .map(Self::Serve)
            .map_err(|_| format!("{address:?} is not an address such as {DEFAULT_ADDRESS}"))
    }
}

const DEFAULT_ADDRESS: &str = "127.0.0.1:8080";

const HELP: &str = "\
Serves a chat: open the printed address in two browser windows.

Usage: cargo run --release --example chat [-- OPTIONS]

Options:
      --listen ADDRESS  IP address and port; port 0 lets the system choose [default: 127.0.0.1:8080]
  -h, --help            Print this help

Ctrl-C closes every connection and ends.
";
