use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// A client that blocks its thread, and does nothing of its own accord.
pub(crate) struct Client(TcpStream);

impl Client {
    /// Connects, and sends nothing yet.
    pub(crate) fn connect(server: SocketAddr) -> io::Result<Self> {
        let tcp = TcpStream::connect(server)?;
        tcp.set_nodelay(true)?;
        Ok(Self(tcp))
    }

    /// The opening handshake; `offer` is what comes behind `Sec-WebSocket-Extensions:`, if anything.
    pub(crate) fn open(&mut self, offer: Option<&str>) -> io::Result<()> {
        let mut request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            .to_owned();
        if let Some(offer) = offer {
            request.push_str(&format!("Sec-WebSocket-Extensions: {offer}\r\n"));
        }
        request.push_str("\r\n");
        self.send(request.as_bytes())?;
        let mut response = Vec::new();
        while !response.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte)?;
            response.push(byte[0]);
        }
        assert!(response.starts_with(b"HTTP/1.1 101 "));
        Ok(())
    }

    /// Writes frames, all at once.
    pub(crate) fn send(&mut self, frames: &[u8]) -> io::Result<()> {
        self.0.write_all(frames)
    }

    /// Reads a frame, and returns its payload.
    pub(crate) fn receive(&mut self) -> io::Result<Vec<u8>> {
        let [_, len] = self.read()?;
        let len = match len {
            127 => u64::from_be_bytes(self.read()?) as usize,
            126 => usize::from(u16::from_be_bytes(self.read()?)),
            len => usize::from(len),
        };
        let mut payload = vec![0; len];
        self.0.read_exact(&mut payload)?;
        Ok(payload)
    }

    fn read<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

/// For how long a client that is connected sends nothing. Meanwhile the server accepts it and waits
/// for its request: whether a request is there already when it is looked for makes a difference to
/// both its system calls and its memory.
pub(crate) const SETTLE: Duration = Duration::from_millis(50);

/// A frame with a binary message, masked with a key that changes nothing.
pub(crate) fn binary(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x82];
    match payload.len() {
        len @ ..126 => frame.push(0x80 | len as u8),
        len @ 65_536.. => {
            frame.push(0x80 | 127);
            frame.extend((len as u64).to_be_bytes());
        }
        len => {
            frame.push(0x80 | 126);
            frame.extend((len as u16).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
