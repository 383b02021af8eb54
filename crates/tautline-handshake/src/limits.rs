/// How much of a handshake is read before it is given up.
///
/// A head is buffered by the caller until it is complete, so these limits are what bounds the
/// memory that a peer can claim before it has said anything useful (RFC 6455 section 10.4).
/// Time is not known here: bound it where the socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandshakeLimits {
    max_head_size: usize,
    max_start_line: usize,
    max_headers: usize,
    max_body_size: usize,
}

impl HandshakeLimits {
    /// The defaults, as listed at each setter.
    #[must_use]
    pub fn new() -> Self {
        Self {
            max_head_size: MAX_HEAD_SIZE,
            max_start_line: MAX_START_LINE,
            max_headers: MAX_HEADERS,
            max_body_size: MAX_BODY_SIZE,
        }
    }

    /// Sets the number of bytes in a head, its closing empty line included; 16 KiB by default.
    #[must_use]
    pub fn with_max_head_size(mut self, bytes: usize) -> Self {
        self.max_head_size = bytes;
        self
    }

    /// Sets the number of bytes in the request line or status line; 8 KiB by default, the least
    /// that RFC 9112 section 3 recommends a server to support.
    #[must_use]
    pub fn with_max_start_line(mut self, bytes: usize) -> Self {
        self.max_start_line = bytes;
        self
    }

    /// Sets the number of header lines, repeated names counted each time; 100 by default.
    #[must_use]
    pub fn with_max_headers(mut self, lines: usize) -> Self {
        self.max_headers = lines;
        self
    }

    /// Sets how much of a refusal's body a client keeps; 64 KiB by default. The rest is dropped.
    #[must_use]
    pub fn with_max_body_size(mut self, bytes: usize) -> Self {
        self.max_body_size = bytes;
        self
    }

    /// The number of bytes a head may have.
    #[must_use]
    pub fn max_head_size(&self) -> usize {
        self.max_head_size
    }

    /// The number of bytes a request line or status line may have.
    #[must_use]
    pub fn max_start_line(&self) -> usize {
        self.max_start_line
    }

    /// The number of header lines a head may have.
    #[must_use]
    pub fn max_headers(&self) -> usize {
        self.max_headers
    }

    /// The number of bytes of a refusal's body that a client keeps.
    #[must_use]
    pub fn max_body_size(&self) -> usize {
        self.max_body_size
    }
}

impl Default for HandshakeLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// Cookies are what makes heads large; browsers keep all of a site's below this in practice.
const MAX_HEAD_SIZE: usize = 16 * 1024;
const MAX_START_LINE: usize = 8 * 1024;
const MAX_HEADERS: usize = 100;
/// Enough for an error page, too little to be worth an attack.
const MAX_BODY_SIZE: usize = 64 * 1024;
