use core::error::Error;
use core::fmt::{self, Display, Formatter};

/// Why an answer does not fit what the client has offered.
///
/// The client has to fail the connection (RFC 7692 section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AnswerError {
    /// Nothing was offered.
    NotOffered,
    /// The server does not agree to start its messages with an empty window.
    ServerContext,
    /// The server does not agree to keep its window within the limit.
    ServerWindow,
    /// The server limits the client's window, which the client did not offer to do.
    ClientWindow,
}

impl Display for AnswerError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOffered => "permessage-deflate accepted but not offered",
            Self::ServerContext => "offered server_no_context_takeover is missing in the answer",
            Self::ServerWindow => "server_max_window_bits missing or larger than offered",
            Self::ClientWindow => "client_max_window_bits accepted but not offered",
        })
    }
}

impl Error for AnswerError {}
