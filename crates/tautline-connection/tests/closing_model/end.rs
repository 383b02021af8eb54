use std::collections::VecDeque;

use bytes::{Buf, BytesMut};
use tautline_connection::{
    CloseFrame, Closed, Connection, Disposition, Event, Fin, Limits, OutputBuffer, Role, SendError,
};
use tautline_frame::CloseCode;

/// One end, and what it has written that has not arrived.
pub(crate) struct End {
    pub(crate) role: Role,
    connection: Connection<fn() -> [u8; 4]>,
    /// All that it has ever queued.
    pub(crate) log: Vec<u8>,
    /// Frames on the way to the other end.
    pub(crate) wire: VecDeque<Vec<u8>>,
    /// Half of the first of them has arrived.
    pub(crate) half: bool,
    /// Nothing comes behind what is on the way.
    pub(crate) over: bool,
    /// It has let go of its stream.
    pub(crate) gone: bool,
    /// What has arrived here and is not used up.
    pub(crate) input: BytesMut,
    pub(crate) sent: Counts,
    pub(crate) seen: Counts,
}

/// How many there were of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) fragments: usize,
    pub(crate) pings: usize,
    /// Calls of `close`, or Close frames that came.
    pub(crate) closes: usize,
}

impl End {
    pub(crate) fn new(role: Role) -> Self {
        // The same key for every frame, so that equal states look equal.
        let key: fn() -> [u8; 4] = || [0x11, 0x22, 0x33, 0x44];
        let mut connection = Connection::with_limits(role, key, Limits::default());
        // A small buffer, as thousands of ends are made; one that grows by itself is filled first.
        let buffer = OutputBuffer::with_capacity(256);
        connection.output().lend(Box::new(buffer));
        Self {
            role,
            connection,
            log: Vec::new(),
            wire: VecDeque::new(),
            half: false,
            over: false,
            gone: false,
            input: BytesMut::new(),
            sent: Counts::default(),
            seen: Counts::default(),
        }
    }

    pub(crate) fn closed(&self) -> Closed {
        self.connection.closed()
    }

    pub(crate) const fn disposition(&self) -> Disposition {
        self.connection.disposition()
    }

    /// Whether nobody has begun to close as far as this end knows.
    pub(crate) fn is_open(&self) -> bool {
        self.closed().initiator.is_none()
    }

    /// Sends half a message: what comes first begins it, what comes next ends it.
    pub(crate) fn send_fragment(&mut self) {
        let fin = if self.sent.fragments.is_multiple_of(2) {
            Fin::More
        } else {
            Fin::Last
        };
        assert_eq!(self.connection.send_fragment("part", fin), Ok(()));
        self.sent.fragments += 1;
    }

    pub(crate) fn ping(&mut self) {
        assert_eq!(self.connection.ping(b"?"), Ok(()));
        self.sent.pings += 1;
    }

    /// Closes, each time with another code.
    pub(crate) fn close(&mut self) {
        let number = 4000 + self.sent.closes as u16 * 2 + u16::from(self.role == Role::Client);
        let frame = CloseCode::new(number).map(|code| CloseFrame::new(code, "why"));
        assert_eq!(self.connection.close(frame), Ok(()));
        self.sent.closes += 1;
    }

    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        // A violation shows in the disposition, and in what is sent.
        while let Ok(Some(event)) = self.connection.receive(&mut self.input) {
            match event {
                Event::Message(message) => {
                    assert_eq!(message.as_bytes(), b"partpart");
                    self.seen.fragments += 2;
                }
                Event::Ping(_) => self.seen.pings += 1,
                Event::Pong(payload) => assert_eq!(&payload[..], b"?"),
                Event::Close(_) => self.seen.closes += 1,
                event => panic!("{event:?}"),
            }
        }
    }

    pub(crate) fn receive_eof(&mut self) {
        let ended = self.connection.receive_eof();
        assert_eq!(ended.is_ok(), self.closed().is_clean());
    }

    /// Puts what is queued on the way, frame by frame.
    pub(crate) fn write(&mut self) {
        let output = self.connection.output();
        let mut bytes = output.copy_to_bytes(output.remaining());
        self.log.extend_from_slice(&bytes);
        while !bytes.is_empty() {
            let header = if self.role == Role::Client { 6 } else { 2 };
            let frame = bytes.split_to(header + usize::from(bytes[1] & 0x7f));
            if !self.over {
                self.wire.push_back(frame.to_vec());
            }
        }
    }

    /// What is sent on a connection that is closing is refused, and goes nowhere.
    pub(crate) fn check_refuses(&mut self) {
        if !self.is_open() {
            let refused = Err(SendError::Closing);
            assert_eq!(self.connection.send("late"), refused);
            assert_eq!(self.connection.send_fragment("late", Fin::Last), refused);
            assert_eq!(self.connection.ping(b"late"), refused);
            assert_eq!(self.connection.pong(b"late"), refused);
            assert!(!self.connection.output().has_remaining());
        }
    }
}
