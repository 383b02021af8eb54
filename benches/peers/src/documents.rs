use std::fmt::Write;

use fastrand::Rng;

/// How many different messages are cycled through.
pub(crate) const DOCUMENTS: usize = 64;

/// JSON as servers send it, in [`DOCUMENTS`] messages of `len` bytes that have nothing but their
/// structure and their words in common: numbers, identifiers, times and sentences differ.
pub(crate) fn documents(len: usize) -> Vec<String> {
    (0..DOCUMENTS)
        .map(|index| document(len, &mut Rng::with_seed(index as u64)))
        .collect()
}

fn document(len: usize, rng: &mut Rng) -> String {
    let mut json = String::with_capacity(len);
    write(
        &mut json,
        format_args!("{{\"batch\":\"{:016x}\",\"events\":[", rng.u64(..)),
    );
    let mut separator = "";
    while json.len() + LONGEST_EVENT + CLOSING.len() < len {
        write(
            &mut json,
            format_args!(
                "{separator}{{\"id\":{},\"user\":\"{}{}\",\"kind\":\"{}\",\"price\":{:.2},\"quantity\":{},\
                 \"time\":\"2026-11-{:02}T{:02}:{:02}:{:02}.{:03}Z\",\"active\":{}}}",
                rng.u32(10_000_000..),
                word(rng),
                rng.u16(..),
                word(rng),
                rng.f64() * 1000.0,
                rng.u16(1..500),
                rng.u8(1..=30),
                rng.u8(..24),
                rng.u8(..60),
                rng.u8(..60),
                rng.u16(..1000),
                rng.bool(),
            ),
        );
        separator = ",";
    }
    json.push_str("],\"note\":\"");
    let end = len - "\"}".len();
    while json.len() < end {
        json.push_str(word(rng));
        json.push(' ');
    }
    json.truncate(end);
    json.push_str("\"}");
    json
}

fn write(json: &mut String, event: std::fmt::Arguments<'_>) {
    json.write_fmt(event).expect("a String takes everything");
}

fn word(rng: &mut Rng) -> &'static str {
    WORDS[rng.usize(..WORDS.len())]
}

/// More than an event takes.
const LONGEST_EVENT: usize = 180;
const CLOSING: &str = "],\"note\":\"\"}";

const WORDS: &[&str] = &[
    "amber", "anchor", "basket", "beacon", "bridge", "candle", "canyon", "carbon", "cobalt",
    "copper", "desert", "dynamo", "ember", "falcon", "fender", "garden", "ginger", "glacier",
    "hamlet", "harbor", "island", "jacket", "jungle", "kernel", "ladder", "lantern", "magnet",
    "marble", "meadow", "mirror", "needle", "nickel", "orchid", "oxygen", "paddle", "pepper",
    "pillow", "quartz", "rocket", "saddle", "shadow", "silver", "summit", "tunnel", "velvet",
    "violet", "walnut", "window", "winter", "zephyr",
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::documents;

    #[test]
    fn documents_are_json_of_the_length_asked_for_and_all_different() {
        for len in [1024, 65_536] {
            let documents = documents(len);
            for document in &documents {
                assert_eq!(document.len(), len);
                serde_json::from_str::<serde_json::Value>(document).unwrap();
            }
            assert_eq!(documents.iter().collect::<HashSet<_>>().len(), 64);
        }
    }
}
