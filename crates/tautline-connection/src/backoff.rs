use core::time::Duration;

/// How long to wait before connecting again (RFC 6455 section 7.2.3).
///
/// The first wait is a random part of `first`, so that the clients of a server that went away do
/// not all return at once. Each further one lies in the upper half of a span that doubles, up to
/// `max`. Randomness is an argument.
///
/// ```
/// use core::time::Duration;
/// use tautline_connection::Backoff;
///
/// let mut backoff = Backoff::default();
/// assert!(backoff.next_delay(u32::MAX / 2) <= Duration::from_secs(5));
/// backoff.reset(); // after the connection has been up for a while
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    attempt: u32,
}

impl Backoff {
    /// Waits of up to `first` before the first attempt, growing up to `max`.
    #[must_use]
    pub const fn new(first: Duration, max: Duration) -> Self {
        Self {
            first,
            max,
            attempt: 0,
        }
    }

    /// The wait before the next attempt. `random` is any number of the full range of `u32`.
    pub fn next_delay(&mut self, random: u32) -> Duration {
        let attempt = self.attempt;
        self.attempt = attempt.saturating_add(1);
        let span = self
            .first
            .saturating_mul(1_u32.checked_shl(attempt).unwrap_or(u32::MAX));
        let span = span.min(self.max);
        if attempt == 0 {
            part(span, random)
        } else {
            span / 2 + part(span / 2, random)
        }
    }

    /// Begins anew: the connection was open long enough to be called stable.
    pub const fn reset(&mut self) {
        self.attempt = 0;
    }
}

impl Default for Backoff {
    /// 5 seconds at first, as RFC 6455 section 7.2.3 proposes, and 90 seconds at most.
    fn default() -> Self {
        Self::new(Duration::from_secs(5), Duration::from_secs(90))
    }
}

/// `random / u32::MAX` of a span. In whole nanoseconds: as a float the longest spans would overflow.
fn part(of: Duration, random: u32) -> Duration {
    const NANOS_PER_SEC: u128 = 1_000_000_000;
    let nanos = of.as_nanos() * u128::from(random) / u128::from(u32::MAX);
    Duration::new(
        (nanos / NANOS_PER_SEC) as u64,
        (nanos % NANOS_PER_SEC) as u32,
    )
}
