//! Which attacks run when: those that wait side by side, those that work one or two at a time.

use std::panic::resume_unwind;
use std::thread;

use crate::side_by_side;

/// Calls `work` on every item, on `busy` threads for those that work and on `waiting` threads for
/// those that `waits` says wait; the results are in the items' order.
pub(super) fn map<T: Sync, R: Send>(
    items: &[T],
    waits: impl Fn(&T) -> bool,
    busy: usize,
    waiting: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let (patient, hasty): (Vec<usize>, Vec<usize>) =
        (0..items.len()).partition(|&at| waits(&items[at]));
    let run =
        |queue: &[usize], width| side_by_side::map(queue, width, |&at| (at, work(&items[at])));
    let mut results = thread::scope(|scope| {
        let patient = scope.spawn(|| run(&patient, waiting));
        let mut results = run(&hasty, busy);
        results.extend(patient.join().unwrap_or_else(|panic| resume_unwind(panic)));
        results
    });
    results.sort_unstable_by_key(|&(at, _)| at);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::map;

    #[test]
    fn results_keep_their_order_and_waiting_does_not_hold_up_work() {
        // Two that wait meet two that work: with fewer threads nobody would come back.
        let barrier = Barrier::new(4);
        let items = [1, 2, 3, 4];
        let results = map(
            &items,
            |n| n % 2 == 0,
            2,
            2,
            |n| {
                barrier.wait();
                n * 10
            },
        );
        assert_eq!(results, [10, 20, 30, 40]);
    }
}
