//! A client and a server that talk to each other, on a clock that stands still. Each scenario is
//! played with the bytes whole, one at a time, and cut at random.

use core::time::Duration;

use tautline_connection::{
    CloseFrame, Disposition, Event, Expired, Fin, Initiator, Keepalive, Role, SendError,
};
use tautline_frame::CloseCode;
use tautline_message::Message;

use crate::support::{CLOSE_TIMEOUT, End, Happened, Keys, Pair, ROLES, control, message, play};

const SECOND: Duration = Duration::from_secs(1);

/// R6455-5.1-07, R6455-5.4-10, R6455-6.2-06
#[test]
fn messages_go_both_ways() {
    play(|pair| {
        let large = vec![5; 70_000];
        pair.client.connection.send("from the client").unwrap();
        pair.client.connection.send(large.clone()).unwrap();
        pair.server.connection.send("from the server").unwrap();
        pair.server
            .connection
            .send_fragment("in ", Fin::More)
            .unwrap();
        pair.server.connection.ping(b"between").unwrap();
        pair.server
            .connection
            .send_fragment("parts", Fin::Last)
            .unwrap();
        pair.settle();
        assert_eq!(
            pair.server.happened(),
            [
                received(message("from the client")),
                received(message(large)),
                received(Event::Pong(control(b"between"))),
            ]
        );
        assert_eq!(
            pair.client.happened(),
            [
                received(message("from the server")),
                received(Event::Ping(control(b"between"))),
                received(message("in parts")),
            ]
        );
    });
}

/// R6455-5.1-07: neither waits for the other.
#[test]
fn ten_thousand_messages_cross() {
    play(|pair| {
        const COUNT: u32 = 10_000;
        for number in 0..COUNT {
            for role in ROLES {
                let message = &number.to_be_bytes();
                pair.end(role).connection.send(message).unwrap();
            }
        }
        pair.settle();
        let expected: Vec<_> = (0..COUNT)
            .map(|number| received(message(&number.to_be_bytes())))
            .collect();
        for role in ROLES {
            assert!(pair.end(role).happened() == expected);
        }
    });
}

/// R6455-5.5.1-08, R6455-5.5.1-12, R6455-5.5.1-13, R6455-5.5.1-14, R6455-7.1.1-05,
/// R6455-7.1.1-06, R6455-7.1.2-02, R6455-7.1.4-01, R6455-7.3-01, R6455-7.3-03: either may begin;
/// the server leaves first, and both ends are clean.
#[test]
fn a_close_that_either_end_begins_is_clean_on_both() {
    for (role, other) in [(Role::Client, Role::Server), (Role::Server, Role::Client)] {
        play(|pair| {
            let close = CloseFrame::new(CloseCode::GOING_AWAY, "bye");
            pair.end(role).connection.send("last").unwrap();
            pair.close(role, Some(close.clone())).unwrap();
            pair.settle();
            let echo = CloseFrame::new(CloseCode::GOING_AWAY, "");
            assert_eq!(
                pair.end(other).happened(),
                [
                    received(message("last")),
                    received(Event::Close(Some(close.clone()))),
                    Happened::EndedCleanly,
                ]
            );
            assert_eq!(
                pair.end(role).happened(),
                [received(Event::Close(Some(echo))), Happened::EndedCleanly,]
            );
            let ours = pair.end(role).connection.closed();
            let theirs = pair.end(other).connection.closed();
            assert_eq!(ours.initiator, Some(Initiator::Local));
            assert_eq!(theirs.initiator, Some(Initiator::Remote));
            assert_eq!(ours.sent, Some(Some(close)));
            assert_eq!((ours.sent, ours.received), (theirs.received, theirs.sent));
        });
    }
}

/// R6455-5.5.1-14, R6455-7.1.1-06: before the server's end of the stream a client stays.
#[test]
fn a_client_waits_for_the_server_to_end_the_stream() {
    play(|pair| {
        pair.server.lingers = true;
        pair.close(Role::Client, None).unwrap();
        pair.wait(SECOND);
        assert_eq!(pair.client.connection.disposition(), Disposition::AwaitEof);
        assert!(!pair.client.is_gone());
        pair.server.lingers = false;
        pair.settle();
        assert!(pair.client.is_gone());
        assert_eq!(pair.client.happened().last(), Some(&Happened::EndedCleanly));
    });
}

