//! Which cells are worth a picture.

use serde_json::{Value, json};

use crate::bench::canvas::Theme;
use crate::bench::figures::count;
use crate::bench::peers::bars::{Bar, Bars, Panel};
use crate::bench::peers::dots::{Dots, Line};
use crate::bench::peers::group::Group;
use crate::bench::peers::record::Side;
use crate::bench::peers::results::Results;
use crate::bench::peers::table::Table;
use crate::bench::peers::topic::{TOPICS, Topic};

/// A picture of some cells.
pub(super) struct Picture {
    /// Part of the file's name.
    pub(super) name: &'static str,
    /// For those who do not see it.
    pub(super) alt: &'static str,
    chart: Chart,
}

enum Chart {
    Bars(Bars),
    Dots(Dots),
}

impl Picture {
    /// The pictures that can be made of what was measured.
    pub(super) fn all(groups: &[(Group, Results)]) -> Vec<Self> {
        let bars = |name, alt, title, explanation, panels: Vec<Option<Panel>>| {
            let panels: Vec<Panel> = panels.into_iter().flatten().collect();
            let chart = Chart::Bars(Bars {
                title,
                explanation,
                panels,
            });
            Self { name, alt, chart }
        };
        let in_memory = |group, size: u64, title: &str| {
            let cell = json!({
                "role": "server", "kind": "binary", "reads": "permsg", "message": size,
            });
            panel(groups, group, &cell, title)
        };
        let bursts = |group, connections: u64, what: &str| {
            let cell = json!({ "connections": connections, "message": 20, "burst": 16 });
            let title = format!("{what}, {}", count(connections, "connection"));
            panel(groups, group, &cell, &title)
        };
        let pictures = vec![
            bars(
                "small",
                "Bars of nanoseconds a message by library, for an echo server in memory",
                "Small messages in memory",
                "Processor time of an echo server, binary messages, one a read. Cut bars are longer than shown.",
                vec![
                    in_memory(Group::InMemory, 16, "16 B"),
                    in_memory(Group::InMemory, 1024, "1 KiB"),
                ],
            ),
            bars(
                "bursts",
                "Bars of server time and of system calls a message by library, for bursts of small messages",
                "Bursts of 16 messages of 20 bytes over loopback",
                "Who answers a burst with one write saves most of what a small message costs.",
                vec![
                    bursts(Group::Loopback, 200, "Server time a message"),
                    bursts(Group::Syscalls, 10, "Reads and writes a message"),
                ],
            ),
            bars(
                "instructions",
                "Bars of instructions a message by library, for an echo server in memory",
                "Instructions of an echo",
                "Counted by callgrind: an echo server in memory, binary messages, one a read.",
                vec![
                    in_memory(Group::Instructions, 16, "16 B"),
                    in_memory(Group::Instructions, 65_536, "64 KiB"),
                ],
            ),
        ];
        let is_drawn = |picture: &Self| match &picture.chart {
            Chart::Bars(bars) => !bars.panels.is_empty(),
            Chart::Dots(dots) => !dots.lines.is_empty(),
        };
        let mut pictures: Vec<Self> = pictures.into_iter().filter(is_drawn).collect();
        pictures.extend(memory(groups));
        pictures
    }

    pub(super) fn svg(&self, caption: &str, theme: &Theme) -> anyhow::Result<String> {
        match &self.chart {
            Chart::Bars(bars) => bars.svg(caption, theme),
            Chart::Dots(dots) => dots.svg(caption, theme),
        }
    }
}

