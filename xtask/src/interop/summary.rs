//! What is left of all sessions.

use std::fs;
use std::path::Path;

use anyhow::Context;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use serde_json::{Value, json};

use crate::interop::home::Found;
use crate::interop::judge::Passed;
use crate::interop::peer::Role;
use crate::interop::stage::Outcome;

/// The sessions of one adapter with one peer in one role.
pub(super) struct Tally {
    pub(super) adapter: &'static str,
    pub(super) peer: &'static str,
    pub(super) version: String,
    /// Which side Tautline has played.
    pub(super) ours: Role,
    pub(super) outcomes: Vec<Outcome>,
    /// Why there are no sessions, if that is so.
    pub(super) failed: Option<anyhow::Error>,
}

impl Tally {
    pub(super) fn new(
        adapter: &'static str,
        found: &Found,
        ours: Role,
        played: anyhow::Result<Vec<Outcome>>,
    ) -> Self {
        let (outcomes, failed) = match played {
            Ok(outcomes) => (outcomes, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        Self {
            adapter,
            peer: found.peer.name(),
            version: found.version.clone(),
            ours,
            outcomes,
            failed,
        }
    }

    /// What went wrong, a line each.
    pub(super) fn complaints(&self) -> Vec<String> {
        let title = format!("{} as {}, {}", self.adapter, self.ours.name(), self.version);
        let whole = self
            .failed
            .iter()
            .map(|error| format!("{title}: {error:#}"));
        let each = self.outcomes.iter().filter_map(|outcome| {
            let error = outcome.result.as_ref().err()?;
            Some(format!("{title}, {}: {error:#}", outcome.setup.name))
        });
        whole.chain(each).collect()
    }
}

/// A line for each peer and role.
pub(super) fn table(tallies: &[Tally]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header([
        "adapter",
        "Tautline as",
        "peer",
        "sessions",
        "good",
        "messages",
        "compressed",
        "sent, of plain",
        "received, of plain",
    ]);
    for tally in tallies {
        let good: Vec<_> = tally
            .outcomes
            .iter()
            .filter_map(|outcome| outcome.result.as_ref().ok())
            .collect();
        let directions = good.iter().map(|evidence| match tally.ours {
            Role::Server => (&evidence.from_server, &evidence.from_client),
            Role::Client => (&evidence.from_client, &evidence.from_server),
        });
        let (sent, received): (Vec<&Passed>, Vec<&Passed>) = directions.unzip();
        let both = || sent.iter().chain(&received);
        table.add_row([
            tally.adapter.to_owned(),
            tally.ours.name().to_owned(),
            tally.version.clone(),
            tally.outcomes.len().to_string(),
            good.len().to_string(),
            both()
                .map(|passed| passed.messages)
                .sum::<usize>()
                .to_string(),
            both()
                .map(|passed| passed.compressed)
                .sum::<usize>()
                .to_string(),
            share(&sent),
            share(&received),
        ]);
    }
    for column in table.column_iter_mut().skip(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// The handshake and the bytes of every session that was good.
pub(super) fn details(tallies: &[Tally]) -> String {
    let mut text = String::new();
    for tally in tallies {
        for outcome in &tally.outcomes {
            let Ok(evidence) = &outcome.result else {
                continue;
            };
            let (adapter, ours, peer) = (tally.adapter, tally.ours.name(), tally.peer);
            text.push_str(&format!(
                "{adapter} {ours}, {peer}: {}\n",
                outcome.setup.name
            ));
            for (what, seen) in [
                ("offer", &evidence.offer),
                ("answer", &evidence.answer),
                ("client", &evidence.from_client.to_string()),
                ("server", &evidence.from_server.to_string()),
            ] {
                text.push_str(&format!("  {what:8}{seen}\n"));
            }
        }
    }
    text
}

/// Writes everything that was seen to `path`, for other programs.
pub(super) fn save(tallies: &[Tally], path: &Path) -> anyhow::Result<()> {
    let passed = |passed: &Passed| {
        json!({
            "messages": passed.messages,
            "compressed": passed.compressed,
            "frames": passed.frames,
            "plain": passed.plain,
            "wire": passed.wire,
        })
    };
    let mut sessions: Vec<Value> = Vec::new();
    for tally in tallies {
        for outcome in &tally.outcomes {
            let mut session = json!({
                "adapter": tally.adapter,
                "tautline": tally.ours.name(),
                "peer": tally.peer,
                "version": tally.version,
                "setup": outcome.setup.name,
            });
            match &outcome.result {
                Ok(evidence) => {
                    session["offer"] = json!(evidence.offer);
                    session["answer"] = json!(evidence.answer);
                    session["from_client"] = passed(&evidence.from_client);
                    session["from_server"] = passed(&evidence.from_server);
                }
                Err(error) => session["error"] = json!(format!("{error:#}")),
            }
            sessions.push(session);
        }
    }
    fs::write(path, format!("{:#}\n", json!(sessions)))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// How much of the plain bytes went over the wire, in sessions with compression.
fn share(passed: &[&Passed]) -> String {
    let compressed = || passed.iter().filter(|passed| passed.compressed > 0);
    let plain: usize = compressed().map(|passed| passed.plain).sum();
    let wire: usize = compressed().map(|passed| passed.wire).sum();
    match plain {
        0 => "-".to_owned(),
        plain => format!("{:.1}%", 100.0 * wire as f64 / plain as f64),
    }
}
