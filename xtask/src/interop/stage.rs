//! One adapter's sessions: starting both sides, with a tap between them.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::autobahn::adapter::Adapter;
use crate::autobahn::testee::Testee;
use crate::interop::browser;
use crate::interop::conversation::Conversation;
use crate::interop::home::{Found, Home};
use crate::interop::judge::{Evidence, judge};
use crate::interop::page::Page;
use crate::interop::peer::{Peer, Role};
use crate::interop::setup::{Setup, setups};
use crate::interop::tap::{Recording, Tap};
use crate::process::{Guarded, Launch};

/// What the sessions of one adapter share.
pub(super) struct Stage<'a> {
    pub(super) home: &'a Home,
    pub(super) testee: &'a Testee,
    pub(super) adapter: Adapter,
    pub(super) conversation: &'a Conversation,
    pub(super) logs: PathBuf,
    /// The testee's servers that run, by the name of their setup.
    pub(super) servers: BTreeMap<&'static str, (Guarded, SocketAddr)>,
}

/// How a session went.
pub(super) struct Outcome {
    pub(super) setup: Setup,
    pub(super) result: anyhow::Result<Evidence>,
}

impl Stage<'_> {
    /// Every session with `found`, where Tautline plays `ours`.
    pub(super) fn play(
        &mut self,
        found: &Found,
        ours: Role,
        bar: &ProgressBar,
    ) -> anyhow::Result<Vec<Outcome>> {
        let setups: Vec<Setup> = setups(found.peer, ours).collect();
        match ours {
            Role::Server => self.serve(found, setups, bar),
            Role::Client => self.talk(found, setups, bar),
        }
    }

    /// The peer is the client: one process that goes from session to session.
    fn serve(
        &mut self,
        found: &Found,
        setups: Vec<Setup>,
        bar: &ProgressBar,
    ) -> anyhow::Result<Vec<Outcome>> {
        let peer = found.peer;
        let mut taps = Vec::new();
        let mut sessions = Vec::new();
        for setup in &setups {
            let tap = Tap::open(self.server(setup)?)?;
            sessions.push(json!({
                "name": setup.name,
                "url": tap.url(),
                "deflate": peer.settings(Role::Client, setup),
            }));
            taps.push(tap);
        }
        let names = setups.iter().map(|setup| setup.name);
        let mut told = self.run_client(found, &sessions, names.collect(), bar)?;
        let judged = setups.into_iter().zip(taps).map(|(setup, tap)| {
            let report = told.remove(setup.name).unwrap_or_else(|| {
                let log = self.log(peer, "client");
                Err(anyhow!("no end of it; see {}", log.display()))
            });
            let recording = tap.finish();
            // What the peer complains about explains more than what the tap has seen of it.
            let result = report
                .and_then(|()| judge(&recording?, self.conversation, (&setup, peer, Role::Server)));
            Outcome { setup, result }
        });
        Ok(judged.collect())
    }

    /// The peer is the server, with one port for each session.
    fn talk(
        &self,
        found: &Found,
        setups: Vec<Setup>,
        bar: &ProgressBar,
    ) -> anyhow::Result<Vec<Outcome>> {
        let peer = found.peer;
        let sessions: Vec<Value> = setups
            .iter()
            .map(|setup| json!({ "name": setup.name, "deflate": peer.settings(Role::Server, setup) }))
            .collect();
        let plan = self.write_plan(peer, "server", &sessions)?;
        let log = self.log(peer, "server");
        let (server, lines) = Guarded::spawn(self.script(found, "server", &plan), &log)?;
        let mut ports = BTreeMap::new();
        while ports.len() < setups.len() {
            let line = next_line(&server, &lines)
                .and_then(|line| line.context("it ended before it listened"))
                .with_context(|| format!("see {}", log.display()))?;
            if let Some(["listening", name, port]) = words(&line) {
                ports.insert(name.to_owned(), port.parse::<u16>()?);
            }
        }
        let mut outcomes = Vec::new();
        for setup in setups {
            let port = *ports
                .get(setup.name)
                .with_context(|| format!("no port for {}", setup.name))?;
            let result = self.converse(&setup, port).and_then(|recording| {
                judge(&recording, self.conversation, (&setup, peer, Role::Client))
            });
            outcomes.push(Outcome { setup, result });
            bar.inc(1);
        }
        Ok(outcomes)
    }

    /// One session with the peer's server on `port`.
    fn converse(&self, setup: &Setup, port: u16) -> anyhow::Result<Recording> {
        let tap = Tap::open((Ipv4Addr::LOCALHOST, port).into())?;
        let log = self.logs.join(format!("testee-client-{}.log", setup.name));
        let conversation = self.home.conversation();
        let flags = setup.flags(Role::Client);
        let launch = self
            .testee
            .talk(self.adapter, &tap.url(), &conversation, &flags);
        let (testee, _lines) = Guarded::spawn(launch, &log)?;
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = testee.ended()? {
                break status;
            }
            if begin.elapsed() > STALL {
                bail!("the testee does not end");
            }
            thread::sleep(Duration::from_millis(5));
        };
        let recording = tap.finish();
        if !status.success() {
            let said = fs::read_to_string(&log).unwrap_or_default();
            let said: Vec<&str> = said.split_whitespace().collect();
            bail!("the testee says: {}", said.join(" "));
        }
        recording
    }

    /// Runs the peer's client until it has told about every session, has ended, or is silent.
    fn run_client(
        &self,
        found: &Found,
        sessions: &[Value],
        mut names: Vec<&'static str>,
        bar: &ProgressBar,
    ) -> anyhow::Result<BTreeMap<&'static str, anyhow::Result<()>>> {
        let peer = found.peer;
        let log = self.log(peer, "client");
        let plan = self.write_plan(peer, "client", sessions)?;
        // The page has to live as long as the browser.
        let (client, lines, _page) = match peer {
            Peer::Chromium | Peer::Firefox => {
                let plan = fs::read_to_string(&plan)?;
                let (page, lines) = Page::serve(plan, self.home.conversation())?;
                let profile = self.logs.join(format!("{}-profile", peer.name()));
                let command = browser::show(found, &profile, page.url())?;
                let (browser, _) = Guarded::spawn(launch(peer, command), &log)?;
                (browser, lines, Some(page))
            }
            _ => {
                let (client, lines) = Guarded::spawn(self.script(found, "client", &plan), &log)?;
                (client, lines, None)
            }
        };
        let mut told = BTreeMap::new();
        while !names.is_empty() {
            // What was told before the end, or before the silence, still counts.
            let Ok(Some(line)) = next_line(&client, &lines) else {
                break;
            };
            let Some(["session", name, verdict]) = words(&line) else {
                continue;
            };
            let Some(index) = names.iter().position(|known| *known == name) else {
                bail!("{} tells about {name}, which is no session", peer.name());
            };
            let result = match verdict {
                "ok" => Ok(()),
                reason => Err(anyhow!("{}: {reason}", peer.name())),
            };
            told.insert(names.remove(index), result);
            bar.inc(1);
        }
        Ok(told)
    }

    /// The testee's server for a setup, which is started when it is first needed.
    fn server(&mut self, setup: &Setup) -> anyhow::Result<SocketAddr> {
        if let Some((_, address)) = self.servers.get(setup.name) {
            return Ok(*address);
        }
        let log = self.logs.join(format!("testee-server-{}.log", setup.name));
        let flags = setup.flags(Role::Server);
        let (server, address, _) = self.testee.serve_with(self.adapter, &flags, &log)?;
        self.servers.insert(setup.name, (server, address));
        Ok(address)
    }

    fn script(&self, found: &Found, role: &str, plan: &Path) -> Launch {
        let mut command = Command::new(&found.program);
        command.arg(self.home.program(found.peer, role)).arg(plan);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        launch(found.peer, command)
    }

    fn write_plan(&self, peer: Peer, role: &str, sessions: &[Value]) -> anyhow::Result<PathBuf> {
        let path = self.logs.join(format!("{}-{role}.json", peer.name()));
        let plan = json!({ "conversation": self.home.conversation(), "sessions": sessions });
        fs::write(&path, plan.to_string())
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    fn log(&self, peer: Peer, role: &str) -> PathBuf {
        self.logs.join(format!("{}-{role}.log", peer.name()))
    }
}

fn launch(peer: Peer, command: Command) -> Launch {
    Launch {
        name: peer.name().to_owned(),
        command,
        farewell: None,
    }
}

/// The next line, or `None` when the process has ended.
fn next_line(process: &Guarded, lines: &Receiver<String>) -> anyhow::Result<Option<String>> {
    let begin = Instant::now();
    loop {
        match lines.recv_timeout(Duration::from_millis(100)) {
            Ok(line) => return Ok(Some(line)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if process.ended()?.is_some() {
            return Ok(lines.try_recv().ok());
        }
        if begin.elapsed() > STALL {
            bail!("{} says nothing for {STALL:?}", process.name());
        }
    }
}

/// Three words, of which the last may have blanks in it.
fn words(line: &str) -> Option<[&str; 3]> {
    let mut words = line.splitn(3, ' ');
    Some([words.next()?, words.next()?, words.next()?])
}

/// A browser's first start on a busy machine takes a while; a session takes about a second.
const STALL: Duration = Duration::from_secs(90);
