use crate::window::Window;
use crate::window_bits::WindowBits;

/// How the messages of one direction are compressed.
#[expect(
    clippy::exhaustive_structs,
    reason = "RFC 7692 has these two parameters for a direction and no way to add one"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Context {
    /// The largest window that is in use.
    pub window: Window,
    /// Whether a message may refer to the ones before it.
    pub takeover: bool,
}

impl Context {
    /// What an endpoint has to be ready for when its peer may use a window of `bits`.
    ///
    /// Without a limit that is 32 KiB (RFC 7692 section 7.2.2). A limit of 256 bytes is taken for
    /// 512: a peer with a zlib that rounds 8 bits up goes that far, and memory is not worth
    /// failing it over.
    pub(crate) fn of_peer(bits: Option<WindowBits>, takeover: bool) -> Self {
        Self {
            window: bits.map_or(Window::KiB32, |bits| {
                Window::from_bits(bits).unwrap_or(Window::Bytes512)
            }),
            takeover,
        }
    }
}
