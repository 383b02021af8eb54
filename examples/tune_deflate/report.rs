use std::time::Duration;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use tautline::deflate::{Settings, Window};

use super::messages::Messages;
use super::plan::Plan;
use super::trial::Trial;

/// What every setting of a plan does to the messages.
#[derive(Debug)]
pub struct Report {
    trials: Vec<Trial>,
    plain: usize,
    messages: usize,
    connections: usize,
}

/// The settings that stand out, as positions in [`Report::trials`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Choices {
    /// The fewest bytes on the wire.
    pub least_bytes: usize,
    /// The least time, of those that save half of what the one with the fewest bytes saves.
    pub least_time: usize,
    /// The least time, of those that save nine tenths of it.
    pub middle: usize,
}

/// Tries every setting of `plan`; `progress` is told how many are done, and of how many.
pub fn tune(messages: &Messages, plan: &Plan, mut progress: impl FnMut(usize, usize)) -> Report {
    let grid = plan.grid(messages);
    let thresholds = plan.parting(messages);
    let total = grid.len() + thresholds.len();
    let mut report = Report {
        trials: Vec::new(),
        plain: messages.bytes(),
        messages: messages.len(),
        connections: plan.connections,
    };
    progress(0, total);
    for settings in grid {
        report.trials.push(Trial::new(settings, messages, plan));
        progress(report.trials.len(), total);
    }
    let best = report.choices().map(|choices| choices.middle);
    let best = best.and_then(|middle| report.trials[middle].settings().copied());
    for threshold in thresholds {
        let settings = best.unwrap_or_default().with_threshold(threshold);
        let trial = Trial::new(Some(settings), messages, plan);
        report.trials.push(trial);
        progress(report.trials.len(), total);
    }
    report
}

impl Report {
    /// What was tried, without compression first.
    #[must_use]
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// The settings that stand out, or `None` if none saves a tenth of the bytes.
    #[must_use]
    pub fn choices(&self) -> Option<Choices> {
        let plain = self.trials.first()?.wire();
        let least_bytes = self.position(|_| true, Trial::wire)?;
        let best = plain.checked_sub(self.trials[least_bytes].wire())?;
        if best * 10 < plain {
            return None;
        }
        let saved = |trial: &Trial| plain.saturating_sub(trial.wire());
        Some(Choices {
            least_bytes,
            least_time: self.position(|trial| saved(trial) * 2 >= best, Trial::time)?,
            middle: self.position(|trial| saved(trial) * 10 >= best * 9, Trial::time)?,
        })
    }

    /// A line for every setting.
    #[must_use]
    pub fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED).set_header([
            "takeover".to_owned(),
            "window".to_owned(),
            "level".to_owned(),
            "from\nbytes".to_owned(),
            "compressed\nmessages".to_owned(),
            "bytes a\nmessage".to_owned(),
            "wire /\nplain".to_owned(),
            "compress µs\nalone".to_owned(),
            format!("compress µs\n{} in turns", self.connections),
            format!("inflate µs\n{} in turns", self.connections),
            "kept bytes\neach way".to_owned(),
        ]);
        for trial in &self.trials {
            table.add_row(self.row(trial));
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    fn row(&self, trial: &Trial) -> Vec<String> {
        let mut row = match trial.settings() {
            None => ["no compression", "", "", ""].map(str::to_owned).to_vec(),
            Some(settings) => vec![
                if settings.context_takeover() {
                    "yes"
                } else {
                    "no"
                }
                .to_owned(),
                window(settings.window()),
                settings.level().get().to_string(),
                settings.threshold().to_string(),
            ],
        };
        let micros = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1e6);
        row.extend([
            trial.compressed().to_string(),
            format!("{:.1}", trial.wire() as f64 / self.messages as f64),
            format!("{:.3}", trial.wire() as f64 / self.plain as f64),
            micros(trial.compress_alone()),
            micros(trial.compress_in_turns()),
            micros(trial.inflate_in_turns()),
            trial.kept().to_string(),
        ]);
        row
    }

    /// The trial with the least of something, of those that compress and fit.
    fn position<K: Ord>(
        &self,
        fits: impl Fn(&Trial) -> bool,
        key: impl Fn(&Trial) -> K,
    ) -> Option<usize> {
        let trials = self.trials.iter().enumerate();
        trials
            .filter(|(_, trial)| trial.settings().is_some() && fits(trial))
            .min_by_key(|(_, trial)| key(trial))
            .map(|(position, _)| position)
    }
}

/// What to write for a setting: only what is not the default.
#[must_use]
pub fn settings_line(settings: &Settings) -> String {
    let default = Settings::new();
    let mut line = "Settings::new()".to_owned();
    if settings.level() != default.level() {
        let level = settings.level().get();
        line.push_str(&format!(
            ".with_level(const {{ Level::new({level}).unwrap() }})"
        ));
    }
    if settings.window() != default.window() {
        line.push_str(&format!(".with_window(Window::{:?})", settings.window()));
    }
    if !settings.context_takeover() {
        line.push_str(".without_context_takeover()");
    }
    if settings.threshold() != default.threshold() {
        line.push_str(&format!(".with_threshold({})", settings.threshold()));
    }
    line
}

fn window(window: Window) -> String {
    match window.size() {
        size @ ..1024 => format!("{size} B ({})", window.bits()),
        size => format!("{} KiB ({})", size / 1024, window.bits()),
    }
}
