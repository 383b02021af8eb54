//! Which numbers are windows, and how they are spelled.

use tautline_deflate::{Level, Window, WindowBits};

use crate::support::windows::{WINDOWS, bits};

/// R7692-7.1.2.1-02, R7692-7.1.2.2-02 and R7692-7.1.2.2-04.
#[test]
fn window_bits_are_8_to_15() {
    for number in 0..=u8::MAX {
        let valid = (8..=15).contains(&number);
        assert_eq!(
            WindowBits::new(number).map(WindowBits::get),
            valid.then_some(number)
        );
        // Written without a leading zero, and read back.
        assert_eq!(
            WindowBits::parse(&number.to_string()).map(|bits| bits.to_string()),
            valid.then(|| number.to_string())
        );
    }
    assert_eq!((WindowBits::MIN, WindowBits::MAX), (bits(8), bits(15)));
}

/// R7692-7-02, R7692-7-06 and C3: what other parsers of numbers let through, or panic on.
#[test]
fn window_bits_have_one_spelling() {
    for value in [
        "",
        "0",
        "7",
        "16",
        "08",
        "09",
        "010",
        "0x9",
        "+9",
        "-9",
        "9 ",
        " 9",
        "9\t",
        "9.0",
        "1e1",
        "1_0",
        "\"9\"",
        "'9'",
        "abc",
        "200",
        "264",
        "1000",
        "4294967305",
        "18446744073709551625",
        "99999999999999999999999999999999999999999",
        "\u{ff19}",
        "\u{661}\u{660}",
        "\u{b9}\u{2070}",
        "9\0",
    ] {
        assert_eq!(WindowBits::parse(value), None, "{value:?}");
    }
    assert_eq!(WindowBits::parse(&"1".repeat(1 << 20)), None);
}

/// R7692-7.1.2.1-01 and D-17: 8 bits are a number on the wire, and no window to compress with.
#[test]
fn windows_are_9_to_15_bits() {
    assert_eq!(Window::from_bits(bits(8)), None);
    for (window, number) in WINDOWS.into_iter().zip(9..) {
        assert_eq!(window.bits(), bits(number));
        assert_eq!(Window::from_bits(bits(number)), Some(window));
        assert_eq!(window.size(), 1 << number);
    }
    assert!(WINDOWS.is_sorted());
}

#[test]
fn levels_are_1_to_9() {
    for number in 0..=u8::MAX {
        assert_eq!(
            Level::new(number).map(Level::get),
            (1..=9).contains(&number).then_some(number)
        );
    }
    assert_eq!((Level::FASTEST.get(), Level::SMALLEST.get()), (1, 9));
}
