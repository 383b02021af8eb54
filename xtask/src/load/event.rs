//! What the program that makes the load tells, a line of JSON each.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One line; `xtask/testee/src/load/report.rs` writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Event {
    Begin {
        stage: String,
    },
    Tick(Tick),
    End(StageReport),
    /// The last line.
    Errors(BTreeMap<String, u64>),
}

/// What is known at a moment, of the whole load.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
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
#[derive(Clone, Debug, Deserialize)]
pub(super) struct StageReport {
    pub(super) stage: String,
    pub(super) millis: u64,
    pub(super) echoes: Latency,
    pub(super) handshakes: Latency,
}

/// A distribution, in microseconds.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Latency {
    pub(super) count: u64,
    pub(super) p50: u64,
    pub(super) p90: u64,
    pub(super) p99: u64,
    pub(super) p999: u64,
    pub(super) max: u64,
}

#[cfg(test)]
mod tests {
    use super::Event;

    #[test]
    fn every_kind_of_line_is_understood() {
        for line in [
            r#"{"begin":{"stage":"open"}}"#,
            r#"{"tick":{"open":1,"echoes":2,"handshakes":3,"errors":0,"p99":5}}"#,
            r#"{"end":{"stage":"open","millis":9,
                "echoes":{"count":0,"p50":0,"p90":0,"p99":0,"p999":0,"max":0},
                "handshakes":{"count":1,"p50":2,"p90":3,"p99":4,"p999":5,"max":6}}}"#,
            r#"{"errors":{"idle: lost":2}}"#,
        ] {
            serde_json::from_str::<Event>(line).unwrap();
        }
    }
}
