//! What makes a load bad.

use crate::load::plan::Plan;
use crate::load::record::Record;
use crate::load::summary::{grouped, size};

/// What went wrong, a sentence each.
pub(super) fn complaints(record: &Record, plan: &Plan) -> Vec<String> {
    let mut complaints: Vec<String> = record
        .errors
        .iter()
        .map(|(what, count)| format!("{what} ({} times)", grouped(*count)))
        .collect();
    complaints.extend(nothing_done(record));
    let held = |what: String, bytes: u64, bound: u64| {
        let (bytes, bound) = (size(bytes), size(bound));
        format!("the server held {bytes} more for {what}, over {bound}")
    };
    let slow = u64::from(plan.amounts.slow);
    let taken = record.bytes_per_slow(plan.amounts.slow).unwrap_or(0) * slow;
    if taken > slow * PER_SLOW + ALWAYS {
        let what = format!("{slow} slow readers");
        complaints.push(held(what, taken, slow * PER_SLOW + ALWAYS));
    }
    let (risen, came) = record.storm().unwrap_or((0, 0));
    if risen * 1024 > came * PER_GONE + ALWAYS {
        let what = format!("a storm of {} connections", grouped(came));
        complaints.push(held(what, risen * 1024, came * PER_GONE + ALWAYS));
    }
    let (left, bound) = (record.left(), may_leave(plan));
    if left > bound {
        complaints.push(format!(
            "{} are still allocated when everybody has gone, over {}",
            size(left),
            size(bound)
        ));
    }
    let (again, bound) = (record.again * 1024, may_take_again(record));
    if again > bound {
        complaints.push(format!(
            "the same load took {} of memory when it came again, over {}",
            size(again),
            size(bound)
        ));
    }
    complaints
}

/// Stages that have not done what they are there for, without an error.
fn nothing_done(record: &Record) -> impl Iterator<Item = String> {
    record.stages.iter().filter_map(|stage| {
        let name = stage.report.stage.as_str();
        let echoes = stage.report.echoes.count == 0 && (name.contains("active") || name == "close");
        let handshakes =
            stage.report.handshakes.count == 0 && (name.contains("storm") || name == "open");
        (echoes || handshakes).then(|| format!("nothing was done in the stage {name}"))
    })
}

/// How much memory the server may have when the same load has come again, in bytes. What was freed is
/// there to be taken, whether or not the allocator has given it back; what leaks comes on top.
pub(super) fn may_take_again(record: &Record) -> u64 {
    let peak = record.peak() * 1024;
    peak + peak / 4 + ALWAYS
}

/// What may be allocated when everybody has gone beyond what was before, in bytes: the lists of a runtime
/// and of the server keep the room that so many connections took in them, and each thread its buffers.
pub(super) fn may_leave(plan: &Plan) -> u64 {
    u64::from(plan.connections()) * PER_ENTRY + BUFFERS
}

const PER_ENTRY: u64 = 128;

const BUFFERS: u64 = 1 << 20;

/// What the server may hold for a connection that does not read, in bytes: the queue up to the
/// high-water mark of 64 KiB with the message of 8 KiB that went over it, in a buffer that may be
/// twice as large; as much as half of that, where it was before it grew; and what was read behind it.
pub(super) const PER_SLOW: u64 = 4 * (64 << 10);

/// What memory may rise for each connection of a storm, in bytes: it is the same few connections all the
/// time, so this is for gaps between what others hold. A connection that is not freed is over 1,500.
pub(super) const PER_GONE: u64 = 128;

/// 4 MiB more are no matter: buffers are on other threads, and so in other arenas, each time.
pub(super) const ALWAYS: u64 = 4 << 20;

#[cfg(test)]
mod tests {
    use super::complaints;
    use crate::load::plan::Plan;
    use crate::load::plan::tests::AMOUNTS;
    use crate::load::record::Record;
    use crate::load::record::tests::record;
    use crate::load::scenario::Scenario;

    #[test]
    fn a_load_that_went_well_has_no_complaint() {
        let plan = Plan::new(Scenario::Mixed, AMOUNTS);
        assert_eq!(complaints(&record(), &plan), Vec::<String>::new());
    }

    fn complaints_about(spoil: fn(&mut Record)) -> Vec<String> {
        let mut record = record();
        spoil(&mut record);
        complaints(&record, &Plan::new(Scenario::Mixed, AMOUNTS))
    }

    #[test]
    fn every_error_is_a_complaint() {
        let complaints = complaints_about(|record| {
            record.errors.insert("storm: lost".to_owned(), 1_200);
        });
        assert_eq!(complaints, ["storm: lost (1,200 times)"]);
    }

    #[test]
    fn a_stage_must_have_done_what_it_is_there_for() {
        let complaints = complaints_about(|record| {
            record.stages[0].report.handshakes.count = 0;
            record.stages[2].report.echoes.count = 0;
            record.stages[5].report.echoes.count = 0;
        });
        let about = |stage| format!("nothing was done in the stage {stage}");
        assert_eq!(complaints, ["open", "active", "close"].map(about));
    }

    #[test]
    fn memory_of_slow_readers_has_a_bound() {
        // The storm behind them is no higher, then.
        let complaints = complaints_about(|record| record.stages[3].memory.peak = 70 << 10);
        assert_eq!(
            complaints,
            ["the server held 30.0 MiB more for 100 slow readers, over 29.0 MiB"]
        );
    }

    #[test]
    fn memory_of_a_storm_has_a_bound() {
        let complaints = complaints_about(|record| record.stages[4].memory.peak = 80 << 10);
        assert_eq!(
            complaints,
            ["the server held 32.0 MiB more for a storm of 200,000 connections, over 28.4 MiB"]
        );
    }

    #[test]
    fn what_is_allocated_goes_when_everybody_goes() {
        let complaints = complaints_about(|record| record.heap.1 = 6 << 20);
        assert_eq!(
            complaints,
            ["5.7 MiB are still allocated when everybody has gone, over 2.4 MiB"]
        );
    }

    #[test]
    fn the_same_load_takes_what_was_freed() {
        let complaints = complaints_about(|record| record.again = 67 << 10);
        assert_eq!(
            complaints,
            ["the same load took 67.0 MiB of memory when it came again, over 66.5 MiB"]
        );
    }
}
