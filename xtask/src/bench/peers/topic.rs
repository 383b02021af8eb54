//! What the page shows of which group, and how it is laid out.

use serde_json::Value;

use crate::bench::figures::{count, figure, size};
use crate::bench::peers::group::Group;
use crate::bench::peers::verdict::Noise;

/// Tables of one kind of figure.
pub(super) struct Topic {
    pub(super) group: Group,
    /// The heading below that of the group; empty if the group has one topic.
    pub(super) title: &'static str,
    /// In the summary.
    pub(super) summary: &'static str,
    pub(super) measures: &'static [Measure],
    pub(super) unit: Unit,
    pub(super) noise: Noise,
    /// The members of a cell that tell the tables apart.
    pub(super) tables: &'static [&'static str],
    /// Those that tell the columns of a table apart.
    pub(super) columns: &'static [&'static str],
}

/// A quantity that a column is of.
pub(super) struct Measure {
    /// In the columns, if there are several measures or nothing else.
    pub(super) title: &'static str,
    /// The figures that are added up.
    pub(super) figures: &'static [&'static str],
}

/// How a number is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Nanoseconds,
    Microseconds,
    Bytes,
    Number,
}

impl Unit {
    pub(super) fn show(self, value: f64) -> String {
        match self {
            Self::Nanoseconds if value >= 9_999.5 => Self::Microseconds.show(value / 1e3),
            Self::Nanoseconds => format!("{} ns", figure(value)),
            Self::Microseconds => format!("{} µs", figure(value)),
            Self::Bytes if value >= 1024.0 * 1024.0 => {
                format!("{} MiB", figure(value / (1024.0 * 1024.0)))
            }
            Self::Bytes if value >= 1024.0 => format!("{} KiB", figure(value / 1024.0)),
            Self::Bytes => format!("{} B", figure(value)),
            Self::Number => figure(value),
        }
    }
}

/// A member of a cell in words; empty if there is nothing to say.
pub(super) fn words(member: &str, value: &Value) -> String {
    let number = value.as_u64().unwrap_or_default();
    match (member, value.as_str()) {
        ("message", _) => size(number),
        ("connections", _) => count(number, "connection"),
        ("burst", _) if number == 1 => String::new(),
        ("burst", _) => format!("bursts of {number}"),
        ("takeover", _) if value.as_bool() == Some(true) => "with context takeover".to_owned(),
        ("takeover", _) => "without context takeover".to_owned(),
        ("compressed", _) if value.as_bool() == Some(true) => "compressed".to_owned(),
        ("compressed", _) => String::new(),
        ("over", Some("memory")) => "in memory".to_owned(),
        ("over", Some("loopback")) => "over loopback".to_owned(),
        ("reads", Some("permsg")) => "a message a read".to_owned(),
        ("reads", Some("full")) => "reads that fill the buffer".to_owned(),
        ("threads", Some("one")) => "one thread".to_owned(),
        ("threads", Some("cores")) => "a thread for each core".to_owned(),
        (_, Some(text)) => text.to_owned(),
        _ => format!("{member} {value}"),
    }
}

