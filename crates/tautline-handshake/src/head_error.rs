use std::error::Error;
use std::fmt::{self, Display, Formatter};

use bytes::Bytes;
use http::StatusCode;

use crate::head_scanner::HeadFault;
use crate::reject::Reject;

/// Why what arrived is not a request that can be understood, or is more than is read.
///
/// There is nothing to negotiate then: send [`response`](Self::response) and close the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadError {
    /// The bytes break the syntax of HTTP/1.1.
    Malformed,
    /// A header line is continued on the next one, or whitespace precedes the first.
    FoldedHeader,
    /// The request target is neither a path nor an absolute `http` or `https` URI.
    Target,
    /// The `Host` header is missing, repeated or no host and port.
    Host,
    /// The request line exceeds [`max_start_line`](crate::HandshakeLimits::max_start_line).
    RequestLineTooLong,
    /// The head exceeds [`max_head_size`](crate::HandshakeLimits::max_head_size).
    HeadTooLarge,
    /// There are more than [`max_headers`](crate::HandshakeLimits::max_headers) header lines.
    TooManyHeaders,
    /// The version of HTTP is neither 1.1 nor 1.0, as with a client that begins with HTTP/2.
    HttpVersion,
}

impl HeadError {
    /// The status that tells the client.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Malformed | Self::FoldedHeader | Self::Target | Self::Host => {
                StatusCode::BAD_REQUEST
            }
            Self::RequestLineTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadTooLarge | Self::TooManyHeaders => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
            Self::HttpVersion => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
        }
    }

    /// A complete response, after which the connection is to be closed.
    #[must_use]
    pub fn response(&self) -> Bytes {
        Reject::new(self.status())
            .body(format!("{self}\n"))
            .encode()
    }
}

impl From<HeadFault> for HeadError {
    fn from(fault: HeadFault) -> Self {
        match fault {
            HeadFault::Malformed => Self::Malformed,
            HeadFault::Folded => Self::FoldedHeader,
            HeadFault::Version => Self::HttpVersion,
            HeadFault::StartLineTooLong => Self::RequestLineTooLong,
            HeadFault::TooLarge => Self::HeadTooLarge,
            HeadFault::TooManyHeaders => Self::TooManyHeaders,
        }
    }
}

impl Display for HeadError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "malformed HTTP request",
            Self::FoldedHeader => "folded header line",
            Self::Target => "invalid request target",
            Self::Host => "missing, repeated or invalid Host header",
            Self::RequestLineTooLong => "request line too long",
            Self::HeadTooLarge => "request head too large",
            Self::TooManyHeaders => "too many headers",
            Self::HttpVersion => "unsupported version of HTTP",
        })
    }
}

impl Error for HeadError {}
