//! Waiting for the first of two futures.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use crate::Runtime;

/// Which of two futures was done first.
pub(crate) enum First<A, B> {
    Left(A),
    Right(B),
}

/// Waits for the first of two futures, the left one if both are done, and drops the other.
pub(crate) async fn race<A: Future, B: Future>(left: A, right: B) -> First<A::Output, B::Output> {
    let mut left = pin!(left);
    let mut right = pin!(right);
    poll_fn(|cx| {
        if let Poll::Ready(output) = left.as_mut().poll(cx) {
            return Poll::Ready(First::Left(output));
        }
        right.as_mut().poll(cx).map(First::Right)
    })
    .await
}

/// The output of a future, or `None` if it takes longer than `limit`.
pub(crate) async fn timeout<F: Future>(
    runtime: &impl Runtime,
    limit: Duration,
    future: F,
) -> Option<F::Output> {
    match race(future, runtime.sleep(limit)).await {
        First::Left(output) => Some(output),
        First::Right(()) => None,
    }
}