/// In the order of the page.
pub(super) const TOPICS: &[Topic] = &[
    Topic {
        group: Group::InMemory,
        title: "",
        summary: "in memory: processor time",
        measures: CPU,
        unit: Unit::Nanoseconds,
        noise: Noise::Measured,
        tables: &["role", "kind", "reads"],
        columns: &["message"],
    },
    Topic {
        group: Group::Instructions,
        title: "",
        summary: "in memory: instructions",
        measures: &[Measure {
            title: "a message",
            figures: &["instructions"],
        }],
        unit: Unit::Number,
        noise: Noise::Counted,
        tables: &["role", "kind", "reads"],
        columns: &["message"],
    },
    Topic {
        group: Group::Loopback,
        title: "",
        summary: "loopback: processor time of the server",
        measures: CPU,
        unit: Unit::Microseconds,
        noise: Noise::Measured,
        tables: &["connections"],
        columns: &["message", "burst"],
    },
    Topic {
        group: Group::Syscalls,
        title: "",
        summary: "loopback: reads and writes",
        measures: &[Measure {
            title: "a message",
            figures: &["reads", "writes"],
        }],
        unit: Unit::Number,
        noise: Noise::Counted,
        tables: &["connections"],
        columns: &["message", "burst"],
    },
    Topic {
        group: Group::IdleMemory,
        title: "",
        summary: "memory of a connection that waits",
        measures: &[
            Measure {
                title: "after the handshake",
                figures: &["idle"],
            },
            Measure {
                title: "after 16 KiB",
                figures: &["after_16_kib"],
            },
            Measure {
                title: "after 1 MiB",
                figures: &["after_1_mib"],
            },
        ],
        unit: Unit::Bytes,
        noise: Noise::Measured,
        tables: &["connections", "threads"],
        columns: &[],
    },
    Topic {
        group: Group::Handshake,
        title: "",
        summary: "opening handshake: processor time of the server",
        measures: &[Measure {
            title: "a handshake",
            figures: &["cpu"],
        }],
        unit: Unit::Microseconds,
        noise: Noise::Measured,
        tables: &[],
        columns: &[],
    },
    Topic {
        group: Group::Deflate,
        title: "Processor time",
        summary: "compression: processor time of the server",
        measures: CPU,
        unit: Unit::Microseconds,
        noise: Noise::Measured,
        tables: &["takeover"],
        columns: &["message", "level"],
    },
    Topic {
        group: Group::Deflate,
        title: "Bytes of a reply",
        summary: "compression: bytes of a reply",
        measures: &[Measure {
            title: "a reply",
            figures: &["reply"],
        }],
        unit: Unit::Bytes,
        // The same documents in a changing number: it is a mean of what is counted.
        noise: Noise::Counted,
        tables: &["takeover"],
        columns: &["message", "level"],
    },
    Topic {
        group: Group::Deflate,
        title: "Memory of a connection",
        summary: "compression: memory of a connection",
        measures: &[Measure {
            title: "a connection",
            figures: &["resident"],
        }],
        unit: Unit::Bytes,
        noise: Noise::Measured,
        tables: &["takeover"],
        columns: &["message", "level"],
    },
    Topic {
        group: Group::FanOut,
        title: "",
        summary: "one message to many: processor time",
        measures: &[Measure {
            title: "a delivery",
            figures: &["cpu"],
        }],
        unit: Unit::Nanoseconds,
        noise: Noise::Measured,
        tables: &["over", "connections", "compressed"],
        columns: &["message", "level"],
    },
];

const CPU: &[Measure] = &[Measure {
    title: "a message",
    figures: &["cpu"],
}];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Unit, words};

    #[test]
    fn numbers_have_the_unit_that_suits_them() {
        let cases = [
            (Unit::Nanoseconds, 61.24, "61.2 ns"),
            (Unit::Nanoseconds, 40_000.0, "40.0 µs"),
            (Unit::Microseconds, 1_019.0, "1,019 µs"),
            (Unit::Bytes, 469.7, "470 B"),
            (Unit::Bytes, 2_048.0, "2.00 KiB"),
            (Unit::Bytes, 2_350_735.0, "2.24 MiB"),
            (Unit::Number, 1_291.3, "1,291"),
            (Unit::Number, 0.125, "0.12"),
        ];
        for (unit, value, expected) in cases {
            assert_eq!(unit.show(value), expected);
        }
    }

    #[test]
    fn members_become_words() {
        let cases = [
            ("message", json!(65536), "64 KiB"),
            ("connections", json!(1), "1 connection"),
            ("burst", json!(1), ""),
            ("burst", json!(16), "bursts of 16"),
            ("takeover", json!(true), "with context takeover"),
            ("compressed", json!(false), ""),
            ("over", json!("memory"), "in memory"),
            ("reads", json!("permsg"), "a message a read"),
            ("kind", json!("text"), "text"),
            ("level", json!(6), "level 6"),
        ];
        for (member, value, expected) in cases {
            assert_eq!(words(member, &value), expected);
        }
    }
}
