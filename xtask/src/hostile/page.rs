//! The page about a run.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use crate::hostile::attack::{Attack, Group};
use crate::hostile::known;
use crate::hostile::outcome::{Outcome, size, time};
use crate::hostile::summary::seen;

/// The whole page. Its text must be true of any run: what happened only the tables say.
pub(super) struct Page<'a> {
    pub(super) attacks: &'a [&'static Attack],
    pub(super) columns: &'a [Column],
    /// The day of the run and its machine.
    pub(super) run: String,
}

/// What became of one library.
pub(super) struct Column {
    pub(super) library: &'static str,
    version: String,
    /// By the name of the attack.
    cells: BTreeMap<&'static str, Cell>,
}

#[derive(Default)]
struct Cell {
    outcome: Outcome,
    complaints: Vec<String>,
}

impl Column {
    pub(super) fn new(library: &'static str, version: String) -> Self {
        Self {
            library,
            version,
            cells: BTreeMap::new(),
        }
    }

    /// Takes an outcome in; there may be several, of adapters and of modes.
    pub(super) fn add(&mut self, attack: &Attack, outcome: &Outcome, complaints: Vec<String>) {
        let cell = self.cells.entry(attack.name).or_default();
        cell.outcome.merge(outcome.clone());
        cell.complaints.extend(complaints);
    }

    fn cell(&self, attack: &Attack) -> String {
        let Some(cell) = self.cells.get(attack.name) else {
            return "–".to_owned();
        };
        let outcome = &cell.outcome;
        let seen = seen(outcome).replace('|', "\\|");
        let figures = format!(
            "{}, {} CPU, {}",
            size(outcome.kibibytes),
            time(outcome.cpu_millis),
            time(outcome.millis)
        );
        let (open, close) = match cell.complaints.is_empty() {
            true => ("", ""),
            false => ("**", "**"),
        };
        let endings = match seen.is_empty() {
            true => String::new(),
            false => format!("{open}{seen}{close}<br>"),
        };
        let excess = !outcome.excesses(attack.bounds).is_empty();
        let (open, close) = if excess { ("**", "**") } else { ("", "") };
        format!("{endings}<sub>{open}{figures}{close}</sub>")
    }

    fn is_good(&self, attack: &Attack) -> Option<bool> {
        let cell = self.cells.get(attack.name)?;
        Some(cell.complaints.is_empty())
    }
}

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(INTRODUCTION)?;
        writeln!(f, "\n## The run\n\n{}\n", self.run)?;
        f.write_str("| library | version | attacks | as they are to end, within all bounds |\n")?;
        f.write_str("|---|---|---:|---:|\n")?;
        for column in self.columns {
            let judged: Vec<bool> = self
                .attacks
                .iter()
                .filter_map(|attack| column.is_good(attack))
                .collect();
            let good = judged.iter().filter(|good| **good).count();
            let (library, version) = (column.library, &column.version);
            writeln!(f, "| {library} | {version} | {} | {good} |", judged.len())?;
        }
        f.write_str(HOW_TO_READ)?;
        for group in Group::ALL {
            writeln!(f, "\n## {}\n", group.title())?;
            self.write_group(f, group)?;
        }
        f.write_str(KNOWN)?;
        for row in known::ROWS {
            let attacks: Vec<String> = self
                .attacks
                .iter()
                .filter(|attack| attack.rows.contains(&row.id))
                .map(|attack| format!("`{}`", attack.name))
                .collect();
            let tests: Vec<String> = row.tests.iter().map(|test| format!("`{test}`")).collect();
            let (attacks, tests) = (attacks.join(", "), tests.join(", "));
            writeln!(
                f,
                "| {} | {} | {attacks} | {tests} | {} |",
                row.id, row.what, row.note
            )?;
        }
        Ok(())
    }
}

