//! Pings by the clock, and what becomes of a peer that does not answer them.

use std::time::Duration;

use tautline_driver::{CloseCode, Config, Error, Keepalive, Message, SendError, Timeout};

use crate::support::{
    executor::{Task, block_on, now, poll_now},
    frames::{self, PING, PONG, TEXT, masked},
    open, server, server_with,
    wire::{Side, Wire},
};

const INTERVAL: Duration = Duration::from_secs(20);

fn config() -> Config {
    Config::new().keepalive(Keepalive::default())
}

/// A span that means "never" is cut, not added to the present until it overflows.
#[test]
fn spans_without_end_are_allowed() {
    let forever = Duration::MAX;
    let config = Config::new()
        .keepalive(Keepalive::new(forever, forever))
        .close_timeout(forever)
        .handshake_timeout(forever);
    assert!(config.close_timeout_value() < forever);
    let (wire, mut ws) = server_with(config);
    let mut task = Task::new(async move { ws.close(CloseCode::NORMAL, "").await.unwrap() });
    assert!(!task.run().is_done());
    wire.advance(Duration::from_secs(24 * 60 * 60));
    assert!(!task.run().is_done(), "a day is not for ever");
}

/// R6455-5.5.2-05
#[test]
fn an_idle_peer_is_pinged_at_the_interval_and_its_pong_is_measured() {
    let (wire, mut ws) = server_with(config());
    let mut task = Task::new(async {
        assert_eq!(ws.recv().await.unwrap(), Some(Message::from("done")));
        ws.round_trip()
    });
    for round in 1..=3 {
        assert!(!task.run().is_done());
        assert_eq!(
            wire.take(Side::Server),
            [],
            "round {round}: nothing before its time"
        );
        wire.advance(INTERVAL - Duration::from_millis(1));
        assert!(!task.run().is_done());
        assert_eq!(wire.take(Side::Server), []);
        wire.advance(Duration::from_millis(1));
        task.run();
        let sent = frames::parse(&wire.take(Side::Server));
        let [(PING, payload)] = &sent[..] else {
            panic!("{sent:?}")
        };
        wire.advance(Duration::from_millis(70));
        wire.give(Side::Server, masked(PONG, payload));
        task.run();
    }
    wire.give(Side::Server, masked(TEXT, "done"));
    assert_eq!(task.run().output(), Some(Duration::from_millis(70)));
}

/// R6455-5.5.2-05
#[test]
fn a_pong_just_in_time_keeps_the_connection() {
    let (wire, mut ws) = server_with(config());
    let mut task = Task::new(ws.recv());
    task.run();
    wire.advance(INTERVAL);
    task.run();
    let sent = frames::parse(&wire.take(Side::Server));
    wire.advance(INTERVAL - Duration::from_millis(1));
    assert!(!task.run().is_done());
    wire.give(Side::Server, masked(PONG, &sent[0].1));
    task.run();
    wire.advance(INTERVAL - Duration::from_millis(1));
    assert!(!task.run().is_done());
}

#[test]
fn a_ping_of_the_applications_own_is_measured() {
    let (wire, mut ws) = server();
    assert_eq!(ws.round_trip(), None);
    now(ws.ping("mine")).unwrap();
    wire.take(Side::Server);
    wire.advance(Duration::from_millis(30));
    wire.give(
        Side::Server,
        [masked(PONG, "another"), masked(PONG, "mine")].concat(),
    );
    assert!(poll_now(ws.recv()).is_pending());
    assert_eq!(ws.round_trip(), Some(Duration::from_millis(30)));
    let too_long = now(ws.ping([0; 126]));
    assert!(matches!(
        too_long,
        Err(Error::Send(SendError::ControlTooLong))
    ));
}

#[test]
fn a_peer_that_sends_no_pong_is_given_up() {
    let (wire, mut ws) = server_with(config());
    for _ in 0..2 {
        let error = block_on(&wire, ws.recv()).unwrap_err();
        assert!(matches!(error, Error::Timeout(Timeout::Keepalive)));
        assert_eq!(wire.elapsed(), 2 * INTERVAL);
    }
    assert!(wire.is_shut_down(Side::Server));
    assert!(matches!(
        now(ws.send("x")),
        Err(Error::Timeout(Timeout::Keepalive))
    ));
    assert_eq!(ws.closed().code(), 1006);
}

/// A peer that answers Pings lives for ever, whichever end pings.
#[test]
fn two_ends_keep_each_other_alive() {
    let wire = Wire::new();
    let mut ends = [Side::Client, Side::Server].map(|side| open(&wire, side, config()));
    let [client, server] = &mut ends;
    let (mut one, mut other) = (Task::new(client.recv()), Task::new(server.recv()));
    for _ in 0..200 {
        while one.poll() | other.poll() {}
        assert!(!one.is_done() && !other.is_done());
        assert!(wire.advance_to_deadline());
    }
    assert!(wire.elapsed() > 50 * INTERVAL);
}

/// Its Pong may wait behind what this end is still sending.
#[test]
fn a_peer_that_reads_slowly_is_alive() {
    let (wire, mut ws) = server_with(config());
    wire.set(Side::Client, |end| end.room = 1000);
    let mut task = Task::new(ws.send(vec![0; 100_000]));
    while !task.run().is_done() {
        wire.take_some(Side::Server, 1000);
        if !task.run().is_done() {
            wire.advance(Duration::from_secs(15));
        }
    }
    task.output().unwrap();
    assert!(wire.elapsed() > 20 * INTERVAL);
}

#[test]
fn a_peer_that_stops_reading_in_mid_message_is_given_up() {
    let (wire, mut ws) = server_with(config());
    wire.set(Side::Client, |end| end.room = 1000);
    let error = block_on(&wire, ws.send(vec![0; 100_000])).unwrap_err();
    assert!(matches!(error, Error::Timeout(Timeout::Keepalive)));
    assert!(wire.elapsed() <= 4 * INTERVAL, "{:?}", wire.elapsed());
    assert!(matches!(
        now(ws.recv()),
        Err(Error::Timeout(Timeout::Keepalive))
    ));
}
