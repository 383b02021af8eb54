use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::Serialize;

/// What the load tells, a line of JSON each.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Event<'a> {
    Begin {
        stage: &'a str,
    },
    Tick(Tick),
    End(StageReport<'a>),
    /// What went wrong, and how often.
    Errors(BTreeMap<String, u64>),
}

impl Event<'_> {
    pub(super) fn print(&self) {
        let line = serde_json::to_string(self).expect("it is made of strings and numbers");
        println!("{line}");
    }
}

/// What is known at a moment, of the whole load.
#[derive(Debug, Serialize)]
pub(super) struct Tick {
    /// Connections that are open.
    pub(super) open: u64,
    pub(super) echoes: u64,
    pub(super) handshakes: u64,
    pub(super) errors: u64,
    /// Of the stage so far, in microseconds.
    pub(super) p99: u64,
}

/// What a stage has measured.
#[derive(Debug, Serialize)]
pub(super) struct StageReport<'a> {
    pub(super) stage: &'a str,
    /// How long it put load on the server, without opening and closing its connections.
    pub(super) millis: u64,
    /// From the call that sends a message to the arrival of its echo.
    pub(super) echoes: Latency,
    /// From the begin of the TCP connection to the end of the opening handshake.
    pub(super) handshakes: Latency,
}

/// A distribution, in microseconds.
#[derive(Debug, Serialize)]
pub(super) struct Latency {
    count: u64,
    p50: u64,
    p90: u64,
    p99: u64,
    p999: u64,
    max: u64,
}

impl Latency {
    pub(super) fn of(histogram: &Histogram<u64>) -> Self {
        Self {
            count: histogram.len(),
            p50: histogram.value_at_quantile(0.5),
            p90: histogram.value_at_quantile(0.9),
            p99: histogram.value_at_quantile(0.99),
            p999: histogram.value_at_quantile(0.999),
            max: histogram.max(),
        }
    }
}
