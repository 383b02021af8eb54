//! Numbers as people read them.

/// Three significant digits, or all of the integer part, with separators: `1,234,567`, `12.3`.
pub(super) fn figure(value: f64) -> String {
    let decimals = match value.abs() {
        value if value >= 99.95 => 0,
        value if value >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    separated(whole) + fraction
}

/// All digits, with separators: `1,234,567`.
pub(super) fn integer(value: u64) -> String {
    separated(&value.to_string())
}

fn separated(digits: &str) -> String {
    let mut separated = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            separated.push(',');
        }
        separated.push(digit);
    }
    separated
}

/// Three significant digits and a unit prefix: `1.23M`.
pub(super) fn short(value: f64) -> String {
    let (scaled, prefix) = match value {
        value if value >= 999_500.0 => (value / 1e6, "M"),
        value if value >= 999.5 => (value / 1e3, "k"),
        value => (value, ""),
    };
    format!("{}{prefix}", figure(scaled))
}

/// A number of bytes: `32 B`, `64 KiB`.
pub(super) fn size(bytes: u64) -> String {
    let units = [(1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = units
        .into_iter()
        .find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    match unit {
        Some((unit, name)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} B"),
    }
}

/// `1 connection`, `100 connections`.
pub(super) fn count(number: u64, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        _ => format!("{} {thing}s", integer(number)),
    }
}

/// With a capital, as headings begin.
pub(super) fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::{count, figure, short, size};

    #[test]
    fn figures_have_three_digits_or_separators() {
        let cases = [
            (0.0, "0.00"),
            (1.234, "1.23"),
            (9.999, "10.0"),
            (12.34, "12.3"),
            (99.96, "100"),
            (999.6, "1,000"),
            (1_234_567.8, "1,234,568"),
        ];
        for (value, expected) in cases {
            assert_eq!(figure(value), expected);
        }
    }

    #[test]
    fn short_figures_have_a_prefix() {
        let cases = [
            (512.0, "512"),
            (999.7, "1.00k"),
            (12_345.0, "12.3k"),
            (999_900.0, "1.00M"),
            (23_456_789.0, "23.5M"),
        ];
        for (value, expected) in cases {
            assert_eq!(short(value), expected);
        }
    }

    #[test]
    fn sizes_and_counts_have_units() {
        let sizes = [0, 32, 1000, 1024, 65536, 1 << 20].map(size);
        assert_eq!(sizes, ["0 B", "32 B", "1000 B", "1 KiB", "64 KiB", "1 MiB"]);
        let counts = [1, 2, 1000].map(|number| count(number, "connection"));
        assert_eq!(
            counts,
            ["1 connection", "2 connections", "1,000 connections"]
        );
    }
}
