//! The lines that `benches/peers` prints; its `src/record.rs` says what the members mean.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A cell of one contestant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    #[serde(flatten)]
    pub(super) contestant: Contestant,
    pub(super) version: String,
    pub(super) cell: Map<String, Value>,
    pub(super) figures: Vec<Figure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refused: Option<String>,
    pub(super) notes: Vec<String>,
}

/// A library, used in one way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Contestant {
    pub(super) library: String,
    pub(super) way: String,
}

/// One quantity; less is better of all that are compared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) median: f64,
    pub(super) minimum: f64,
    #[serde(default)]
    pub(super) rounds: usize,
}

/// On whose side a contestant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Ours,
    Rival,
    /// Plain TCP, which is no WebSocket: how little a server can do.
    Floor,
}

impl Record {
    /// The sum of some figures; `None` if one is missing.
    pub(super) fn sum(&self, names: &[&str]) -> Option<Figure> {
        let figures = names
            .iter()
            .map(|name| self.figures.iter().find(|figure| figure.name == *name));
        let figures: Vec<&Figure> = figures.collect::<Option<_>>()?;
        Some(Figure {
            name: names.join(" + "),
            median: figures.iter().map(|figure| figure.median).sum(),
            minimum: figures.iter().map(|figure| figure.minimum).sum(),
            rounds: figures.iter().map(|figure| figure.rounds).min()?,
        })
    }
}

impl Contestant {
    pub(super) fn side(&self) -> Side {
        match (self.library.as_str(), self.way.as_str()) {
            (OURS, _) => Side::Ours,
            ("tokio", "raw") => Side::Floor,
            _ => Side::Rival,
        }
    }

    /// As on the command line of `benches/peers`.
    pub(super) fn argument(&self) -> String {
        match self.way.as_str() {
            "" => self.library.clone(),
            way => format!("{}:{way}", self.library),
        }
    }

    pub(super) fn markdown(&self) -> String {
        match self.way.as_str() {
            "" => self.library.clone(),
            way => format!("{} `{way}`", self.library),
        }
    }
}

/// As a picture shows it.
impl fmt::Display for Contestant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.way.as_str() {
            "" => write!(f, "{}", self.library),
            way => write!(f, "{} {way}", self.library),
        }
    }
}

/// The library that the page is about.
pub(super) const OURS: &str = "tautline";

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::{Record, Side};

    /// A record as it is printed: `library:way`, a cell, and figures of which the minimum is a
    /// hundredth below the median.
    pub(in crate::bench::peers) fn record(
        name: &str,
        cell: &Value,
        figures: &[(&str, f64)],
    ) -> Record {
        let (library, way) = name.split_once(':').unwrap_or((name, ""));
        let figures: Vec<Value> = figures
            .iter()
            .map(|(name, median)| {
                json!({
                    "name": name, "unit": "ns/message", "median": median,
                    "minimum": median * 0.99, "rounds": 9,
                })
            })
            .collect();
        let record = json!({
            "group": "g", "library": library, "way": way, "version": "1.2.3", "cell": cell,
            "figures": figures, "notes": [],
        });
        serde_json::from_value(record).unwrap()
    }

    pub(in crate::bench::peers) fn refused(name: &str, cell: &Value, why: &str) -> Record {
        let mut record = record(name, cell, &[]);
        record.refused = Some(why.to_owned());
        record
    }

    #[test]
    fn a_line_is_read() {
        let line = r#"{"group":"loopback","library":"yawc","way":"feed","version":"0.5.0",
            "cell":{"message":20},"figures":[{"name":"reads","unit":"calls/message","median":1.5,
            "minimum":1.25,"rounds":1},{"name":"writes","unit":"calls/message","median":1.0,
            "minimum":1.0,"rounds":1}],"notes":["by hand"]}"#;
        let record: Record = serde_json::from_str(line).unwrap();
        assert_eq!(record.contestant.argument(), "yawc:feed");
        assert_eq!(record.contestant.markdown(), "yawc `feed`");
        assert_eq!(record.contestant.to_string(), "yawc feed");
        let sum = record.sum(&["reads", "writes"]).unwrap();
        assert_eq!((sum.median, sum.minimum), (2.5, 2.25));
        assert!(record.sum(&["reads", "waits"]).is_none());
        let kept = serde_json::to_string(&record).unwrap();
        let again: Record = serde_json::from_str(&kept).unwrap();
        assert_eq!(again.contestant, record.contestant);
    }

    #[test]
    fn plain_tcp_is_no_rival() {
        let sides = ["tautline:send", "tokio:raw", "tokio-tungstenite", "soketto"]
            .map(|name| record(name, &json!({}), &[]).contestant.side());
        assert_eq!(sides, [Side::Ours, Side::Floor, Side::Rival, Side::Rival]);
    }
}
