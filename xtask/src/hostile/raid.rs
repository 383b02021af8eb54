//! One attack on one victim, from its start to its end.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::hostile::attack::{Arena, Attack, Mode, Play, Scene};
use crate::hostile::ending::{Case, Ending};
use crate::hostile::outcome::{Outcome, Trouble};
use crate::hostile::peer::Peer;
use crate::hostile::target::{Programs, Target};
use crate::hostile::victim::{Victim, Watch};
use crate::hostile::wire::{Sender, TEXT, close, frame};

/// An attack to make.
pub(super) struct Raid {
    pub(super) target: Target,
    pub(super) mode: Mode,
    pub(super) attack: &'static Attack,
}

impl Raid {
    pub(super) fn name(&self) -> String {
        let (target, mode) = (self.target.name(), self.mode.name());
        format!("{target}, {}, {mode}", self.attack.name)
    }

    /// Makes the attack. What cannot be made is an outcome, too.
    pub(super) fn run(&self, programs: &Programs, logs: &Path) -> Outcome {
        let log = self.name().replace(", ", "-").replace(' ', "-");
        let log = logs.join(format!("{log}.log"));
        let mut outcome = Outcome::default();
        let result = match self.attack.play {
            Play::Server(play) => self.on_server(programs, play, &log, &mut outcome),
            Play::Client(scenes) => scenes
                .iter()
                .try_for_each(|scene| self.on_client(programs, scene, &log, &mut outcome)),
        };
        if let Err(error) = result {
            outcome
                .troubles
                .push(Trouble::NotMade(format!("{error:#}")));
        }
        outcome
    }

