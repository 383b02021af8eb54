//! What an endpoint can ask for, and what it asks for by default.

use tautline_deflate::{Level, Settings, Window};

use crate::support::header::offers_header;

#[test]
fn every_setting_is_a_setting_of_its_own() {
    let base = Settings::new()
        .with_level(Level::FASTEST)
        .with_threshold(1)
        .with_window(Window::KiB32)
        .with_peer_window(Window::KiB32);
    let values = |settings: &Settings| {
        [
            usize::from(settings.level().get()),
            settings.threshold(),
            settings.window().size(),
            usize::from(settings.context_takeover()),
            settings.peer_window().size(),
            usize::from(settings.peer_context_takeover()),
        ]
    };
    for (at, (changed, value)) in [
        (base.with_level(Level::SMALLEST), 9),
        (base.with_threshold(1000), 1000),
        (base.with_window(Window::KiB1), 1024),
        (base.without_context_takeover(), 0),
        (base.with_peer_window(Window::Bytes512), 512),
        (base.without_peer_context_takeover(), 0),
    ]
    .into_iter()
    .enumerate()
    {
        let mut expected = values(&base);
        assert_ne!(expected[at], value);
        expected[at] = value;
        assert_eq!(values(&changed), expected);
    }
}

/// R7692-7.1.1.1-03, R7692-7.1.1.2-03 and R7692-7.3-01: one offer that every server understands,
/// with takeover, and windows that are good for something.
#[test]
fn the_defaults_suit_every_server() {
    let settings = Settings::default();
    assert_eq!(settings, Settings::new());
    assert!(settings.window() >= Window::KiB1);
    assert!(settings.peer_window() >= Window::KiB1);
    assert!(settings.context_takeover() && settings.peer_context_takeover());

    let offered = settings.offers();
    let header = offers_header(&offered);
    assert_eq!(offered.len(), 1, "{header}");
    assert!(header.starts_with("permessage-deflate; client_max_window_bits"));
}
