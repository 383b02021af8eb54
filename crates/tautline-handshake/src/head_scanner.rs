use crate::header::is_token_byte;
use crate::limits::HandshakeLimits;

/// Finds the end of a head without ever looking at a byte twice.
///
/// Only what has to be known while bytes trickle in is judged here: the limits, and whether this
/// can become HTTP/1.x at all, so that a peer which speaks something else is not waited for. The
/// complete head is then parsed once. A line ends in CRLF or in a lone LF, as RFC 9112 section 2.2
/// permits; a CR anywhere else is an error.
#[derive(Clone, Debug)]
pub(crate) struct HeadScanner {
    kind: StartLine,
    /// How many bytes were looked at, which is also where to go on.
    scanned: usize,
    /// Where the start line begins, behind any empty lines.
    start: usize,
    /// The bytes of the unfinished line, without a CR that may end it.
    line: usize,
    after_cr: bool,
    in_method: bool,
    /// The last eight bytes of the start line.
    tail: u64,
    /// Finished lines: the start line, then one for each header.
    lines: usize,
}

/// Which of the two heads is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartLine {
    Request,
    Status,
}

/// Why the bytes so far cannot become a head that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadFault {
    Malformed,
    Folded,
    Version,
    StartLineTooLong,
    TooLarge,
    TooManyHeaders,
}

impl HeadScanner {
    pub(crate) fn new(kind: StartLine) -> Self {
        Self {
            kind,
            scanned: 0,
            start: 0,
            line: 0,
            after_cr: false,
            in_method: kind == StartLine::Request,
            tail: 0,
            lines: 0,
        }
    }

    /// Goes on through `input`, which begins where it did in every call before, and returns the
    /// length of the head once it is complete.
    pub(crate) fn scan(
        &mut self,
        input: &[u8],
        limits: &HandshakeLimits,
    ) -> Result<Option<usize>, HeadFault> {
        while let Some(&byte) = input.get(self.scanned) {
            if self.scanned >= limits.max_head_size() {
                return Err(HeadFault::TooLarge);
            }
            self.scanned += 1;
            match byte {
                b'\n' if self.line > 0 => self.end_line(limits)?,
                b'\n' if self.lines > 0 => return Ok(Some(self.scanned)),
                b'\n' => self.skip_empty_line()?,
                _ if self.after_cr => return Err(HeadFault::Malformed),
                b'\r' => {}
                _ => self.continue_line(byte, limits)?,
            }
            self.after_cr = byte == b'\r';
            if self.lines > 0 && self.line > 0 && !self.after_cr {
                // Nothing in the middle of a header is looked at but its end.
                let room = limits.max_head_size() - self.scanned;
                let rest = &input[self.scanned..];
                let rest = &rest[..rest.len().min(room)];
                let is_end = |&byte: &u8| byte == b'\n' || byte == b'\r';
                let skipped = rest.iter().position(is_end).unwrap_or(rest.len());
                self.scanned += skipped;
                self.line += skipped;
            }
        }
        Ok(None)
    }

    /// Where in the head the start line begins.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// The number of header lines seen.
    pub(crate) fn headers(&self) -> usize {
        self.lines.saturating_sub(1)
    }

    fn continue_line(&mut self, byte: u8, limits: &HandshakeLimits) -> Result<(), HeadFault> {
        if self.lines == 0 {
            match self.kind {
                StartLine::Request if self.in_method => {
                    // The method ends at the first space and is not empty.
                    self.in_method = byte != b' ' || self.line == 0;
                    if self.in_method && !is_token_byte(byte) {
                        return Err(HeadFault::Malformed);
                    }
                }
                StartLine::Status if STATUS_LINE.get(self.line).is_some_and(|&b| b != byte) => {
                    return Err(HeadFault::Malformed);
                }
                StartLine::Request | StartLine::Status => {}
            }
            if self.line == limits.max_start_line() {
                return Err(HeadFault::StartLineTooLong);
            }
            self.tail = self.tail << 8 | u64::from(byte);
        } else if self.line == 0 && matches!(byte, b' ' | b'\t') {
            return Err(HeadFault::Folded);
        }
        self.line += 1;
        Ok(())
    }

    fn end_line(&mut self, limits: &HandshakeLimits) -> Result<(), HeadFault> {
        if self.lines == 0 && self.kind == StartLine::Request {
            // Whoever sends another version may be waiting for an answer to this one line.
            match &self.tail.to_be_bytes() {
                b"HTTP/1.0" | b"HTTP/1.1" => {}
                [b'H', b'T', b'T', b'P', b'/', b'1'..=b'9', b'.', b'0'..=b'9'] => {
                    return Err(HeadFault::Version);
                }
                _ => return Err(HeadFault::Malformed),
            }
        }
        self.line = 0;
        self.lines += 1;
        if self.headers() > limits.max_headers() {
            return Err(HeadFault::TooManyHeaders);
        }
        Ok(())
    }

    /// Empty lines before a request line are skipped (RFC 9112 section 2.2), before a status line
    /// they have no excuse.
    fn skip_empty_line(&mut self) -> Result<(), HeadFault> {
        if self.kind == StartLine::Status {
            return Err(HeadFault::Malformed);
        }
        self.start = self.scanned;
        Ok(())
    }
}

const STATUS_LINE: &[u8] = b"HTTP/1.";

#[cfg(test)]
mod tests {
    use super::*;

    /// R6455-4.2.1-14, H1: what was scanned may change behind the scanner's back and nothing does.
    #[test]
    fn a_scanned_byte_is_never_looked_at_again() {
        let head = b"\r\nGET /chat HTTP/1.1\r\nHost: h\r\nX-Long: abcdefghijkl\r\n\r\n";
        let limits = HandshakeLimits::new();
        for step in 1..head.len() {
            let mut scanner = HeadScanner::new(StartLine::Request);
            let mut seen = Vec::new();
            let mut end = None;
            for chunk in head.chunks(step) {
                seen.fill(b'\n');
                seen.extend_from_slice(chunk);
                assert_eq!(end, None);
                end = scanner.scan(&seen, &limits).unwrap();
                assert_eq!(scanner.scanned, seen.len());
            }
            assert_eq!(end, Some(head.len()));
            assert_eq!((scanner.start(), scanner.headers()), (2, 2));
        }
    }

    #[test]
    fn a_buffer_that_shrank_is_waited_for() {
        let limits = HandshakeLimits::new();
        let mut scanner = HeadScanner::new(StartLine::Request);
        assert_eq!(scanner.scan(b"GET / HT", &limits), Ok(None));
        assert_eq!(scanner.scan(b"GET", &limits), Ok(None));
        assert_eq!(scanner.scanned, 8);
    }
}
