//! Connections that end wherever they can.

use std::thread;
use std::time::Duration;

use crate::hostile::attack::{Arena, Attack, BOTH, Group, LITTLE, Mode, Play};
use crate::hostile::ending::{Case, Ending};
use crate::hostile::wire::{self, LAST, PING, Sender, TEXT, close, frame};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "half-close-anywhere",
        what: "a whole session, cut at every byte by the end of the client's direction",
        group: Group::Framing,
        rows: &["L1", "H13"],
        modes: BOTH,
        bounds: LITTLE.seconds(15),
        waits: false,
        play: Play::Server(half_close_anywhere),
    },
    Attack {
        name: "reset-anywhere",
        what: "a whole session, cut at every byte by a reset",
        group: Group::Framing,
        rows: &["L1", "H13"],
        modes: BOTH,
        bounds: LITTLE.seconds(15),
        waits: false,
        play: Play::Server(reset_anywhere),
    },
];

fn half_close_anywhere(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let session = session(arena.mode);
    let mut cases = Vec::new();
    for cut in 0..session.len() {
        let mut peer = arena.connect()?;
        peer.set_patience(arena.patience.max(Duration::from_secs(1)));
        peer.send(&session[..cut]);
        peer.finish();
        let seen = peer.end_of_stream();
        let wanted = &[Ending::Ended, Ending::Reset];
        cases.push(Case::new(format!("byte {cut}"), seen, wanted));
        // Those that stay open are enough to tell.
        if seen == Ending::Open && open(&cases) == 3 {
            break;
        }
    }
    Ok(cases)
}

fn reset_anywhere(arena: &Arena) -> anyhow::Result<Vec<Case>> {
    let session = session(arena.mode);
    for cut in 0..session.len() {
        let mut peer = arena.connect()?;
        peer.send(&session[..cut]);
        peer.reset()?;
        // Faster than anybody accepts, and the kernel itself would hold connections back.
        if cut % 32 == 0 {
            thread::sleep(Duration::from_millis(1));
        }
    }
    // What is left of them, sockets above all, is looked at after every attack.
    let seen = arena.shoot(
        "after all",
        &close(Sender::Client, 1000, b""),
        &[Ending::Close(1000)],
    )?;
    Ok(vec![seen])
}

fn open(cases: &[Case]) -> usize {
    cases
        .iter()
        .filter(|case| case.seen == Ending::Open)
        .count()
}

/// A handshake, messages in one and in several frames, a Ping and a Close.
fn session(mode: Mode) -> Vec<u8> {
    let offer: &[&str] = match mode {
        Mode::Deflate => &[wire::OFFER],
        _ => &[],
    };
    let me = Sender::Client;
    [
        wire::request(offer),
        frame(me, TEXT, "h\u{e9}llo".as_bytes()),
        frame(me, PING, b"ping"),
        frame(me, 0x02, &[7; 130]),
        frame(me, LAST, b"end"),
        close(me, 1000, b"bye"),
    ]
    .concat()
}
