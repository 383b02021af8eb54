//! One end of a connection that keeps to no rules: a socket, and a reader of what comes back.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::hostile::ending::Ending;
use crate::hostile::received::{Asked, Frame, Incoming};
use crate::hostile::wire;

/// A hostile end of a connection.
pub(super) struct Peer {
    stream: TcpStream,
    /// What has come; it was looked at up to `seen`.
    unread: Vec<u8>,
    seen: usize,
    /// For how long nothing may come before that is taken for all.
    patience: Duration,
    /// When everything has to be over.
    deadline: Instant,
}

/// What was written of a flood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flood {
    Written,
    /// The other end did not read any more.
    HeldBack,
    /// The other end had enough.
    Broken,
}

impl Peer {
    pub(super) fn connect(
        address: SocketAddr,
        patience: Duration,
        deadline: Instant,
    ) -> io::Result<Self> {
        Self::new(
            TcpStream::connect_timeout(&address, patience)?,
            patience,
            deadline,
        )
    }

    pub(super) fn new(
        stream: TcpStream,
        patience: Duration,
        deadline: Instant,
    ) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(HELD_BACK))?;
        Ok(Self {
            stream,
            unread: Vec::new(),
            seen: 0,
            patience,
            deadline,
        })
    }

    /// Waits longer, or shorter, for something to come.
    pub(super) fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Ends the own direction and keeps on reading.
    pub(super) fn finish(&self) {
        // Somebody who has left needs no farewell.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Resets the connection.
    pub(super) fn reset(self) -> io::Result<()> {
        socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO))
    }

    /// Sends bytes. What becomes of them the other end's answer tells, so errors are not.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Flood {
        match self.stream.write_all(bytes) {
            Ok(()) => Flood::Written,
            Err(error) if is_timeout(&error) => Flood::HeldBack,
            Err(_) => Flood::Broken,
        }
    }

    /// Sends bytes one by one, each in a segment of its own.
    pub(super) fn dribble(&mut self, bytes: &[u8]) -> Flood {
        self.flood(bytes.chunks(1))
    }

    /// Sends pieces until one is not taken; nothing is read meanwhile.
    pub(super) fn flood<P: AsRef<[u8]>>(&mut self, pieces: impl IntoIterator<Item = P>) -> Flood {
        for piece in pieces {
            if Instant::now() > self.deadline {
                return Flood::HeldBack;
            }
            match self.send(piece.as_ref()) {
                Flood::Written => {}
                other => return other,
            }
        }
        Flood::Written
    }

    /// Sends pieces in another thread while `until` looks at every frame that comes; it returns an
    /// ending when it has seen enough.
    pub(super) fn flood_and_read<P: AsRef<[u8]>>(
        &mut self,
        pieces: impl Iterator<Item = P> + Send,
        mut until: impl FnMut(&Frame) -> Option<Ending>,
    ) -> anyhow::Result<Ending> {
        self.with_flood(pieces, |peer| {
            loop {
                return Ok(match peer.next()? {
                    Incoming::Frame(frame) => match until(&frame) {
                        Some(ending) => ending,
                        None if frame.is_close() => Ending::Close(frame.close_code()),
                        None => continue,
                    },
                    Incoming::Ended => Ending::Ended,
                    Incoming::Reset => Ending::Reset,
                    Incoming::Silence => Ending::Open,
                });
            }
        })
    }

    /// Reads while pieces are sent in another thread, which stops when the reading is done.
    fn with_flood<P: AsRef<[u8]>>(
        &mut self,
        pieces: impl Iterator<Item = P> + Send,
        read: impl FnOnce(&mut Self) -> anyhow::Result<Ending>,
    ) -> anyhow::Result<Ending> {
        let mut writer = Self::new(self.stream.try_clone()?, self.patience, self.deadline)?;
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                for piece in pieces {
                    // Behind a piece that was cut everything would be nonsense.
                    let written = writer.send(piece.as_ref()) == Flood::Written;
                    if !written || over.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
            let ending = read(self);
            over.store(true, Ordering::Relaxed);
            ending
        })
    }

    /// The next frame, or what comes in its place.
    ///
    /// # Errors
    ///
    /// When what comes is no frame that anybody may send.
    pub(super) fn next(&mut self) -> anyhow::Result<Incoming> {
        loop {
            if let Some(frame) = self.take_frame()? {
                return Ok(Incoming::Frame(frame));
            }
            if let Some(end) = self.read_more() {
                return Ok(end);
            }
        }
    }

    /// How it ends: the Close frame, or what comes in its place. An answer to a message is
    /// [`Ending::Served`]; Pings and Pongs are passed over.
    pub(super) fn ending(&mut self) -> anyhow::Result<Ending> {
        loop {
            return Ok(match self.next()? {
                Incoming::Frame(frame) if frame.is_close() => Ending::Close(frame.close_code()),
                Incoming::Frame(frame) if frame.is_data() => Ending::Served,
                Incoming::Frame(_) => continue,
                Incoming::Ended => Ending::Ended,
                Incoming::Reset => Ending::Reset,
                Incoming::Silence => Ending::Open,
            });
        }
    }

    /// How a message comes back: as it was, compressed, or not.
    pub(super) fn echo(&mut self, message: &[u8]) -> anyhow::Result<Ending> {
        let mut received = Vec::new();
        let mut compressed = false;
        loop {
            return Ok(match self.next()? {
                Incoming::Frame(frame) if frame.is_close() => Ending::Close(frame.close_code()),
                Incoming::Frame(frame) if frame.is_data() => {
                    compressed |= frame.first & wire::RSV1 != 0;
                    received.extend(&frame.payload);
                    if !frame.is_last() {
                        continue;
                    }
                    let plain = match compressed {
                        true => wire::inflated(&received).unwrap_or_default(),
                        false => received,
                    };
                    if plain == message {
                        Ending::Served
                    } else {
                        Ending::Wrong
                    }
                }
                Incoming::Frame(_) => continue,
                Incoming::Ended => Ending::Ended,
                Incoming::Reset => Ending::Reset,
                Incoming::Silence => Ending::Open,
            });
        }
    }

    /// Reads to the end of the stream, whatever comes.
    pub(super) fn end_of_stream(&mut self) -> Ending {
        loop {
            self.seen = self.unread.len();
            match self.read_more() {
                None => {}
                Some(Incoming::Ended) => return Ending::Ended,
                Some(Incoming::Reset) => return Ending::Reset,
                Some(_) => return Ending::Open,
            }
        }
    }

    /// The head that comes, a request's or a response's, without the empty line; or what comes in
    /// its place.
    pub(super) fn head(&mut self) -> Result<String, Ending> {
        loop {
            let unread = &self.unread[self.seen..];
            if let Some(end) = unread.windows(4).position(|w| w == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&unread[..end]).into_owned();
                self.seen += end + 4;
                return Ok(head);
            }
            match self.read_more() {
                None => {}
                Some(Incoming::Ended) => return Err(Ending::Ended),
                Some(Incoming::Reset) => return Err(Ending::Reset),
                Some(_) => return Err(Ending::Open),
            }
        }
    }

    /// The status of the response that comes, or what comes in its place.
    pub(super) fn status(&mut self) -> Ending {
        let head = match self.head() {
            Ok(head) => head,
            Err(ending) => return ending,
        };
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        status.map_or(Ending::Wrong, Ending::Status)
    }

    /// Opens a WebSocket as a client, with compression if `deflate` says so.
    ///
    /// # Errors
    ///
    /// When it is not opened as asked.
    pub(super) fn open(&mut self, deflate: bool) -> anyhow::Result<()> {
        let offer: &[&str] = if deflate { &[wire::OFFER] } else { &[] };
        self.send(&wire::request(offer));
        let head = match self.head() {
            Ok(head) => head,
            Err(ending) => bail!("no answer to a proper handshake: {ending}"),
        };
        if !head.starts_with("HTTP/1.1 101") {
            bail!(
                "a proper handshake was answered with {:?}",
                head.lines().next()
            );
        }
        if deflate && !head.to_ascii_lowercase().contains("permessage-deflate") {
            bail!("permessage-deflate was not agreed on");
        }
        Ok(())
    }

    /// Answers the request of a client as a proper server does; with compression if the client
    /// offers it.
    ///
    /// # Errors
    ///
    /// When no request comes.
    pub(super) fn accept(&mut self) -> anyhow::Result<()> {
        let fields = self.asked()?.proper_fields();
        self.send(&wire::lines(fields));
        Ok(())
    }

    /// Reads the request of a client.
    ///
    /// # Errors
    ///
    /// When no request comes.
    pub(super) fn asked(&mut self) -> anyhow::Result<Asked> {
        let head = match self.head() {
            Ok(head) => head,
            Err(ending) => bail!("no request: {ending}"),
        };
        Asked::parse(&head)
    }

    /// What comes up to the end.
    pub(super) fn rest(&mut self) -> String {
        while self.read_more().is_none() {}
        String::from_utf8_lossy(&self.unread[self.seen..]).into_owned()
    }

    /// Sends pieces in another thread until a response comes; its status, or what comes in its
    /// place.
    pub(super) fn flood_until_status<P: AsRef<[u8]>>(
        &mut self,
        pieces: impl Iterator<Item = P> + Send,
    ) -> anyhow::Result<Ending> {
        self.with_flood(pieces, |peer| Ok(peer.status()))
    }

    fn take_frame(&mut self) -> anyhow::Result<Option<Frame>> {
        let found = Frame::decode(&self.unread[self.seen..])?;
        Ok(found.map(|(frame, length)| {
            self.seen += length;
            frame
        }))
    }

    /// Reads what there is; `None` if there was something.
    fn read_more(&mut self) -> Option<Incoming> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let wait = self.patience.min(left);
        if wait.is_zero() || self.stream.set_read_timeout(Some(wait)).is_err() {
            return Some(Incoming::Silence);
        }
        self.unread.drain(..self.seen);
        self.seen = 0;
        let length = self.unread.len();
        self.unread.resize(length + READ, 0);
        let read = self.stream.read(&mut self.unread[length..]);
        self.unread
            .truncate(length + read.as_ref().map_or(0, |read| *read));
        match read {
            Ok(0) => Some(Incoming::Ended),
            Ok(_) => None,
            Err(error) if is_timeout(&error) => Some(Incoming::Silence),
            Err(error) if error.kind() == ErrorKind::Interrupted => None,
            Err(_) => Some(Incoming::Reset),
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// A write that waits for so long is not read by anybody.
const HELD_BACK: Duration = Duration::from_secs(2);

const READ: usize = 64 * 1024;
