use crate::context::Context;

/// What a client and a server have agreed on, as one of them sees it.
///
/// Made by [`Settings::agree`](crate::Settings::agree) on the client and by
/// [`Settings::answer`](crate::Settings::answer) on the server.
#[expect(clippy::exhaustive_structs, reason = "a connection has two directions")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Agreed {
    /// How messages are compressed that this endpoint sends.
    ///
    /// `None` when the server demands a window of 256 bytes, which the client's compressor cannot
    /// keep to. Nothing is compressed then, as RFC 7692 section 6 allows for every message, while
    /// what the server sends is inflated all the same.
    pub compress: Option<Context>,
    /// How messages are inflated that this endpoint receives.
    pub decompress: Context,
}
