use std::error::Error;
use std::fmt::{self, Display, Formatter};

use bytes::Bytes;
use http::header::{HeaderName, SEC_WEBSOCKET_VERSION};

use crate::extension::ExtensionSyntaxError;
use crate::head_scanner::HeadFault;
use crate::header::elements;

/// Why there is no WebSocket. No frame may be sent; close the connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClientError {
    /// The server answered with another status than 101. This is its answer: where a redirect
    /// leads, which authentication it wants, what its error page says.
    ///
    /// A chunked body is decoded. It ends early where it exceeds
    /// [`max_body_size`](crate::HandshakeLimits::max_body_size) or where the connection broke.
    Refused(Box<http::Response<Bytes>>),
    /// The bytes break the syntax of HTTP/1.1.
    Malformed,
    /// A header line is continued on the next one.
    FoldedHeader,
    /// A 101 came in an HTTP/1.0 response, which cannot upgrade anything.
    HttpVersion,
    /// The head exceeds [`max_head_size`](crate::HandshakeLimits::max_head_size), or the status
    /// line [`max_start_line`](crate::HandshakeLimits::max_start_line).
    HeadTooLarge,
    /// There are more than [`max_headers`](crate::HandshakeLimits::max_headers) header lines.
    TooManyHeaders,
    /// One interim response followed another, without an end.
    TooManyInterim,
    /// `Upgrade` is not `websocket`.
    Upgrade,
    /// `Connection` does not contain `Upgrade`.
    Connection,
    /// `Sec-WebSocket-Accept` is missing or does not answer the key that was sent.
    Accept,
    /// A header that may occur once occurs more often.
    DuplicateHeader(HeaderName),
    /// The subprotocol is not one of those that were offered.
    Subprotocol,
    /// An extension is not one of those that were offered.
    Extension,
    /// The list of extensions breaks its grammar.
    ExtensionSyntax(ExtensionSyntaxError),
    /// The connection ended before the response did.
    Eof,
}

impl ClientError {
    /// The server's answer, if it refused.
    #[must_use]
    pub fn response(&self) -> Option<&http::Response<Bytes>> {
        match self {
            Self::Refused(response) => Some(response),
            _ => None,
        }
    }

    /// The versions of the protocol that a refusing server says it speaks (RFC 6455 section 4.4).
    ///
    /// Only 13 is spoken here, so a list that has it does not explain the refusal and one that
    /// lacks it cannot be helped.
    pub fn supported_versions(&self) -> impl Iterator<Item = u8> {
        self.response()
            .into_iter()
            .flat_map(|response| elements(response.headers(), &SEC_WEBSOCKET_VERSION))
            .filter_map(parse_version)
    }
}

impl From<HeadFault> for ClientError {
    fn from(fault: HeadFault) -> Self {
        match fault {
            HeadFault::Malformed | HeadFault::Version => Self::Malformed,
            HeadFault::Folded => Self::FoldedHeader,
            HeadFault::StartLineTooLong | HeadFault::TooLarge => Self::HeadTooLarge,
            HeadFault::TooManyHeaders => Self::TooManyHeaders,
        }
    }
}

impl From<ExtensionSyntaxError> for ClientError {
    fn from(error: ExtensionSyntaxError) -> Self {
        Self::ExtensionSyntax(error)
    }
}

impl Display for ClientError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused(response) => {
                return write!(f, "the server answered {}", response.status());
            }
            Self::Malformed => "malformed HTTP response",
            Self::FoldedHeader => "folded header line",
            Self::HttpVersion => "the server upgrades with HTTP/1.0",
            Self::HeadTooLarge => "response head too large",
            Self::TooManyHeaders => "too many headers",
            Self::TooManyInterim => "too many interim responses",
            Self::Upgrade => "the Upgrade header is not websocket",
            Self::Connection => "the Connection header lacks the upgrade option",
            Self::Accept => "the Sec-WebSocket-Accept header does not answer the key",
            Self::DuplicateHeader(name) => return write!(f, "more than one {name} header"),
            Self::Subprotocol => "the server chose a subprotocol that was not offered",
            Self::Extension => "the server chose an extension that was not offered",
            Self::ExtensionSyntax(_) => "invalid Sec-WebSocket-Extensions header",
            Self::Eof => "the connection ended during the handshake",
        })
    }
}

impl Error for ClientError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::ExtensionSyntax(error) => Some(error),
            _ => None,
        }
    }
}

/// Reads a number of 0 to 255 without leading zeros (RFC 6455 section 4.3).
fn parse_version(text: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(text).ok()?;
    let version: u8 = digits.parse().ok()?;
    (version.to_string() == digits).then_some(version)
}
