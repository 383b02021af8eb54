use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use bytes::BytesMut;
use tautline_driver::{Config, Keepalive, Role, WebSocket};

use super::{
    application::{Application, Style},
    executor::Executor,
    ledger::{Ledger, MAX_MESSAGE},
    network::{Conditions, End, Fault, FaultKind, Network},
    random::Random,
};

/// What is made of a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Slow, in pieces and in any order, but nothing fails: everything arrives, and the end is clean.
    Sound,
    /// One end closes in the middle.
    ClosedEarly,
    /// Something breaks: what is told is right, and everything comes to an end.
    Broken,
}

/// A close timeout that passes only if something is wrong.
const PATIENCE: Duration = Duration::from_secs(10_000);

/// Plays one session to its end and checks it.
pub(crate) fn play(kind: Kind, seed: u64) {
    let random = Random::new(seed ^ (kind as u64) << 60);
    let high_water_mark = random.pick(&[0, 200, 3000, 64 * 1024]);
    let styles = styles(&random);
    let mut writers = Vec::new();
    for (end, style) in styles.iter().enumerate() {
        let count = match style {
            Style::Split => 1 + random.below(3),
            Style::Corked => 1 + random.below(2),
            Style::Whole | Style::Lending => 1,
        };
        writers.extend((0..count).map(|_| (end, 1 + random.below(5))));
    }
    let ledger = Ledger::new(seed, &writers);
    let conditions = conditions(kind, &random, high_water_mark);
    let network = Network::new(conditions, random.clone());
    let mut executor = Executor::new(random.clone());
    let patient = kind != Kind::Broken;
    let closer = random.below(2);
    // An end that closes at once needs no keepalive: the close timeout does for everything.
    let at_once = kind == Kind::Broken && random.one_in(3);
    let early = kind == Kind::ClosedEarly || (kind == Kind::Broken && random.one_in(2));
    let early = early.then(|| random.below(6));
    let close_after = if at_once { Some(0) } else { early };
    let connections = connections(&network, &random, |end, config| {
        let config = config.high_water_mark(high_water_mark);
        let span = Duration::from_secs(20);
        if patient {
            config.close_timeout(PATIENCE)
        } else if at_once && end == closer {
            config
        } else {
            config.keepalive(Keepalive::new(span, span))
        }
    });
    for ((number, connection), style) in connections.into_iter().enumerate().zip(styles) {
        let application = Application {
            end: number,
            ledger: ledger.clone(),
            random: random.clone(),
            closes: (number == closer).then_some(close_after),
            is_sound: kind == Kind::Sound,
        };
        application.start(style, connection, &mut executor);
    }
    executor.run(&network);
    assert!(
        !patient || network.elapsed() < PATIENCE,
        "only a timeout ended it"
    );
    check(kind, &ledger);
}

/// One end, at least, always reads: two that both wait for the other to read wait for ever.
fn styles(random: &Random) -> [Style; 2] {
    let any = [Style::Split, Style::Whole, Style::Corked, Style::Lending];
    let mut styles = [Style::Split, random.pick(&any)];
    if random.one_in(2) {
        styles.reverse();
    }
    styles
}

fn conditions(kind: Kind, random: &Random, high_water_mark: usize) -> Conditions {
    let broken = [FaultKind::Reset, FaultKind::Truncate, FaultKind::Silence];
    let room = random.pick(&[50, 500, 5000, 100_000]);
    let from = Duration::from_millis(random.below(300) as u64);
    let lasts = Duration::from_millis(random.below(3000) as u64);
    Conditions {
        room,
        portion: random.pick(&[17, 300, 5000, 100_000]).max(room / 50),
        latency: random.pick(&[Duration::ZERO, Duration::from_millis(30)]),
        partition: random.one_in(4).then_some((from, from + lasts)),
        stutter: random.pick(&[3, 10, 1_000_000]),
        vectored: random.one_in(2),
        fault: (kind == Kind::Broken).then(|| Fault {
            end: random.below(2),
            operation: 1 + random.below(60),
            kind: random.pick(&broken),
        }),
        // A queue that is at the mark may get one more message, in frames, beside answers, which are
        // short and do not wait.
        max_queued: high_water_mark + MAX_MESSAGE + 2000,
    }
}

fn connections(
    network: &Network,
    random: &Random,
    settings: impl Fn(usize, Config) -> Config,
) -> [WebSocket<End>; 2] {
    let compressed = random.one_in(4);
    [(Role::Client, 0), (Role::Server, 1)].map(|(role, number)| {
        let mut config = settings(number, Config::new());
        if random.one_in(4) {
            let size = NonZeroUsize::new(100 + random.below(2000));
            config = config.fragment_size(size.expect("more than nothing"));
        }
        let end = network.end(number);
        let mut connection =
            WebSocket::from_handshake(end, role, BytesMut::new(), Arc::new(config));
        if compressed {
            compress(&mut connection);
        }
        connection
    })
}

#[cfg(feature = "deflate")]
fn compress(connection: &mut WebSocket<End>) {
    use tautline_driver::deflate::{Agreed, Context, Settings, Window};

    let context = Context {
        window: Window::KiB1,
        takeover: true,
    };
    let agreed = Agreed {
        compress: Some(context),
        decompress: context,
    };
    connection.set_deflate(&agreed, &Settings::default());
}

#[cfg(not(feature = "deflate"))]
fn compress(_: &mut WebSocket<End>) {}

fn check(kind: Kind, ledger: &Ledger) {
    let [client, server] = ledger.ends();
    for (ours, theirs) in [(&client, &server), (&server, &client)] {
        assert!(ours.received.is_none() || ours.received == theirs.sent);
        let nobody = ours.sent.is_none() && ours.received.is_none();
        assert_eq!(ours.initiator.is_none(), nobody);
    }
    if kind != Kind::Broken {
        assert!(
            client.is_clean() && server.is_clean(),
            "{client:?} {server:?}"
        );
    }
    if kind == Kind::Sound {
        assert!(ledger.is_finished(0) && ledger.is_finished(1), "{ledger:?}");
    }
}