/// Resident memory of a connection at three times.
fn memory(groups: &[(Group, Results)]) -> Option<Picture> {
    let (_, table) = tables(groups, Group::IdleMemory).find(|(_, table)| {
        let cell = table.columns.first().map(|column| &column.cell);
        cell.is_some_and(|cell| cell.get("threads") == Some(&json!("one")))
    })?;
    let lines = table.rows.iter().filter_map(|row| {
        let figures = (0..table.columns.len()).map(|column| row.figure(column));
        let bytes: Option<Vec<f64>> = figures.map(|figure| Some(figure?.median)).collect();
        Some(Line {
            label: row.contestant.to_string(),
            side: row.contestant.side(),
            bytes: bytes?,
        })
    });
    Some(Picture {
        name: "memory",
        alt: "Dots of memory of a connection by library: after the handshake, after a message of 16 KiB and after one of 1 MiB",
        chart: Chart::Dots(Dots {
            title: "Memory of a connection that waits",
            explanation: "Resident memory of the server by connection. A step to the right is four times as much.",
            series: table.columns.iter().map(|c| c.title.clone()).collect(),
            lines: lines.collect(),
        }),
    })
}

/// The cell that has these members, as bars.
fn panel(groups: &[(Group, Results)], group: Group, members: &Value, title: &str) -> Option<Panel> {
    let members = members.as_object()?;
    tables(groups, group).find_map(|(topic, table)| {
        let column = table.columns.iter().position(|column| {
            let is_same = |(name, value)| column.cell.get(name) == Some(value);
            members.iter().all(is_same)
        })?;
        let bars = table.rows.iter().filter_map(|row| {
            let value = row.figure(column)?.median;
            Some(Bar {
                label: row.contestant.to_string(),
                value,
                text: topic.unit.show(value),
                side: row.contestant.side(),
            })
        });
        let mut bars: Vec<Bar> = bars.collect();
        bars.sort_by(|a, b| a.value.total_cmp(&b.value));
        // The floor stays where it is found: what is ahead of it is a matter of noise.
        let has_rivals = bars.iter().any(|bar| bar.side == Side::Rival);
        has_rivals.then(|| Panel {
            title: title.to_owned(),
            bars,
        })
    })
}

/// The tables of a group, with their topics.
fn tables(
    groups: &[(Group, Results)],
    wanted: Group,
) -> impl Iterator<Item = (&'static Topic, Table)> {
    let results = groups.iter().filter(move |(group, _)| *group == wanted);
    results.flat_map(move |(_, results)| {
        let topics = TOPICS.iter().filter(move |topic| topic.group == wanted);
        topics.flat_map(|topic| {
            let tables = Table::all(topic, &results.records).into_iter();
            tables.map(move |table| (topic, table))
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Chart, Picture};
    use crate::bench::canvas::Theme;
    use crate::bench::peers::group::Group;
    use crate::bench::peers::record::tests::record;
    use crate::bench::peers::results::tests::results;

    #[test]
    fn pictures_are_made_of_the_cells_that_are_there() {
        assert!(Picture::all(&[]).is_empty());

        let cell = |size| json!({ "role": "server", "kind": "binary", "message": size, "reads": "permsg" });
        let figures = [("yawc", 9.0), ("tautline:send", 3.0), ("wtx", 5.0)];
        let records = figures.map(|(name, ns)| record(name, &cell(16), &[("cpu", ns)]));
        let other = record("wtx", &cell(125), &[("cpu", 7.0)]);
        let records: Vec<_> = records.into_iter().chain([other]).collect();
        let idle = json!({ "connections": 5000, "threads": "one" });
        let bytes = [("idle", 2e3), ("after_16_kib", 3e3), ("after_1_mib", 4e4)];
        let memory = vec![record("wtx", &idle, &bytes)];
        let groups = [
            (Group::InMemory, results(records)),
            (Group::IdleMemory, results(memory)),
        ];
        let pictures = Picture::all(&groups);
        let names: Vec<&str> = pictures.iter().map(|picture| picture.name).collect();
        assert_eq!(names, ["small", "memory"]);
        let Chart::Bars(bars) = &pictures[0].chart else {
            panic!("the first has bars");
        };
        assert_eq!(bars.panels.len(), 1);
        let labels: Vec<&str> = bars.panels[0]
            .bars
            .iter()
            .map(|b| b.label.as_str())
            .collect();
        assert_eq!(labels, ["tautline send", "wtx", "yawc"]);
        let svg = pictures[1].svg("caption", &Theme::ALL[0]).unwrap();
        assert!(svg.contains("after 1 MiB"), "{svg}");
    }
}
