//! What `tune_deflate` says about its sample.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use allocation_counter::measure;
use examples::tune_deflate::{Format, Messages, Plan, Report, Trial, settings_line, tune};
use tautline::deflate::{
    Compressor, Context, Decompressor, Deflater, Inflater, Level, Settings, Window,
};

const WINDOWS: [Window; 7] = [
    Window::Bytes512,
    Window::KiB1,
    Window::KiB2,
    Window::KiB4,
    Window::KiB8,
    Window::KiB16,
    Window::KiB32,
];

/// Enough messages to see what compresses them. All of them would take minutes without
/// optimisations.
const SOME: usize = 6000;

fn sample(limit: usize) -> Messages {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tune_deflate/sample.ndjson");
    Messages::read(&path, Format::Lines, limit).unwrap()
}

fn quick() -> Plan {
    Plan::default().time(Duration::ZERO).connections(2)
}

/// Measured once for all tests, with what was told about its progress.
static TUNED: LazyLock<(Report, Vec<(usize, usize)>)> = LazyLock::new(|| {
    let mut steps = Vec::new();
    let tell = |done, total| steps.push((done, total));
    (tune(&sample(SOME), &quick(), tell), steps)
});

#[test]
fn every_setting_of_the_plan_has_a_line() {
    let (report, steps) = &*TUNED;
    // Nothing; four levels without takeover; those with five windows; three of four thresholds,
    // because no message is shorter than 64 bytes.
    let count = 1 + 4 + 4 * 5 + 3;
    assert_eq!(report.trials().len(), count);
    assert_eq!(steps.first(), Some(&(0, count)));
    assert_eq!(steps.last(), Some(&(count, count)));
    let mut table = report.table();
    let columns = table.column_count();
    assert_eq!(table.row_iter().count(), count);
    assert!(table.row_iter().all(|row| row.cell_count() == columns));
    let text = table.to_string();
    assert!(text.contains("no compression"), "{text}");
    assert!(text.contains("32 KiB (15)"), "{text}");
}

#[test]
fn more_window_and_more_work_make_the_sample_shorter() {
    let messages = sample(SOME);
    let bytes = messages.bytes();
    let (report, _) = &*TUNED;
    let plain = report.trials()[0].wire();
    // Two to four bytes of header each.
    assert!((bytes + 2 * messages.len()..=bytes + 4 * messages.len()).contains(&plain));
    let wire = |level, window, takeover| {
        let fits = |trial: &&Trial| {
            trial.settings().is_some_and(|settings| {
                settings.level().get() == level
                    && settings.window() == window
                    && settings.context_takeover() == takeover
            })
        };
        report.trials().iter().find(fits).unwrap().wire()
    };
    let alone = wire(6, Window::KiB32, false);
    let narrow = wire(6, Window::Bytes512, true);
    let wide = wire(6, Window::KiB32, true);
    assert!(alone < plain && narrow < plain);
    assert!(wide < narrow && wide < alone);
    assert!(wide < wire(1, Window::KiB32, true));
    // Nobody compresses such messages to a tenth.
    assert!((plain / 10..plain / 2).contains(&wide), "{wide} of {plain}");
    for trial in &report.trials()[1..] {
        assert!(trial.compressed() <= messages.len());
        assert!(trial.compress_alone() > Duration::ZERO);
        assert!(trial.compress_in_turns() > Duration::ZERO);
        assert!(trial.inflate_in_turns() > Duration::ZERO);
    }
}

#[test]
fn a_client_sends_four_bytes_more_with_each_message() {
    let messages = sample(SOME);
    let server = Trial::new(None, &messages, &quick());
    let client = Trial::new(None, &messages, &quick().masked());
    assert_eq!(client.wire(), server.wire() + 4 * messages.len());
}

#[test]
fn a_threshold_leaves_shorter_messages_alone() {
    let messages = sample(SOME);
    let short = messages.iter().filter(|plain| plain.len() < 256).count();
    let settings = Settings::new().with_threshold(256);
    let trial = Trial::new(Some(settings), &messages, &quick());
    assert!(short > 0 && trial.compressed() <= messages.len() - short);
}

#[test]
fn the_choices_are_what_they_are_called() {
    let (report, _) = &*TUNED;
    let choices = report.choices().unwrap();
    let trials = report.trials();
    let least = trials[choices.least_bytes].wire();
    assert!(trials[1..].iter().all(|trial| trial.wire() >= least));
    let saved = |trial: &Trial| trials[0].wire() - trial.wire();
    let best = saved(&trials[choices.least_bytes]);
    let fastest = &trials[choices.least_time];
    assert!(saved(fastest) * 2 >= best);
    let middle = &trials[choices.middle];
    assert!(saved(middle) * 10 >= best * 9);
    assert!(fastest.time() <= middle.time());
    assert!(middle.time() <= trials[choices.least_bytes].time());
}