/// R6455-5.5.1-15, R6455-7.1.1-04: not for ever, and the end is clean all the same.
#[test]
fn a_client_leaves_first_if_the_server_does_not() {
    play(|pair| {
        pair.server.lingers = true;
        pair.close(Role::Client, None).unwrap();
        pair.wait(CLOSE_TIMEOUT - Duration::from_nanos(1));
        assert!(!pair.client.is_gone());
        pair.wait(Duration::from_nanos(1));
        assert!(pair.client.is_gone());
        assert_eq!(
            pair.client.happened(),
            [
                received(Event::Close(None)),
                Happened::Expired(Expired::Close),
                Happened::EndedCleanly,
            ]
        );
    });
}

/// R6455-5.5.1-16, R6455-7.1.5-01: each end learns the other's code.
#[test]
fn closes_that_cross_are_clean_on_both_ends() {
    play(|pair| {
        let close = |code| Some(CloseFrame::new(CloseCode::new(code).unwrap(), ""));
        pair.close(Role::Client, close(4000)).unwrap();
        pair.close(Role::Server, close(4001)).unwrap();
        pair.settle();
        for (role, code) in [(Role::Client, 4001), (Role::Server, 4000)] {
            let end = pair.end(role);
            assert_eq!(
                end.happened(),
                [received(Event::Close(close(code))), Happened::EndedCleanly]
            );
            assert_eq!(end.connection.closed().code(), code);
            assert_eq!(end.connection.closed().initiator, Some(Initiator::Local));
        }
    });
}

/// R6455-7.1.2-03, R6455-7.1.4-01, R6455-7.1.5-03, L1: a peer that does not read never answers a
/// Close; that takes no longer than the timeout, and is no clean end.
#[test]
fn a_peer_that_never_answers_a_close_is_left_after_the_timeout() {
    for (role, other) in [(Role::Client, Role::Server), (Role::Server, Role::Client)] {
        play(|pair| {
            pair.end(other).reads = false;
            pair.close(role, None).unwrap();
            pair.wait(CLOSE_TIMEOUT - Duration::from_nanos(1));
            assert!(!pair.end(role).is_gone());
            pair.wait(Duration::from_nanos(1));
            assert!(pair.end(role).is_gone());
            pair.cut_off();
            let end = pair.end(role);
            assert_eq!(
                end.happened(),
                [Happened::Expired(Expired::Close), Happened::Lost]
            );
            assert_eq!(end.connection.closed().code(), 1006);
        });
    }
}

/// R6455-5.5.2-03: D-02.
#[test]
fn a_ping_that_crosses_a_close_is_answered() {
    play(|pair| {
        pair.server.connection.ping(b"crossing").unwrap();
        pair.close(Role::Client, None).unwrap();
        pair.settle();
        assert_eq!(
            pair.client.happened(),
            [
                received(Event::Ping(control(b"crossing"))),
                received(Event::Close(None)),
                Happened::EndedCleanly,
            ]
        );
        assert_eq!(
            pair.server.happened(),
            [received(Event::Close(None)), Happened::EndedCleanly],
            "what follows a Close is discarded, so the Pong is, too"
        );
    });
}

/// R6455-7.2.1-02, R6455-7.1.5-03
#[test]
fn a_broken_stream_is_a_loss_for_both() {
    play(|pair| {
        pair.client.connection.send("on its way").unwrap();
        pair.cut_off();
        pair.settle();
        for role in ROLES {
            let end = pair.end(role);
            assert_eq!(end.happened(), [Happened::Lost]);
            assert_eq!(end.connection.closed().code(), 1006);
        }
    });
}

/// R6455-7.1.7-08, R6455-7.3-02: without keepalive there is no deadline at all.
#[test]
fn an_idle_connection_stays_open() {
    play(|pair| {
        pair.wait(SECOND * 600);
        for role in ROLES {
            let end = pair.end(role);
            assert_eq!(end.happened(), []);
            assert_eq!(end.timers.poll_timeout(), None);
            assert_eq!(end.connection.disposition(), Disposition::Open);
        }
        pair.client.connection.send("still there").unwrap();
        pair.settle();
        assert_eq!(pair.server.happened(), [received(message("still there"))]);
    });
}

