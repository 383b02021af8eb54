use crate::client_window::ClientWindow;
use crate::param_error::ParamError;
use crate::window_bits::WindowBits;

/// One element named [`NAME`](crate::NAME) of what a client offers.
///
/// ```
/// use tautline_deflate::{ClientWindow, Offer, WindowBits};
///
/// // permessage-deflate; client_max_window_bits; server_max_window_bits=10
/// let offer = Offer::parse([
///     ("client_max_window_bits", None),
///     ("server_max_window_bits", Some("10")),
/// ])?;
/// assert_eq!(offer.client_max_window_bits, Some(ClientWindow::Any));
/// assert_eq!(offer.server_max_window_bits, WindowBits::new(10));
/// # Ok::<(), tautline_deflate::ParamError>(())
/// ```
#[expect(
    clippy::exhaustive_structs,
    reason = "RFC 7692 has these four parameters and no way to add one"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Offer {
    /// The server has to start every message with an empty window (section 7.1.1.1).
    pub server_no_context_takeover: bool,
    /// The client means to do that with its own messages (section 7.1.1.2).
    pub client_no_context_takeover: bool,
    /// The largest window that the server may compress with (section 7.1.2.1).
    pub server_max_window_bits: Option<WindowBits>,
    /// The client can limit its own window (section 7.1.2.2).
    pub client_max_window_bits: Option<ClientWindow>,
}

impl Offer {
    /// Reads an element's parameters, each with its value if it has one, unquoted.
    ///
    /// # Errors
    ///
    /// When a parameter is unknown, repeated, or has a wrong value. The server has to decline the
    /// offer then, and not the handshake (RFC 7692 section 7).
    pub fn parse<'a>(
        params: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Result<Self, ParamError> {
        let mut offer = Self::default();
        for (name, value) in params {
            match name {
                SERVER_NO_CONTEXT_TAKEOVER => set_flag(
                    &mut offer.server_no_context_takeover,
                    SERVER_NO_CONTEXT_TAKEOVER,
                    value,
                ),
                CLIENT_NO_CONTEXT_TAKEOVER => set_flag(
                    &mut offer.client_no_context_takeover,
                    CLIENT_NO_CONTEXT_TAKEOVER,
                    value,
                ),
                SERVER_MAX_WINDOW_BITS => set(
                    &mut offer.server_max_window_bits,
                    SERVER_MAX_WINDOW_BITS,
                    value.and_then(WindowBits::parse),
                ),
                CLIENT_MAX_WINDOW_BITS => set(
                    &mut offer.client_max_window_bits,
                    CLIENT_MAX_WINDOW_BITS,
                    match value {
                        None => Some(ClientWindow::Any),
                        Some(value) => WindowBits::parse(value).map(ClientWindow::AtMost),
                    },
                ),
                _ => Err(ParamError::Unknown),
            }?;
        }
        Ok(offer)
    }

    /// The parameters to write, each with its value if it has one.
    pub fn params(&self) -> impl Iterator<Item = (&'static str, Option<WindowBits>)> + use<> {
        [
            self.client_max_window_bits
                .map(|window| (CLIENT_MAX_WINDOW_BITS, window.limit())),
            self.server_max_window_bits
                .map(|bits| (SERVER_MAX_WINDOW_BITS, Some(bits))),
            self.client_no_context_takeover
                .then_some((CLIENT_NO_CONTEXT_TAKEOVER, None)),
            self.server_no_context_takeover
                .then_some((SERVER_NO_CONTEXT_TAKEOVER, None)),
        ]
        .into_iter()
        .flatten()
    }
}

/// Sets a parameter that has no value.
fn set_flag(flag: &mut bool, name: &'static str, value: Option<&str>) -> Result<(), ParamError> {
    if value.is_some() {
        return Err(ParamError::Value(name));
    }
    if *flag {
        return Err(ParamError::Repeated(name));
    }
    *flag = true;
    Ok(())
}

/// Sets a parameter that has a value.
fn set<T>(slot: &mut Option<T>, name: &'static str, value: Option<T>) -> Result<(), ParamError> {
    let value = value.ok_or(ParamError::Value(name))?;
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(ParamError::Repeated(name)),
    }
}

const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
pub(crate) const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";
