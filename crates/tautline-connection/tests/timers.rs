//! Deadlines on a clock of the tests' own.

use core::time::Duration;

use tautline_connection::{Expired, Keepalive, Timers};

use crate::support::control;

const INTERVAL: Duration = Duration::from_secs(20);
const TIMEOUT: Duration = Duration::from_secs(10);

/// R6455-5.5.2-05: the first Ping after an interval, the next an interval after its answer.
#[test]
fn a_ping_is_due_an_interval_after_the_last_answer() {
    let mut timers = keepalive();
    assert_eq!(timers.poll_timeout(), Some(INTERVAL));
    assert_eq!(
        timers.handle_timeout(INTERVAL - Duration::from_nanos(1)),
        None
    );
    let first = ping(&mut timers, INTERVAL);
    assert_eq!(timers.handle_timeout(INTERVAL), None, "one thing at a time");
    assert_eq!(timers.poll_timeout(), Some(INTERVAL + TIMEOUT));

    let answered = INTERVAL + Duration::from_secs(3);
    timers.receive_pong(&first, answered);
    assert_eq!(timers.round_trip(), Some(Duration::from_secs(3)));
    assert_eq!(timers.poll_timeout(), Some(answered + INTERVAL));
    let second = ping(&mut timers, answered + INTERVAL);
    assert_ne!(first, second, "an old answer cannot pass for a new one");
}

/// R6455-5.5.2-05
#[test]
fn no_pong_in_time_means_that_the_connection_is_lost() {
    let mut timers = keepalive();
    let _ = ping(&mut timers, INTERVAL);
    let deadline = INTERVAL + TIMEOUT;
    assert_eq!(
        timers.handle_timeout(deadline - Duration::from_nanos(1)),
        None
    );
    assert_eq!(timers.handle_timeout(deadline), Some(Expired::Keepalive));
    assert_eq!(timers.handle_timeout(deadline), None, "it is told once");
    assert_eq!(timers.poll_timeout(), None);
}

/// R6455-5.5.2-05, R6455-5.5.3-03: Pongs that nobody asked for, or asked for long ago.
#[test]
fn other_pongs_are_ignored() {
    let mut timers = keepalive();
    let first = ping(&mut timers, INTERVAL);
    timers.receive_pong(&first, INTERVAL);
    timers.receive_pong(&first, INTERVAL + TIMEOUT);
    assert_eq!(timers.round_trip(), Some(Duration::ZERO));
    assert_eq!(timers.poll_timeout(), Some(INTERVAL * 2));

    let _ = ping(&mut timers, INTERVAL * 2);
    for stale in [first, control(b""), control(b"unsolicited")] {
        timers.receive_pong(&stale, INTERVAL * 2);
    }
    assert_eq!(timers.poll_timeout(), Some(INTERVAL * 2 + TIMEOUT));
    let deadline = INTERVAL * 2 + TIMEOUT;
    assert_eq!(timers.handle_timeout(deadline), Some(Expired::Keepalive));
}

/// R6455-5.5.2-05: with and without keepalive, which is not moved by it.
#[test]
fn an_applications_ping_measures_the_round_trip() {
    for keepalive in [None, Some(Keepalive::new(INTERVAL, TIMEOUT))] {
        let mut timers = Timers::new(keepalive, Duration::ZERO);
        let due = timers.poll_timeout();
        timers.sent_ping(control(b"mine"), Duration::from_secs(1));
        timers.receive_pong(&control(b"other"), Duration::from_secs(2));
        assert_eq!(timers.round_trip(), None);
        timers.receive_pong(&control(b"mine"), Duration::from_secs(3));
        assert_eq!(timers.round_trip(), Some(Duration::from_secs(2)));
        assert_eq!(timers.poll_timeout(), due);
    }
}

/// R6455-5.5.2-05: the connection hangs on the answer to the keepalive Ping, and on no other.
#[test]
fn an_applications_ping_does_not_take_the_place_of_a_keepalive_ping() {
    let mut timers = keepalive();
    let keepalive = ping(&mut timers, INTERVAL);
    timers.sent_ping(control(b"mine"), INTERVAL);
    timers.receive_pong(&control(b"mine"), INTERVAL);
    assert_eq!(timers.poll_timeout(), Some(INTERVAL + TIMEOUT));
    timers.receive_pong(&keepalive, INTERVAL + Duration::from_secs(1));
    assert_eq!(timers.round_trip(), Some(Duration::from_secs(1)));
}

/// R6455-5.5.2-05: the same Ping gets more time, as often as is asked for.
#[test]
fn keepalive_can_be_extended_while_bytes_still_move() {
    let mut timers = keepalive();
    let sent = ping(&mut timers, INTERVAL);
    let mut now = INTERVAL;
    for _ in 0..3 {
        now += TIMEOUT;
        assert_eq!(timers.handle_timeout(now), Some(Expired::Keepalive));
        timers.extend_keepalive(now);
        assert_eq!(timers.poll_timeout(), Some(now + TIMEOUT));
    }
    now += Duration::from_secs(1);
    timers.receive_pong(&sent, now);
    assert_eq!(timers.round_trip(), Some(now - INTERVAL));
    assert_eq!(timers.poll_timeout(), Some(now + INTERVAL));
}

