//! The timer, by the clock: only lower bounds are exact.

use std::{
    future::poll_fn,
    task::{Context, Waker},
    time::{Duration, Instant},
};

use tautline_async_std::FuturesIo;
use tautline_driver::Transport;

use crate::support::{run, script::Script};

const SHORT: Duration = Duration::from_millis(30);
const LONG: Duration = Duration::from_millis(90);
const NEVER: Duration = Duration::from_secs(3600);

fn transport() -> FuturesIo<Script> {
    FuturesIo::from_stream(Script::default())
}

/// Polls once, as a connection does that then learns of another deadline.
fn begin(transport: &mut FuturesIo<Script>, deadline: Instant) {
    let mut cx = Context::from_waker(Waker::noop());
    assert!(transport.poll_deadline(&mut cx, deadline).is_pending());
}

/// Waits for a deadline, and checks that it has come.
fn wait(transport: &mut FuturesIo<Script>, deadline: Instant) {
    run(poll_fn(|cx| transport.poll_deadline(cx, deadline)));
    assert!(Instant::now() >= deadline);
}

#[test]
fn a_deadline_is_waited_for() {
    let mut transport = transport();
    let deadline = transport.now() + SHORT;
    wait(&mut transport, deadline);
}

#[test]
fn a_deadline_that_has_passed_is_not_waited_for() {
    let mut transport = transport();
    let now = transport.now();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(transport.poll_deadline(&mut cx, now).is_ready());
}

#[test]
fn an_earlier_deadline_takes_the_place_of_a_later_one() {
    let mut transport = transport();
    let now = transport.now();
    begin(&mut transport, now + NEVER);
    wait(&mut transport, now + SHORT);
}

#[test]
fn a_later_deadline_takes_the_place_of_an_earlier_one() {
    let mut transport = transport();
    let now = transport.now();
    begin(&mut transport, now + SHORT);
    wait(&mut transport, now + LONG);
}

#[test]
fn a_deadline_changes_while_a_task_waits() {
    let mut transport = transport();
    let now = transport.now();
    let mut polls = 0;
    run(poll_fn(|cx| {
        polls += 1;
        // The first poll leaves this task's waker with the timer.
        let deadline = if polls == 1 { NEVER } else { SHORT };
        let polled = transport.poll_deadline(cx, now + deadline);
        if polls == 1 {
            cx.waker().wake_by_ref();
        }
        polled
    }));
    assert!(Instant::now() >= now + SHORT);
}

#[test]
fn a_deadline_that_has_come_comes_again_when_asked_for_again() {
    let mut transport = transport();
    let deadline = transport.now() + SHORT;
    wait(&mut transport, deadline);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(transport.poll_deadline(&mut cx, deadline).is_ready());
    begin(&mut transport, deadline + NEVER);
    let next = transport.now() + SHORT;
    wait(&mut transport, next);
}
