//! What was seen of one server under load.

use std::collections::BTreeMap;

use crate::load::event::StageReport;

/// All that was seen; memory is resident memory of the server, in KiB, unless it says otherwise.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) adapter: &'static str,
    /// After a few connections, before the load.
    pub(super) before: u64,
    pub(super) stages: Vec<StageRecord>,
    /// When everybody has gone.
    pub(super) after: u64,
    /// What the server had allocated before the load and when everybody has gone, in bytes.
    pub(super) heap: (u64, u64),
    /// At the peak of the same load once more, behind that.
    pub(super) again: u64,
    pub(super) errors: BTreeMap<String, u64>,
}

/// A stage, with the memory of the server while it ran.
#[derive(Clone, Debug)]
pub(super) struct StageRecord {
    pub(super) report: StageReport,
    pub(super) memory: StageMemory,
}

/// The memory of the server in a stage, in KiB.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StageMemory {
    pub(super) peak: u64,
    pub(super) last: u64,
}

impl StageMemory {
    pub(super) fn sample(&mut self, resident: u64) {
        self.peak = self.peak.max(resident);
        self.last = resident;
    }
}

impl Record {
    pub(super) fn peak(&self) -> u64 {
        peak(&self.stages).max(self.before)
    }

    /// What was allocated and not freed, in bytes.
    pub(super) fn left(&self) -> u64 {
        self.heap.1.saturating_sub(self.heap.0)
    }

    /// What the server holds for an idle connection, in bytes: at the end of the stage in which there
    /// was nothing else.
    pub(super) fn bytes_per_idle(&self, idle: u32) -> Option<u64> {
        let stage = self.stage("idle")?;
        let held = stage.memory.last.saturating_sub(self.before);
        Some(held * 1024 / u64::from(idle.max(1)))
    }

    /// What the server holds at most for a connection that does not read, in bytes: how much more it
    /// had beside them than before.
    pub(super) fn bytes_per_slow(&self, slow: u32) -> Option<u64> {
        let index = self
            .stages
            .iter()
            .position(|stage| stage.report.stage == WITH_SLOW)?;
        Some(self.growth(index) * 1024 / u64::from(slow.max(1)))
    }

    /// How much the peak has risen in a storm, in KiB, and the connections that came and went there.
    pub(super) fn storm(&self) -> Option<(u64, u64)> {
        let is_storm = |stage: &StageRecord| stage.report.stage.contains("storm");
        let index = self.stages.iter().position(is_storm)?;
        Some((
            self.growth(index),
            self.stages[index].report.handshakes.count,
        ))
    }

    /// How much higher the peak of a stage is than that of all before it, in KiB.
    fn growth(&self, index: usize) -> u64 {
        let before = peak(&self.stages[..index]).max(self.before);
        self.stages[index].memory.peak.saturating_sub(before)
    }

    pub(super) fn stage(&self, name: &str) -> Option<&StageRecord> {
        self.stages.iter().find(|stage| stage.report.stage == name)
    }
}

/// The peak of some stages, in KiB.
pub(super) fn peak(stages: &[StageRecord]) -> u64 {
    let peaks = stages.iter().map(|stage| stage.memory.peak);
    peaks.max().unwrap_or(0)
}

/// The stage with slow readers that differs from the one before it in nothing else.
const WITH_SLOW: &str = "active+slow";

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use super::{Record, StageMemory, StageRecord};
    use crate::load::event::{Latency, StageReport};

    /// A mixed load of 10,000 idle connections and 100 slow ones that went well.
    pub(in crate::load) fn record() -> Record {
        let some = Latency {
            count: 200_000,
            p50: 150,
            p90: 900,
            p99: 2_500,
            p999: 12_345,
            max: 2_000_000,
        };
        let none = Latency::default();
        let stage = |name: &str, echoes, handshakes, peak, last| StageRecord {
            report: StageReport {
                stage: name.to_owned(),
                millis: 10_000,
                echoes,
                handshakes,
            },
            memory: StageMemory { peak, last },
        };
        Record {
            adapter: "tokio",
            before: 5 << 10,
            stages: vec![
                stage("open", none, some, 30 << 10, 30 << 10),
                stage("idle", none, none, 30 << 10, 30 << 10),
                stage("active", some, none, 40 << 10, 40 << 10),
                stage("active+slow", some, none, 48 << 10, 45 << 10),
                stage("active+slow+storm", some, some, 50 << 10, 45 << 10),
                stage("close", some, none, 45 << 10, 10 << 10),
            ],
            after: 43 << 10,
            heap: (300 << 10, 700 << 10),
            again: 52 << 10,
            errors: BTreeMap::new(),
        }
    }

    #[test]
    fn memory_is_shared_out_among_those_who_have_come() {
        let record = record();
        assert_eq!(record.peak(), 50 << 10);
        assert_eq!(record.bytes_per_idle(10_000), Some(2_621));
        assert_eq!(record.bytes_per_slow(100), Some(83_886));
        assert_eq!(record.storm(), Some((2 << 10, 200_000)));
    }

    #[test]
    fn what_was_not_there_has_no_memory() {
        let mut record = record();
        record.stages.clear();
        assert_eq!(record.peak(), record.before);
        assert_eq!(record.bytes_per_idle(1), None);
        assert_eq!(record.bytes_per_slow(1), None);
        assert_eq!(record.storm(), None);
    }

    #[test]
    fn a_sample_can_be_a_peak_and_is_the_last() {
        let mut memory = StageMemory::default();
        memory.sample(7);
        memory.sample(3);
        assert_eq!((memory.peak, memory.last), (7, 3));
    }
}
