use std::sync::Arc;

use tautline_connection::Role;
use tautline_handshake::{ClientError, ClientHandshake, ClientRequest, Progress};

use crate::{
    Config, HandshakeError, Transport, WebSocket,
    compression::Offered,
    handshake_io::{HandshakeIo, HandshakeIoError},
    keys,
    link::Agreed,
};

impl<T: Transport> WebSocket<T> {
    /// Does the client's side of the opening handshake over a stream that is connected.
    ///
    /// Everything that RFC 6455 section 4.1 demands of the response is checked. The connection to
    /// the host and, for `wss://`, TLS are the caller's; so is the rule of section 4.1 that a
    /// client opens one connection at a time to an address ([`ConnectGate`](crate::ConnectGate)).
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Response`] if the server refuses, with its whole response, or answers
    /// wrongly; [`HandshakeError::Timeout`] and [`HandshakeError::Io`].
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: the stream is dropped with the future.
    pub async fn connect_on(
        stream: T::Stream,
        request: &ClientRequest,
        config: impl Into<Arc<Config>>,
    ) -> Result<Self, HandshakeError> {
        // Boxed: the task of a connection lives for long, and would be as large as its largest moment.
        Box::pin(Self::handshake(stream, request, config.into())).await
    }

    async fn handshake(
        stream: T::Stream,
        request: &ClientRequest,
        config: Arc<Config>,
    ) -> Result<Self, HandshakeError> {
        let mut io = HandshakeIo::new(T::from_stream(stream), config.handshake_timeout);
        let offered = Offered::new(&config);
        let (handshake, head) = ClientHandshake::new(&offered.add(request), keys::nonce());
        io.write(head).await?;
        let mut handshake = handshake.with_limits(config.handshake_limits);
        let response = loop {
            let read = io.read().await;
            if !matches!(read, Ok(1..)) {
                // A refusal counts even if its body ends with a broken connection or never.
                let error = handshake.recv_eof(&mut io.input);
                return Err(match (read, error) {
                    (Err(cause), ClientError::Eof) => cause.into(),
                    (_, error) => HandshakeError::Response(error),
                });
            }
            match handshake
                .recv(&mut io.input)
                .map_err(HandshakeError::Response)?
            {
                Progress::More(more) => handshake = more,
                Progress::Done(response) => break response,
            }
        };
        let deflate = offered.agree(&config, &response)?;
        let agreed = Agreed {
            subprotocol: response.subprotocol().map(str::to_owned),
            response: Some(response),
        };
        let mut ws = Self::open(io.transport, Role::Client, io.input, config, Some(agreed));
        if let Some(deflate) = deflate {
            deflate.apply(&mut ws);
        }
        Ok(ws)
    }
}

impl From<HandshakeIoError> for HandshakeError {
    fn from(error: HandshakeIoError) -> Self {
        match error {
            HandshakeIoError::Io(error) => Self::Io(error),
            HandshakeIoError::Timeout => Self::Timeout,
        }
    }
}
