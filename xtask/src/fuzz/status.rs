//! What libFuzzer says about its progress.

/// The numbers of one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Status {
    /// Inputs that were run so far.
    pub(super) runs: u64,
    /// Inputs a second.
    pub(super) rate: u64,
    /// Edges of the program that some input has taken.
    pub(super) coverage: u64,
}

impl Status {
    /// Reads a line such as `#1024 NEW cov: 99 ft: 120 corp: 7/70b lim: 4 exec/s: 512 rss: 40Mb`.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix('#')?.split_whitespace();
        let runs = words.next()?.parse().ok()?;
        let words: Vec<_> = words.collect();
        let number = |label: &str| {
            let at = words.iter().position(|&word| word == label)?;
            words.get(at + 1)?.parse().ok()
        };
        Some(Self {
            runs,
            rate: number("exec/s:")?,
            coverage: number("cov:")?,
        })
    }
}

/// The file that a line says an input was written to.
pub(super) fn artifact(line: &str) -> Option<&str> {
    line.split_once("Test unit written to ")
        .map(|(_, path)| path.trim())
}

#[cfg(test)]
mod tests {
    use super::{Status, artifact};

    #[test]
    fn lines_with_numbers_are_read_and_others_are_not() {
        let line = "#1024\tREDUCE cov: 99 ft: 120 corp: 7/70b lim: 4 exec/s: 512 rss: 40Mb L: 3/4 MS: 1 X-";
        let status = Status {
            runs: 1024,
            rate: 512,
            coverage: 99,
        };
        assert_eq!(Status::parse(line), Some(status));
        for line in [
            "",
            "INFO: Seed: 123",
            "#2\tINITED exec/s: 0 rss: 40Mb",
            "    #3 0x55 in <tautline_frame::Header>::decode header.rs:1:1",
            "###### End of recommended dictionary. ######",
        ] {
            assert_eq!(Status::parse(line), None, "{line}");
        }
    }

    #[test]
    fn the_input_that_failed_is_found() {
        let line = "artifact_prefix='a/'; Test unit written to a/crash-0123";
        assert_eq!(artifact(line), Some("a/crash-0123"));
        assert_eq!(artifact("SUMMARY: libFuzzer: deadly signal"), None);
    }
}
