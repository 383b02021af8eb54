use std::sync::Arc;

use bytes::Bytes;
use http::{StatusCode, header};
use tautline_connection::Role;
use tautline_handshake::{
    Accept, AcceptError, OriginPolicy, Progress, Refusal, Reject, Request, ServerHandshake,
};

use crate::{
    Config, Transport, UpgradeError, WebSocket, compression,
    handshake_io::{HandshakeIo, HandshakeIoError},
    link::Agreed,
};

/// A request that was read and not answered yet: the first of two steps of accepting a connection.
///
/// Look at the [request](Self::request), await whatever the decision needs, then
/// [accept](Self::accept) or [reject](Self::reject). Every answer but acceptance closes the
/// connection. A request that is plain HTTP can be [answered](Self::respond) as such, so that one
/// port serves pages and WebSockets.
#[derive(Debug)]
pub struct Upgrade<T>(Box<Pending<T>>);

// Boxed, and so are the futures of the handshake: the task of a connection lives for long, and would
// be as large as its largest moment.
#[derive(Debug)]
struct Pending<T> {
    io: HandshakeIo<T>,
    request: Request,
    config: Arc<Config>,
}

impl<T: Transport> Upgrade<T> {
    /// Reads a request, with the default [`Config`].
    ///
    /// # Errors
    ///
    /// [`UpgradeError::Head`] if what came is not an HTTP request; the client has been answered.
    /// [`UpgradeError::Eof`], [`UpgradeError::Timeout`] and [`UpgradeError::Io`].
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: the stream is dropped with the future.
    pub async fn read(stream: T::Stream) -> Result<Self, UpgradeError> {
        Self::read_with(stream, Config::shared_default()).await
    }

    /// Reads a request, with settings for the handshake and for the connection that may follow.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: the stream is dropped with the future.
    pub async fn read_with(
        stream: T::Stream,
        config: impl Into<Arc<Config>>,
    ) -> Result<Self, UpgradeError> {
        Box::pin(Pending::read(stream, config.into()))
            .await
            .map(|pending| Self(Box::new(pending)))
    }

    /// The request.
    #[must_use]
    pub const fn request(&self) -> &Request {
        &self.0.request
    }

    /// The stream underneath.
    #[must_use]
    pub fn stream(&self) -> &T::Stream {
        self.0.io.transport.stream()
    }

    /// Refuses requests from pages of other origins with status 403 (RFC 6455 section 10.2).
    ///
    /// # Errors
    ///
    /// [`UpgradeError::Refused`]; the client has been answered.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: the stream is dropped with the future.
    pub async fn check_origin(self, policy: &OriginPolicy) -> Result<Self, UpgradeError> {
        match policy.check(&self.0.request) {
            Ok(()) => Ok(self),
            Err(refusal) => Err(Box::pin(refuse(self.0.io, refusal)).await),
        }
    }

    /// Accepts: answers 101 if the request is a handshake as RFC 6455 section 4.2.1 demands it.
    ///
    /// # Errors
    ///
    /// [`UpgradeError::Refused`] if it is not; the client has been told with the status that fits.
    /// [`UpgradeError::Timeout`] and [`UpgradeError::Io`].
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: the stream is dropped with the future.
    pub async fn accept(self) -> Result<WebSocket<T>, UpgradeError> {
        self.accept_with(Ok).await
    }

    /// Accepts, with an answer that chooses a subprotocol or carries header fields.
    ///
    /// ```no_run
    /// # use tautline_driver::{Transport, Upgrade, UpgradeError, WebSocket};
    /// # async fn f<T: Transport>(upgrade: Upgrade<T>) -> Result<WebSocket<T>, UpgradeError> {
    /// upgrade.accept_with(|accept| accept.subprotocol("chat")?.header("x-served-by", "a")).await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept), and [`UpgradeError::Accept`] if the answer is not allowed; the
    /// client gets status 500 then.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: the stream is dropped with the future.
    pub async fn accept_with(
        self,
        answer: impl FnOnce(Accept) -> Result<Accept, AcceptError>,
    ) -> Result<WebSocket<T>, UpgradeError> {
        Box::pin(self.0.accept(answer)).await
    }

    /// Rejects with this status and without a body.
    ///
    /// # Errors
    ///
    /// [`UpgradeError::Timeout`] and [`UpgradeError::Io`].
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: the stream is dropped with the future.
    pub async fn reject(self, status: StatusCode) -> Result<(), UpgradeError> {
        self.reject_with(status, Ok).await
    }

