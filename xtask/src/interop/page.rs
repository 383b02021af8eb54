//! The page that makes a browser talk, and what the browser reports.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use anyhow::{Context, anyhow};
use tiny_http::{Header, Method, Request, Response, Server};

/// An HTTP server on loopback for one browser.
pub(super) struct Page {
    server: Arc<Server>,
    url: String,
}

impl Page {
    /// Serves the page, `plan` and the files in `conversation`; lines that the page reports come
    /// out of the receiver.
    pub(super) fn serve(
        plan: String,
        conversation: PathBuf,
    ) -> anyhow::Result<(Self, Receiver<String>)> {
        let server = Server::http((Ipv4Addr::LOCALHOST, 0))
            .map_err(|error| anyhow!("cannot serve the page: {error}"))?;
        let address = server.server_addr().to_ip();
        let url = format!("http://{}/", address.context("the page has no IP address")?);
        let server = Arc::new(server);
        let (sender, lines) = mpsc::channel();
        let requests = Arc::clone(&server);
        thread::spawn(move || {
            for request in requests.incoming_requests() {
                // A browser that goes away while it is answered is not waited for.
                let _ = answer(request, &plan, &conversation, &sender);
            }
        });
        Ok((Self { server, url }, lines))
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.server.unblock();
    }
}

fn answer(
    mut request: Request,
    plan: &str,
    conversation: &Path,
    lines: &Sender<String>,
) -> anyhow::Result<()> {
    let url = request.url().to_owned();
    let file = url.strip_prefix("/conversation/").map(Path::new);
    let (content, bytes) = match (request.method(), url.as_str(), file) {
        (Method::Post, "/report", _) => {
            let mut line = String::new();
            request.as_reader().read_to_string(&mut line)?;
            lines.send(line)?;
            ("text/plain", Vec::new())
        }
        (Method::Get, "/", _) => ("text/html", PAGE.into()),
        (Method::Get, "/plan.json", _) => ("application/json", plan.into()),
        (Method::Get, _, Some(file)) if is_name(file) => {
            let bytes = fs::read(conversation.join(file))?;
            ("application/octet-stream", bytes)
        }
        _ => return Ok(request.respond(Response::empty(404))?),
    };
    let header = Header::from_bytes("Content-Type", content)
        .map_err(|()| anyhow!("{content} is no content type"))?;
    Ok(request.respond(Response::from_data(bytes).with_header(header))?)
}

/// Whether this names a file in a directory, and not elsewhere.
fn is_name(file: &Path) -> bool {
    let mut components = file.components();
    matches!(components.next(), Some(Component::Normal(_))) && components.next().is_none()
}

const PAGE: &str = include_str!("peers/page.html");
