//! What a terminal shows of all attacks.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use crate::hostile::attack::Attack;
use crate::hostile::outcome::{Outcome, size, time};

/// The outcome of an attack on a target, in all modes that were tried.
pub(super) struct Row<'a> {
    pub(super) attack: &'a Attack,
    pub(super) target: String,
    pub(super) outcome: &'a Outcome,
    pub(super) complaints: &'a [String],
}

/// A line for each attack and target.
pub(super) fn table(rows: &[Row<'_>]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_header(["attack", "target", "seen", "memory", "CPU", "time", ""]);
    for row in rows {
        let outcome = row.outcome;
        table.add_row([
            row.attack.name.to_owned(),
            row.target.clone(),
            seen(outcome),
            size(outcome.kibibytes),
            time(outcome.cpu_millis),
            time(outcome.millis),
            match row.complaints {
                [] => "ok".to_owned(),
                complaints => format!("{} bad", complaints.len()),
            },
        ]);
    }
    for column in table.column_iter_mut().skip(3).take(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// The endings and how often each was seen: `1002 ×3, end`. Troubles come first.
pub(super) fn seen(outcome: &Outcome) -> String {
    let troubles = outcome.troubles.iter().map(ToString::to_string);
    let endings = outcome
        .endings()
        .into_iter()
        .map(|(ending, count)| match count {
            1 => ending.to_string(),
            count => format!("{ending} ×{count}"),
        });
    troubles.chain(endings).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Row, seen, table};
    use crate::hostile::ending::Ending;
    use crate::hostile::outcome::Trouble;
    use crate::hostile::outcome::tests::{ATTACK, outcome};

    #[test]
    fn endings_are_counted_behind_troubles() {
        let mut outcome = outcome(&[Ending::Ended, Ending::Close(1002), Ending::Close(1002)]);
        assert_eq!(seen(&outcome), "1002 ×2, end");
        outcome.troubles.push(Trouble::Spins);
        assert_eq!(seen(&outcome), "goes on working for nobody, 1002 ×2, end");
    }

    #[test]
    fn a_row_has_its_figures() {
        let outcome = outcome(&[Ending::Close(1002)]);
        let row = Row {
            attack: &ATTACK,
            target: "tautline smol".to_owned(),
            outcome: &outcome,
            complaints: &["x".to_owned()],
        };
        let text = table(&[row]).to_string();
        for part in [
            "tickle",
            "tautline smol",
            "1002",
            "1.0 MiB",
            "20 ms",
            "300 ms",
            "1 bad",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}
