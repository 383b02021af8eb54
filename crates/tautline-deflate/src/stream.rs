use alloc::sync::Arc;

use crate::history::History;
use crate::level::Level;
use crate::window::Window;

/// What one direction of a connection has compressed so far.
#[derive(Debug)]
pub(crate) struct Stream {
    level: Level,
    history: History,
    place: Option<Place>,
}

impl Stream {
    pub(crate) const fn new(window: Window, level: Level) -> Self {
        Self {
            level,
            history: History::new(window),
            place: None,
        }
    }

    /// Goes past data that has been compressed.
    pub(crate) fn advance(&mut self, data: &[u8]) {
        self.history.push(data);
        self.place = Some(self.place.take().map_or_else(Place::new, Place::next));
    }

    /// Goes past data that was compressed elsewhere. No state of zlib has seen it: the one that was
    /// at the place before is free for others.
    pub(crate) fn skip(&mut self, data: &[u8]) {
        self.history.push(data);
        self.place = None;
    }

    /// Starts anew, as if nothing had been compressed.
    pub(crate) fn clear(&mut self) {
        self.history.clear();
        self.place = None;
    }

    pub(crate) const fn level(&self) -> Level {
        self.level
    }

    pub(crate) const fn window(&self) -> Window {
        self.history.window()
    }

    pub(crate) const fn history(&self) -> &History {
        &self.history
    }

    /// Where the stream has got to, if anywhere.
    pub(crate) const fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }
}

/// A point in a stream, which is told from every point of every other stream.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// What is in here does not matter. Its address is unique while a place refers to it.
    stream: Arc<()>,
    part: u64,
}

impl Place {
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.stream, &other.stream) && self.part == other.part
    }

    /// Whether the stream has ended that it is in.
    pub(crate) fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.stream) == 1
    }

    fn new() -> Self {
        Self {
            stream: Arc::new(()),
            part: 0,
        }
    }

    fn next(mut self) -> Self {
        self.part += 1;
        self
    }
}
