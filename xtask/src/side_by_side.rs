//! Working on a list with a few threads.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Calls `work` on every item, on at most `width` at once; the results are in the items' order.
pub(crate) fn map<T, R>(items: &[T], width: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R>
where
    T: Sync,
    R: Send,
{
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut results = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            match items.get(index) {
                Some(item) => results.push((index, work(item))),
                None => return results,
            }
        }
    };
    let mut results = thread::scope(|scope| {
        let threads: Vec<_> = (0..width.min(items.len()))
            .map(|_| scope.spawn(worker))
            .collect();
        let joined = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        joined.flatten().collect::<Vec<_>>()
    });
    results.sort_unstable_by_key(|&(index, _)| index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::map;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        for width in [1, 2, 9] {
            let squares = map(&[3, 1, 2], width, |item| item * item);
            assert_eq!(squares, [9, 1, 4], "{width}");
        }
        assert!(map(&[], 2, |&item: &u8| item).is_empty());
    }

    #[test]
    fn as_many_items_are_under_way_as_there_is_width_for() {
        // Returns only if two threads wait at once.
        let both = Barrier::new(2);
        map(&[(), ()], 2, |()| both.wait());

        let under_way = AtomicUsize::new(0);
        let most = map(&[(); 20], 1, |()| {
            let now = under_way.fetch_add(1, Ordering::SeqCst) + 1;
            std::thread::yield_now();
            under_way.fetch_sub(1, Ordering::SeqCst);
            now
        });
        assert_eq!(most, [1; 20]);
    }
}
