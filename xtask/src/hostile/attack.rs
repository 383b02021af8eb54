//! An attack: what is done to an endpoint, what it may cost, and how it is to end.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::hostile::ending::{Case, Ending};
use crate::hostile::peer::Peer;

/// One attack, which may try several things.
pub(super) struct Attack {
    pub(super) name: &'static str,
    /// In a few words, for the page.
    pub(super) what: &'static str,
    pub(super) group: Group,
    /// The known attacks that it repeats.
    pub(super) rows: &'static [&'static str],
    pub(super) modes: &'static [Mode],
    pub(super) bounds: Bounds,
    /// It waits more than it works: many of its kind run at once.
    pub(super) waits: bool,
    pub(super) play: Play,
}

/// The parts of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Handshake,
    Framing,
    Floods,
    Compression,
    Time,
    Client,
}

impl Group {
    pub(super) const ALL: [Self; 6] = [
        Self::Handshake,
        Self::Framing,
        Self::Floods,
        Self::Compression,
        Self::Time,
        Self::Client,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Handshake => "Opening handshakes",
            Self::Framing => "Frames",
            Self::Floods => "Floods",
            Self::Compression => "Compression",
            Self::Time => "Time",
            Self::Client => "Servers that mean harm to a client",
        }
    }
}

/// How the victim is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    Plain,
    /// permessage-deflate is agreed on.
    Deflate,
    /// As `Plain`, with a keepalive of [`KEEPALIVE`].
    Keepalive,
}

impl Mode {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Deflate => "deflate",
            Self::Keepalive => "keepalive",
        }
    }
}

pub(super) const PLAIN: &[Mode] = &[Mode::Plain];
pub(super) const DEFLATE: &[Mode] = &[Mode::Deflate];
pub(super) const BOTH: &[Mode] = &[Mode::Plain, Mode::Deflate];
pub(super) const WITH_KEEPALIVE: &[Mode] = &[Mode::Keepalive];

/// The interval and the timeout of keepalive where it is on.
pub(super) const KEEPALIVE: Duration = Duration::from_millis(500);

/// What an attack may cost its victim, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Resident memory above that before the attack.
    pub(super) kibibytes: u64,
    /// Processor time.
    pub(super) cpu_millis: u64,
    /// Time from the first byte to the last ending.
    pub(super) seconds: u64,
}

/// Of what nobody should need more: some buffers as large as those of sockets, and a moment.
pub(super) const LITTLE: Bounds = Bounds {
    kibibytes: 8 * 1024,
    cpu_millis: 500,
    seconds: 5,
};

impl Bounds {
    pub(super) const fn kibibytes(self, kibibytes: u64) -> Self {
        Self { kibibytes, ..self }
    }

    pub(super) const fn cpu_millis(self, cpu_millis: u64) -> Self {
        Self { cpu_millis, ..self }
    }

    pub(super) const fn seconds(self, seconds: u64) -> Self {
        Self { seconds, ..self }
    }
}

/// Who plays what.
#[derive(Clone, Copy)]
pub(super) enum Play {
    /// The victim is a server, and everything is done to it at once.
    Server(fn(&Arena) -> anyhow::Result<Vec<Case>>),
    /// The victim is a client, and a new one for every scene.
    Client(&'static [Scene]),
}

/// The server that is attacked.
pub(super) struct Arena {
    pub(super) address: SocketAddr,
    pub(super) mode: Mode,
    /// For how long nothing may come before that is taken for all.
    pub(super) patience: Duration,
    pub(super) deadline: Instant,
}

impl Arena {
    /// A connection on which nothing has been said.
    pub(super) fn connect(&self) -> anyhow::Result<Peer> {
        Ok(Peer::connect(self.address, self.patience, self.deadline)?)
    }

    /// An open WebSocket, compressed if that is the mode.
    pub(super) fn open(&self) -> anyhow::Result<Peer> {
        let mut peer = self.connect()?;
        peer.open(self.mode == Mode::Deflate)?;
        Ok(peer)
    }

    /// Sends bytes on a WebSocket of their own; the case of how that ended.
    pub(super) fn shoot(
        &self,
        label: impl Into<String>,
        bytes: &[u8],
        wanted: &[Ending],
    ) -> anyhow::Result<Case> {
        let mut peer = self.open()?;
        peer.send(bytes);
        Ok(Case::new(label, peer.ending()?, wanted))
    }

    /// Sends bytes instead of a handshake; the case of how that was answered.
    pub(super) fn ask(
        &self,
        label: impl Into<String>,
        bytes: &[u8],
        wanted: &[Ending],
    ) -> anyhow::Result<Case> {
        let mut peer = self.connect()?;
        peer.send(bytes);
        Ok(Case::new(label, peer.status(), wanted))
    }
}

/// What a server does to a client.
pub(super) struct Scene {
    pub(super) label: &'static str,
    /// Plays the server on the first connection of the client; what it has seen of the client there.
    pub(super) act: fn(&mut Peer) -> anyhow::Result<Ending>,
    pub(super) wanted: &'static [Ending],
    /// Any of these is right for those who have made other choices.
    pub(super) also_right: &'static [Ending],
}