/// R6455-5.5.2-05
#[test]
fn keepalive_pings_at_its_interval() {
    play(|pair| {
        pair.keep_alive(Role::Client, Keepalive::new(20 * SECOND, 10 * SECOND));
        pair.wait(99 * SECOND);
        let seen = pair.server.happened();
        assert_eq!(seen.len(), 4);
        let is_ping = |seen: &Happened| matches!(seen, Happened::Received(Event::Ping(_)));
        assert!(seen.iter().all(is_ping));
        pair.wait(SECOND);
        assert_eq!(pair.server.happened().len(), 1);
        assert_eq!(pair.client.connection.disposition(), Disposition::Open);
        assert_eq!(pair.client.timers.round_trip(), Some(Duration::ZERO));
    });
}

/// R6455-5.5.2-05, R6455-7.1.5-03, L1
#[test]
fn a_silent_peer_is_lost_when_its_pong_does_not_come() {
    play(|pair| {
        pair.keep_alive(Role::Server, Keepalive::new(20 * SECOND, 10 * SECOND));
        pair.client.reads = false;
        pair.wait(30 * SECOND - Duration::from_nanos(1));
        assert!(!pair.server.is_gone());
        pair.wait(Duration::from_nanos(1));
        pair.cut_off();
        assert!(pair.server.is_gone());
        let seen = pair.server.happened();
        assert!(matches!(
            seen[..],
            [
                Happened::Expired(Expired::Ping(_)),
                Happened::Expired(Expired::Keepalive),
                Happened::Lost
            ]
        ));
        assert_eq!(pair.server.connection.closed().code(), 1006);
    });
}

/// R6455-5.5.2-05: the time in which the Pong was under way.
#[test]
fn keepalive_measures_the_round_trip() {
    play(|pair| {
        pair.keep_alive(Role::Client, Keepalive::default());
        pair.server.reads = false;
        pair.wait(Keepalive::default().interval);
        pair.wait(SECOND / 4);
        assert_eq!(pair.client.timers.round_trip(), None);
        pair.server.reads = true;
        pair.settle();
        assert_eq!(pair.client.timers.round_trip(), Some(SECOND / 4));
    });
}

/// R6455-5.5.1-07, R6455-6.1-02, L2: the two calls in any order, at any moment of the exchange.
#[test]
fn sending_after_a_close_fails_at_every_moment() {
    for role in ROLES {
        play(|pair| {
            pair.close(role, None).unwrap();
            assert_eq!(pair.end(role).connection.send("a"), Err(SendError::Closing));
            pair.settle();
            for role in ROLES {
                let end = pair.end(role);
                assert_eq!(end.connection.send("b"), Err(SendError::Closing));
                assert_eq!(end.connection.close(None), Ok(()));
                let seen = end.happened();
                assert_eq!(seen, [received(Event::Close(None)), Happened::EndedCleanly]);
            }
        });
    }
}

/// R6455-5.2-12: a conversation at random, checked by what arrives.
#[test]
fn a_long_conversation_arrives_as_it_was_said() {
    play(|pair| {
        let mut random = Keys::seeded(4711);
        for _ in 0..60 {
            let from = ROLES[random.up_to(2) - 1];
            let said: Vec<Message> = (0..random.up_to(5))
                .map(|_| Message::from(vec![b'.'; random.up_to(3_000)]))
                .collect();
            for message in &said {
                pair.end(from).connection.send(message.clone()).unwrap();
            }
            pair.settle();
            let heard = hearer(pair, from).happened();
            assert!(
                heard
                    .into_iter()
                    .eq(said.into_iter().map(|said| received(message(said))))
            );
        }
    });
}

fn hearer(pair: &mut Pair, from: Role) -> &mut End {
    match from {
        Role::Client => pair.end(Role::Server),
        Role::Server => pair.end(Role::Client),
    }
}

const fn received(event: Event) -> Happened {
    Happened::Received(event)
}
