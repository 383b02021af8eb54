//! Agreeing on permessage-deflate (RFC 7692 section 5) in the opening handshake.

use std::borrow::Cow;

use http::HeaderValue;
use tautline_deflate::{Agreed, Answer, NAME, Offer, WindowBits};
use tautline_handshake::{Accept, AcceptError, ClientRequest, Extension, Response};

use crate::{Config, HandshakeError, Transport, WebSocket};

pub(crate) use tautline_deflate::Settings;

/// What a client offers, the most wanted first.
pub(crate) struct Offered(Vec<Offer>);

impl Offered {
    pub(crate) fn new(config: &Config) -> Self {
        Self(
            config
                .deflate
                .as_ref()
                .map_or_else(Vec::new, Settings::offers),
        )
    }

    /// The request with the offers in it.
    pub(crate) fn add<'a>(&self, request: &'a ClientRequest) -> Cow<'a, ClientRequest> {
        if self.0.is_empty() {
            return Cow::Borrowed(request);
        }
        let offers: Vec<_> = self.0.iter().map(|offer| element(offer.params())).collect();
        let request = request.clone().extensions(value(&offers.join(", ")));
        Cow::Owned(request.expect("a list of offers is in the grammar of the field"))
    }

    /// What the server has made of them.
    pub(crate) fn agree(
        &self,
        config: &Config,
        response: &Response,
    ) -> Result<Option<Negotiated>, HandshakeError> {
        let Some(settings) = config.deflate else {
            return Ok(None);
        };
        let mut elements = response
            .extensions()
            .iter()
            .filter(|element| element.name() == NAME);
        let Some(chosen) = elements.next() else {
            return Ok(None);
        };
        // RFC 7692 section 5: an answer that accepts more than one offer is none.
        if elements.next().is_some() {
            return Err(HandshakeError::Extension(
                "permessage-deflate was accepted twice".into(),
            ));
        }
        let answer = Answer::parse(chosen.params())
            .map_err(|error| HandshakeError::Extension(error.into()))?;
        let agreed = settings
            .agree(&self.0, &answer)
            .map_err(|error| HandshakeError::Extension(error.into()))?;
        Ok(Some(Negotiated { settings, agreed }))
    }
}

/// Accepts the first offer of the client that suits the server, or none.
pub(crate) fn answer(
    config: &Config,
    accept: Accept,
) -> Result<(Accept, Option<Negotiated>), AcceptError> {
    let Some(settings) = config.deflate else {
        return Ok((accept, None));
    };
    let extensions = accept.request().extensions().iter();
    let offers = extensions
        .filter(|element| element.name() == NAME)
        .map(|element| Offer::parse(element.params()));
    let Some((answer, agreed)) = settings.answer(offers) else {
        return Ok((accept, None));
    };
    let accept = accept.extensions(value(&element(answer.params())))?;
    Ok((accept, Some(Negotiated { settings, agreed })))
}

/// What both ends have agreed on.
pub(crate) struct Negotiated {
    settings: Settings,
    agreed: Agreed,
}

impl Negotiated {
    pub(crate) fn apply<T: Transport>(&self, ws: &mut WebSocket<T>) {
        ws.set_deflate(&self.agreed, &self.settings);
    }
}

/// An element of `Sec-WebSocket-Extensions`.
fn element(params: impl Iterator<Item = (&'static str, Option<WindowBits>)>) -> String {
    let element = Extension::new(NAME).and_then(|element| {
        params
            .into_iter()
            .try_fold(element, |element, (name, bits)| {
                let bits = bits.as_ref().map(ToString::to_string);
                element.param(name, bits.as_deref())
            })
    });
    element
        .expect("the names of the extension and its parameters are tokens")
        .to_string()
}

fn value(list: &str) -> HeaderValue {
    HeaderValue::from_str(list).expect("tokens and separators are ASCII")
}
