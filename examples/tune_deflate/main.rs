//! Measures what compression would do to messages of your own. See `examples/tune_deflate/mod.rs`.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use examples::tune_deflate::{
    Choices, Format, Messages, Plan, Report, settings_line, state_in_place, tune,
};
use indicatif::{ProgressBar, ProgressStyle};
use tautline::deflate::{Level, Window, WindowBits};

/// Measure what permessage-deflate would do to messages of your own.
///
/// For each setting it prints the bytes on the wire, frame headers included, the time that a
/// message takes to be compressed and to be inflated on this machine, and the memory that a
/// connection keeps for it; then what to write for the best of them.
#[derive(Parser)]
#[command(name = "tune_deflate")]
struct Options {
    /// The messages that one endpoint would send, in their order; by default a small sample of
    /// quotes and chat.
    file: Option<PathBuf>,

    /// How they lie in there. A directory is taken for one without being told.
    #[arg(long, value_enum, default_value_t = FormatChoice::Lines)]
    format: FormatChoice,

    /// Levels of zlib to try.
    #[arg(long, value_delimiter = ',', value_parser = level, default_value = "1,3,6,9")]
    levels: Vec<Level>,

    /// Windows to try with takeover, in bits (9 to 15).
    #[arg(long, value_delimiter = ',', value_parser = window, default_value = "9,11,12,13,15")]
    windows: Vec<Window>,

    /// Thresholds to try on the best of the rest, in bytes, if they part the messages.
    #[arg(long, value_delimiter = ',', default_value = "64,128,256,512")]
    thresholds: Vec<usize>,

    /// How many connections take turns on a thread.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,

    /// How long to measure each setting at least, alone and in turns, in milliseconds.
    #[arg(long, default_value_t = 50)]
    time: u64,

    /// How many bytes of messages to take, in KiB; what follows is left out.
    #[arg(long, default_value_t = 4096)]
    limit: usize,

    /// The messages are a client's, whose frames are four bytes longer.
    #[arg(long)]
    client: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatChoice {
    /// A message a line.
    Lines,
    /// A JSON array of messages.
    JsonArray,
    /// A directory with a file a message.
    Directory,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tune_deflate/sample.ndjson");
    let path = options.file.as_deref().unwrap_or(&sample);
    let format = match options.format {
        _ if path.is_dir() => Format::Directory,
        FormatChoice::Lines => Format::Lines,
        FormatChoice::JsonArray => Format::JsonArray,
        FormatChoice::Directory => Format::Directory,
    };
    let messages = Messages::read(path, format, options.limit * 1024)
        .with_context(|| format!("cannot take messages from {}", path.display()))?;
    println!(
        "{} messages of {} to {} bytes, {} in all",
        messages.len(),
        messages.shortest(),
        messages.longest(),
        messages.bytes()
    );
    if messages.left_out() > 0 {
        println!("{} more are left out; see --limit", messages.left_out());
    }
    if cfg!(debug_assertions) {
        println!("without --release, the times are not worth much");
    }

    let mut plan = Plan::default()
        .levels(options.levels)
        .windows(options.windows)
        .thresholds(options.thresholds)
        .connections(options.connections.into())
        .time(Duration::from_millis(options.time));
    if options.client {
        plan = plan.masked();
    }
    let bar = ProgressBar::new(0);
    let template = "[{bar:40.green}] {pos}/{len} settings, {eta} left";
    bar.set_style(ProgressStyle::with_template(template)?.progress_chars("=> "));
    let report = tune(&messages, &plan, |done, total| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();

    println!("{}", report.table());
    println!(
        "Kept by a connection between messages, at each end and for each direction that is set so,\n\
         once as many bytes have passed; the sender has up to 32 bytes more. Besides, {} bytes in\n\
         the connection itself. A thread has 16 KiB and a compressor of 245 to 371 KiB, with takeover\n\
         up to 16 of them; and 64 KiB and up to four inflaters of 47 KiB.\n",
        state_in_place()
    );
    match report.choices() {
        Some(choices) => recommend(&report, choices),
        None => println!("No setting saves a tenth of the bytes: leave compression off."),
    }
    Ok(())
}

fn recommend(report: &Report, choices: Choices) {
    for (title, position) in [
        ("least bytes", choices.least_bytes),
        (
            "least time (half of that saving or more)",
            choices.least_time,
        ),
        ("good middle (nine tenths of it or more)", choices.middle),
    ] {
        let trial = &report.trials()[position];
        let saved = 1.0 - trial.wire() as f64 / report.trials()[0].wire() as f64;
        println!(
            "{title}: {:.0}% fewer bytes, {:.1} µs a message",
            100.0 * saved,
            trial.time().as_secs_f64() * 1e6
        );
        if let Some(settings) = trial.settings() {
            println!("    Config::new().deflate({})", settings_line(settings));
        }
    }
    println!("What the peer sends is for with_peer_window and without_peer_context_takeover.");
}

fn level(text: &str) -> Result<Level, String> {
    let level = text.parse().ok().and_then(Level::new);
    level.ok_or_else(|| "levels go from 1 to 9".to_owned())
}

fn window(bits: &str) -> Result<Window, String> {
    let window = WindowBits::parse(bits).and_then(Window::from_bits);
    window.ok_or_else(|| "a window has 9 to 15 bits".to_owned())
}
