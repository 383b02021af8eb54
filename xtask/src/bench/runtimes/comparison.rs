//! Measurements of the same work on several runtimes, side by side.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail};

use crate::bench::runtimes::criterion::{Estimate, Measurement, Throughput};

/// What a page and a picture show.
#[derive(Debug)]
pub(super) struct Comparison {
    /// The columns.
    pub(super) runtimes: Vec<String>,
    pub(super) workloads: Vec<Workload>,
}

/// One way of exchanging messages over a number of connections.
#[derive(Debug)]
pub(super) struct Workload {
    /// As in the group's name: `ping-pong`.
    pub(super) pattern: String,
    pub(super) connections: u64,
    /// By rising payload.
    pub(super) rows: Vec<Row>,
}

/// The same messages on every runtime.
#[derive(Debug)]
pub(super) struct Row {
    /// Bytes of a message.
    pub(super) payload: u64,
    /// Messages of one iteration.
    pub(super) messages: u64,
    /// Messages in a second by runtime; an entry is missing if the runtime was not measured.
    pub(super) rates: BTreeMap<String, Estimate>,
}

impl Comparison {
    /// Sorts measurements of groups `runtimes/<pattern>/<connections>` into rows.
    pub(super) fn new(measurements: &[Measurement]) -> anyhow::Result<Self> {
        let mut workloads: BTreeMap<Key, BTreeMap<u64, Row>> = BTreeMap::new();
        let mut runtimes = BTreeSet::new();
        for measurement in measurements {
            let context = || format!("{} is no workload", measurement.group);
            let key = Key::parse(&measurement.group).with_context(context)?;
            let Throughput::ElementsAndBytes { elements, bytes } = measurement.throughput;
            let payload: u64 = measurement.value.parse().with_context(context)?;
            if elements == 0 || payload * elements != bytes {
                bail!(
                    "{}: {elements} messages of {payload} bytes are not {bytes} bytes",
                    measurement.group
                );
            }
            let rows = workloads.entry(key).or_default();
            let row = rows.entry(payload).or_insert_with(|| Row {
                payload,
                messages: elements,
                rates: BTreeMap::new(),
            });
            let rate = rate(elements, measurement.nanoseconds);
            row.rates.insert(measurement.function.clone(), rate);
            runtimes.insert(measurement.function.clone());
        }
        if workloads.is_empty() {
            bail!("there are no results");
        }
        let mut runtimes: Vec<String> = runtimes.into_iter().collect();
        runtimes.sort_by_key(|name| position(RUNTIMES, name));
        let workload = |(key, rows): (Key, BTreeMap<u64, Row>)| Workload {
            pattern: key.pattern,
            connections: key.connections,
            rows: rows.into_values().collect(),
        };
        Ok(Self {
            runtimes,
            workloads: workloads.into_iter().map(workload).collect(),
        })
    }

    /// The patterns in their order.
    pub(super) fn patterns(&self) -> Vec<&str> {
        let mut patterns: Vec<_> = self.workloads.iter().map(|w| w.pattern.as_str()).collect();
        patterns.dedup();
        patterns
    }

    /// The rows of a pattern, each with its number of connections.
    pub(super) fn rows(&self, pattern: &str) -> impl Iterator<Item = (u64, &Row)> {
        let workloads = self.workloads.iter().filter(move |w| w.pattern == pattern);
        workloads.flat_map(|workload| workload.rows.iter().map(|row| (workload.connections, row)))
    }
}

impl Row {
    /// The rate of the fastest runtime.
    pub(super) fn best(&self) -> f64 {
        let values = self.rates.values().map(|rate| rate.value);
        values.fold(0.0, f64::max)
    }

    pub(super) fn is_best(&self, rate: &Estimate) -> bool {
        rate.value >= self.best()
    }

    /// Payload in a second, in MiB, counted in one direction.
    pub(super) fn mebibytes(&self, rate: &Estimate) -> f64 {
        rate.value * self.payload as f64 / f64::from(1 << 20)
    }
}

impl Estimate {
    /// How far the confidence interval reaches, as a part of the value.
    pub(super) fn spread(&self) -> f64 {
        (self.high - self.value).max(self.value - self.low) / self.value
    }
}

