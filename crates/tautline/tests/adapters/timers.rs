//! The time of the runtime itself. Nothing here depends on how soon a timer fires, only on that it
//! does, and not too soon.

use std::{
    future::poll_fn,
    task::{Context, Waker},
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use tautline::driver::Transport;

use crate::support::{Adapter, Pipe};

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(60 * 60);

fn transport<A: Adapter>() -> A::Piped {
    A::Piped::from_stream(Pipe::pair(1).0)
}

async fn wait_until<T: Transport>(transport: &mut T, deadline: Instant) {
    poll_fn(|cx| transport.poll_deadline(cx, deadline)).await;
    assert!(transport.now() >= deadline);
}

fn is_due<T: Transport>(transport: &mut T, deadline: Instant) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    transport.poll_deadline(&mut cx, deadline).is_ready()
}

pub(crate) async fn a_deadline_passes_not_before_its_time<A: Adapter>() {
    let start = Instant::now();
    let mut transport = transport::<A>();
    let deadline = transport.now() + SHORT;
    wait_until(&mut transport, deadline).await;
    assert!(start.elapsed() >= SHORT);
}

pub(crate) async fn a_deadline_that_has_passed_is_over_at_once_and_stays_so<A: Adapter>() {
    let mut transport = transport::<A>();
    let past = transport.now();
    wait_until(&mut transport, past).await;
    wait_until(&mut transport, past).await;
}

/// Sooner, later, and once more after it has fired.
pub(crate) async fn a_deadline_that_is_replaced_counts_no_more<A: Adapter>() {
    let mut transport = transport::<A>();
    let now = transport.now();
    assert!(!is_due(&mut transport, now + LONG));
    wait_until(&mut transport, now + SHORT).await;
    wait_until(&mut transport, now + 2 * SHORT).await;
    let now = transport.now();
    assert!(!is_due(&mut transport, now + SHORT));
    assert!(!is_due(&mut transport, now + LONG));
    A::default().sleep(2 * SHORT).await;
    assert!(!is_due(&mut transport, now + LONG));
}

/// Whoever polls last is woken, as a connection may move from one task to another.
pub(crate) async fn a_deadline_wakes_the_task_that_polled_last<A: Adapter>() {
    let mut transport = transport::<A>();
    let deadline = transport.now() + SHORT;
    assert!(!is_due(&mut transport, deadline));
    wait_until(&mut transport, deadline).await;
}

pub(crate) async fn a_task_sleeps_not_too_short<A: Adapter>() {
    let runtime = A::default();
    let start = Instant::now();
    assert!(runtime.sleep(LONG).now_or_never().is_none());
    runtime.sleep(SHORT).await;
    assert!(start.elapsed() >= SHORT);
}
