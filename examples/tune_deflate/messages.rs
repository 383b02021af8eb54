use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

/// Messages as an application would send them, in their order.
#[derive(Debug)]
pub struct Messages {
    all: Vec<Vec<u8>>,
    left_out: usize,
}

/// How messages lie in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Every line is a message; empty lines are none.
    Lines,
    /// The file is a JSON array, and every element of it is a message, without white space.
    JsonArray,
    /// Every file of a directory is a message, in the order of the names.
    Directory,
}

impl Messages {
    /// Reads messages of up to `limit` bytes in all; those that follow are left out.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is not a JSON array where it should be, or has no message in it.
    pub fn read(path: &Path, format: Format, limit: usize) -> io::Result<Self> {
        let mut all: Vec<Vec<u8>> = match format {
            Format::Lines => {
                let text = fs::read(path)?;
                let lines = text.split(|&byte| byte == b'\n');
                let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
                lines
                    .filter(|line| !line.is_empty())
                    .map(<[u8]>::to_vec)
                    .collect()
            }
            Format::JsonArray => {
                let elements: Vec<Value> = serde_json::from_slice(&fs::read(path)?)?;
                let texts = elements.iter().map(|element| element.to_string().into());
                texts.collect()
            }
            Format::Directory => {
                let mut paths = Vec::new();
                for entry in fs::read_dir(path)? {
                    let entry = entry?;
                    if entry.file_type()?.is_file() {
                        paths.push(entry.path());
                    }
                }
                paths.sort();
                paths.iter().map(fs::read).collect::<Result<_, _>>()?
            }
        };
        let mut room = limit;
        let fits = |message: &&Vec<u8>| match room.checked_sub(message.len()) {
            Some(left) => {
                room = left;
                true
            }
            None => false,
        };
        // At least one: a single message above the limit is still something to measure.
        let kept = all.iter().take_while(fits).count().max(1).min(all.len());
        let left_out = all.len() - kept;
        all.truncate(kept);
        if all.iter().all(Vec::is_empty) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "there is no message in it",
            ));
        }
        Ok(Self { all, left_out })
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.all.iter().map(Vec::as_slice)
    }

    /// How many there are; never none.
    #[expect(
        clippy::len_without_is_empty,
        reason = "no messages at all is an error of reading"
    )]
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// How many more there were than the limit allowed.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// The bytes of all.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.all.iter().map(Vec::len).sum()
    }

    /// The length of the shortest.
    #[must_use]
    pub fn shortest(&self) -> usize {
        self.all.iter().map(Vec::len).min().unwrap_or_default()
    }

    /// The length of the longest.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.all.iter().map(Vec::len).max().unwrap_or_default()
    }

    /// One of them, counted around and around.
    pub(super) fn nth(&self, number: usize) -> &[u8] {
        &self.all[number % self.all.len()]
    }
}
