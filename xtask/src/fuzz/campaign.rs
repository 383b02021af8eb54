//! One target, for a time.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::fuzz::Home;
use crate::fuzz::install::Fuzzer;
use crate::fuzz::status::{Status, artifact};
use crate::process::{Guarded, Launch};

pub(super) struct Campaign<'a> {
    home: &'a Home,
    fuzzer: &'a Fuzzer,
    target: &'a str,
    time: Duration,
    seed: Option<u32>,
}

impl<'a> Campaign<'a> {
    /// `seed` is where the fuzzer's random numbers begin; without one they differ from run to run.
    pub(super) fn new(
        home: &'a Home,
        fuzzer: &'a Fuzzer,
        target: &'a str,
        time: Duration,
        seed: Option<u32>,
    ) -> Self {
        Self {
            home,
            fuzzer,
            target,
            time,
            seed,
        }
    }

    /// Runs the target, with a line among `bars`, and says what it has found, if anything.
    pub(super) fn run(&self, bars: &MultiProgress) -> anyhow::Result<(Status, Option<String>)> {
        // New inputs go to the first corpus, and not among the sources.
        let found = self.home.target.join("corpus").join(self.target);
        let seeds = self.home.source.join("corpus").join(self.target);
        let artifacts = self.home.source.join("artifacts").join(self.target);
        let logs = self.home.target.join("logs");
        for directory in [&found, &artifacts, &logs] {
            fs::create_dir_all(directory)
                .with_context(|| format!("cannot create {}", directory.display()))?;
        }
        let log = logs.join(format!("{}.log", self.target));
        let mut command = self.fuzzer.program(self.home, self.target);
        command
            .args(LIMITS)
            .arg(format!("-max_total_time={}", self.time.as_secs()))
            .args(self.seed.map(|seed| format!("-seed={seed}")))
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .args([&found, &seeds])
            .current_dir(&self.home.source);
        let launch = Launch {
            name: self.target.to_owned(),
            command,
            farewell: None,
        };
        let (process, _) = Guarded::spawn(launch, &log)?;
        let mut lines = Lines::open(&log)?;
        let bar = bars.add(self.bar());
        let begin = Instant::now();
        let mut status = Status::default();
        let mut input = None;
        loop {
            // In this order, so that nothing is missed that was written before the end.
            let ended = process.ended()?;
            while let Some(line) = lines.next()? {
                status = Status::parse(&line).unwrap_or(status);
                input = artifact(&line).map(PathBuf::from).or(input);
            }
            bar.set_position(begin.elapsed().as_secs());
            bar.set_message(format!(
                "{} runs, {} a second, coverage {}",
                status.runs, status.rate, status.coverage
            ));
            if let Some(ended) = ended {
                bar.finish_and_clear();
                return match input {
                    Some(input) => Ok((status, Some(self.failure(&input, &lines.told)))),
                    None if ended.success() => Ok((status, None)),
                    None => bail!("{} ended with {ended}; see {}", self.target, log.display()),
                };
            }
            if begin.elapsed() > self.time + OVERTIME {
                bail!("{} does not end; see {}", self.target, log.display());
            }
            thread::sleep(POLL);
        }
    }

    fn failure(&self, input: &Path, told: &[String]) -> String {
        let input = input.strip_prefix(&self.home.source).unwrap_or(input);
        let (target, input) = (self.target, input.display());
        format!(
            "{target}: {}\n  input: fuzz/{input}\n  once more: cargo xtask fuzz --replay {target}\n  \
             with the sanitizer: cargo +nightly fuzz run {target} fuzz/{input}\n  \
             a smaller input: cargo +nightly fuzz tmin {target} fuzz/{input}",
            told.join("\n  ")
        )
    }

    fn bar(&self) -> ProgressBar {
        let bar = ProgressBar::new(self.time.as_secs());
        let template = format!(
            "{:12} [{{bar:30.green}}] {{eta}} left, {{msg}}",
            self.target
        );
        let style = ProgressStyle::with_template(&template).expect("the template is well-formed");
        bar.set_style(style.progress_chars("=> "));
        bar
    }
}

/// The lines that a program adds to its log.
struct Lines {
    reader: BufReader<File>,
    line: Vec<u8>,
    /// What it has said about why it fails: a panic with its message, or a summary.
    told: Vec<String>,
    tells: usize,
}

impl Lines {
    fn open(log: &Path) -> anyhow::Result<Self> {
        let file = File::open(log).with_context(|| format!("cannot read {}", log.display()))?;
        Ok(Self {
            reader: BufReader::new(file),
            line: Vec::new(),
            told: Vec::new(),
            tells: 0,
        })
    }

    /// The next line that is complete.
    fn next(&mut self) -> anyhow::Result<Option<String>> {
        self.reader.read_until(b'\n', &mut self.line)?;
        if self.line.last() != Some(&b'\n') {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&self.line).trim_end().to_owned();
        self.line.clear();
        if line.contains("panicked at ") {
            self.tells = PANIC_LINES;
        } else if line.starts_with("SUMMARY: ") || line.starts_with("stack backtrace:") {
            self.tells = usize::from(self.told.is_empty());
        }
        if self.tells > 0 {
            self.tells -= 1;
            self.told.push(line.clone());
        }
        Ok(Some(line))
    }
}

/// For every target: no input takes long, none needs much memory, and no allocation is large, for
/// all of them set limits of 64 KiB or follow what has arrived. Longer inputs than these find nothing
/// that shorter ones do not.
const LIMITS: [&str; 6] = [
    "-timeout=20",
    "-report_slow_units=20",
    "-rss_limit_mb=2048",
    "-malloc_limit_mb=64",
    "-max_len=8192",
    "-len_control=5",
];

/// A panic says where it is, and then what `assert_eq!` has compared in three lines.
const PANIC_LINES: usize = 4;

/// The corpus is run first, and the last input may take as long as an input may take.
const OVERTIME: Duration = Duration::from_secs(300);

const POLL: Duration = Duration::from_millis(200);
