//! What a terminal shows of a load.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use crate::load::event::Latency;
use crate::load::judgement::{PER_SLOW, may_leave, may_take_again};
use crate::load::plan::Plan;
use crate::load::record::{Record, StageRecord};

/// The heads of the columns that [`rows`] has.
pub(super) const HEADS: [&str; 11] = [
    "stage",
    "time",
    "what",
    "count",
    "per second",
    "p50",
    "p90",
    "p99",
    "p99.9",
    "max",
    "server",
];

/// A table of times, and the memory under it.
pub(super) fn of(record: &Record, plan: &Plan) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(HEADS);
    for row in record.stages.iter().flat_map(rows) {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = table.to_string();
    for line in memory(record, plan) {
        text.push_str(&format!("\n{line}"));
    }
    text
}

/// A row for echoes and a row for handshakes, as far as a stage has any.
pub(super) fn rows(stage: &StageRecord) -> Vec<[String; 11]> {
    let report = &stage.report;
    let mut rows: Vec<_> = [("echoes", report.echoes), ("handshakes", report.handshakes)]
        .into_iter()
        .filter(|(_, times)| times.count > 0)
        .map(|(what, times)| row(stage, what, times))
        .collect();
    if rows.is_empty() {
        rows.push(row(stage, "", Latency::default()));
    }
    rows
}

fn row(stage: &StageRecord, what: &str, times: Latency) -> [String; 11] {
    let seconds = stage.report.millis as f64 / 1000.0;
    let [p50, p90, p99, p999, max] =
        [times.p50, times.p90, times.p99, times.p999, times.max].map(|value| match times.count {
            0 => String::new(),
            _ => time(value),
        });
    let (count, rate) = match times.count {
        0 => (String::new(), String::new()),
        count => (
            grouped(count),
            grouped((count as f64 / seconds.max(0.001)).round() as u64),
        ),
    };
    [
        stage.report.stage.clone(),
        format!("{seconds:.1} s"),
        what.to_owned(),
        count,
        rate,
        p50,
        p90,
        p99,
        p999,
        max,
        size(stage.memory.peak * 1024),
    ]
}

/// What there is to say of the server's memory, a line each.
pub(super) fn memory(record: &Record, plan: &Plan) -> Vec<String> {
    let mebibytes = |kibibytes: u64| size(kibibytes * 1024);
    let mut lines = vec![format!(
        "memory of the server: {} before, {} at the peak, {} after; {} when it came again, of {}",
        mebibytes(record.before),
        mebibytes(record.peak()),
        mebibytes(record.after),
        mebibytes(record.again),
        size(may_take_again(record)),
    )];
    lines.push(format!(
        "allocated by the server: {} before, {} when everybody has gone, {} more, of {}",
        size(record.heap.0),
        size(record.heap.1),
        size(record.left()),
        size(may_leave(plan)),
    ));
    if let Some(bytes) = record.bytes_per_idle(plan.amounts.idle) {
        lines.push(format!("an idle connection: {} bytes", grouped(bytes)));
    }
    if let Some(bytes) = record.bytes_per_slow(plan.amounts.slow) {
        lines.push(format!(
            "a slow reader: {}, of {}",
            size(bytes),
            size(PER_SLOW)
        ));
    }
    if let Some((risen, came)) = record.storm() {
        lines.push(format!(
            "a storm of {} connections: {} more than before",
            grouped(came),
            mebibytes(risen)
        ));
    }
    if let (Some(alone), Some(beside)) = (record.stage("active"), record.stage("active+slow")) {
        let (alone, beside) = (alone.report.echoes, beside.report.echoes);
        lines.push(format!(
            "p99 of the active ones: {} by themselves, {} beside slow readers",
            time(alone.p99),
            time(beside.p99)
        ));
    }
    lines
}

/// A time in microseconds, with three digits.
pub(super) fn time(micros: u64) -> String {
    let value = micros as f64;
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..10_000 => format!("{:.2} ms", value / 1e3),
        10_000..100_000 => format!("{:.1} ms", value / 1e3),
        100_000..1_000_000 => format!("{:.0} ms", value / 1e3),
        _ => format!("{:.2} s", value / 1e6),
    }
}

/// A number of bytes: `512 B`, `83 KiB`, `4.5 MiB`.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.0} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

/// With separators: `1,234,567`.
pub(super) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{grouped, of, size, time};
    use crate::load::plan::Plan;
    use crate::load::plan::tests::AMOUNTS;
    use crate::load::record::tests::record;
    use crate::load::scenario::Scenario;

    #[test]
    fn a_summary_has_times_rates_and_memory() {
        let text = of(&record(), &Plan::new(Scenario::Mixed, AMOUNTS));
        for part in [
            "200,000",
            "20,000",
            "12.3 ms",
            "2.00 s",
            "50.0 MiB at the peak, 43.0 MiB after; 52.0 MiB when it came again, of 66.5 MiB",
            "300 KiB before, 700 KiB when everybody has gone, 400 KiB more, of 2.4 MiB",
            "a storm of 200,000 connections: 2.0 MiB more than before",
            "an idle connection: 2,621 bytes",
            "a slow reader: 82 KiB, of 256 KiB",
            "p99 of the active ones: 2.50 ms by themselves, 2.50 ms beside slow readers",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        // Both kinds in the stage that has both.
        let stage = "active+slow+storm";
        assert_eq!(text.matches(stage).count(), 2, "{text}");
    }

    #[test]
    fn figures_have_units() {
        let times = [0, 999, 1_500, 15_550, 155_500, 2_345_678].map(time);
        assert_eq!(
            times,
            ["0 µs", "999 µs", "1.50 ms", "15.6 ms", "156 ms", "2.35 s"]
        );
        let sizes = [1, 2048, 3 << 19].map(size);
        assert_eq!(sizes, ["1 B", "2 KiB", "1.5 MiB"]);
        assert_eq!(
            [1, 1_000, 1_234_567].map(grouped),
            ["1", "1,000", "1,234,567"]
        );
    }
}
