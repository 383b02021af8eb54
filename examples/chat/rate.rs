use std::time::{Duration, Instant};

/// Bounds how fast one member may send: a burst at once, and as much again spread over a period.
#[derive(Debug)]
pub(super) struct Rate {
    /// Time that one message costs.
    cost: Duration,
    /// What a whole burst costs: how far `busy_until` may run ahead of the clock.
    burst: Duration,
    /// When everything sent so far is paid for.
    busy_until: Option<Instant>,
}

impl Rate {
    pub(super) fn new(burst: u32, period: Duration) -> Self {
        Self {
            cost: period / burst.max(1),
            burst: period,
            busy_until: None,
        }
    }

    /// Counts one message, or says how long to wait before the next one will count.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let from = self.busy_until.map_or(now, |until| until.max(now));
        let ahead = (from + self.cost).duration_since(now);
        if ahead > self.burst {
            return Err(ahead - self.burst);
        }
        self.busy_until = Some(from + self.cost);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Rate;

    #[test]
    fn a_burst_passes_and_the_next_message_waits_its_share() {
        let start = Instant::now();
        let mut rate = Rate::new(20, Duration::from_secs(5));
        for n in 0..20 {
            assert_eq!(rate.take(start), Ok(()), "message {n}");
        }
        assert_eq!(rate.take(start), Err(Duration::from_millis(250)));
        assert_eq!(
            rate.take(start + Duration::from_millis(249)),
            Err(Duration::from_millis(1))
        );
        assert_eq!(rate.take(start + Duration::from_millis(250)), Ok(()));
        assert!(rate.take(start + Duration::from_millis(250)).is_err());
    }

    #[test]
    fn a_rest_gives_back_one_burst_and_not_more() {
        let start = Instant::now();
        let mut rate = Rate::new(3, Duration::from_secs(3));
        let later = start + Duration::from_secs(3600);
        assert_eq!((0..10).filter(|_| rate.take(start).is_ok()).count(), 3);
        assert_eq!((0..10).filter(|_| rate.take(later).is_ok()).count(), 3);
    }
}
