use alloc::vec::Vec;

use crate::window::Window;

/// The latest bytes of a stream, as many as its window reaches back.
///
/// A ring that takes memory as it fills, up to the size of the window.
#[derive(Debug)]
pub(crate) struct History {
    bytes: Vec<u8>,
    /// Where the oldest byte is: the front until the ring is full.
    oldest: usize,
    window: Window,
}

impl History {
    pub(crate) const fn new(window: Window) -> Self {
        Self {
            bytes: Vec::new(),
            oldest: 0,
            window,
        }
    }

    /// Adds the bytes that come next and forgets those which are out of reach then.
    pub(crate) fn push(&mut self, data: &[u8]) {
        let size = self.window.size();
        let data = &data[data.len().saturating_sub(size)..];
        let room = size - self.bytes.len();
        let (fills, replaces) = data.split_at(room.min(data.len()));
        self.grow(fills.len());
        self.bytes.extend_from_slice(fills);

        // Whatever is left replaces the oldest bytes: the ring is full if there is any.
        let (back, front) = replaces.split_at(replaces.len().min(size - self.oldest));
        self.bytes[self.oldest..][..back.len()].copy_from_slice(back);
        self.bytes[..front.len()].copy_from_slice(front);
        self.oldest = (self.oldest + replaces.len()) % size;
    }

    /// Forgets everything and gives the memory back.
    pub(crate) fn clear(&mut self) {
        self.bytes = Vec::new();
        self.oldest = 0;
    }

    pub(crate) const fn window(&self) -> Window {
        self.window
    }

    /// The bytes in two parts, the older one first.
    pub(crate) fn parts(&self) -> [&[u8]; 2] {
        let (newer, older) = self.bytes.split_at(self.oldest);
        [older, newer]
    }

    /// Makes room as `Vec` does, by doubling, but never for more than the window.
    fn grow(&mut self, additional: usize) {
        let needed = self.bytes.len() + additional;
        if needed > self.bytes.capacity() {
            let capacity = needed.next_power_of_two().min(self.window.size());
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn the_latest_bytes_of_a_window_are_kept_in_order() {
        // Lengths around the 512 bytes of the window, so that the ring wraps in every way.
        for lengths in [
            vec![0],
            vec![511, 1, 1],
            vec![512, 512],
            vec![300, 300, 300, 7],
            vec![100, 700],
            vec![5000, 13, 600],
        ] {
            let mut history = History::new(Window::Bytes512);
            let mut all = Vec::new();
            for length in lengths {
                let data: Vec<u8> = (all.len()..all.len() + length)
                    .map(|i| i as u8 ^ (i >> 8) as u8)
                    .collect();
                history.push(&data);
                all.extend_from_slice(&data);
                let latest = &all[all.len().saturating_sub(512)..];
                assert_eq!(history.parts().concat(), latest);
                assert!(history.bytes.capacity() <= 512);
            }
            history.clear();
            assert_eq!(history.parts().concat(), []);
        }
    }
}
