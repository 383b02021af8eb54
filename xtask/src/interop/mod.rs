//! `cargo xtask interop`: conversations with implementations that nobody here has written.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use console::style;
use indicatif::{ProgressBar, ProgressStyle};

use crate::autobahn::adapter::{Adapter, AdapterChoice};
use crate::autobahn::testee::Testee;
use crate::interop::conversation::Conversation;
use crate::interop::home::{Found, Home};
use crate::interop::peer::{Peer, Role};
use crate::interop::setup::setups;
use crate::interop::stage::Stage;
use crate::interop::summary::Tally;
use crate::workspace::Workspace;

mod browser;
mod conversation;
mod home;
mod judge;
mod page;
mod peer;
mod scanner;
mod setup;
mod stage;
mod summary;
mod tap;
mod terms;

/// Talk to browsers and to other implementations, with and without compression.
///
/// The peers are Chromium and Firefox, ws on Node, and websockets and aiohttp on Python, which are
/// installed into target/interop. Each is the client of Tautline's echo server, and all but the
/// browsers are the echo server of Tautline's client, too. Every session has the same
/// conversation: texts and bytes from nothing to 1 MiB, repetitions, noise, messages in fragments
/// with Pings between them, and a burst. The sessions differ in the windows and in context
/// takeover, and in who asks for them.
///
/// A relay between the two reads the handshake and every frame. A session is good if every echo is
/// the same, the answer says what it has to, messages are compressed (RSV1), repetitions cost next
/// to nothing where the terms let them and only there, and the closing handshake is clean.
///
/// A peer that is not installed is left out, and said to be. With CI=true in the environment, or
/// when it was asked for by name, that is a failure.
#[derive(Args)]
pub(crate) struct Options {
    /// A peer to talk to; may be given several times. The default is every peer that is there.
    #[arg(long, value_enum, value_name = "PEER")]
    peer: Vec<Peer>,

    /// The adapter that Tautline runs on.
    #[arg(long, value_enum, default_value_t = AdapterChoice::Tokio)]
    adapter: AdapterChoice,

    /// Print the handshake and the bytes of every session.
    #[arg(long)]
    details: bool,

    /// The program under test, instead of building the workspace's `autobahn-testee`.
    ///
    /// It is started as that one is: `autobahn-testee server --help`, `autobahn-testee talk --help`.
    #[arg(long, value_name = "PATH")]
    testee: Option<PathBuf>,
}

/// Runs the sessions. Bad ones give a code and no error: the table comes last.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    let directory = workspace.target.join("interop");
    let home = Home::new(directory.clone())?;
    let peers = find(&home, &options.peer)?;
    if peers.is_empty() {
        println!("there is nobody to talk to");
        return Ok(ExitCode::SUCCESS);
    }
    let testee = Testee::new(workspace, options.testee.as_deref())?;
    let conversation = Conversation::new();
    conversation.write(&home.conversation())?;

    let casts: Vec<(Adapter, &Found, Role)> = casts(options.adapter, &peers).collect();
    let sessions: usize = casts
        .iter()
        .map(|(_, found, ours)| setups(found.peer, *ours).count())
        .sum();
    let bar = progress(sessions);
    let (mut tallies, mut complaints) = (Vec::new(), Vec::new());
    for adapter in options.adapter.adapters() {
        let mut stage = Stage {
            home: &home,
            testee: &testee,
            adapter: *adapter,
            conversation: &conversation,
            logs: home.logs(adapter.name())?,
            servers: BTreeMap::new(),
        };
        for (_, found, ours) in casts.iter().filter(|(of, _, _)| of == adapter) {
            bar.set_message(format!("{} {}", adapter.name(), found.peer.name()));
            let played = stage.play(found, *ours, &bar);
            tallies.push(Tally::new(adapter.name(), found, *ours, played));
        }
        for (name, (server, _)) in &stage.servers {
            if let Some(status) = server.ended()? {
                complaints.push(format!("the testee did not survive {name} ({status})"));
            }
        }
    }
    bar.finish_and_clear();

    let path = directory.join("sessions.json");
    summary::save(&tallies, &path)?;
    if options.details {
        println!("{}", summary::details(&tallies));
    }
    println!("{}", summary::table(&tallies));
    println!("every session: {}", path.display());
    complaints.extend(tallies.iter().flat_map(Tally::complaints));
    for complaint in &complaints {
        println!("{}", style(complaint).red());
    }
    Ok(if complaints.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Who plays what, in the order in which it is played.
fn casts(
    adapters: AdapterChoice,
    peers: &[Found],
) -> impl Iterator<Item = (Adapter, &Found, Role)> {
    adapters.adapters().iter().flat_map(move |adapter| {
        peers.iter().flat_map(move |found| {
            let roles = Role::ALL.into_iter();
            let possible = roles.filter(|ours| found.peer.can_be(ours.other()));
            possible.map(move |ours| (*adapter, found, ours))
        })
    })
}

/// The peers that are here.
fn find(home: &Home, chosen: &[Peer]) -> anyhow::Result<Vec<Found>> {
    let required = !chosen.is_empty() || env::var_os("CI").is_some_and(|ci| ci == "true");
    let wanted = match chosen {
        [] => Peer::value_variants(),
        chosen => chosen,
    };
    let mut found = Vec::new();
    for &peer in wanted {
        match home.find(peer) {
            Ok(peer) => {
                println!("{}", peer.version);
                found.push(peer);
            }
            Err(error) if required => {
                return Err(error).with_context(|| format!("{} is not here", peer.name()));
            }
            Err(error) => {
                let left_out = format!("{} is left out:", peer.name());
                println!("{} {error:#}", style(left_out).yellow());
            }
        }
    }
    Ok(found)
}

fn progress(sessions: usize) -> ProgressBar {
    let template = "{msg:22} [{bar:40.green}] {pos}/{len} sessions, {elapsed} elapsed, {eta} left";
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    let bar = ProgressBar::new(sessions as u64).with_style(style.progress_chars("=> "));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