#[test]
fn there_is_no_choice_where_nothing_gets_shorter() {
    let path = scratch("noise");
    // Squares of a prime's multiples, which look random enough to a compressor.
    let noise: Vec<u8> = (0..4000_u64)
        .map(|i| ((i * i * 2_654_435_761) >> 13) as u8)
        .filter(|&byte| byte != b'\n')
        .collect();
    fs::write(&path, noise).unwrap();
    let messages = Messages::read(&path, Format::Lines, usize::MAX).unwrap();
    let plan = quick()
        .windows(vec![Window::KiB4])
        .levels(vec![Level::SMALLEST]);
    assert_eq!(tune(&messages, &plan, |_, _| {}).choices(), None);
}

#[test]
fn a_line_names_what_is_not_the_default() {
    let settings = Settings::new();
    assert_eq!(settings_line(&settings), "Settings::new()");
    let settings = settings
        .with_level(const { Level::new(6).unwrap() })
        .with_window(Window::KiB32)
        .without_context_takeover()
        .with_threshold(0);
    assert_eq!(
        settings_line(&settings),
        "Settings::new().with_level(const { Level::new(6).unwrap() }).with_window(Window::KiB32)\
         .without_context_takeover().with_threshold(0)"
    );
}

/// The memory that is printed is what the allocator sees, of connections and of threads.
#[test]
fn memory_is_what_the_allocator_says() {
    let (messages, few) = (sample(usize::MAX), sample(1));
    for (window, takeover) in WINDOWS.into_iter().flat_map(|w| [(w, true), (w, false)]) {
        let mut settings = Settings::new().with_threshold(0).with_window(window);
        if !takeover {
            settings = settings.without_context_takeover();
        }
        let kept = Trial::new(Some(settings), &few, &quick()).kept() as i64;
        let context = Context { window, takeover };
        let mut compressor = Compressor::new(context, &settings);
        let mut decompressor = Decompressor::new(context);
        let (mut deflater, mut inflater) = (Deflater::new(), Inflater::new());

        let mut payloads: Vec<Vec<u8>> = messages
            .iter()
            .map(|plain| Vec::with_capacity(plain.len() + 64))
            .collect();
        let compressing = measure(|| {
            for (plain, payload) in messages.iter().zip(&mut payloads) {
                compressor.compress(&mut deflater, plain, payload);
            }
        });
        let shared = measure(|| drop(deflater)).bytes_current;
        let sender = compressing.bytes_current + shared;
        assert!((kept..=kept + 32).contains(&sender), "{window:?} {sender}");
        let thread = -shared / 1024;
        assert!(
            (245 + 16..=371 + 16).contains(&thread),
            "{window:?} {thread}"
        );

        let inflating = measure(|| {
            for payload in payloads.iter().filter(|payload| !payload.is_empty()) {
                decompressor
                    .decompress(&mut inflater, payload, |_| Ok::<_, ()>(()))
                    .unwrap();
                decompressor.finish(&mut inflater).unwrap();
            }
        });
        let shared = measure(|| drop(inflater)).bytes_current;
        assert_eq!(inflating.bytes_current + shared, kept);
        assert!((46 + 64..=47 + 64).contains(&(-shared / 1024)), "{shared}");
    }
}

#[test]
fn messages_are_read_in_every_format() {
    let directory = scratch("formats");
    fs::create_dir_all(&directory).unwrap();
    let read = |name: &str, format, limit| {
        let messages = Messages::read(&directory.join(name), format, limit)?;
        let texts = messages
            .iter()
            .map(|plain| String::from_utf8_lossy(plain).into_owned());
        Ok::<_, std::io::Error>((texts.collect::<Vec<_>>(), messages.left_out()))
    };
    fs::write(directory.join("lines"), "one\r\n\ntwo\nthree").unwrap();
    let all = vec!["one".to_owned(), "two".to_owned(), "three".to_owned()];
    assert_eq!(read("lines", Format::Lines, 100).unwrap(), (all.clone(), 0));
    assert_eq!(
        read("lines", Format::Lines, 6).unwrap(),
        (all[..2].to_vec(), 1)
    );
    assert_eq!(
        read("lines", Format::Lines, 0).unwrap(),
        (all[..1].to_vec(), 2)
    );

    fs::write(directory.join("array"), r#" [ {"a": 1}, "text", 3 ] "#).unwrap();
    let elements = [r#"{"a":1}"#, r#""text""#, "3"].map(str::to_owned).to_vec();
    assert_eq!(
        read("array", Format::JsonArray, 100).unwrap(),
        (elements, 0)
    );
    assert!(read("lines", Format::JsonArray, 100).is_err());

    fs::create_dir_all(directory.join("files/below")).unwrap();
    for (name, text) in [("b", "two"), ("a", "one"), ("c", "three")] {
        fs::write(directory.join("files").join(name), text).unwrap();
    }
    assert_eq!(read("files", Format::Directory, 100).unwrap(), (all, 0));

    fs::write(directory.join("nothing"), "\n\n").unwrap();
    assert!(read("nothing", Format::Lines, 100).is_err());
    assert!(read("not there", Format::Lines, 100).is_err());
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tune-{name}"))
}
