//! Windows and settings by name and number.

use tautline_deflate::{Context, Settings, Window, WindowBits};

pub(crate) const WINDOWS: [Window; 7] = [
    Window::Bytes512,
    Window::KiB1,
    Window::KiB2,
    Window::KiB4,
    Window::KiB8,
    Window::KiB16,
    Window::KiB32,
];

pub(crate) fn bits(number: u8) -> WindowBits {
    WindowBits::new(number).unwrap()
}

pub(crate) fn window(number: u8) -> Window {
    Window::from_bits(bits(number)).unwrap()
}

pub(crate) fn context(number: u8, takeover: bool) -> Context {
    Context {
        window: window(number),
        takeover,
    }
}

/// Settings with everything said about both directions, whatever the defaults are.
pub(crate) fn settings(own: Context, peer: Context) -> Settings {
    let mut settings = Settings::new()
        .with_window(own.window)
        .with_peer_window(peer.window);
    if !own.takeover {
        settings = settings.without_context_takeover();
    }
    if !peer.takeover {
        settings = settings.without_peer_context_takeover();
    }
    settings
}
