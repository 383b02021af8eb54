//! The wait before connecting again (RFC 6455 section 7.2.3).

use core::time::Duration;

use tautline_connection::{Backoff, MaskKeys};

use crate::support::Keys;

const FIRST: Duration = Duration::from_secs(5);
const MAX: Duration = Duration::from_secs(90);

/// R6455-7.2.3-01, R6455-7.2.3-02: clients that lost their server at once return over the whole
/// span, and never all together.
#[test]
fn first_waits_are_spread_over_the_whole_span() {
    let mut random = Keys::seeded(99);
    let mut tenths = [0; 10];
    for _ in 0..1_000 {
        let wait = Backoff::default().next_delay(u32::from_be_bytes(random.next_key()));
        assert!(wait <= FIRST);
        let tenth = (wait.as_secs_f64() / FIRST.as_secs_f64() * 10.0) as usize;
        tenths[tenth.min(9)] += 1;
    }
    assert!(
        tenths.iter().all(|count| (60..160).contains(count)),
        "{tenths:?}"
    );
}

/// R6455-7.2.3-01, R6455-7.2.3-04: truncated binary exponential; each wait in the upper half of
/// its span, for as long as anyone may try.
#[test]
fn further_waits_double_up_to_the_longest() {
    let spans = [5, 10, 20, 40, 80, 90, 90].map(Duration::from_secs);
    for (random, share) in [(0, 0), (u32::MAX / 2, 1), (u32::MAX, 2)] {
        let mut backoff = Backoff::default();
        for (attempt, span) in spans.into_iter().enumerate() {
            let expected = match attempt {
                0 => span * share / 2,
                _ => span / 2 + span / 2 * share / 2,
            };
            let wait = backoff.next_delay(random);
            assert!(
                wait.abs_diff(expected) < Duration::from_micros(1),
                "{attempt}"
            );
        }
        for _ in 0..100 {
            let wait = backoff.next_delay(random);
            assert!((MAX / 2..=MAX).contains(&wait));
        }
    }
}

/// R6455-7.2.3-04: a connection that was stable begins anew.
#[test]
fn a_reset_begins_anew() {
    let mut backoff = Backoff::default();
    for _ in 0..5 {
        backoff.next_delay(u32::MAX);
    }
    backoff.reset();
    assert_eq!(backoff.next_delay(u32::MAX), FIRST);
    assert_eq!(backoff.next_delay(u32::MAX), FIRST * 2);
}

/// R6455-7.2.3-03
#[test]
fn another_span_may_be_chosen() {
    let mut short = Backoff::new(Duration::from_secs(2), Duration::from_secs(3));
    assert_eq!(short.next_delay(0), Duration::ZERO);
    assert_eq!(short.next_delay(u32::MAX), Duration::from_secs(3));

    let mut capped = Backoff::new(Duration::from_secs(10), Duration::from_secs(1));
    assert_eq!(capped.next_delay(u32::MAX), Duration::from_secs(1));
}

/// The longest spans there are do not overflow.
#[test]
fn no_span_is_too_long() {
    let mut backoff = Backoff::new(Duration::MAX, Duration::MAX);
    assert_eq!(backoff.next_delay(u32::MAX), Duration::MAX);
    for random in [0, 1, u32::MAX - 1, u32::MAX] {
        assert!(backoff.next_delay(random) >= Duration::MAX / 2);
    }
}
