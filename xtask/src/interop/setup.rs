//! What both ends are told to agree on.

use crate::interop::peer::{Peer, Role};
use crate::interop::terms::{Direction, Terms};

/// One way to have a conversation.
#[derive(Clone, Copy)]
pub(super) struct Setup {
    /// Without blanks: peers name their sessions by it.
    pub(super) name: &'static str,
    pub(super) compression: Compression,
    /// Whether Tautline cuts what it sends into frames of [`FRAGMENT`] bytes.
    pub(super) fragments: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Compression {
    /// Tautline neither offers nor accepts it, while the peer does.
    Off,
    /// Both have the settings that they come with.
    Defaults,
    /// Tautline is told the terms, and the peer takes what comes.
    ByTautline(Terms),
    /// The peer is told the terms, and Tautline has no limit of its own.
    ByPeer(Terms),
}

/// Every setup that `peer` can be part of.
pub(super) fn setups(peer: Peer, ours: Role) -> impl Iterator<Item = Setup> {
    let all = SETUPS.iter().copied();
    all.filter(move |setup| match setup.compression {
        Compression::ByPeer(terms) => peer.can_be_told(ours.other(), terms),
        _ => true,
    })
}

impl Setup {
    /// The flags for the testee.
    pub(super) fn flags(&self, ours: Role) -> Vec<String> {
        let limit = |window: &str, takeover: &str, direction: Direction| {
            let reset = (!direction.takeover).then(|| takeover.to_owned());
            [window.to_owned(), direction.bits.to_string()]
                .into_iter()
                .chain(reset)
        };
        let terms = match self.compression {
            Compression::Off | Compression::Defaults => None,
            Compression::ByTautline(terms) => Some(terms),
            Compression::ByPeer(_) => Some(WIDEST),
        };
        let mut flags = Vec::new();
        if let Some(terms) = terms {
            let (own, peer) = ours.own_and_peer(terms);
            flags.extend(limit("--window", "--no-context-takeover", own));
            flags.extend(limit("--peer-window", "--no-peer-context-takeover", peer));
        }
        if matches!(self.compression, Compression::Off) {
            flags.push("--no-compression".to_owned());
        }
        if self.fragments {
            flags.extend(["--fragment-size".to_owned(), FRAGMENT.to_string()]);
        }
        flags
    }

    /// What the server's answer has to say, as far as it is known beforehand: nothing about
    /// compression, or the terms of each direction.
    pub(super) fn expected(&self, peer: Peer, ours: Role) -> Expected {
        let (server, client) = match (self.compression, ours) {
            (Compression::Off, _) => return Expected::Plain,
            // Of peers it is not known what they come with; they offer, though, without limits.
            (Compression::Defaults, Role::Client) => (None, None),
            (Compression::Defaults, Role::Server) => (Some(OWN_DEFAULT), Some(WIDEST.client)),
            // A client limits itself; a server need not repeat it.
            (Compression::ByTautline(terms), Role::Client) => (Some(terms.server), None),
            (Compression::ByTautline(terms), Role::Server) => {
                let client = match terms.client {
                    Direction { bits: 15, .. } => terms.client,
                    limited if peer.can_limit_its_window() => limited,
                    // Its window cannot be limited, so that it must not outlast a message.
                    _ => Direction {
                        bits: 15,
                        takeover: false,
                    },
                };
                (Some(terms.server), Some(client))
            }
            (Compression::ByPeer(terms), _) => (Some(terms.server), Some(terms.client)),
        };
        Expected::Compressed {
            server,
            client,
            own: match self.compression {
                Compression::Off | Compression::Defaults => OWN_DEFAULT,
                Compression::ByTautline(terms) => ours.own_and_peer(terms).0,
                Compression::ByPeer(_) => ours.own_and_peer(WIDEST).0,
            },
        }
    }
}

/// What the server's answer has to say.
pub(super) enum Expected {
    Plain,
    Compressed {
        /// Any will do if there is none.
        server: Option<Direction>,
        client: Option<Direction>,
        /// What Tautline keeps to when it sends, whatever the answer allows.
        own: Direction,
    },
}

/// Small enough that it cuts most messages, compressed or not.
const FRAGMENT: usize = 500;

const SETUPS: [Setup; 16] = [
    setup("plain", Compression::Off),
    setup("defaults", Compression::Defaults),
    setup("ours-9-9", Compression::ByTautline(NARROW)),
    setup("ours-9n-9n", Compression::ByTautline(NARROW_RESET)),
    setup("ours-15-15", Compression::ByTautline(WIDEST)),
    setup("ours-15n-15n", Compression::ByTautline(WIDE_RESET)),
    setup("ours-9-15", Compression::ByTautline(NARROW_SERVER)),
    setup("ours-15-9", Compression::ByTautline(NARROW_CLIENT)),
    setup("ours-12n-10", Compression::ByTautline(MIXED)),
    Setup {
        fragments: true,
        ..setup("ours-15-15-cut", Compression::ByTautline(WIDEST))
    },
    setup("theirs-9-9", Compression::ByPeer(NARROW)),
    setup("theirs-9n-9n", Compression::ByPeer(NARROW_RESET)),
    setup("theirs-15-15", Compression::ByPeer(WIDEST)),
    setup("theirs-15n-15n", Compression::ByPeer(WIDE_RESET)),
    setup("theirs-9-15", Compression::ByPeer(NARROW_SERVER)),
    setup("theirs-12n-10", Compression::ByPeer(MIXED)),
];

const fn setup(name: &'static str, compression: Compression) -> Setup {
    Setup {
        name,
        compression,
        fragments: false,
    }
}

const NARROW: Terms = terms(9, true, 9, true);
const NARROW_RESET: Terms = terms(9, false, 9, false);
const WIDEST: Terms = terms(15, true, 15, true);
const WIDE_RESET: Terms = terms(15, false, 15, false);
/// The directions differ, in case that somebody takes one for the other.
const NARROW_SERVER: Terms = terms(9, true, 15, true);
const NARROW_CLIENT: Terms = terms(15, true, 9, true);
const MIXED: Terms = terms(12, false, 10, true);

/// What Tautline sends with unless it is told otherwise.
const OWN_DEFAULT: Direction = Direction {
    bits: 12,
    takeover: true,
};

const fn terms(server: u8, server_takeover: bool, client: u8, client_takeover: bool) -> Terms {
    Terms {
        server: Direction {
            bits: server,
            takeover: server_takeover,
        },
        client: Direction {
            bits: client,
            takeover: client_takeover,
        },
    }
}
