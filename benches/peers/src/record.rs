//! What comes out: one line of JSON for each measured cell.
//!
//! A line has these members:
//!
//! * `group`: the subcommand, `deflate` for example.
//! * `library`, `way`, `version`: who was measured, used how, and which version, out of `Cargo.lock`.
//!   `way` is empty for a library's usual loop.
//! * `cell`: what distinguishes this measurement from the others of the group, by name: numbers,
//!   strings, truth values. Every contestant of a cell has the same.
//! * `figures`: what was measured, each with `name`, `unit`, `median`, `minimum` and `rounds`, the
//!   number of rounds that they are of. Empty if the cell was refused.
//! * `refused`: why the contestant cannot do this work; missing if it can.
//! * `notes`: how its work differs from the others', to be shown beside the figures.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{contestants::Contestant, samples::Samples};

/// A cell of one contestant.
#[derive(Debug, Serialize)]
pub(crate) struct Record {
    group: &'static str,
    library: &'static str,
    way: &'static str,
    version: String,
    cell: Map<String, Value>,
    figures: Vec<Figure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    notes: Vec<String>,
}

/// One quantity.
#[derive(Debug, Serialize)]
struct Figure {
    name: &'static str,
    unit: &'static str,
    median: f64,
    minimum: f64,
    rounds: usize,
}

impl Record {
    /// Begins a record, still without figures.
    pub(crate) fn new(
        group: &'static str,
        contestant: &dyn Contestant,
        cell: Map<String, Value>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            group,
            library: contestant.library(),
            way: contestant.way(),
            version: contestant.version()?,
            cell,
            figures: Vec::new(),
            refused: None,
            notes: Vec::new(),
        })
    }

    /// Adds what was measured in every round.
    pub(crate) fn figure(
        mut self,
        name: &'static str,
        unit: &'static str,
        samples: &Samples,
    ) -> Self {
        self.figures.push(Figure {
            name,
            unit,
            median: samples.median(),
            minimum: samples.minimum(),
            rounds: samples.count(),
        });
        self
    }

    /// Says that the contestant cannot do the work, and why.
    pub(crate) fn refused(mut self, reason: impl Into<String>) -> Self {
        self.refused = Some(reason.into());
        self
    }

    /// Adds notes.
    pub(crate) fn notes<N: Into<String>>(mut self, notes: impl IntoIterator<Item = N>) -> Self {
        self.notes.extend(notes.into_iter().map(Into::into));
        self
    }

    /// Writes the line.
    pub(crate) fn print(&self) -> anyhow::Result<()> {
        let line = serde_json::to_string(self)?;
        Ok(writeln!(io::stdout(), "{line}")?)
    }
}
