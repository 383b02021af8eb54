use std::{
    fmt,
    num::NonZeroUsize,
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use benches::Script;
use bytes::{Buf, Bytes, BytesMut};
use tautline::{
    CloseCode, CloseFrame, Config, Limits, Message, Role,
    connection::{Connection, Event, MaskKeys},
    deflate,
    driver::WebSocket,
};

use crate::{
    feed::{Feed, Reads},
    handlers,
};

/// An echo in memory, through a [`WebSocket`] whose transport never waits.
#[derive(Clone, Copy)]
pub(crate) struct Exchange {
    pub(crate) role: Role,
    pub(crate) content: Content,
    pub(crate) handling: Handling,
    pub(crate) reads: Reads,
}

/// What the messages are.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    /// So many bytes.
    Binary(usize),
    /// So many bytes of English.
    Text(usize),
    /// [`FRAGMENTED`] bytes in four frames, which come in one read.
    Fragmented,
    /// [`COMPRESSED`] bytes of English, with or without context takeover; no two are the same.
    Compressed(Takeover),
}

/// Whether a message is compressed with those before it in mind (RFC 7692 section 7.1.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takeover {
    Yes,
    No,
}

/// How messages are received and sent: the functions in [`handlers`].
#[derive(Clone, Copy)]
pub(crate) enum Handling {
    Lending,
    Owned,
    Corked,
}

impl Handling {
    pub(crate) const ALL: [Self; 3] = [Self::Lending, Self::Owned, Self::Corked];
}

/// The bytes of the largest messages.
const LARGE: usize = 64 * 1024;

/// The bytes of a message that comes in fragments.
const FRAGMENTED: usize = 1024;

/// The bytes of a message that comes compressed.
const COMPRESSED: usize = 1024;

/// How many compressed messages there are. With context takeover each can be received once, after
/// those before it.
const COMPRESSED_COUNT: u64 = 300;

impl Exchange {
    /// All that are counted.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for role in [Role::Server, Role::Client] {
            let mut add = |content, handling, reads| {
                all.push(Self {
                    role,
                    content,
                    handling,
                    reads,
                });
            };
            for size in [16, 1024, LARGE] {
                for content in [Content::Binary(size), Content::Text(size)] {
                    for handling in Handling::ALL {
                        add(content, handling, Reads::One);
                        // Of the largest, no more than one fits.
                        if size < LARGE {
                            add(content, handling, Reads::Full);
                        }
                    }
                }
            }
            for handling in Handling::ALL {
                add(Content::Fragmented, handling, Reads::One);
            }
            for takeover in [Takeover::Yes, Takeover::No] {
                add(Content::Compressed(takeover), Handling::Lending, Reads::One);
            }
        }
        all
    }

    /// Two numbers of messages, far enough apart that no rare event decides about the difference:
    /// a full read brings thousands of small messages.
    pub(crate) const fn few_and_many(&self) -> (u64, u64) {
        match self.content {
            Content::Binary(LARGE) | Content::Text(LARGE) => (50, 250),
            Content::Compressed(_) => (50, COMPRESSED_COUNT),
            _ => (3_000, 15_000),
        }
    }

    /// Echoes so many messages and closes the connection.
    ///
    /// # Panics
    ///
    /// If the first echo is not the message.
    pub(crate) fn run(&self, messages: u64) {
        let mut peer = self.peer();
        let (first, frames) = self.frames(&mut peer);
        peer.close(Some(CloseFrame::new(CloseCode::NORMAL, "")))
            .expect("the connection is open");
        let feed = Feed::new(frames, messages, output(&mut peer), self.reads);
        let kept = feed.kept();

        let early = BytesMut::new();
        let mut ws = WebSocket::<Feed>::from_handshake(feed, self.role, early, Config::new());
        if let Some((agreed, settings)) = self.compression() {
            ws.set_deflate(&agreed, &settings);
        }
        match self.handling {
            Handling::Lending => poll_to_end(handlers::lending(ws)),
            Handling::Owned => poll_to_end(handlers::owned(ws)),
            Handling::Corked => poll_to_end(ws.cork(handlers::corked)),
        }
        .expect("the peer breaks no rule");

        let mut echo = BytesMut::from(&kept.borrow()[..]);
        let received = self.peer().receive(&mut echo);
        assert_eq!(received, Ok(Some(Event::Message(first))));
    }

    /// The first message, and the frames of all.
    fn frames<K: MaskKeys>(&self, peer: &mut Connection<K>) -> (Message, Rc<[Bytes]>) {
        let messages: Vec<Message> = match self.content {
            Content::Binary(size) => vec![Message::binary(vec![0x5a; size])],
            Content::Text(size) => vec![Message::text(Script::Ascii.text(size))],
            Content::Fragmented => vec![Message::binary(vec![0x5a; FRAGMENTED])],
            Content::Compressed(_) => texts(),
        };
        let frames = messages.iter().map(|message| {
            peer.send(message.clone()).expect("the connection is open");
            output(peer)
        });
        let frames = frames.collect();
        (messages[0].clone(), frames)
    }

    fn peer(&self) -> Connection<impl MaskKeys + use<>> {
        let role = match self.role {
            Role::Server => Role::Client,
            Role::Client => Role::Server,
        };
        let mut peer = Connection::with_limits(role, || [1, 2, 3, 4], Limits::default());
        if matches!(self.content, Content::Fragmented) {
            peer.set_fragment_size(NonZeroUsize::new(FRAGMENTED / 4));
        }
        if let Some((agreed, settings)) = self.compression() {
            peer.set_deflate(&agreed, &settings);
        }
        peer
    }

    fn compression(&self) -> Option<(deflate::Agreed, deflate::Settings)> {
        let Content::Compressed(takeover) = self.content else {
            return None;
        };
        let context = deflate::Context {
            window: deflate::Window::KiB32,
            takeover: takeover == Takeover::Yes,
        };
        let agreed = deflate::Agreed {
            compress: Some(context),
            decompress: context,
        };
        Some((agreed, deflate::Settings::new()))
    }
}

/// Polls a future that never waits.
pub(crate) fn poll_to_end<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// A chat's worth of messages.
fn texts() -> Vec<Message> {
    let text = Script::Ascii.text(COMPRESSED * COMPRESSED_COUNT as usize);
    let parts = text.as_bytes().chunks(COMPRESSED);
    parts
        .map(|part| Message::text(String::from_utf8_lossy(part).into_owned()))
        .collect()
}

fn output<K: MaskKeys>(peer: &mut Connection<K>) -> Bytes {
    let output = peer.output();
    output.copy_to_bytes(output.remaining())
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = match self.role {
            Role::Server => "server",
            Role::Client => "client",
        };
        write!(f, "{role}, {}, {}", self.content, self.handling)?;
        match self.reads {
            Reads::One => Ok(()),
            Reads::Full => f.write_str(", full reads"),
        }
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Binary(size) => write!(f, "binary {size} B"),
            Self::Text(size) => write!(f, "text {size} B"),
            Self::Fragmented => write!(f, "fragmented {FRAGMENTED} B"),
            Self::Compressed(Takeover::Yes) => {
                write!(f, "compressed {COMPRESSED} B with takeover")
            }
            Self::Compressed(Takeover::No) => {
                write!(f, "compressed {COMPRESSED} B without takeover")
            }
        }
    }
}

impl fmt::Display for Handling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lending => "lending",
            Self::Owned => "owned",
            Self::Corked => "corked",
        })
    }
}