impl Page<'_> {
    fn write_group(&self, f: &mut fmt::Formatter<'_>, group: Group) -> fmt::Result {
        let attacks = || self.attacks.iter().filter(|attack| attack.group == group);
        f.write_str("| attack | what is done | memory | CPU | time |\n|---|---|---:|---:|---:|\n")?;
        for attack in attacks() {
            let bounds = attack.bounds;
            writeln!(
                f,
                "| `{}` | {} | {} | {} | {} s |",
                attack.name,
                attack.what,
                size(bounds.kibibytes),
                time(bounds.cpu_millis),
                bounds.seconds
            )?;
        }
        let libraries: Vec<&str> = self.columns.iter().map(|column| column.library).collect();
        writeln!(f, "\n| | {} |", libraries.join(" | "))?;
        writeln!(f, "|---|{}", "---|".repeat(libraries.len()))?;
        for attack in attacks() {
            let mut line = format!("| `{}` |", attack.name);
            for column in self.columns {
                let _ = write!(line, " {} |", column.cell(attack));
            }
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

const INTRODUCTION: &str = "<!-- Written by `cargo xtask hostile --write`: edits are lost. -->

# What peers that mean harm can do

```sh
cargo xtask hostile                                      # Tautline on tokio
cargo xtask hostile --adapter all                        # as continuous integration does
cargo xtask hostile --list                               # every attack
cargo xtask hostile --target yawc --attack bomb          # one library, one attack
cargo xtask hostile --target all --adapter all --write   # this page
```

Every attack is made over loopback sockets on a process of its own: an echo server, or an echo client
that visits a server which means harm. The process is built with optimisations. Its memory is the peak
of its resident memory (`VmHWM`) above what it had after an honest session, its processor time is that
of all its threads, both as /proc tells them. After the attack an honest peer must get its echo, no
socket of a peer that has gone may be left, and the process must come to rest.

Tautline is attacked on every adapter, with the settings that it comes with; attacks on open connections
are made with and without permessage-deflate. `silence-under-keepalive` sets a keepalive of half a
second. The other libraries have the settings that they come with and the echo loop of their
documentation; the programs are `xtask/testee` and `benches/peers/src/bin/victim`. Where they compress
it is switched on with their own defaults. soketto is attacked without: it fails on every compressed
message with the `flate2` that it is built with here. wtx is not its newest release, which needs a newer
compiler than this workspace.
";

const HOW_TO_READ: &str = "
## How to read this

An attack has bounds on memory, processor time and time, and an ending that is right for each of the
things it tries. The bounds are in the first table of each group. A cell of the second one says how
often each ending was seen, then the most memory, processor time and time of any one process. For
Tautline it adds all adapters up, with compression and without.

**Bold** is what is not as it is to be, or is over a bound. For Tautline that is any ending but the one
that was decided on. For the others any refusal is as good as another, be it an end without a word,
and where limits differ, theirs are right. A dash means that there is nothing to attack: no compression,
or no keepalive.

| seen | what it means |
|---|---|
| `1002` | the connection was closed with this code; 1005 is a Close frame without one |
| `HTTP 400` | the handshake was answered with this status; 101 accepts it |
| served | everything was answered as it is to be |
| wrong answer | something was answered, and wrongly |
| end, reset | the stream ended, or was reset, without a Close frame or a response |
| stays open | nothing came, and the connection was still open when the attack was over |
| held back | what was sent was no longer read |
| taken | everything was read |
| refused | a client gave the handshake up |
| fooled | a client took a connection that is none |
";

const KNOWN: &str = "
## What was done to others

Each row is a fault that implementations of WebSocket have had, with the attack above that repeats it and
the tests that prove the same without sockets, named by package, file and function.

| | what happened | attacks | tests | besides |
|---|---|---|---|---|
";

#[cfg(test)]
mod tests {
    use super::{Column, Page};
    use crate::hostile::ending::Ending;
    use crate::hostile::outcome::Trouble;
    use crate::hostile::outcome::tests::{ATTACK, outcome};

    #[test]
    fn a_page_has_versions_bounds_and_what_was_seen() {
        let mut ours = Column::new("tautline", "1.2.3".to_owned());
        let fine = outcome(&[Ending::Close(1002); 2]);
        ours.add(&ATTACK, &fine, Vec::new());
        ours.add(&ATTACK, &fine, Vec::new());
        let mut other = Column::new("other", "4.5.6".to_owned());
        let mut bad = outcome(&[Ending::Served]);
        bad.kibibytes = 3 << 20;
        bad.troubles.push(Trouble::StoppedAnswering);
        other.add(&ATTACK, &bad, vec!["served".to_owned()]);
        let absent = Column::new("absent", "0.0.1".to_owned());
        let page = Page {
            attacks: &[&ATTACK],
            columns: &[ours, other, absent],
            run: "Once.".to_owned(),
        };
        let page = page.to_string();
        for text in [
            "| tautline | 1.2.3 | 1 | 1 |\n",
            "| other | 4.5.6 | 1 | 0 |\n",
            "| absent | 0.0.1 | 0 | 0 |\n",
            "| `tickle` | a feather | 8.0 MiB | 500 ms | 5 s |\n",
            "\n| | tautline | other | absent |\n",
            "| `tickle` | 1002 ×4<br><sub>1.0 MiB, 20 ms CPU, 300 ms</sub> \
             | **stopped answering, served**<br><sub>**3.0 GiB, 20 ms CPU, 300 ms**</sub> | – |\n",
            "| F1 | ",
        ] {
            assert!(page.contains(text), "{text:?} is not in {page}");
        }
    }
}
