use crate::client_window::ClientWindow;
use crate::offer::{CLIENT_MAX_WINDOW_BITS, Offer};
use crate::param_error::ParamError;
use crate::window_bits::WindowBits;

/// The element named [`NAME`](crate::NAME) with which a server accepts an [`Offer`].
///
/// There is one at most; a client fails a connection whose server sends two (RFC 7692 section 5).
#[expect(
    clippy::exhaustive_structs,
    reason = "RFC 7692 has these four parameters and no way to add one"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Answer {
    /// The server starts every message with an empty window (section 7.1.1.1).
    pub server_no_context_takeover: bool,
    /// The client has to do that with its own messages (section 7.1.1.2).
    pub client_no_context_takeover: bool,
    /// The largest window that the server compresses with (section 7.1.2.1).
    pub server_max_window_bits: Option<WindowBits>,
    /// The largest window that the client may compress with (section 7.1.2.2).
    pub client_max_window_bits: Option<WindowBits>,
}

impl Answer {
    /// Reads an element's parameters, each with its value if it has one, unquoted.
    ///
    /// Whether the answer fits what was offered is for [`Settings::agree`](crate::Settings::agree)
    /// to say.
    ///
    /// # Errors
    ///
    /// When a parameter is unknown, repeated, or has a wrong value. The client has to fail the
    /// connection then (RFC 7692 section 7).
    pub fn parse<'a>(
        params: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Result<Self, ParamError> {
        let Offer {
            server_no_context_takeover,
            client_no_context_takeover,
            server_max_window_bits,
            client_max_window_bits,
        } = Offer::parse(params)?;
        Ok(Self {
            server_no_context_takeover,
            client_no_context_takeover,
            server_max_window_bits,
            client_max_window_bits: match client_max_window_bits {
                None => None,
                Some(ClientWindow::AtMost(bits)) => Some(bits),
                // Only an offer may leave the value out (RFC 7692 section 7.1.2.2).
                Some(ClientWindow::Any) => return Err(ParamError::Value(CLIENT_MAX_WINDOW_BITS)),
            },
        })
    }

    /// The parameters to write, each with its value if it has one.
    pub fn params(&self) -> impl Iterator<Item = (&'static str, Option<WindowBits>)> + use<> {
        Offer {
            server_no_context_takeover: self.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover,
            server_max_window_bits: self.server_max_window_bits,
            client_max_window_bits: self.client_max_window_bits.map(ClientWindow::AtMost),
        }
        .params()
    }
}
