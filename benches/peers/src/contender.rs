//! Who is measured in a cell, and who only says why not.

use serde_json::{Map, Value};

use crate::{
    contestants::{Contestant, Verdict, Work},
    progress::Progress,
    record::Record,
};

/// Prepares what is measured of every contestant that can do the work, in their order.
///
/// Of those that cannot, and of those whose preparation fails, the record is printed at once.
pub(crate) fn prepare<'a, P>(
    group: &'static str,
    work: Work,
    cell: &Map<String, Value>,
    contestants: &'a [Box<dyn Contestant>],
    progress: &Progress,
    prepare: impl Fn(&'a dyn Contestant) -> anyhow::Result<P>,
) -> anyhow::Result<Vec<(Record, P)>> {
    let mut prepared = Vec::new();
    for contestant in contestants {
        let contestant = &**contestant;
        let record = Record::new(group, contestant, cell.clone())?;
        match contestant.judge(work) {
            Verdict::Absent => {}
            Verdict::Refuses(reason) => progress.suspend(|| record.refused(reason).print())?,
            Verdict::Does(notes) => {
                let record = record.notes(notes);
                match prepare(contestant) {
                    Ok(preparation) => prepared.push((record, preparation)),
                    Err(error) => {
                        let record = record.refused(format!("{error:#}"));
                        progress.suspend(|| record.print())?;
                    }
                }
            }
        }
    }
    Ok(prepared)
}
