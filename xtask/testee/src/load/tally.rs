use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use crate::load::report::{Latency, Tick};

/// What all connections have seen.
#[derive(Debug)]
pub(super) struct Tally {
    open: AtomicU64,
    echoes: AtomicU64,
    handshakes: AtomicU64,
    errors: Mutex<BTreeMap<String, u64>>,
    echo_times: Mutex<Histogram<u64>>,
    handshake_times: Mutex<Histogram<u64>>,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            open: AtomicU64::new(0),
            echoes: AtomicU64::new(0),
            handshakes: AtomicU64::new(0),
            errors: Mutex::default(),
            echo_times: Mutex::new(histogram()),
            handshake_times: Mutex::new(histogram()),
        }
    }

    pub(super) fn opened(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn closed(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// Counts a message that has come back, with its time.
    pub(super) fn echoed(&self, begin: Instant) {
        self.echoes.fetch_add(1, Ordering::Relaxed);
        lock(&self.echo_times).saturating_record(micros(begin.elapsed()));
    }

    /// Counts a connection that has been opened, with its time.
    pub(super) fn shook_hands(&self, begin: Instant) {
        self.handshakes.fetch_add(1, Ordering::Relaxed);
        lock(&self.handshake_times).saturating_record(micros(begin.elapsed()));
    }

    /// Counts a failure of somebody.
    pub(super) fn failed(&self, who: &str, error: &anyhow::Error) {
        let mut errors = lock(&self.errors);
        let what = format!("{who}: {error:#}");
        if errors.len() < KINDS || errors.contains_key(&what) {
            *errors.entry(what).or_default() += 1;
        } else {
            *errors.entry(OTHERS.to_owned()).or_default() += 1;
        }
    }

    /// Waits until all tasks of somebody have ended; one that panics counts as a failure.
    pub(super) async fn join(&self, who: &str, tasks: &mut JoinSet<()>) {
        while let Some(ended) = tasks.join_next().await {
            if let Err(panic) = ended {
                self.failed(who, &panic.into());
            }
        }
    }

    pub(super) fn errors(&self) -> BTreeMap<String, u64> {
        lock(&self.errors).clone()
    }

    pub(super) fn tick(&self) -> Tick {
        Tick {
            open: self.open.load(Ordering::Relaxed),
            echoes: self.echoes.load(Ordering::Relaxed),
            handshakes: self.handshakes.load(Ordering::Relaxed),
            errors: lock(&self.errors).values().sum(),
            p99: lock(&self.echo_times).value_at_quantile(0.99),
        }
    }

    /// The times of echoes and of handshakes since this was last called.
    pub(super) fn take_latencies(&self) -> (Latency, Latency) {
        let take = |times: &Mutex<Histogram<u64>>| {
            let mut times = lock(times);
            let latency = Latency::of(&times);
            times.reset();
            latency
        };
        (take(&self.echo_times), take(&self.handshake_times))
    }
}

/// Of microseconds, to three digits.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST, 3).expect("the bounds are in order")
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Numbers stay usable after a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Two minutes: whoever waits for longer has given up.
const LONGEST: u64 = 120_000_000;

/// How many kinds of errors are told apart.
const KINDS: usize = 30;

const OTHERS: &str = "other errors";

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use anyhow::anyhow;

    use super::{KINDS, OTHERS, Tally};

    #[test]
    fn times_are_of_one_stage_and_counts_of_all() {
        let tally = Tally::new();
        tally.echoed(Instant::now() - Duration::from_millis(20));
        let (echoes, handshakes) = tally.take_latencies();
        let times = serde_json::to_value(&echoes).unwrap();
        assert_eq!(times["count"], 1);
        assert!(times["p50"].as_u64().unwrap() >= 20_000, "{times}");
        assert_eq!(serde_json::to_value(&handshakes).unwrap()["count"], 0);
        let (echoes, _) = tally.take_latencies();
        assert_eq!(serde_json::to_value(&echoes).unwrap()["count"], 0);
        assert_eq!(tally.tick().echoes, 1);
    }

    #[test]
    fn errors_are_counted_by_kind_and_none_is_dropped() {
        let tally = Tally::new();
        for number in 0..KINDS + 5 {
            tally.failed("storm", &anyhow!("error {number}"));
        }
        tally.failed("storm", &anyhow!("error 0"));
        assert_eq!(tally.errors()["storm: error 0"], 2);
        assert_eq!(tally.errors()[OTHERS], 5);
        assert_eq!(tally.tick().errors, KINDS as u64 + 6);
    }
}
