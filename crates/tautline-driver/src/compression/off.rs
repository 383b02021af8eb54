//! What there is of compression without the feature `deflate`: no offer, and no answer to one.

use std::{borrow::Cow, convert::Infallible};

use tautline_handshake::{Accept, AcceptError, ClientRequest, Response};

use crate::{Config, HandshakeError, Transport, WebSocket};

pub(crate) type Settings = Infallible;

pub(crate) struct Offered;

impl Offered {
    pub(crate) const fn new(config: &Config) -> Self {
        match config.deflate {
            None => Self,
            Some(never) => match never {},
        }
    }

    pub(crate) const fn add<'a>(&self, request: &'a ClientRequest) -> Cow<'a, ClientRequest> {
        Cow::Borrowed(request)
    }

    pub(crate) const fn agree(
        &self,
        _config: &Config,
        _response: &Response,
    ) -> Result<Option<Negotiated>, HandshakeError> {
        Ok(None)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "with the feature it can fail")]
pub(crate) const fn answer(
    _config: &Config,
    accept: Accept,
) -> Result<(Accept, Option<Negotiated>), AcceptError> {
    Ok((accept, None))
}

pub(crate) enum Negotiated {}

impl Negotiated {
    pub(crate) const fn apply<T: Transport>(&self, _ws: &mut WebSocket<T>) {
        match *self {}
    }
}
