use bytes::{BufMut, BytesMut};
use http::StatusCode;
use http::header::{HeaderMap, HeaderValue};

/// Writes the head of an HTTP/1.1 message, one physical line for each header.
pub(crate) struct HeadWriter {
    output: BytesMut,
}

impl HeadWriter {
    pub(crate) fn request(resource_name: &str) -> Self {
        let mut output = BytesMut::with_capacity(USUAL_SIZE + resource_name.len());
        output.put_slice(b"GET ");
        output.put_slice(resource_name.as_bytes());
        output.put_slice(b" HTTP/1.1\r\n");
        Self { output }
    }

    pub(crate) fn status(status: StatusCode) -> Self {
        let mut output = BytesMut::with_capacity(USUAL_SIZE);
        output.put_slice(b"HTTP/1.1 ");
        output.put_slice(status.as_str().as_bytes());
        // The space stays even where there is no reason to follow (RFC 9112 section 4).
        output.put_u8(b' ');
        output.put_slice(status.canonical_reason().unwrap_or_default().as_bytes());
        output.put_slice(b"\r\n");
        Self { output }
    }

    /// The answer to a handshake, up to what differs: RFC 6455 section 4.2.2.
    pub(crate) fn switching_protocols(accept: &HeaderValue) -> Self {
        let mut output = BytesMut::with_capacity(USUAL_SIZE);
        output.put_slice(
            b"HTTP/1.1 101 Switching Protocols\r\n\
              Upgrade: websocket\r\n\
              Connection: Upgrade\r\n\
              Sec-WebSocket-Accept: ",
        );
        output.put_slice(accept.as_bytes());
        output.put_slice(b"\r\n");
        Self { output }
    }

    pub(crate) fn header(mut self, name: &str, value: &[u8]) -> Self {
        self.put_name(name);
        self.output.put_slice(b": ");
        self.output.put_slice(value);
        self.output.put_slice(b"\r\n");
        self
    }

    pub(crate) fn headers(self, headers: &HeaderMap) -> Self {
        headers.iter().fold(self, |head, (name, value)| {
            head.header(name.as_str(), value.as_bytes())
        })
    }

    pub(crate) fn finish(mut self) -> BytesMut {
        self.output.put_slice(b"\r\n");
        self.output
    }

    /// Header names are in lower case in `http`. Peers that compare case break the rules, and
    /// exist, so the usual spelling goes out.
    fn put_name(&mut self, name: &str) {
        for (at, word) in name.split('-').enumerate() {
            if at > 0 {
                self.output.put_u8(b'-');
            }
            match word {
                "websocket" => self.output.put_slice(b"WebSocket"),
                "www" => self.output.put_slice(b"WWW"),
                _ => {
                    let begin = self.output.len();
                    self.output.put_slice(word.as_bytes());
                    if let Some(first) = self.output.get_mut(begin) {
                        first.make_ascii_uppercase();
                    }
                }
            }
        }
    }
}

const USUAL_SIZE: usize = 256;
