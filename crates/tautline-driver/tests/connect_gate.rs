//! One opening handshake at a time to an address.

use tautline_driver::ConnectGate;

use crate::support::executor::{Task, now};

/// R6455-4.1-04, R6455-4.1-05, and who waits and gives up holds nobody up.
#[test]
fn a_gate_lets_one_at_a_time_through_to_an_address() {
    let gate = ConnectGate::new();
    let first = now(gate.enter(1));
    drop(now(gate.enter(2)));
    let mut second = Task::new(gate.enter(1));
    let mut gives_up = Task::new(gate.enter(1));
    let mut third = Task::new(gate.enter(1));
    assert!(!second.run().is_done() && !gives_up.run().is_done() && !third.run().is_done());
    drop(first);
    let second_permit = second.run().output();
    gives_up.run();
    assert!(!third.run().is_done());
    drop(gives_up);
    drop(second_permit);
    let third_permit = third.run().output();
    drop(third_permit);
    drop(now(gate.enter(1)));
}
