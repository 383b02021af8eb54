use alloc::vec::Vec;

use crate::agreed::Agreed;
use crate::answer::Answer;
use crate::answer_error::AnswerError;
use crate::client_window::ClientWindow;
use crate::context::Context;
use crate::offer::Offer;
use crate::param_error::ParamError;
use crate::settings::Settings;
use crate::window::Window;
use crate::window_bits::WindowBits;

/// Negotiation, on a client by [`offers`](Self::offers) and [`agree`](Self::agree), on a server
/// by [`answer`](Self::answer).
impl Settings {
    /// What a client offers, in the order of its preference.
    ///
    /// It is one offer, and when that limits the server's window a second one for servers that
    /// cannot: no window outlasts a message there.
    #[must_use]
    pub fn offers(&self) -> Vec<Offer> {
        let preferred = Offer {
            server_no_context_takeover: !self.peer_context_takeover(),
            client_no_context_takeover: !self.context_takeover(),
            server_max_window_bits: limit(self.peer_window()),
            // Offered always, for servers that want to save memory.
            client_max_window_bits: Some(
                limit(self.window()).map_or(ClientWindow::Any, ClientWindow::AtMost),
            ),
        };
        let mut offers = Vec::with_capacity(2);
        offers.push(preferred);
        if preferred.server_max_window_bits.is_some() {
            offers.push(Offer {
                server_no_context_takeover: true,
                server_max_window_bits: None,
                ..preferred
            });
        }
        offers
    }

    /// Takes a server's answer to `offers`, which is all that this client has sent.
    ///
    /// An answer does not say which offer it accepts, so it is one that fits any of them. What is
    /// asked of the server is what the offers say, should they be others than those of
    /// [`offers`](Self::offers).
    ///
    /// # Errors
    ///
    /// When it fits none, with the reason why it does not fit the last. The client has to fail
    /// the connection (RFC 7692 sections 5.1 and 7).
    pub fn agree(&self, offers: &[Offer], answer: &Answer) -> Result<Agreed, AnswerError> {
        let mut fits = Err(AnswerError::NotOffered);
        for offer in offers {
            fits = check(offer, answer);
            if fits.is_ok() {
                break;
            }
        }
        fits?;
        // The answer and not a hint in the offer is what binds the client, and one above the hint
        // is no fault (RFC 7692 sections 7.1.2.2 and 7.2.1): the smaller limit holds.
        let window = match answer.client_max_window_bits {
            None => Some(self.window()),
            Some(bits) => Window::from_bits(bits).map(|window| window.min(self.window())),
        };
        Ok(Agreed {
            compress: window.map(|window| Context {
                window,
                takeover: self.context_takeover() && !answer.client_no_context_takeover,
            }),
            decompress: Context::of_peer(
                answer.server_max_window_bits,
                !answer.server_no_context_takeover,
            ),
        })
    }

    /// Answers what a client offers: the first of its offers that is valid and can be kept to.
    ///
    /// `None` declines all of them, and the connection goes on without the extension (RFC 7692
    /// section 5).
    pub fn answer(
        &self,
        offers: impl IntoIterator<Item = Result<Offer, ParamError>>,
    ) -> Option<(Answer, Agreed)> {
        offers
            .into_iter()
            .filter_map(Result::ok)
            .find_map(|offer| self.accept(&offer))
    }

    fn accept(&self, offer: &Offer) -> Option<(Answer, Agreed)> {
        let window = match offer.server_max_window_bits {
            None => self.window(),
            // There is no compressor for 8 bits, and 9 would not be what the client asked for.
            Some(bits) => Window::from_bits(bits)?.min(self.window()),
        };
        let answer = Answer {
            server_no_context_takeover: offer.server_no_context_takeover
                || !self.context_takeover(),
            client_no_context_takeover: offer.client_no_context_takeover
                || !self.peer_context_takeover()
                // A client that cannot be told to limit its window can be told to give up its
                // context, so that a window of 32 KiB does not outlast a message.
                || (offer.client_max_window_bits.is_none() && self.peer_window() < Window::KiB32),
            // Once asked for it has to be answered (RFC 7692 section 7.1.2.1).
            server_max_window_bits: match offer.server_max_window_bits {
                None => limit(window),
                Some(_) => Some(window.bits()),
            },
            // Only for a client that has offered it, and never above its hint: some clients take
            // that for an error.
            client_max_window_bits: match offer.client_max_window_bits {
                None => None,
                Some(ClientWindow::Any) => limit(self.peer_window()),
                Some(ClientWindow::AtMost(hint)) => Some(hint.min(self.peer_window().bits())),
            },
        };
        let agreed = Agreed {
            compress: Some(Context {
                window,
                takeover: !answer.server_no_context_takeover,
            }),
            decompress: Context::of_peer(
                answer.client_max_window_bits,
                !answer.client_no_context_takeover,
            ),
        };
        Some((answer, agreed))
    }
}

/// Whether an answer does what an offer asks for (RFC 7692 section 7.1).
fn check(offer: &Offer, answer: &Answer) -> Result<(), AnswerError> {
    if offer.server_no_context_takeover && !answer.server_no_context_takeover {
        return Err(AnswerError::ServerContext);
    }
    if let Some(asked) = offer.server_max_window_bits
        && answer
            .server_max_window_bits
            .is_none_or(|bits| bits > asked)
    {
        return Err(AnswerError::ServerWindow);
    }
    if offer.client_max_window_bits.is_none() && answer.client_max_window_bits.is_some() {
        return Err(AnswerError::ClientWindow);
    }
    Ok(())
}

/// The parameter that limits a window, which is not needed for the largest one.
fn limit(window: Window) -> Option<WindowBits> {
    (window < Window::KiB32).then(|| window.bits())
}
