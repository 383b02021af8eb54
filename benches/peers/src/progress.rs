use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Says on standard error what is being measured: a bar on a terminal, lines elsewhere.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Begins with `cells` to measure.
    pub(crate) fn new(cells: usize) -> anyhow::Result<Self> {
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed} {msg}")?;
        let bar = ProgressBar::new(cells as u64).with_style(style);
        bar.enable_steady_tick(Duration::from_millis(250));
        Ok(Self { bar })
    }

    /// Says which cell is next.
    pub(crate) fn next(&self, cell: impl Into<String>) {
        let cell = cell.into();
        if self.bar.is_hidden() {
            let length = self.bar.length().unwrap_or_default();
            eprintln!("{}/{length} {cell}", self.bar.position() + 1);
        }
        self.bar.set_message(cell);
    }

    /// Counts the cell.
    pub(crate) fn done(&self) {
        self.bar.inc(1);
    }

    /// Prints a line of results without tearing the bar.
    pub(crate) fn suspend<R>(&self, print: impl FnOnce() -> R) -> R {
        self.bar.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
