//! Waiting for the first of two futures.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use crate::Runtime;

/// Which of two futures was done first.
pub(crate) enum First<A, B> {
    Left(A),
    Right(B),
}

/// Waits for the first of two futures, the left one if both are done.
///
/// They come pinned, so that they are not stored once as an argument and once more in place.
pub(crate) async fn race<A: Future + ?Sized, B: Future>(
    mut left: Pin<&mut A>,
    mut right: Pin<&mut B>,
) -> First<A::Output, B::Output> {
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
    match race(pin!(future), pin!(runtime.sleep(limit))).await {
        First::Left(output) => Some(output),
        First::Right(()) => None,
    }
}