/// Messages in a second. What takes longer is slower, so the ends change places.
fn rate(messages: u64, nanoseconds: Estimate) -> Estimate {
    let rate = |nanoseconds: f64| messages as f64 * 1e9 / nanoseconds;
    Estimate {
        value: rate(nanoseconds.value),
        low: rate(nanoseconds.high),
        high: rate(nanoseconds.low),
    }
}

/// The order of the workloads: the field order is the sort order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    position: usize,
    pattern: String,
    connections: u64,
}

impl Key {
    fn parse(group: &str) -> Option<Self> {
        let (pattern, connections) = group.strip_prefix("runtimes/")?.split_once('/')?;
        Some(Self {
            position: position(PATTERNS, pattern),
            pattern: pattern.to_owned(),
            connections: connections.parse().ok()?,
        })
    }
}

/// What has no place in the list comes after it.
fn position(list: &[&str], name: &str) -> usize {
    let found = list.iter().position(|&known| known == name);
    found.unwrap_or(list.len())
}

/// The simple one first.
const PATTERNS: &[&str] = &["ping-pong", "pipelined"];

/// As the documentation lists them everywhere.
const RUNTIMES: &[&str] = &["tokio", "async-std", "smol"];

#[cfg(test)]
pub(super) mod tests {
    use super::Comparison;
    use crate::bench::runtimes::criterion::{Estimate, Measurement, Throughput};

    /// `elements` messages in `nanoseconds`, known to a tenth.
    pub(in crate::bench::runtimes) fn measured(
        group: &str,
        function: &str,
        payload: u64,
        elements: u64,
        nanoseconds: f64,
    ) -> Measurement {
        Measurement {
            group: format!("runtimes/{group}"),
            function: function.to_owned(),
            value: payload.to_string(),
            throughput: Throughput::ElementsAndBytes {
                elements,
                bytes: elements * payload,
            },
            nanoseconds: Estimate {
                value: nanoseconds,
                low: nanoseconds * 0.9,
                high: nanoseconds * 1.1,
            },
        }
    }

    #[test]
    fn workloads_rows_and_runtimes_have_their_order() {
        let comparison = Comparison::new(&[
            measured("pipelined/1", "smol", 1024, 64, 1e6),
            measured("other/1", "smol", 32, 1, 1e6),
            measured("ping-pong/100", "a-peer", 65536, 100, 1e6),
            measured("ping-pong/100", "async-std", 32, 100, 1e6),
            measured("ping-pong/100", "tokio", 32, 100, 1e6),
            measured("ping-pong/9", "tokio", 32, 9, 1e6),
        ])
        .unwrap();
        assert_eq!(
            comparison.runtimes,
            ["tokio", "async-std", "smol", "a-peer"]
        );
        assert_eq!(comparison.patterns(), ["ping-pong", "pipelined", "other"]);
        let rows: Vec<_> = comparison
            .rows("ping-pong")
            .map(|(connections, row)| (connections, row.payload, row.rates.len()))
            .collect();
        assert_eq!(rows, [(9, 32, 1), (100, 32, 2), (100, 65536, 1)]);
    }

    #[test]
    fn rates_follow_from_times() {
        // 100 messages of 64 KiB in 10 ms.
        let measured = measured("ping-pong/100", "tokio", 65536, 100, 1e7);
        let comparison = Comparison::new(&[measured]).unwrap();
        let row = &comparison.workloads[0].rows[0];
        let rate = row.rates["tokio"];
        assert_eq!(rate.value, 10_000.0);
        assert_eq!(row.mebibytes(&rate), 625.0);
        assert!(row.is_best(&rate));
        assert!(rate.low < rate.value && rate.value < rate.high);
        // From 11.1 ms to 9 ms: the upper end is further away.
        assert!(
            (rate.spread() - 1.0 / 9.0).abs() < 1e-9,
            "{}",
            rate.spread()
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(Comparison::new(&[]).is_err());
        for group in ["ping-pong", "ping-pong/many"] {
            assert!(Comparison::new(&[measured(group, "tokio", 32, 1, 1.0)]).is_err());
        }
        let mut odd = measured("ping-pong/1", "tokio", 32, 2, 1.0);
        odd.throughput = Throughput::ElementsAndBytes {
            elements: 2,
            bytes: 63,
        };
        assert!(Comparison::new(&[odd]).is_err());
    }
}
