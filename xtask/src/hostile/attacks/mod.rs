//! The attacks, by what they are aimed at.

use crate::hostile::attack::Attack;

mod client;
mod client_frames;
mod compression;
mod cuts;
mod floods;
mod framing;
mod handshake;
mod heads;
mod time;

/// All of them, in the order of the page.
pub(super) fn all() -> impl Iterator<Item = &'static Attack> {
    let servers = [
        handshake::ATTACKS,
        heads::ATTACKS,
        framing::ATTACKS,
        cuts::ATTACKS,
        floods::ATTACKS,
        compression::ATTACKS,
        time::ATTACKS,
    ];
    let clients = [client::ATTACKS, client_frames::ATTACKS];
    servers.into_iter().chain(clients).flatten()
}
