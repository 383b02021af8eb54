//! What every adapter re-exports beside its own names: the types that its users meet and that are
//! the same on every runtime.

pub use tautline_handshake::{
    AcceptError, ClientError, ClientRequest, HandshakeLimits, HeadError, MissingOrigin,
    OriginPolicy, Refusal, RefusalReason, Request, RequestError, Response, Uri, UriError,
};

pub use crate::{
    CloseCode, CloseFrame, Closed, Config, ConnectError, ConnectionLost, Error, Fin, HandlerOutput,
    HandshakeError, Initiator, Keepalive, Lent, Limits, Message, MessageRef, Pending, Prepared,
    Received, Reply, Role, SendError, ServeError, Timeout, UpgradeError, Utf8Bytes, Violation,
};
