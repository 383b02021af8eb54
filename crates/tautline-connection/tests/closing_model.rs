//! Every order in which a connection can end: a search through all states of two ends and of what
//! is on the way between them.
//!
//! The ends are real; an end cannot be copied, so each state is reached by playing its steps anew.
//! What the application does is bounded ([`Budget`]), and so is what goes wrong; the rest follows
//! until nothing new is found.

mod end;
mod world;

use std::collections::{HashSet, VecDeque};

use self::world::{Budget, World};

/// R6455-5.5.1-07, R6455-5.5.1-12, R6455-5.5.1-16, R6455-7.1.2-02, R6455-7.1.5-01, L2: whatever the order,
/// the ends agree on how it went, each sends one Close frame at the most, and from every state the
/// connection comes to its end.
#[test]
fn close_frames_in_every_order_with_messages() {
    let budget = Budget {
        fragments: 2,
        pings: 0,
        closes: 1,
        faults: 0,
    };
    let (states, ends) = search(budget);
    assert!(states >= 1765, "only {states} states were looked at");
    assert!(ends >= 268, "only {ends} of them were ends");
}

/// R6455-5.5.2-03: as above, with Pings that cross the Close frames.
#[test]
fn close_frames_in_every_order_with_pings() {
    let budget = Budget {
        fragments: 0,
        pings: 1,
        closes: 1,
        faults: 0,
    };
    let (states, ends) = search(budget);
    assert!(states >= 1277, "only {states} states were looked at");
    assert!(ends >= 159, "only {ends} of them were ends");
}

/// R6455-7.1.7-01, R6455-7.2.1-02: as above, with a stream that breaks or a frame that must not be.
#[test]
fn faults_at_every_point_of_a_closing_handshake() {
    let budget = Budget {
        fragments: 0,
        pings: 0,
        closes: 2,
        faults: 1,
    };
    let (states, ends) = search(budget);
    assert!(states >= 3880, "only {states} states were looked at");
    assert!(ends >= 471, "only {ends} of them were ends");
}

/// As above, with a fault before, inside, between and behind the parts of a message.
#[test]
fn faults_at_every_point_of_a_message() {
    let budget = Budget {
        fragments: 2,
        pings: 0,
        closes: 1,
        faults: 1,
    };
    let (states, ends) = search(budget);
    assert!(states >= 28_610, "only {states} states were looked at");
    assert!(ends >= 2007, "only {ends} of them were ends");
}

/// R6455-5.5.2-03: as above, with Pings that are on the way.
#[test]
fn faults_at_every_point_of_a_ping() {
    let budget = Budget {
        fragments: 0,
        pings: 1,
        closes: 1,
        faults: 1,
    };
    let (states, ends) = search(budget);
    assert!(states >= 20_348, "only {states} states were looked at");
    assert!(ends >= 1182, "only {ends} of them were ends");
}

/// Visits every state once and returns how many there are, and in how many both ends were gone.
#[expect(
    clippy::print_stdout,
    reason = "how far the search went is worth knowing"
)]
fn search(budget: Budget) -> (usize, usize) {
    let mut known = HashSet::new();
    let mut frontier = VecDeque::from([Vec::new()]);
    let mut ends = 0;
    let mut longest = 0;
    known.insert(World::new(budget).digest());
    while let Some(path) = frontier.pop_front() {
        let mut world = World::replay(budget, &path);
        let actions = world.actions();
        ends += usize::from(world.is_over());
        longest = longest.max(path.len());
        for action in actions {
            let mut next = World::replay(budget, &path);
            next.act(action);
            if known.insert(next.digest()) {
                next.check();
                frontier.push_back([&path[..], &[action]].concat());
            }
        }
        // Last, as it uses the state up.
        world.settle();
    }
    println!(
        "{} states, {ends} of them ends, {longest} steps at the most",
        known.len()
    );
    (known.len(), ends)
}
