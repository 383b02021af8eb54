use std::process::Command;

use anyhow::Context;

use crate::bench::counts::measure::{Counts, Measure};
use crate::bench::counts::programs::Programs;
use crate::process;

/// Runs the program that counts what it asks of the allocator.
pub(super) fn count(programs: &Programs) -> anyhow::Result<Counts> {
    let mut counts = Counts::default();
    for line in process::output(&mut Command::new(&programs.memory))?.lines() {
        let (measure, name, value) = parse(line).with_context(|| format!("not a count: {line}"))?;
        counts.add(measure, name.to_owned(), value);
    }
    Ok(counts)
}

fn parse(line: &str) -> Option<(Measure, &str, f64)> {
    let mut columns = line.split('\t');
    let measure = Measure::from_name(columns.next()?)?;
    let name = columns.next()?;
    let value: f64 = columns.next()?.parse().ok()?;
    (value.is_finite() && columns.next().is_none()).then_some((measure, name, value))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::bench::counts::measure::Measure;

    #[test]
    fn a_line_has_a_measure_a_name_and_a_number() {
        assert_eq!(
            parse("idle-heap\tserve, new\t1369.125"),
            Some((Measure::IdleHeap, "serve, new", 1369.125))
        );
        for line in [
            "",
            "a\tb\t1",
            "idle-heap\tb",
            "idle-heap\tb\tc",
            "idle-heap\tb\tNaN",
        ] {
            assert_eq!(parse(line), None, "{line:?}");
        }
    }
}