    fn on_server(
        &self,
        programs: &Programs,
        play: fn(&Arena) -> anyhow::Result<Vec<Case>>,
        log: &Path,
        outcome: &mut Outcome,
    ) -> anyhow::Result<()> {
        let mut victim = Victim::start(programs.server(self.target, self.mode), log)?;
        let address = victim.address()?;
        let arena = |deadline: Duration| Arena {
            address,
            mode: self.mode,
            patience: self.patience(),
            deadline: Instant::now() + deadline,
        };
        victim.begin(0)?;
        honest(&arena(HONEST)).context("before the attack")?;
        victim.leaked(LINGER)?;
        victim.begin(0)?;

        let (played, watch) = victim.watched(|| play(&arena(LONGEST)));
        let after = || honest(&arena(HONEST));
        self.look_at(&victim, watch, after, log, outcome)?;
        match played {
            Ok(cases) => outcome.cases.extend(cases),
            // Whoever is in trouble cannot be talked to, which is no news.
            Err(_) if !outcome.troubles.is_empty() => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn on_client(
        &self,
        programs: &Programs,
        scene: &Scene,
        log: &Path,
        outcome: &mut Outcome,
    ) -> anyhow::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let url = format!("ws://{}/", listener.local_addr()?);
        let launch = programs.client(self.target, self.mode, &url, 3);
        let mut victim = Victim::start(launch, log)?;
        self.entertain(&victim, &listener)
            .context("before the attack")?;
        let mut peer = self.visitor(&listener)?;
        victim.begin(1)?;

        let (seen, watch) = victim.watched(|| (scene.act)(&mut peer));
        let mut one = Outcome::default();
        let seen = seen
            .and_then(|seen| self.client_ending(&victim, seen, peer, scene))
            .map(|seen| Case::new(scene.label, seen, scene.wanted).or(scene.also_right));
        let after = || self.entertain(&victim, &listener);
        self.look_at(&victim, watch, after, log, &mut one)?;
        match seen {
            Ok(case) => one.cases.push(case),
            Err(_) if !one.troubles.is_empty() => {}
            Err(error) => return Err(error.context(scene.label)),
        }
        outcome.merge(one);
        Ok(())
    }

    /// How it ended for a client, from what its server has `seen` and from what the client says.
    fn client_ending(
        &self,
        victim: &Victim,
        seen: Ending,
        peer: Peer,
        scene: &Scene,
    ) -> anyhow::Result<Ending> {
        let mut opened = false;
        // A client that still waits for its server may come to an end only because that leaves.
        let before = report(victim, &mut opened, MOMENT)?;
        drop(peer);
        let said = match &before {
            Some(report) => report.clone(),
            None => report(victim, &mut opened, self.patience())?
                .context("the client has not said how it was")?,
        };
        let must_refuse = scene.wanted == [Ending::Refused];
        let refused = said.starts_with("refused");
        Ok(match seen {
            Ending::Open if before.is_none() && !(opened && must_refuse) => Ending::Open,
            Ending::Ended | Ending::Reset | Ending::Open if refused => Ending::Refused,
            _ if refused => Ending::Wrong,
            _ if must_refuse => Ending::Fooled,
            seen => seen,
        })
    }

    /// Whether the victim is well, and what the attack has cost it.
    fn look_at(
        &self,
        victim: &Victim,
        watch: Watch,
        after: impl FnOnce() -> anyhow::Result<()>,
        log: &Path,
        outcome: &mut Outcome,
    ) -> anyhow::Result<()> {
        outcome.millis = watch.millis;
        if std::fs::read_to_string(log)?.contains("panicked at") {
            outcome.troubles.push(Trouble::Panicked);
        }
        if let Some(kibibytes) = watch.killed_at {
            outcome.kibibytes = kibibytes;
            outcome.troubles.push(Trouble::Killed);
            return Ok(());
        }
        if victim.has_died()? {
            outcome.troubles.push(Trouble::Crashed);
            return Ok(());
        }
        let used = victim.used()?;
        outcome.kibibytes = used.peak;
        outcome.cpu_millis = used.cpu;
        if after().is_err() {
            let trouble = match victim.has_died()? {
                true => Trouble::Crashed,
                false => Trouble::StoppedAnswering,
            };
            outcome.troubles.push(trouble);
        }
        if victim.has_died()? {
            return Ok(());
        }
        match victim.leaked(LINGER)? {
            0 => {}
            sockets => outcome.troubles.push(Trouble::KeepsSockets(sockets)),
        }
        if victim.is_spinning()? {
            outcome.troubles.push(Trouble::Spins);
        }
        Ok(())
    }

    /// Serves the next visit of a client as an honest server.
    fn entertain(&self, victim: &Victim, listener: &TcpListener) -> anyhow::Result<()> {
        let mut peer = self.visitor(listener)?;
        peer.accept()?;
        peer.send(&frame(Sender::Server, TEXT, b"hello"));
        let echoed = peer.echo(b"hello")?;
        ensure!(echoed == Ending::Served, "no echo: {echoed}");
        peer.send(&close(Sender::Server, 1000, b""));
        let ending = peer.ending()?;
        ensure!(ending.is_refusal(), "no end after a close: {ending}");
        drop(peer);
        let mut opened = false;
        let report = report(victim, &mut opened, HONEST)?;
        ensure!(opened && report.is_some(), "it says {report:?}");
        Ok(())
    }

    fn visitor(&self, listener: &TcpListener) -> anyhow::Result<Peer> {
        let begin = Instant::now();
        let stream = loop {
            match listener.accept() {
                Ok((stream, _)) => break stream,
                Err(_) if begin.elapsed() < HONEST => thread::sleep(Duration::from_millis(1)),
                Err(error) => return Err(error).context("no client comes"),
            }
        };
        stream.set_nonblocking(false)?;
        Ok(Peer::new(
            stream,
            self.patience(),
            Instant::now() + LONGEST,
        )?)
    }

    /// Tautline answers, if late where the machine is busy. Whoever does not is not waited for long.
    fn patience(&self) -> Duration {
        match self.target {
            Target::Tautline(_) => Duration::from_secs(10),
            Target::Rival(_) => Duration::from_millis(2500),
        }
    }
}

/// An honest client: it gets its echo and a clean end.
fn honest(arena: &Arena) -> anyhow::Result<()> {
    let mut peer = arena.open()?;
    peer.set_patience(HONEST);
    peer.send(&frame(Sender::Client, TEXT, b"hello"));
    let echoed = peer.echo(b"hello")?;
    ensure!(echoed == Ending::Served, "no echo: {echoed}");
    peer.send(&close(Sender::Client, 1000, b""));
    let ending = peer.ending()?;
    ensure!(ending.is_refusal(), "no end after a close: {ending}");
    Ok(())
}

/// What a client says of a visit, if it does in time.
fn report(victim: &Victim, opened: &mut bool, wait: Duration) -> anyhow::Result<Option<String>> {
    loop {
        match victim.line(wait)? {
            Some(line) if line == "opened" => *opened = true,
            other => return Ok(other),
        }
    }
}

/// For an honest peer on a busy machine.
const HONEST: Duration = Duration::from_secs(5);

/// An attack that takes longer has shown what it can.
const LONGEST: Duration = Duration::from_secs(25);

/// More than the close timeout, after which nothing may be left of a connection.
const LINGER: Duration = Duration::from_secs(7);

/// For a line that must have been printed already.
const MOMENT: Duration = Duration::from_millis(100);