    /// Rejects with an answer that carries header fields or a body.
    ///
    /// # Errors
    ///
    /// As [`reject`](Self::reject), and [`UpgradeError::Accept`] if a header is not allowed; the
    /// client gets status 500 then.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: the stream is dropped with the future.
    pub async fn reject_with(
        self,
        status: StatusCode,
        answer: impl FnOnce(Reject) -> Result<Reject, AcceptError>,
    ) -> Result<(), UpgradeError> {
        Box::pin(self.0.reject(status, answer)).await
    }

    /// Answers as plain HTTP (RFC 9110 section 7.8), and closes the connection.
    ///
    /// `Content-Length` and `Connection` are set by this method.
    ///
    /// # Errors
    ///
    /// As [`reject_with`](Self::reject_with).
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: the stream is dropped with the future.
    pub async fn respond(self, response: http::Response<Bytes>) -> Result<(), UpgradeError> {
        let (parts, body) = response.into_parts();
        self.reject_with(parts.status, |mut reject| {
            for (name, value) in &parts.headers {
                if name != header::CONTENT_LENGTH && name != header::CONNECTION {
                    reject = reject.header(name.clone(), value.clone())?;
                }
            }
            Ok(reject.body(body))
        })
        .await
    }
}

impl<T: Transport> Pending<T> {
    async fn read(stream: T::Stream, config: Arc<Config>) -> Result<Self, UpgradeError> {
        let mut io = HandshakeIo::new(T::from_stream(stream), config.handshake_timeout);
        let mut handshake = ServerHandshake::with_limits(config.handshake_limits);
        loop {
            if io.read().await? == 0 {
                return Err(UpgradeError::Eof);
            }
            match handshake.recv(&mut io.input) {
                Ok(Progress::More(more)) => handshake = more,
                Ok(Progress::Done(request)) => {
                    return Ok(Self {
                        io,
                        request,
                        config,
                    });
                }
                Err(error) => {
                    io.write_and_close(error.response()).await?;
                    return Err(UpgradeError::Head(error));
                }
            }
        }
    }

    async fn accept(
        self,
        answer: impl FnOnce(Accept) -> Result<Accept, AcceptError>,
    ) -> Result<WebSocket<T>, UpgradeError> {
        let Self {
            mut io,
            request,
            config,
        } = self;
        let failure = request.reject(StatusCode::INTERNAL_SERVER_ERROR);
        let accept = match request.accept() {
            Ok(accept) => accept,
            Err(refusal) => return Err(refuse(io, refusal).await),
        };
        let answered = answer(accept).and_then(|accept| compression::answer(&config, accept));
        let (accept, deflate) = match answered {
            Ok(answered) => answered,
            Err(error) => {
                io.write_and_close(failure.encode()).await?;
                return Err(UpgradeError::Accept(error));
            }
        };
        let agreed = accept.chosen_subprotocol().map(|name| Agreed {
            subprotocol: Some(name.to_owned()),
            response: None,
        });
        io.write(accept.encode().0).await?;
        let HandshakeIo {
            transport, input, ..
        } = io;
        let mut ws = WebSocket::open(transport, Role::Server, input, config, agreed);
        if let Some(deflate) = deflate {
            deflate.apply(&mut ws);
        }
        Ok(ws)
    }

    async fn reject(
        self,
        status: StatusCode,
        answer: impl FnOnce(Reject) -> Result<Reject, AcceptError>,
    ) -> Result<(), UpgradeError> {
        match answer(self.request.reject(status)) {
            Ok(reject) => Ok(self.io.write_and_close(reject.encode()).await?),
            Err(error) => {
                let reject = self.request.reject(StatusCode::INTERNAL_SERVER_ERROR);
                self.io.write_and_close(reject.encode()).await?;
                Err(UpgradeError::Accept(error))
            }
        }
    }
}

/// Sends a refusal and returns it as an error.
async fn refuse<T: Transport>(io: HandshakeIo<T>, refusal: Refusal) -> UpgradeError {
    match io.write_and_close(refusal.response()).await {
        Ok(()) => UpgradeError::Refused(refusal),
        Err(error) => error.into(),
    }
}

impl From<HandshakeIoError> for UpgradeError {
    fn from(error: HandshakeIoError) -> Self {
        match error {
            HandshakeIoError::Io(error) => Self::Io(error),
            HandshakeIoError::Timeout => Self::Timeout,
        }
    }
}
