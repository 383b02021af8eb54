//! The asynchronous connection over a stream that does what a script says: bytes come and can be
//! written a few at a time, operations are pending, futures are given up, the peer closes, breaks
//! the protocol, or is gone.
//!
//! * Whatever a call was doing when it was given up: every message of the peer is received once, and
//!   in order. Every message that was accepted is sent once, and in order.
//! * Nobody waits for what is there. Futures are polled only when they were woken, so that a wake-up
//!   which is lost shows as a future that is pending while it could go on.
//! * The output is whole, legal frames, and Pings are answered.
//! * A message that is prepared, and was sent by another connection before, is sent like any other.
//! * A message whose rest does not come in time ends the connection with 1008, and nothing else does.
//!
//! A case runs over a `WebSocket`, its halves, or a corked handler.

mod corked;
mod halves;
mod journal;
mod task;
mod whole;
mod wire;
mod world;

use arbitrary::{Result, Unstructured};

use self::task::Task;
use self::world::World;

/// Runs one case.
pub fn run(data: &[u8]) {
    // An input that is too short ends the case early, which is no fault.
    let _ = case(&mut Unstructured::new(data));
}

fn case(input: &mut Unstructured<'_>) -> Result<()> {
    let kind = input.arbitrary::<u8>()? % 3;
    let world = World::new(input.arbitrary()?);
    match kind {
        0 => whole::case(world, input),
        1 => halves::case(world, input),
        _ => corked::case(world, input),
    }
    Ok(())
}

/// What a call waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    /// For input, whether or not its own output can be written.
    Input,
    /// For input, but not while too much is queued that cannot be written.
    InputAndRoom,
    Room,
}

/// Checks that a task which is not done waits for something that is not there.
fn check_wait<R>(task: &Task<'_, R>, world: &World, waits: Waits) {
    if task.is_done() {
        return;
    }
    let may_end = world.may_end();
    let state = world.wire.state();
    // While a connection ends, what is queued goes first.
    let may_wait_to_write = !state.should_write() && (may_end || waits != Waits::Input);
    let may_wait_to_read = !state.is_readable() && waits != Waits::Room;
    assert!(
        may_wait_to_write || may_wait_to_read,
        "waits for what is there"
    );
    let is_registered = (may_wait_to_write && state.writer.is_some())
        || (may_wait_to_read && state.reader.is_some());
    assert!(is_registered, "waits, and nobody will wake it");
    let has_deadline = world.has_deadline || !may_end && state.awaits_message();
    let is_bounded = waits == Waits::Room || !has_deadline || state.timer.is_some();
    assert!(is_bounded, "waits without a deadline");
}

/// Runs a call to its end, with things happening while it waits, or gives it up.
fn call<R>(
    world: &mut World,
    input: &mut Unstructured<'_>,
    waits: Waits,
    future: impl Future<Output = R>,
) -> Option<R> {
    let patience = input.arbitrary::<u8>().unwrap_or(0) % 8;
    let mut task = Task::new(future);
    forget_wakers(world);
    task.run();
    check_wait(&task, world, waits);
    for _ in 0..patience {
        if task.is_done() || world.step(input).is_err() {
            break;
        }
        task.run();
        check_wait(&task, world, waits);
    }
    task.into_output()
}

/// Runs a call while nothing happens; it may be pending.
fn call_now<R>(world: &World, waits: Waits, future: impl Future<Output = R>) -> Option<R> {
    let mut task = Task::new(future);
    forget_wakers(world);
    task.run();
    check_wait(&task, world, waits);
    task.into_output()
}

/// Runs the call with which everything ends, and moves the clock where it waits for that.
fn call_to_end<R>(world: &World, future: impl Future<Output = R>) -> R {
    let mut task = Task::new(future);
    task.run();
    for _ in 0..4 {
        if !task.is_done() && world.wire.pass_deadline() {
            task.run();
        }
    }
    task.into_output()
        .expect("an end that comes in bounded time")
}

/// What an earlier call left behind must not stand in for this one's.
fn forget_wakers(world: &World) {
    let mut state = world.wire.state();
    (state.reader, state.writer) = (None, None);
}