/// R6455-5.5.2-05: there is nothing to extend before the time is up, when only an application's
/// Ping is unanswered, without keepalive, and when the connection closes.
#[test]
fn extending_is_for_a_keepalive_that_has_expired() {
    let mut timers = keepalive();
    timers.extend_keepalive(Duration::from_secs(1));
    assert_eq!(timers.poll_timeout(), Some(INTERVAL));
    timers.sent_ping(control(b"mine"), Duration::from_secs(1));
    timers.extend_keepalive(Duration::from_secs(1));
    assert_eq!(timers.poll_timeout(), Some(INTERVAL));
    let _ = ping(&mut timers, INTERVAL);
    timers.extend_keepalive(INTERVAL + Duration::from_secs(1));
    assert_eq!(timers.poll_timeout(), Some(INTERVAL + TIMEOUT));
    timers.start_close(INTERVAL * 9);
    timers.extend_keepalive(INTERVAL + TIMEOUT);
    assert_eq!(timers.poll_timeout(), Some(INTERVAL * 9));

    let mut none = Timers::new(None, Duration::ZERO);
    none.sent_ping(control(b"mine"), Duration::ZERO);
    none.extend_keepalive(Duration::ZERO);
    assert_eq!(none.poll_timeout(), None);
}

/// R6455-7.1.2-03, R6455-5.5.1-15: one deadline, set once; keepalive is over.
#[test]
fn a_close_has_one_deadline_and_ends_keepalive() {
    let mut timers = keepalive();
    let sent = ping(&mut timers, INTERVAL);
    let deadline = INTERVAL * 2;
    timers.start_close(deadline);
    timers.start_close(deadline * 2);
    assert_eq!(timers.poll_timeout(), Some(deadline));
    timers.receive_pong(&sent, INTERVAL);
    assert_eq!(timers.poll_timeout(), Some(deadline), "no further ping");
    assert_eq!(
        timers.handle_timeout(deadline - Duration::from_nanos(1)),
        None
    );
    assert_eq!(timers.handle_timeout(deadline), Some(Expired::Close));
    assert_eq!(timers.handle_timeout(deadline), None);
    assert_eq!(timers.poll_timeout(), None);
}

/// R6455-10.4-01: it is told once, and known until the message has ended.
#[test]
fn a_message_has_a_deadline_until_it_ends() {
    let deadline = Duration::from_secs(120);
    let mut timers: Timers<Duration> = Timers::new(None, Duration::ZERO);
    assert_eq!(timers.message(), None);
    timers.start_message(1, deadline);
    assert_eq!(timers.message(), Some(1));
    assert_eq!(timers.poll_timeout(), Some(deadline));
    let before = deadline - Duration::from_nanos(1);
    assert_eq!(timers.handle_timeout(before), None);
    assert!(!timers.is_message_overdue());
    assert_eq!(timers.handle_timeout(deadline), Some(Expired::Message));
    assert_eq!(timers.handle_timeout(deadline), None);
    assert_eq!(timers.poll_timeout(), None);
    assert!(timers.is_message_overdue());
    timers.start_message(2, deadline * 2);
    assert!(!timers.is_message_overdue());
    assert_eq!(timers.poll_timeout(), Some(deadline * 2));
    timers.end_message();
    assert_eq!((timers.message(), timers.poll_timeout()), (None, None));
}

/// R6455-7.1.2-03: and a Close that is due goes before what else is.
#[test]
fn a_close_ends_the_deadline_of_a_message() {
    let mut timers = keepalive();
    timers.start_message(1, INTERVAL);
    timers.start_close(INTERVAL * 2);
    assert_eq!(timers.poll_timeout(), Some(INTERVAL * 2));
    assert_eq!(timers.message(), None);
    timers.start_message(2, INTERVAL);
    let late = INTERVAL * 3;
    assert_eq!(timers.handle_timeout(late), Some(Expired::Close));
}

/// R6455-7.1.7-08: nothing is due that nobody asked for.
#[test]
fn without_keepalive_nothing_is_due() {
    let mut timers: Timers<Duration> = Timers::new(None, Duration::ZERO);
    assert_eq!(timers.poll_timeout(), None);
    assert_eq!(timers.handle_timeout(Duration::from_secs(1 << 40)), None);
}

/// The documented defaults, and instants of the standard library.
#[test]
fn keepalive_is_every_twenty_seconds_unless_set() {
    let keepalive = Keepalive::default();
    assert_eq!(keepalive.interval, Duration::from_secs(20));
    assert_eq!(keepalive.timeout, Duration::from_secs(20));
    let now = std::time::Instant::now();
    let mut timers = Timers::new(Some(keepalive), now);
    let due = now + keepalive.interval;
    assert_eq!(timers.poll_timeout(), Some(due));
    assert!(matches!(timers.handle_timeout(due), Some(Expired::Ping(_))));
}

fn keepalive() -> Timers<Duration> {
    Timers::new(Some(Keepalive::new(INTERVAL, TIMEOUT)), Duration::ZERO)
}

fn ping(timers: &mut Timers<Duration>, now: Duration) -> tautline_frame::ControlPayload {
    match timers.handle_timeout(now) {
        Some(Expired::Ping(payload)) => payload,
        other => panic!("{other:?}"),
    }
}
