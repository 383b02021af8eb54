use std::time::Duration;

use tautline::deflate::{Level, Settings, Window};

use super::messages::Messages;

/// Which settings are tried, and how.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) levels: Vec<Level>,
    pub(super) windows: Vec<Window>,
    pub(super) thresholds: Vec<usize>,
    pub(super) connections: usize,
    pub(super) time: Duration,
    pub(super) masked: bool,
}

impl Plan {
    /// Sets the levels of zlib; 1, 3, 6 and 9 by default.
    #[must_use]
    pub fn levels(mut self, levels: Vec<Level>) -> Self {
        self.levels = levels;
        self
    }

    /// Sets the windows that are taken over; 9, 11, 12, 13 and 15 bits by default.
    #[must_use]
    pub fn windows(mut self, windows: Vec<Window>) -> Self {
        self.windows = windows;
        self
    }

    /// Sets the thresholds that are tried on the best of the rest, if they part the messages; 64,
    /// 128, 256 and 512 bytes by default.
    #[must_use]
    pub fn thresholds(mut self, thresholds: Vec<usize>) -> Self {
        self.thresholds = thresholds;
        self
    }

    /// Sets how many connections take turns; 64 by default.
    #[must_use]
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections.max(1);
        self
    }

    /// Sets how long each setting is measured at least, alone and in turns; 50 milliseconds by
    /// default.
    #[must_use]
    pub fn time(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    /// Counts frames as a client sends them, with a masking key of four bytes each; by default
    /// they are a server's.
    #[must_use]
    pub fn masked(mut self) -> Self {
        self.masked = true;
        self
    }

    /// Everything but the thresholds: each message is compressed, however short it is.
    pub(super) fn grid(&self, messages: &Messages) -> Vec<Option<Settings>> {
        let mut base = Settings::new();
        if messages.shortest() < base.threshold() {
            base = base.with_threshold(0);
        }
        let mut grid = vec![None];
        for &level in &self.levels {
            // A message has its own window, as large as may be: there is nothing to keep of it.
            let alone = base.with_level(level).with_window(Window::KiB32);
            grid.push(Some(alone.without_context_takeover()));
        }
        for &window in &self.windows {
            for &level in &self.levels {
                grid.push(Some(base.with_window(window).with_level(level)));
            }
        }
        grid
    }

    /// The thresholds that part the messages, so that some are compressed and some are not.
    pub(super) fn parting(&self, messages: &Messages) -> Vec<usize> {
        let between = messages.shortest() + 1..=messages.longest();
        let parts = |threshold: &usize| between.contains(threshold);
        self.thresholds.iter().copied().filter(parts).collect()
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            levels: [1, 3, 6, 9].into_iter().filter_map(Level::new).collect(),
            windows: vec![
                Window::Bytes512,
                Window::KiB2,
                Window::KiB4,
                Window::KiB8,
                Window::KiB32,
            ],
            thresholds: vec![64, 128, 256, 512],
            connections: 64,
            time: Duration::from_millis(50),
            masked: false,
        }
    }
}
